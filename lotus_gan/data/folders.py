"""Which files below a folder are to be read as images, and what else is there: nothing is passed over in silence.

files, skipped = find_files(Path("my-photos"))   # [(name, path), ...], [(name, reason), ...]
"""

import os
import stat
from pathlib import Path

# made by the systems that keep images, of images that are there anyway
THUMBNAILS = frozenset({"@eadir", "#recycle", "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store"})
# what lies beside images and is none
TEXTS = frozenset({".csv", ".html", ".json", ".jsonl", ".md", ".py", ".txt", ".xml", ".xmp", ".yaml", ".yml"})


def find_files(folder: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """Files by name below a folder, in name order, and names with the reason why they are left out.

    Links are followed, each folder once. Hidden files, thumbnails and texts are not mentioned.
    """
    # by parts and not by Path's own order, which differs between systems and releases of Python
    files: list[tuple[tuple[str, ...], Path]] = []
    skipped: list[tuple[str, str]] = []
    visited: set[str] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        place = folder.joinpath(*parts)
        if (real := os.path.realpath(place)) in visited:
            skipped.append(("/".join(parts), "a link to a folder that is read already"))
            continue
        visited.add(real)
        try:
            names = sorted(entry.name for entry in place.iterdir())
        except OSError as error:
            skipped.append(("/".join(parts), f"a folder that cannot be opened ({error.strerror})"))
            continue
        folders = []
        for name in names:
            if name.startswith(".") or name.lower() in THUMBNAILS:
                continue
            kind = _kind(place / name)
            if kind == "folder":
                folders.append((*parts, name))
            elif kind != "file":
                skipped.append(("/".join((*parts, name)), kind))
            elif Path(name).suffix.lower() not in TEXTS:
                files.append(((*parts, name), place / name))
        waiting += folders[::-1]
    return [("/".join(parts), path) for parts, path in sorted(files)], sorted(skipped)


def _kind(path: Path) -> str:
    """`file`, `folder`, or in words what else it is: a pipe would be waited for without an end."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return (
            f"a link that leads nowhere ({error.strerror})"
            if path.is_symlink()
            else f"not to be had ({error.strerror})"
        )
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "neither a file nor a folder but a pipe, socket or device"
