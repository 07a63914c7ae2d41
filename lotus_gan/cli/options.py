"""Argument types of the command line: text -> value, or a message that names what is allowed."""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path

from lotus_gan import latents
from lotus_gan.errors import shortened
from lotus_gan.sampling import media

MAX_SEEDS = 10**6  # in a list, over all its parts together
MAX_SCORED = 10_000  # images an evaluation: each is compared with every other, 0.8 GB a table


def seed_list(text: str) -> list[int]:
    """`0-3,70` -> [0, 1, 2, 3, 70]."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdecimal() and len(end) <= 10 for end in ends):
            raise argparse.ArgumentTypeError(f"{shortened(text)!r} is not a list of seeds such as 0-63,70")
        low, high = map(int, ends)
        if not low <= high < latents.SEEDS:
            raise argparse.ArgumentTypeError(f"{part!r}: seeds go from 0 to {latents.SEEDS - 1}, ranges upwards")
        if len(seeds) + high - low >= MAX_SEEDS:
            raise argparse.ArgumentTypeError(f"{shortened(text)!r} is more than a million images")
        seeds += range(low, high + 1)
    return seeds


def id_list(text: str) -> list[int | str]:
    """`3-5,~AB3x` -> [3, 4, 5, "~AB3x"]: seeds and latent ids; whether an id fits is for its model to say."""
    ids: list[int | str] = []
    for part in map(str.strip, text.split(",")):
        ids += [part] if part.startswith(latents.CODE) else seed_list(part)
    if not 2 <= len(ids) <= 64:
        raise argparse.ArgumentTypeError(f"an interpolation needs 2 to 64 seeds or latent ids, got {len(ids)}")
    return ids


def scored_seeds(text: str) -> str:
    """A list of seeds to score, checked and kept as it was written: the report repeats it."""
    count = len(seed_list(text))
    if not 2 <= count <= MAX_SCORED:
        raise argparse.ArgumentTypeError(f"an evaluation takes 2 to {MAX_SCORED} seeds, got {count}")
    return text


def existing_folder(text: str) -> Path:
    """The path of a folder that is there."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return Path(text)


def _writable(text: str) -> Path:
    """A path that can be written, found out before the work whose result it gets."""
    try:
        if "\0" in text:
            raise OSError("it holds a NUL")
        path = Path(text)
        there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    except OSError as error:
        reason = error.strerror or error
        raise argparse.ArgumentTypeError(f"{shortened(text)!r} cannot be a file's name: {reason}") from None
    if not os.access(there, os.W_OK) or (there != path and not there.is_dir()):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: look at {str(there)!r}")
    return path


def folder(text: str) -> Path:
    """The path of a folder, which may be new."""
    path = _writable(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file, and a folder is needed")
    return path


def png_path(text: str) -> Path:
    """The path of a PNG file."""
    if Path(text).suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{shortened(text)!r} must end in .png")
    return _file(text)


def animation_path(text: str) -> Path:
    """The path of an animation, by its suffix."""
    if Path(text).suffix.lower() not in media.ANIMATIONS:
        raise argparse.ArgumentTypeError(f"{shortened(text)!r} must end in {', '.join(media.ANIMATIONS)}")
    return _file(text)


def _file(text: str) -> Path:
    path = _writable(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder, and a file is needed")
    return path


def number(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a finite number from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}, got {text!r}")
        return value

    return parse


truncation = number(latents.MIN_TRUNCATION, latents.MAX_TRUNCATION)


def integer(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, got {text!r}")
        return int(text)

    return parse
