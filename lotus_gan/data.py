"""A folder of pictures -> one uint8 tensor in memory, and a report on what was left out and why.

pictures = load_folder("data/lotus-68")
pictures.images        # (N, 3, 128, 128) uint8
pictures.refused       # [(path, reason), ...]
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms.functional import pil_to_tensor
from tqdm import tqdm

from .config import RESOLUTION

SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


class DataError(ValueError):
    """There is nothing to train on; the text says where was looked and what is read."""


@dataclass(frozen=True)
class Pictures:
    """images: (N, 3, 128, 128) uint8, in the order of `paths`. refused: what was left out, with the reason."""

    images: torch.Tensor
    paths: list[Path]
    refused: list[tuple[Path, str]]

    def report(self) -> str:
        """What was read and what was left out, for the terminal."""
        lines = [f"{len(self.paths)} pictures read, {len(self.refused)} left out"]
        lines += [f"  left out {path}: {reason}" for path, reason in self.refused]
        return "\n".join(lines)


def load_folder(folder: Path | str, size: int = RESOLUTION) -> Pictures:
    """All pictures below `folder`, in name order, cropped to their central square and resized. DataError if none.

    Hidden files are passed over; so are files whose suffix is no picture's. A picture that cannot be read is
    listed in `refused`. EXIF rotation is applied; transparency goes on white; an animation gives its first frame.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {str(folder)!r}")
    images, read, refused = [], [], []
    for path in tqdm(_candidates(folder), desc="reading", unit="pictures", leave=False, disable=None):
        try:
            images.append(load_picture(path, size))
            read.append(path)
        except PictureError as error:
            refused.append((path, str(error)))
    if not images:
        wanted = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        reasons = "".join(f"\n  {path}: {reason}" for path, reason in refused)
        raise DataError(f"no picture could be read in {str(folder)!r} (looked for {wanted}){reasons}")
    return Pictures(torch.stack(images), read, refused)


def _candidates(folder: Path) -> list[Path]:
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


class PictureError(ValueError):
    """One file cannot be read as a picture; the text says why."""


def load_picture(path: Path, size: int = RESOLUTION) -> torch.Tensor:
    """One file -> (3, size, size) uint8. PictureError for an empty, broken, foreign or far too large file."""
    if path.stat().st_size == 0:
        raise PictureError("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # a clear refusal before memory runs out
            with Image.open(path) as picture:
                picture.draft("RGB", (2 * size, 2 * size))  # JPEG decodes at a fraction of its size: quick and small
                picture = _to_rgb(ImageOps.exif_transpose(picture))
                picture = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    except Image.UnidentifiedImageError:
        raise PictureError("not a picture that Pillow can read, whatever its name says") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"more than {Image.MAX_IMAGE_PIXELS / 1e6:.0f} megapixels") from None
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:  # what Pillow's decoders raise
        raise PictureError(f"broken picture ({error})") from None
    return pil_to_tensor(picture)


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Any Pillow mode -> RGB. Transparency goes on white, 16-bit greys are scaled instead of clipped."""
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        grey = np.asarray(picture, dtype=np.float32)
        scale = 65535 if grey.max(initial=0) > 255 else 255
        return Image.fromarray((grey * 255 / scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")


def fingerprint(images: torch.Tensor) -> str:
    """A short hash of the pixels (N, 3, H, W) uint8: a resumed run checks that it goes on with the same pictures."""
    return hashlib.sha256(images.numpy().tobytes()).hexdigest()[:16]


class Shuffled:
    """An endless stream of indices: permutation after permutation, so every picture comes once an epoch.

    A batch may be larger than the data set. `order` and `position` are all of its state.
    """

    def __init__(self, count: int, generator: torch.Generator):
        self.count = count
        self.generator = generator
        self.order = torch.empty(0, dtype=torch.int64)
        self.position = 0

    def next(self, batch_size: int) -> torch.Tensor:
        """The next indices: (batch_size,) int64."""
        parts, missing = [], batch_size
        while missing:
            if self.position == len(self.order):
                self.order, self.position = torch.randperm(self.count, generator=self.generator), 0
            part = self.order[self.position : self.position + missing]
            self.position += len(part)
            missing -= len(part)
            parts.append(part)
        return torch.cat(parts)
