"""The model card of a run: README.md and samples.webp in its folder, from the run and from what its user declares.

write_card(trainer, ["python", "train.py", ...], Provenance("my-photos"), evaluation=None)
write_usage("runs/mine", "user/lotus-gan")       # how to load it from the Hub, before a push
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData, constants, hf_hub_url

from lotus_gan import latents
from lotus_gan.evaluation.metrics import Metrics
from lotus_gan.files import atomic_write
from lotus_gan.models.hub import load_generator
from lotus_gan.models.pretrained import read_config
from lotus_gan.publishing.onnx import NAME as ONNX
from lotus_gan.publishing.provenance import Provenance
from lotus_gan.sampling.media import grid, sample_images, save_atomically

TASK = "unconditional-image-generation"
# what stands between is replaced by every push: a Markdown comment is not shown
BEGIN, END = "<!-- usage: written by push -->", "<!-- end of usage -->"


@dataclass(frozen=True)
class Evaluation:
    """The metrics of the model in a run's folder, for its card.

    metrics: of seeds 0 to n_fake - 1, with copies and smoothness. real: the name of the held-out images. step, kimg,
    minutes: when in the run the model was saved.
    """

    metrics: Metrics
    real: str
    step: int
    kimg: float
    minutes: float


def write_card(trainer: Any, command: list[str], provenance: Provenance, evaluation: Evaluation | None) -> None:
    """Write README.md and samples.webp (seeds 0 to 63) into the folder of a `Trainer`, which must hold a model.

    The card says: the command, the device, the minutes, the settings, the origin of the images, and the metrics, if
    there was an evaluation. Its front matter is that of the Hub.
    """
    config, name = trainer.config, trainer.output.resolve().name
    generator = load_generator(trainer.output)
    z = latents.from_seeds(range(64), generator.z_dim)
    save_atomically(grid(sample_images(generator, z), columns=8), trainer.output / "samples.webp", quality=90)
    front = ModelCardData(
        library_name="lotus-gan",
        pipeline_tag=TASK,
        license=provenance.license,
        datasets=[provenance.dataset] if provenance.dataset else None,
        tags=["gan", "wgan-gp", "pytorch", "safetensors", config.architecture],
        model_name=name if evaluation else None,  # a part of the model-index
        eval_results=[_kid_result(evaluation)] if evaluation else None,
    )
    settings = "\n".join(f"| {name} | {value} |" for name, value in config.model_dump().items())
    history = "".join(f"\n- {change}" for change in trainer.changes)
    text = f"""---
{front.to_yaml()}
---
# {name}

A Wasserstein GAN with gradient penalty, trained on {len(trainer.images)} images ({provenance.data}) at 128 x 128.

![seeds 0 to 63, uncurated](samples.webp)

Seeds 0 to 63, uncurated; stages of the first 16 of them are in `previews/`.

## Use it
{BEGIN}
```python
from lotus_gan import Generator, latents

generator = Generator.from_pretrained("this folder")
images = generator(latents.from_seeds(range(16), generator.z_dim))  # (16, 3, 128, 128) in [-1, 1]
```
{END}

## Training
| | |
| --- | --- |
| command | `{shlex.join(command)}` |
| device | {trainer.device_description} |
| minutes | {trainer.seconds / 60:.0f} |
| generator steps | {trainer.step_number} |
| kimg (thousand real images shown to the critic) | {trainer.images_shown / 1000:.1f} |
| epochs | {trainer.epoch:.0f} |

## Training images
{provenance.describe()}

## Metrics
{_metrics_table(evaluation)}

## Settings
| setting | value |
| --- | --- |
{settings}
{history}

## Limits
The model was trained on {len(trainer.images)} images and generates nothing else, at 128 x 128 pixels.
"""
    with atomic_write(trainer.output / "README.md") as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _kid_result(evaluation: Evaluation) -> EvalResult:
    """The card's model-index: KID alone, because it is the one metric that other people's models have as well."""
    metrics = evaluation.metrics
    return EvalResult(
        task_type=TASK,
        dataset_type="imagefolder",
        dataset_name=evaluation.real,
        metric_type="kid",
        metric_name=f"KID x 1000, MobileNetV2 features, n = {metrics.n_fake} against {metrics.n_real}",
        metric_value=round(metrics.kid, 1),
        metric_args={"n_fake": metrics.n_fake, "n_real": metrics.n_real, "spread": round(metrics.kid_std, 1)},
    )


def _metrics_table(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "No figure of quality has been measured."
    metrics = evaluation.metrics
    rows = [
        ("KID x 1000 (lower is better)", f"{metrics.kid:.1f}, spread {metrics.kid_std:.1f}"),
        ("precision, recall (higher is better)", f"{metrics.precision:.2f}, {metrics.recall:.2f}"),
        ("density, coverage (higher is better)", f"{metrics.density:.2f}, {metrics.coverage:.2f}"),
    ]
    if metrics.copied_percent is not None:
        perfect = f"without memorisation: {metrics.copied_percent_if_perfect:.0f}"
        rows.append(("copied %", f"{metrics.copied_percent:.1f} ({perfect})"))
    if metrics.smoothness is not None:
        rows.append(("longest step of an interpolation over the mean step", f"{metrics.smoothness:.2f}"))
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    saved = f"step {evaluation.step} ({evaluation.kimg:.1f} kimg, {evaluation.minutes:.0f} minutes)"
    seeds, images = f"seeds 0 to {metrics.n_fake - 1}", f"{metrics.n_real} images of {evaluation.real}"
    return f"""The model is that of {saved}, chosen by KID and coverage on the validation images.

Computed from {seeds} without truncation against {images}, which were never
trained on (`python -m lotus_gan evaluate`; features of MobileNetV2):

| | |
| --- | --- |
{table}"""


def write_usage(folder: Path, repo_id: str, branch: str | None = None) -> None:
    """Write into the card how to use the model from the Hub, with what is in the folder: a wheel, model.onnx.

    Only what stands between the two comments is replaced; a card without them was written by the user and is not
    changed. Without a card, or with that of `save_pretrained`, a new one is made.
    """
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
        "With PyTorch, from the wheel in the model's repository (of a private one, fetch it with `hf download` first):",
        *(f"```bash\n{line}\n```" for line in install),
        f"""```python
from lotus_gan import Generator, latents
from lotus_gan.sampling import media

generator = Generator.from_pretrained("{repo_id}"{revision})
images = media.sample_images(generator, latents.from_seeds(range(16), generator.z_dim))
media.grid(images, columns=4).save("samples.png")
```""",
    ]


def _with_onnx(folder: Path, repo_id: str, branch: str | None) -> list[str]:
    if not (folder / ONNX).is_file():
        return []
    z_dim = read_config(folder / constants.CONFIG_NAME).z_dim
    revision = f", revision={branch!r}" if branch else ""
    return [
        "Without PyTorch, with latents drawn by NumPy (the seeds of this project give other ones):",
        "```bash\npip install onnxruntime numpy pillow huggingface_hub\n```",
        f"""```python
import huggingface_hub, numpy, onnxruntime, PIL.Image

session = onnxruntime.InferenceSession(huggingface_hub.hf_hub_download("{repo_id}", "{ONNX}"{revision}))
z = numpy.random.default_rng(0).standard_normal((16, {z_dim}), dtype="float32")
images = (session.run(None, {{"z": z}})[0].transpose(0, 2, 3, 1) + 1) * 127.5  # (16, 128, 128, 3) in [0, 255]
PIL.Image.fromarray(numpy.hstack(images.round().astype("uint8"))).save("strip.png")
```""",
    ]
