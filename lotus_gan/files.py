"""Writing files atomically, and reading JSON that a stranger may have written."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PART = ".part"  # in the name of what is being written


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """A path in the same folder to write to: renamed to `path` at the end, or removed if there is an error.

    So `path` is complete or not there, and an older file stays until it is replaced. Missing folders are made. An
    OSError, such as that of a full disk, names `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own, because two users of the Space may ask for the same file at the same time
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{PART}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def read_json(path: Path | str) -> Any:
    """What a JSON file holds. ValueError for anything that is none, one nested too deeply included."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left half written below a folder. Nobody else may be writing there."""
    for path in list(folder.rglob(f".*{PART}*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
