"""Models by name: a folder or a Hub id -> a generator, with messages a person can act on.

generator = load_generator("weights/lotus")        # or "user/lotus-gan"
"""

import shlex
from dataclasses import asdict
from pathlib import Path

from huggingface_hub import HfApi, ModelCardData
from huggingface_hub.errors import (
    HFValidationError,
    HTTPError,  # the base of what its HTTP client raises, whichever client this release uses
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)

from . import latents
from .files import whole_or_nothing
from .machine import describe_machine
from .media import grid, paint, save_atomically
from .networks import Generator


class ModelError(ValueError):
    """A model cannot be loaded; the text names it and says what can be done."""


def load_generator(model: str | Path, device: str = "cpu") -> Generator:
    """The generator of a folder (model.safetensors + config.json) or a Hub id, in eval mode. ModelError otherwise."""
    name = str(model)
    if not name.strip():
        raise ModelError("no model given: name a folder or a Hub id such as user/lotus-gan")
    if not Path(name).is_dir() and (name.count("/") != 1 or name.startswith((".", "/", "~"))):
        raise ModelError(f"there is no folder {name!r}, and a Hub id has the form user/name")
    try:
        return Generator.from_pretrained(name, map_location=device)
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(
            f"{name!r} is neither a folder here nor a model on the Hub (a private one needs HF_TOKEN)"
        ) from None
    except (LocalEntryNotFoundError, HTTPError) as error:
        raise ModelError(f"{name!r} could not be fetched from the Hub: {_first_line(error)}") from None
    except (FileNotFoundError, ValueError) as error:
        raise ModelError(str(error)) from None


def model_name(model: str | Path) -> str:
    """What people are told of a model: a Hub id as it is, of a folder only its own name, not where it lies."""
    return Path(model).resolve().name if Path(model).is_dir() else str(model)


CARD_FILES = [
    "model.safetensors",
    "config.json",
    "README.md",
    "samples.webp",
    "metrics.jsonl",
    "quality.jsonl",
    "previews/*",
    "timeline/*",
]


def write_card(trainer, command: list[str], data: str, figures: dict) -> None:
    """README.md and samples.webp of a run's folder, from what the run knows: the command, the machine, the minutes,
    the settings, the figures of quality (empty where nothing was measured). `data` is what to call the pictures.

    The front matter is the Hub's. A licence is not guessed: the maker of the pictures adds it.
    """
    config = trainer.config
    generator = load_generator(trainer.output)
    z = latents.from_seeds(range(64), generator.z_dim)
    save_atomically(grid(paint(generator, z), columns=8), trainer.output / "samples.webp", quality=90)
    front = ModelCardData(
        library_name="lotus-gan",
        pipeline_tag="unconditional-image-generation",
        tags=["gan", "wgan-gp", "pytorch", "safetensors", config.architecture],
    )
    settings = "\n".join(f"| {name} | {value} |" for name, value in asdict(config).items())
    history = "".join(f"\n- {change}" for change in trainer.changes)
    text = f"""---
{front.to_yaml()}
---
# {trainer.output.resolve().name}

A Wasserstein GAN with gradient penalty, trained on {len(trainer.images)} pictures ({data}) at 128 x 128.

![seeds 0 to 63, uncurated](samples.webp)

Seeds 0 to 63 in order, as they come; stages of the first 16 of them are in `previews/`.

| | |
| --- | --- |
| command | `{shlex.join(command)}` |
| machine | {describe_machine(trainer.device)} |
| minutes | {trainer.seconds / 60:.0f} |
| generator steps | {trainer.step_number} |
| kimg (thousand pictures shown to the critic) | {trainer.images_shown / 1000:.1f} |
| epochs | {trainer.epoch:.0f} |

{_figures_table(figures)}

```python
from lotus_gan import Generator, latents
generator = Generator.from_pretrained("this folder or its Hub id")
images = generator(latents.from_seeds(range(16), generator.z_dim))  # (16, 3, 128, 128) in [-1, 1]
```

## Settings
| setting | value |
| --- | --- |
{settings}
{history}

## Limits
It has seen {len(trainer.images)} pictures and paints nothing else, at 128 x 128 pixels.
"""
    with whole_or_nothing(trainer.output / "README.md") as part:
        part.write_text(text, encoding="utf-8")


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


def push(folder: Path, repo_id: str) -> None:
    """Upload a run's folder to the Hub as a model. ModelError says what to do; the folder stays as it is."""
    api = HfApi()
    try:
        api.create_repo(repo_id, exist_ok=True)
        api.upload_folder(repo_id=repo_id, folder_path=folder, allow_patterns=CARD_FILES)
    except (HFValidationError, LocalTokenNotFoundError, HTTPError) as error:
        raise ModelError(
            f"the model is safe in {folder} but could not be pushed to {repo_id!r}: {_first_line(error)}. "
            "Log in with `hf auth login` and run the same command again: nothing is trained twice"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
