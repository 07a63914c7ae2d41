"""What every tab works with: the model, and the files that a browser fetches from it."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import cached_property
from pathlib import Path

import torch
from gradio.utils import get_upload_folder

from lotus_gan import latents
from lotus_gan.errors import ModelError
from lotus_gan.models.hub import fetch_sidecar_files, load_generator, model_name
from lotus_gan.sampling import directions
from lotus_gan.sampling.directions import Direction
from lotus_gan.sampling.media import sample_images, save_png

PATIENCE = 60  # s for what lies beside a model on the Hub
UNNAMED = 8  # directions of each kind


class LoadedModel:
    """A model (a folder or a Hub id), loaded, and why it is not the one asked for (`problem`, None if it is).

    ModelError if it cannot be loaded.
    """

    def __init__(self, model: str | Path, problem: ModelError | None = None):
        self.generator = load_generator(model).requires_grad_(False)
        self.name, self.problem = model_name(model), problem
        self.origin = Path(model).resolve() if Path(model).is_dir() else None  # the folder, where there is one
        self._beside: Future[Path | None] = Future()
        if self.origin:
            self._beside.set_result(self.origin)
        else:  # while its first pictures are painted; a daemon, so that a slow Hub does not hold up the end of the page
            threading.Thread(target=self._fetch, args=[str(model)], daemon=True).start()
        self.slug = re.sub(r"[^\w.-]+", "--", self.name)  # a Hub id has a slash
        # Gradio serves this folder and deletes from it what is older than an hour. A file's name says all that its
        # content depends on, so two visitors with the same seed may well get the same file; another process, with
        # perhaps another model, has a folder of its own.
        cache = Path(get_upload_folder())
        cache.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="lotus-", dir=cache))

    def z(self, keys: Sequence[int | str], truncation: float = latents.MAX_TRUNCATION) -> torch.Tensor:
        """One truncated latent a key, which is a seed or a code: (N, z_dim)."""
        return latents.truncate(latents.from_ids(keys, self.generator.z_dim), truncation)

    def _fetch(self, model: str) -> None:
        self._beside.set_result(fetch_sidecar_files(model))

    def beside(self) -> Path | None:
        """The folder with what the model brings beside its weights, once it has been fetched. None if it brings nothing
        in time. What lies there may be anything: whoever reads it must be ready for that."""
        try:
            return self._beside.result(PATIENCE)
        except NotYet:
            return None

    def file(self, name: str) -> Path:
        """Where a file of this model is written, so that the browser may fetch it; its name begins with the model's."""
        return self.folder / f"{self.slug}-{name}"

    def private_folder(self) -> Path:
        """A new folder that only who asked for it can name."""
        return Path(tempfile.mkdtemp(prefix="own-", dir=self.folder))

    def picture(self, key: int | str, truncation: float = latents.MAX_TRUNCATION) -> Path:
        """A PNG that says how to make it again, painted unless it has been lately."""
        path = self.file(f"{latents.file_stem(key)}{truncation_suffix(truncation)}.png")
        if not kept(path):
            [picture] = sample_images(self.generator, self.z([key], truncation))
            save_png(picture, path, **latents.info(key), truncation=truncation, model=self.name)
        return path

    @cached_property
    def directions(self) -> dict[str, list[Direction]]:
        """Where a picture can be moved: "named" ones where the model brings them, "closed" and "principal". It waits
        for what comes from the Hub."""
        try:
            named = directions.read(self.beside())
        except (OSError, ValueError, RuntimeError) as error:  # whatever it is, it is none of ours
            print(f"left out: {error}", file=sys.stderr)
            named = []
        count = min(UNNAMED, self.generator.z_dim)
        return {
            "named": named,
            "closed": directions.closed_form(self.generator, count),
            "principal": directions.principal(self.generator, count),
        }

    @property
    def all_directions(self) -> list[Direction]:
        """One a slider, in their order."""
        return [direction for group in self.directions.values() for direction in group]


def truncation_suffix(truncation: float) -> str:
    """What a file's name says of truncation: nothing where there is none."""
    return "" if truncation == latents.MAX_TRUNCATION else f"-truncation-{truncation:g}"


def kept(path: Path) -> bool:
    """Whether a file is still there; if so, it is as good as new to what deletes old ones."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def load_models(models: Sequence[str | Path], fallback: Path) -> dict[str, LoadedModel]:
    """The studios of all models by name, the first as `open_studio` has it; what else cannot be loaded is left out."""
    first = open_studio(models[0], fallback)
    studios = {first.name: first}
    for model in models[1:]:
        try:
            studios[model_name(model)] = LoadedModel(model)
        except ModelError as error:
            print(f"left out: {error}", file=sys.stderr)
    return studios


def open_studio(model: str | Path, fallback: Path) -> LoadedModel:
    """The studio of `model`, or of `fallback` with the problem kept for the page. SystemExit if neither loads."""
    try:
        return LoadedModel(model)
    except ModelError as error:
        problem = error
    try:
        return LoadedModel(fallback, problem)
    except ModelError as error:
        also = "" if str(error) == str(problem) else f", and the bundled one neither: {error}"
        raise SystemExit(f"no model to show: {problem}{also}") from None
