"""The folder of the files that browsers fetch: one for each process, which never holds more than LIMIT for long.

    temporary_files.use_own_folder()                               # before the page is built
    blocks.launch(app_kwargs={"lifespan": temporary_files.lifespan})

Gradio deletes a file an hour after it was written; a busy page could fill a disk before that.
"""

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
from gradio.utils import get_upload_folder

LIMIT = 1_000_000_000  # bytes
EVERY = 10  # s between two looks
ABANDONED = 3600  # s after which an empty folder goes, or that of a process that shows no sign of life
PREFIX = "lotus-page-"  # of the folder of a process
IN_USE = "lotus-"  # folders in it with such names are written to again and again


def use_own_folder() -> Path:
    """Have Gradio keep its files in a new folder of this process, and delete those that killed processes have left."""
    shared = Path(get_upload_folder())
    if shared.name.startswith(PREFIX):  # the second page of a process
        return shared
    shared.mkdir(parents=True, exist_ok=True)
    for left in shared.glob(f"{PREFIX}*"):
        if _idle(left) > ABANDONED:
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=shared)
    os.environ["GRADIO_TEMP_DIR"] = folder  # Gradio asks for it at every upload
    return Path(folder)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """While the server runs: keep the folder below LIMIT. The files that the page opens with stay."""
    folder = Path(get_upload_folder())
    kept = {path for path, _ in _files(folder)}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch, folder, kept)
        yield
        tasks.cancel_scope.cancel()
    shutil.rmtree(folder, ignore_errors=True)


async def _watch(folder: Path, kept: Collection[Path]) -> None:
    while True:
        await anyio.sleep(EVERY)
        await anyio.to_thread.run_sync(sweep, folder, LIMIT, kept)


def sweep(folder: Path, limit: int, kept: Collection[Path] = ()) -> None:
    """Delete the files that were written or used longest ago until the folder holds `limit` bytes; `kept` stay.

    Empty folders go after an hour.
    """
    os.utime(folder)  # the sign of life
    files = sorted(_files(folder), key=lambda file: file[1].st_mtime)
    over = sum(there.st_size for _, there in files) - limit
    for path, there in files:
        if over <= 0:
            break
        if path not in kept:
            path.unlink(missing_ok=True)
            over -= there.st_size
    for inner, _, _ in os.walk(folder, topdown=False):
        if not Path(inner).name.startswith(IN_USE) and _idle(Path(inner)) > ABANDONED:
            with suppress(OSError):  # it is not empty
                Path(inner).rmdir()


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for inner, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # Gradio has deleted it meanwhile
                found.append((path := Path(inner, name), path.lstat()))
    return found


def _idle(folder: Path) -> float:
    """Seconds since something was added to a folder or deleted in it."""
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0
