"""ImageSet of any size and format -> one uint8 tensor in memory, and what was left out and why.

pictures = load_folder("data/lotus-68")
pictures.images        # (N, 3, 128, 128) uint8
pictures.refused       # [(name, reason), ...]
"""

import hashlib
import io
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms.functional import pil_to_tensor
from tqdm import tqdm

from lotus_gan.config import RESOLUTION
from lotus_gan.errors import DataError, ImageError

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
# Pillow opens more than these, and some of its formats start a program: PostScript, whatever its name, runs Ghostscript
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
EXAMPLES = 5  # of each kind in a report
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")


@dataclass(frozen=True)
class ImageSet:
    """images: (N, 3, 128, 128) uint8. names: of each, unique. sizes: of each, (width, height) in pixels as it is shown.

    refused: what was left out, name and reason.
    """

    images: torch.Tensor
    names: list[str]
    sizes: list[tuple[int, int]]
    refused: list[tuple[str, str]]

    def report(self) -> str:
        """What was read and what was left out, for the terminal: a line for each reason."""
        return "\n".join([f"{len(self.names)} pictures read, {len(self.refused)} left out", *_reasons(self.refused)])


def examples(items: Sequence[str]) -> str:
    """`a, b, c, d, e and 12 more`"""
    more = f" and {len(items) - EXAMPLES} more" if len(items) > EXAMPLES else ""
    return ", ".join(items[:EXAMPLES]) + more


def _reasons(refused: list[tuple[str, str]]) -> list[str]:
    kinds = defaultdict(list)
    for name, reason in refused:
        kind, bracket, details = reason.partition(" (")
        kinds[kind].append(name + bracket + details)
    return [f"  left out, {kind}: {examples(names)}" for kind, names in kinds.items()]


def load_folder(folder: Path | str) -> ImageSet:
    """All pictures below `folder`, in name order, cropped to their central square and resized. DataError if none.

    Hidden files are passed over; so are files whose suffix is no picture's. A picture that cannot be read is
    listed in `refused`. EXIF rotation is applied; transparency goes on white; an animation gives its first frame.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError("text", text=f"there is no folder {str(folder)!r}")
    # by parts and not by Path's own order, which differs between systems and releases of Python
    names = sorted(path.relative_to(folder).parts for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    paths = [Path(*parts) for parts in names if not any(part.startswith(".") for part in parts)]
    files = [(path.as_posix(), folder / path) for path in paths if (folder / path).is_file()]
    return read_images(files, str(folder))


def read_images(files: Iterable[tuple[str, Path | bytes]], where: str, total: int | None = None) -> ImageSet:
    """Name and file (a path, or what is in it) -> all that can be read. DataError, naming `where`, if none can be.

    `total` is for the progress bar, where `files` has no length.
    """
    images, names, sizes, refused = [], [], [], []
    for name, file in tqdm(files, desc="reading", unit="pictures", total=total, leave=False, disable=None):
        try:
            image, size = load_image(file)
        except ImageError as error:
            refused.append((name, str(error)))
            continue
        images.append(image)
        names.append(name)
        sizes.append(size)
    if not images:
        wanted = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        reasons = "".join("\n" + line for line in _reasons(refused))
        raise DataError("text", text=f"no picture could be read in {where!r} (looked for {wanted}){reasons}")
    return ImageSet(torch.stack(images), names, sizes, refused)


def load_image(file: Path | bytes) -> tuple[torch.Tensor, tuple[int, int]]:
    """A path, or what is in a file -> (3, 128, 128) uint8, and the size in pixels that it had, (width, height).

    ImageError for an empty, broken, foreign or far too large file.
    """
    try:
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
            return _decode(stream)
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError("text", text="not an image in a format that we read, whatever its name says") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            "text", text=f"more than {Image.MAX_IMAGE_PIXELS / 1e6:.0f} megapixels, save it smaller"
        ) from None
    except Exception as error:  # decoders raise all sorts of things, and one bad file must not end a run
        raise ImageError("text", text=f"broken picture ({getattr(error, 'strerror', None) or error})") from None


def _decode(stream: io.BufferedIOBase) -> tuple[torch.Tensor, tuple[int, int]]:
    head = stream.read(40)
    if not head:
        raise ImageError("text", text="the file is empty")
    formats = FORMATS
    if head[4:8] == b"ftyp" and any(brand in head for brand in HEIC_BRANDS):
        _learn_heic()
        formats = ("HEIF",)
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata, mostly; nobody can act on them
        warnings.simplefilter("error", Image.DecompressionBombWarning)  # a clear refusal before memory runs out
        with Image.open(stream, formats=formats) as picture:
            size = picture.size
            # JPEG decodes at a fraction of its size: quick and small
            picture.draft("RGB", (2 * RESOLUTION, 2 * RESOLUTION))
            turned = ImageOps.exif_transpose(picture)
            if turned.size != picture.size:
                size = size[::-1]
            picture = ImageOps.fit(_to_rgb(turned), (RESOLUTION, RESOLUTION), Image.Resampling.LANCZOS)
    return pil_to_tensor(picture), size


def forbid_other_formats() -> None:
    """Make Pillow forget, in this whole process, every format but FORMATS: a page's own library opens uploads, too."""
    Image.init()
    for name in [name for name in Image.ID if name not in FORMATS]:
        Image.ID.remove(name)
        del Image.OPEN[name]


def _learn_heic() -> None:
    """Pillow learns to read HEIC, where its plugin is installed; ImageError where it is not."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise ImageError(
            "text", text="HEIC, as iPhones save it, which `pip install pillow-heif` makes readable"
        ) from None
    register_heif_opener()


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
