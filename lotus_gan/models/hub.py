"""Models by name: a folder or a Hub id -> a generator, with messages a person can act on.

generator = load_generator("weights/lotus")        # or "user/lotus-gan"
folder = fetch_sidecar_files("user/lotus-gan")        # what a page shows beside its pictures
"""

import hashlib
import re
import stat
from pathlib import Path, PurePosixPath
from typing import TypeVar

from huggingface_hub import constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    HFValidationError,
    HTTPError,  # the base of what its HTTP client raises, whichever client this release uses
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from lotus_gan.errors import ModelError, shortened
from lotus_gan.models.pretrained import Generator

# What may lie beside a model for the page to show, and how many bytes of it are fetched from the Hub, or read here: the
# generator for browsers, the index of its training images (that of 4,000 has about half as many), the named directions,
# the logs of its training and the stages.
ONNX = "model.onnx"
SIDECAR_FILES = {
    ONNX: 32_000_000,  # what the browser generates with
    "training.webp": 8_000_000,
    "training.safetensors": 4_000_000,
    "directions.json": 1_000_000,
    "metrics.jsonl": 8_000_000,
    "quality.jsonl": 8_000_000,
    "timeline/step_*.webp": 1_000_000,
    "previews/step_*.webp": 1_000_000,
}
MAX_ALIKE = 64  # files of one pattern; where there are more, as many of them spread over the whole

T = TypeVar("T")


def load_generator(model: str | Path, device: str = "cpu") -> Generator:
    """The generator of a folder (model.safetensors + config.json) or a Hub id, in eval mode. ModelError otherwise."""
    name = str(model)
    if not name.strip():
        raise ModelError("no_name")
    if not is_folder(name) and (name.count("/") != 1 or name.startswith((".", "/", "~"))):
        raise ModelError("no_folder", model=name)
    try:
        return Generator.from_pretrained(name, map_location=device)
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError("unknown", model=name) from None
    except (LocalEntryNotFoundError, HTTPError) as error:
        raise ModelError("unreachable", model=name, detail=first_line(error)) from None


def fetch_sidecar_files(model: str) -> Path | None:
    """Fetch the SIDECAR_FILES of a model of the Hub that has been loaded.

    -> the folder of the Hub's cache that holds them and the weights, all of one commit; None where the cache has no
    weights. A file that is too large, or cannot be fetched, is not in it. Nothing here is an error."""
    weights = try_to_load_from_cache(model, constants.SAFETENSORS_SINGLE_FILE)
    if not isinstance(weights, str):
        return None
    folder = Path(weights).parent  # snapshots/COMMIT
    try:
        there = snapshot_download(model, revision=folder.name, allow_patterns=list(SIDECAR_FILES), dry_run=True)
        wanted = [name for pattern, limit in SIDECAR_FILES.items() for name in _chosen(there, pattern, limit)]
        if wanted:
            snapshot_download(model, revision=folder.name, allow_patterns=wanted)
    except (HTTPError, OSError, ValueError, RuntimeError):  # no network, or half an answer: what is there must do
        pass
    return folder


def _chosen(there: list, pattern: str, limit: int) -> list[str]:
    """The names of the files of one pattern that are fetched."""
    names = sorted(
        file.filename
        for file in there
        # a name that is itself a pattern would stand for others
        if PurePosixPath(file.filename).match(pattern) and re.fullmatch(r"[\w./-]+", file.filename)
        if file.file_size is not None and file.file_size <= limit
    )
    return spread(names)


def sidecar_files(folder: Path, pattern: str) -> list[Path]:
    """The files here that match one of the SIDECAR_FILES: regular ones that are not too large, at most 64."""
    found = []
    for path in sorted(folder.glob(pattern)):
        try:
            there = path.stat()
        except OSError:  # a link to nowhere
            continue
        if stat.S_ISREG(there.st_mode) and there.st_size <= SIDECAR_FILES[pattern]:
            found.append(path)
    return spread(found)


def matching_onnx(folder: Path | None) -> Path | None:
    """The model.onnx of a folder if it names its weights, None otherwise: then it is of others, or of no use here."""
    found = sidecar_files(folder, ONNX) if folder else []
    if found and sha256(found[0].with_name(constants.SAFETENSORS_SINGLE_FILE)).encode() in found[0].read_bytes():
        return found[0]
    return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def spread(items: list[T]) -> list[T]:
    """All of them, or at most 64 at even distances with the last one among them."""
    every = -(-len(items) // MAX_ALIKE) or 1
    return items[::-every][::-1]


def model_name(model: str | Path) -> str:
    """What people are told of a model: a Hub id as it is, of a folder only its own name, not where it lies."""
    return Path(model).resolve().name if is_folder(model) else str(model)


def is_folder(model: str | Path) -> bool:
    """Whether it is a folder here; a name that is too long for a path, or holds a NUL, is none."""
    try:
        return Path(model).is_dir()
    except (OSError, ValueError):
        return False


def first_line(error: Exception) -> str:
    """The first line of what an error says, at most 300 characters of it; its kind where it says nothing."""
    return shortened((str(error).strip().splitlines() or [type(error).__name__])[0])
