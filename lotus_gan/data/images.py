"""Images of any size and format -> one uint8 tensor in memory, and which files were skipped, and why.

data = load_folder("data/lotus-68")
data.images            # (N, 3, 128, 128) uint8
data.skipped           # [(name, reason), ...]
"""

import hashlib
import io
import math
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps
from tqdm import tqdm

from lotus_gan.config import RESOLUTION
from lotus_gan.data.folders import find_files
from lotus_gan.errors import DataError, ImageError

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png", ".ppm", ".tif"}
    | {".tiff", ".webp"}
)
# Pillow opens more than these, and some of its formats start a program: PostScript, whatever its name, runs Ghostscript
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
EXAMPLES = 5  # of each kind in a report
MEMORY = 400_000_000  # bytes that the reading of one image may take
# and what it takes for each pixel, measured: the decoder's own buffers, then Pillow's image, then `_shrink`
BYTES_A_PIXEL = {"AVIF": 16.5, "HEIF": 8, "TIFF": 12, "WEBP": 16.5}
OTHERS = 9.5  # of the other formats
PROGRESSIVE = 8  # of a JPEG that must be decoded whole; any other is decoded at a fraction of its size
WHITE = 250  # of 255, in each channel: what nobody can see on white
MAX_PIXELS = 24e6  # of an image that the page takes: what a telephone makes
LARGE = 4_000_000  # pixels: only what has more is shrunk before anything else is done to it
TURNED = (5, 6, 7, 8)  # EXIF's orientations that exchange width and height
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")


@dataclass(frozen=True)
class ImageSet:
    """Images in memory, with what is known of their files.

    images: (N, 3, 128, 128) uint8. names: of each, unique. sizes: of each file, (width, height) in pixels, after EXIF
    rotation. skipped: name and reason of each file that is not among the images.
    """

    images: torch.Tensor
    names: list[str]
    sizes: list[tuple[int, int]]
    skipped: list[tuple[str, str]]

    def report(self) -> str:
        """How many images were read and which were skipped, for the terminal: a line for each reason."""
        return "\n".join([f"{len(self.names)} images read, {len(self.skipped)} left out", *_reasons(self.skipped)])


def examples(items: Sequence[str]) -> str:
    """The first five of some names and how many there are more: `a, b, c, d, e and 12 more`."""
    more = f" and {len(items) - EXAMPLES} more" if len(items) > EXAMPLES else ""
    return ", ".join(items[:EXAMPLES]) + more


def printable(name: str) -> str:
    """A file's name without what would steer the terminal: control characters are written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def _reasons(skipped: list[tuple[str, str]]) -> list[str]:
    kinds = defaultdict(list)
    for name, reason in skipped:
        kind, bracket, details = reason.partition(" (")
        kinds[kind].append(printable(name + bracket + details))
    return [f"  left out, {kind}: {examples(names)}" for kind, names in kinds.items()]


def load_folder(folder: Path | str) -> ImageSet:
    """All images below `folder`, in name order, cropped to their central square and resized to 128 x 128.

    Hidden files, thumbnails of NAS systems and metadata.jsonl are ignored; links to folders are followed. Whatever else
    is no image that can be read is listed in `skipped`. EXIF rotation is applied; transparency becomes white; of an
    animation the first frame is read. DataError if there is no such folder, or no image that can be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError("no_data_folder", folder=str(folder))
    files, skipped = find_files(folder)
    return read_images(files, str(folder), skipped=skipped)


def read_images(
    files: Iterable[tuple[str, Path | bytes]],
    where: str,
    total: int | None = None,
    skipped: Sequence[tuple[str, str]] = (),
) -> ImageSet:
    """Pairs of a name and a file (its path or its bytes) -> all that can be read, as `load_folder` reads them.

    `where` names the source in errors; `total` is for the progress bar, where `files` has no length; `skipped` has been
    left out already. DataError if no file can be read.
    """
    images, names, sizes, skipped = [], [], [], list(skipped)
    for name, file in tqdm(files, desc="reading", unit="images", total=total, leave=False, disable=None):
        try:
            image, size = load_image(file)
        except ImageError as error:
            skipped.append((name, str(error)))
            continue
        images.append(image)
        names.append(name)
        sizes.append(size)
    if not images:
        wanted = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        reasons = "".join("\n" + line for line in _reasons(skipped))
        raise DataError("no_images", source=where, suffixes=wanted, reasons=reasons)
    return ImageSet(torch.stack(images), names, sizes, skipped)


def load_image(file: Path | bytes, max_pixels: float = math.inf) -> tuple[torch.Tensor, tuple[int, int]]:
    """A file (its path or its bytes) -> (3, 128, 128) uint8, and its size in pixels, (width, height).

    ImageError for a pipe or folder, for an empty or broken file, for one in another format than FORMATS or HEIC, for
    one of more than `max_pixels`, and for one whose reading would take more than 400 MB.
    """
    try:
        if isinstance(file, Path) and file.exists() and not file.is_file():
            raise ImageError("no_file")  # a pipe would be waited for
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
            return _decode(stream, max_pixels)
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError("other_format") from None
    except Image.DecompressionBombError:  # Pillow's own limit, which is twice MAX_IMAGE_PIXELS
        raise ImageError("too_many_pixels", megapixels=min(max_pixels, Image.MAX_IMAGE_PIXELS or 0) / 1e6) from None
    except Exception as error:  # decoders raise all sorts of things, and one bad file must not end a run
        raise ImageError("broken_image", detail=getattr(error, "strerror", None) or error) from None


def _decode(stream: BinaryIO, max_pixels: float) -> tuple[torch.Tensor, tuple[int, int]]:
    head = stream.read(len(LFS_POINTER))
    if not head:
        raise ImageError("empty_file")
    if head == LFS_POINTER:
        raise ImageError("lfs_pointer")
    formats: tuple[str, ...] = FORMATS
    if head[4:8] == b"ftyp" and any(brand in head for brand in HEIC_BRANDS):
        _register_heic()
        formats = ("HEIF",)
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata, and about sizes, which are checked here
        with Image.open(stream, formats=formats) as image:
            width, height = image.size
            _check_pixels(image, max_pixels)
            # JPEG decodes at a fraction of its size: quick and small
            image.draft("RGB", (2 * RESOLUTION, 2 * RESOLUTION))
            image.load()  # before the orientation is asked for: TIFF turns itself
            upright = ImageOps.exif_transpose(_shrink(image))
            if image.getexif().get(ExifTags.Base.Orientation) in TURNED:
                width, height = height, width
            square = ImageOps.fit(_to_rgb(upright), (RESOLUTION, RESOLUTION), Image.Resampling.LANCZOS)
    return to_tensor(square), (width, height)


def to_tensor(image: Image.Image) -> torch.Tensor:
    """An RGB image -> (3, H, W) uint8. (torchvision has this, too, and takes more than a second to load.)"""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def _check_pixels(image: Image.Image, max_pixels: float) -> None:
    """ImageError, before anything is decoded, for an image of too many pixels."""
    cost = BYTES_A_PIXEL.get(image.format or "", OTHERS)
    if image.format == "JPEG":
        cost = PROGRESSIVE if image.info.get("progressive") else 0
    limit = min(max_pixels, Image.MAX_IMAGE_PIXELS or math.inf, MEMORY / cost if cost else math.inf)
    if image.width * image.height > limit:
        raise ImageError("too_many_pixels", megapixels=limit / 1e6)


def _shrink(image: Image.Image) -> Image.Image:
    """A large image's central square at a fraction of its size, at least 1024 px, so that what is done to it next needs
    little memory; any other as it is."""
    if image.width * image.height <= LARGE:
        return image
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)) if image.width != image.height else image
    if square.mode.startswith("I;16"):
        square = square.convert("I")
    elif square.mode in ("1", "P", "PA"):
        square = square.convert("RGBA" if square.has_transparency_data else "RGB")
    square = square.reduce(max(1, side // (8 * RESOLUTION)))
    square.getexif()[ExifTags.Base.Orientation] = orientation  # a crop has no metadata
    return square


def forbid_other_formats() -> None:
    """Remove every format but FORMATS from Pillow, for this whole process: Gradio opens uploads, too."""
    Image.init()
    for name in [name for name in Image.ID if name not in FORMATS]:
        Image.ID.remove(name)
        del Image.OPEN[name]


def _register_heic() -> None:
    """Let Pillow read HEIC. ImageError where its plugin is not installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise ImageError("no_heic") from None
    register_heif_opener()


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode -> RGB. Transparency becomes white, or black behind what is white all over itself; greys of more
    than 8 bits are scaled instead of clipped."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        grey = np.asarray(image, dtype=np.float32)
        grey = grey * (255 / _white(grey, image.mode))
        return Image.fromarray(np.nan_to_num(grey).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        colours, alpha = np.asarray(image)[..., :3], np.asarray(image)[..., 3]
        is_drawn = alpha > 0
        drawn = colours[is_drawn]
        ground = "black" if not is_drawn.all() and drawn.size and drawn.min() >= WHITE else "white"
        return Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB")
    return image.convert("RGB")


def _white(grey: np.ndarray, mode: str) -> float:
    """The value of white: floats go to 1, 255 or 65,535, integers to what 8, 10, 12, 14 or 16 bits hold, whichever is
    enough for the brightest pixel."""
    brightest = np.nanmax(grey, initial=0, where=np.isfinite(grey))
    scales = (1, 255, 65535) if mode == "F" else (255, 1023, 4095, 16383, 65535)
    return next((scale for scale in scales if brightest <= scale), scales[-1])


def fingerprint(images: torch.Tensor) -> str:
    """16 hex digits of the SHA-256 of pixels, uint8 of any shape: a resumed run checks that its images are the same."""
    return hashlib.sha256(images.numpy().tobytes()).hexdigest()[:16]
