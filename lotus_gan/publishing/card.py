"""The model card of a run: README.md and samples.webp in its folder, from what the run knows and its maker declares.

write_card(trainer, command=["python", "train.py", ...], provenance=Provenance("my-photos"), figures={})
write_usage("runs/mine", "user/lotus-gan")       # the lines that load it from the Hub, before a push
"""

import re
import shlex
from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData, constants, hf_hub_url

from lotus_gan import latents
from lotus_gan.files import atomic_write
from lotus_gan.models.hub import load_generator
from lotus_gan.models.pretrained import read_config
from lotus_gan.publishing.onnx import NAME as ONNX
from lotus_gan.publishing.provenance import Provenance
from lotus_gan.sampling.media import grid, sample_images, save_atomically
from lotus_gan.training.device import describe_device

TASK = "unconditional-image-generation"
# what lies between is written anew by every push: a Markdown comment is not shown
BEGIN, END = "<!-- usage: written by push -->", "<!-- end of usage -->"


def write_card(trainer, command: list[str], provenance: Provenance, figures: dict) -> None:
    """README.md and samples.webp of a run's folder: the command, the machine, the minutes, the settings, where the
    pictures come from, and the figures of quality (empty where nothing was measured). The front matter is the Hub's."""
    config, name = trainer.config, trainer.output.resolve().name
    generator = load_generator(trainer.output)
    z = latents.from_seeds(range(64), generator.z_dim)
    save_atomically(grid(sample_images(generator, z), columns=8), trainer.output / "samples.webp", quality=90)
    front = ModelCardData(
        library_name="lotus-gan",
        pipeline_tag=TASK,
        license=provenance.license,
        datasets=provenance.dataset and [provenance.dataset],
        tags=["gan", "wgan-gp", "pytorch", "safetensors", config.architecture],
        model_name=name if figures else None,  # a part of the model-index
        eval_results=_eval_results(figures),
    )
    settings = "\n".join(f"| {name} | {value} |" for name, value in config.model_dump().items())
    history = "".join(f"\n- {change}" for change in trainer.changes)
    text = f"""---
{front.to_yaml()}
---
# {name}

A Wasserstein GAN with gradient penalty, trained on {len(trainer.images)} pictures ({provenance.data}) at 128 x 128.

![seeds 0 to 63, uncurated](samples.webp)

Seeds 0 to 63 in order, as they come; stages of the first 16 of them are in `previews/`.

## Use it
{BEGIN}
```python
from lotus_gan import Generator, latents

generator = Generator.from_pretrained("this folder")
images = generator(latents.from_seeds(range(16), generator.z_dim))  # (16, 3, 128, 128) in [-1, 1]
```
{END}

## How it was trained
| | |
| --- | --- |
| command | `{shlex.join(command)}` |
| machine | {describe_device(trainer.device)} |
| minutes | {trainer.seconds / 60:.0f} |
| generator steps | {trainer.step_number} |
| kimg (thousand pictures shown to the critic) | {trainer.images_shown / 1000:.1f} |
| epochs | {trainer.epoch:.0f} |

## The training pictures
{provenance.describe()}

## How good it is
{_figures_table(figures)}

## Settings
| setting | value |
| --- | --- |
{settings}
{history}

## Limits
It has seen {len(trainer.images)} pictures and paints nothing else, at 128 x 128 pixels.
"""
    with atomic_write(trainer.output / "README.md") as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _eval_results(figures: dict) -> list[EvalResult] | None:
    """The card's model-index: KID alone, because it is the one figure that other people's models have as well."""
    if not figures:
        return None
    counts = {"n_fake": figures["n_fake"], "n_real": figures["n_real"]}
    kid = EvalResult(
        task_type=TASK,
        dataset_type="imagefolder",
        dataset_name=figures["real"],
        metric_type="kid",
        metric_name=f"KID x 1000, MobileNetV2 features, n = {counts['n_fake']} against {counts['n_real']}",
        metric_value=round(figures["kid"], 1),
        metric_args={**counts, "spread": round(figures["kid_std"], 1)},
    )
    return [kid]


def _figures_table(figures: dict) -> str:
    if not figures:
        return "No figure of quality has been measured."
    rows = [
        ("KID x 1000 (0 is perfect)", f"{figures['kid']:.1f}, spread {figures['kid_std']:.1f}"),
        ("precision, recall", f"{figures['precision']:.2f}, {figures['recall']:.2f}"),
        ("density, coverage", f"{figures['density']:.2f}, {figures['coverage']:.2f}"),
        ("copied %", f"{figures['copied_percent']:.1f} (perfect: {figures['copied_percent_if_perfect']:.0f})"),
        ("longest step of a walk over the mean", f"{figures['smoothness']:.2f}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    when = f"step {figures['step']} ({figures['kimg']:.1f} kimg, {figures['minutes']:.0f} minutes)"
    seeds, real = f"seeds 0 to {figures['n_fake'] - 1}", f"{figures['n_real']} pictures of {figures['real']}"
    return f"""The model here is that of {when}, chosen by KID and coverage on the validation pictures.

Measured on {seeds} without truncation against the {real}, which were never trained on
(`python -m lotus_gan evaluate`; features of MobileNetV2):

| | |
| --- | --- |
{table}"""


def write_usage(folder: Path, repo_id: str, branch: str | None = None) -> None:
    """Put the lines that fetch this model from the Hub into its card, for what lies in the folder: the wheel of this
    package, model.onnx. A card without the two marks is somebody's own and stays as it is; where there is none, or
    only that which `save_pretrained` writes of itself, one is begun."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    if not text or "pytorch_model_hub_mixin" in text:
        front = ModelCardData(library_name="lotus-gan", pipeline_tag=TASK, tags=["gan", "wgan-gp"])
        text = f"---\n{front.to_yaml()}\n---\n# {repo_id}\n\nHow it was trained is not known.\n\n{BEGIN}\n{END}\n"
    usage = "\n\n".join([*_with_torch(folder, repo_id, branch), *_with_onnx(folder, repo_id, branch)])
    text = re.sub(f"{BEGIN}\n.*{END}", lambda _: f"{BEGIN}\n{usage}\n{END}", text, flags=re.DOTALL)
    with atomic_write(card) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _with_torch(folder: Path, repo_id: str, branch: str | None) -> list[str]:
    wheels = sorted(folder.glob("*.whl"))
    install = [f"pip install {hf_hub_url(repo_id, wheel.name, revision=branch)}" for wheel in wheels]
    revision = f", revision={branch!r}" if branch else ""
    return [
        "With PyTorch, from the package that lies beside the model (of a private one, fetch the wheel with "
        "`hf download` first):",
        *(f"```bash\n{line}\n```" for line in install),
        f"""```python
from lotus_gan import Generator, latents, media

generator = Generator.from_pretrained("{repo_id}"{revision})
pictures = media.sample_images(generator, latents.from_seeds(range(16), generator.z_dim))
media.grid(pictures, columns=4).save("samples.png")
```""",
    ]


def _with_onnx(folder: Path, repo_id: str, branch: str | None) -> list[str]:
    if not (folder / ONNX).is_file():
        return []
    z_dim = read_config(folder / constants.CONFIG_NAME).z_dim
    revision = f", revision={branch!r}" if branch else ""
    return [
        "Without PyTorch, with latents drawn by NumPy (which are not those of our seeds):",
        "```bash\npip install onnxruntime numpy pillow huggingface_hub\n```",
        f"""```python
import huggingface_hub, numpy, onnxruntime, PIL.Image

session = onnxruntime.InferenceSession(huggingface_hub.hf_hub_download("{repo_id}", "{ONNX}"{revision}))
z = numpy.random.default_rng(0).standard_normal((16, {z_dim}), dtype="float32")
pictures = (session.run(None, {{"z": z}})[0].transpose(0, 2, 3, 1) + 1) * 127.5  # (16, 128, 128, 3) in [0, 255]
PIL.Image.fromarray(numpy.hstack(pictures.round().astype("uint8"))).save("strip.png")
```""",
    ]
