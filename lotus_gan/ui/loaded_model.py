"""What every tab works with: the loaded models, and the files that a browser fetches from them."""

import logging
import os
import re
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
from lotus_gan.models.hub import fetch_sidecar_files, is_folder, load_generator, matching_onnx, model_name
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.sampling import directions
from lotus_gan.sampling.directions import Direction
from lotus_gan.sampling.media import in_threads, sample_images, save_png

TIMEOUT = 60  # s for the sidecar files of a model on the Hub

log = logging.getLogger(__name__)


class LoadedModel:
    """A generator in memory, its directions, and its folder of generated files.

    generator: as it was trained; sampler: the same, for images. model: a folder or a Hub id. problem: why it stands in
    for the model that was asked for, None if it is that model. Raises ModelError if it cannot be loaded.
    """

    def __init__(self, model: str | Path, problem: ModelError | None = None):
        self.generator = load_generator(model).requires_grad_(False)
        self.sampler = InferenceGenerator(self.generator)
        self.name, self.problem = model_name(model), problem
        self.origin = Path(model).resolve() if is_folder(model) else None  # the folder, None for a Hub id
        self._sidecar_folder: Future[Path | None] = Future()
        if self.origin:
            self._sidecar_folder.set_result(self.origin)
        else:  # in the background; a daemon thread, so that a slow Hub does not delay the end of the program
            threading.Thread(target=self._fetch, args=[str(model)], daemon=True).start()
        self.slug = re.sub(r"[^\w.-]+", "--", self.name)  # a Hub id has a slash
        # Gradio serves this folder and deletes files older than an hour. A file's name says all that its content
        # depends on, so two visitors with the same seed share a file. Each process has a folder of its own.
        cache = Path(get_upload_folder())
        cache.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="lotus-", dir=cache))

    def z(self, ids: Sequence[int | str], truncation: float = latents.MAX_TRUNCATION) -> torch.Tensor:
        """One truncated latent for each latent id (a seed or a code): (N, z_dim)."""
        return latents.truncate(latents.from_ids(ids, self.generator.z_dim), truncation)

    def _fetch(self, model: str) -> None:
        self._sidecar_folder.set_result(fetch_sidecar_files(model))

    def sidecar_folder(self) -> Path | None:
        """The folder of the model's sidecar files; waits for the Hub, and is None if it does not answer in time.

        Its files may hold anything: check what is read from them.
        """
        try:
            return self._sidecar_folder.result(TIMEOUT)
        except NotYet:
            return None

    def file(self, name: str) -> Path:
        """The path of a file of this model that the browser may fetch; its name begins with the model's."""
        return self.folder / f"{self.slug}-{name}"

    def private_folder(self) -> Path:
        """A new folder with a random name, for files of one visitor."""
        return Path(tempfile.mkdtemp(prefix="own-", dir=self.folder))

    def image(self, latent_id: int | str, truncation: float = latents.MAX_TRUNCATION) -> Path:
        """The PNG of a latent id; see `images`."""
        return self.images([latent_id], truncation)[0]

    def images(self, ids: Sequence[int | str], truncation: float = latents.MAX_TRUNCATION) -> list[Path]:
        """The PNGs of latent ids, generated unless they are cached; their metadata says how to make them again."""
        suffix = truncation_suffix(truncation)
        paths = {latent_id: self.file(f"{latents.file_stem(latent_id)}{suffix}.png") for latent_id in ids}
        missing = [latent_id for latent_id, path in paths.items() if not is_cached(path)]
        images = dict(zip(missing, sample_images(self.sampler, self.z(missing, truncation)), strict=True))

        def save(latent_id: int | str) -> None:
            info = {**latents.info(latent_id), "truncation": truncation, "model": self.name}
            save_png(images[latent_id], paths[latent_id], **info)

        in_threads(save, missing)
        return [paths[latent_id] for latent_id in ids]

    @property
    def onnx(self) -> Path | None:
        """The model.onnx of these weights, None if there is none. Waits for the Hub."""
        return matching_onnx(self.sidecar_folder())

    @cached_property
    def directions(self) -> dict[str, list[Direction]]:
        """Directions in z: "named" (a sidecar file), "closed" (closed form) and "principal". Waits for the Hub."""
        try:
            named = directions.read(self.sidecar_folder())
        except (OSError, ValueError, RuntimeError) as error:  # a stranger may have written the file
            log.warning("left out: %s", error)
            named = []
        return directions.groups(self.generator, named)

    @property
    def all_directions(self) -> list[Direction]:
        """One for each slider, in their order."""
        return [direction for group in self.directions.values() for direction in group]


def truncation_suffix(truncation: float) -> str:
    """The part of a file's name for truncation, empty without truncation."""
    return "" if truncation == latents.MAX_TRUNCATION else f"-truncation-{truncation:g}"


def is_cached(path: Path) -> bool:
    """Whether a file exists; if so, its time is set to now, so that it is not deleted soon."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
