"""What every tab works with: the model, and the files that a browser fetches from it."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from .. import latents
from ..hub import ModelError, load_generator, model_name
from ..media import paint, save_png
from ..networks import Generator


class Studio:
    """A loaded model, its name, and why it is not the one asked for (`problem`, None if it is)."""

    def __init__(self, generator: Generator, name: str, problem: str | None = None):
        self.generator, self.name, self.problem = generator, name, problem
        # Gradio serves this folder and deletes from it what is older than an hour. A file's name says all that its
        # content depends on, so two visitors with the same seed may well get the same file; another process, with
        # perhaps another model, has a folder of its own.
        cache = Path(get_upload_folder())
        cache.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="lotus-", dir=cache))

    def paint(self, seeds: list[int], truncation: float) -> list[Image.Image]:
        """One 128 px picture a seed."""
        z = latents.truncate(latents.from_seeds(seeds, self.generator.z_dim), truncation)
        return paint(self.generator, z)

    def walk(self, seed_a: int, seed_b: int, positions) -> list[Image.Image]:
        """The pictures at `positions` (T,) in [0, 1] of the arc from seed a to seed b."""
        a, b = latents.from_seeds([seed_a, seed_b], self.generator.z_dim)
        return paint(self.generator, latents.slerp(a, b, positions))

    def png(self, picture: Image.Image, name: str, **info) -> str:
        """Write a picture that says how to make it again; returns its path, which the browser may fetch."""
        return str(save_png(picture, self.folder / f"{name}.png", **info, model=self.name))


def open_studios(models: Sequence[str | Path], fallback: Path) -> dict[str, Studio]:
    """The studios of all models by name, the first as `open_studio` has it; what else cannot be loaded is left out."""
    first = open_studio(models[0], fallback)
    studios = {first.name: first}
    for model in models[1:]:
        try:
            studios[model_name(model)] = Studio(load_generator(model), model_name(model))
        except ModelError as error:
            print(f"left out: {error}", file=sys.stderr)
    return studios


def open_studio(model: str | Path, fallback: Path) -> Studio:
    """The studio of `model`, or of `fallback` with the problem kept for the page. SystemExit if neither loads."""
    try:
        return Studio(load_generator(model), model_name(model))
    except ModelError as error:
        problem = str(error)
    try:
        return Studio(load_generator(fallback), model_name(fallback), problem)
    except ModelError as error:
        also = "" if str(error) == problem else f", and the bundled one neither: {error}"
        raise SystemExit(f"no model to show: {problem}{also}") from None
