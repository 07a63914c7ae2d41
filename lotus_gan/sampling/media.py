"""From tensors to image files: PNG files that hold their seed, grids, and animations.

images = sample_images(generator, latents.from_seeds(range(16), generator.z_dim))
save_png(images[3], "lotus.png", seed=3, model="weights/lotus")
save_atomically(grid(images, columns=4), "grid.webp")
save_animation(images, "loop.mp4", fps=24, size=256)         # or .gif, .webp
"""

import functools
import os
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from lotus_gan.errors import UsageError
from lotus_gan.files import atomic_write
from lotus_gan.models.inference import InferenceGenerator

MAX_SIZE = 512  # px of an animation's longer side: four times the networks' resolution
MAX_FPS = 60
BATCH = 8  # images at once: 0.7 of the time an image that one at a time takes; 16 gain no more
MAX_THREADS = 4  # a container that sees all cores of its host would start too many

A = TypeVar("A")
B = TypeVar("B")


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8, rounded to the nearest level, out-of-range values clipped."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu()


def from_uint8(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) uint8 -> float32 in [-1, 1]; `to_uint8` undoes it exactly."""
    return images.float().div(127.5).sub(1)


def to_pil(images: torch.Tensor) -> list[Image.Image]:
    """(N, 3, H, W) in [-1, 1] -> N RGB images."""
    return [Image.fromarray(array.numpy()) for array in to_uint8(images)]


def sample_images(generator: torch.nn.Module, z: torch.Tensor) -> list[Image.Image]:
    """Latents (N, z_dim) -> N RGB images of 128 x 128 px. The generator should be in eval mode.

    The image of a latent does not depend on the others, to the byte: an InferenceGenerator, of which that is true in
    any batch, gets several at once, any other one at a time.
    """
    device = next(generator.parameters()).device
    batch = max(1, min(BATCH, -(-len(z) // threads()))) if isinstance(generator, InferenceGenerator) else 1
    parts = [z[i : i + batch] for i in range(0, len(z), batch)]

    @torch.inference_mode()  # in each thread
    def sample(part: torch.Tensor) -> list[Image.Image]:
        return to_pil(generator(part.to(device)))

    return [image for images in in_threads(sample, parts) for image in images]


def threads() -> int:
    """How many images this process should work on at once: as many as it has cores that torch does not use itself."""
    return max(1, min(MAX_THREADS, os.cpu_count() or 1) // torch.get_num_threads())


def in_threads(function: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """[function(item) for item in items] by `threads()` threads, for functions that release Python's lock."""
    if min(len(items), threads()) <= 1:
        return [function(item) for item in items]
    return list(_pool(threads()).map(function, items))


@functools.cache  # threads that come and go would each leave memory behind: 150 MB for the page
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="images")


def grid(images: Sequence[Image.Image], columns: int, gap: int = 2) -> Image.Image:
    """One or more images of one size side by side in rows of `columns`, `gap` white pixels between them."""
    width, height = images[0].size
    rows = -(-len(images) // columns)
    columns = min(columns, len(images))
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), "white")
    for i, image in enumerate(images):
        sheet.paste(image, (i % columns * (width + gap), i // columns * (height + gap)))
    return sheet


def save_atomically(image: Image.Image, path: Path | str, **options: Any) -> Path:
    """Write an image file in full or not at all, in the format of its suffix; options go to Pillow's `save`."""
    with atomic_write(path) as part:
        image.save(part, **options)
    return Path(path)


# IPTC's term for what a trained network has generated, as search engines and image agencies read it
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" \
Iptc4xmpExt:DigitalSourceType="{SOURCE}"/>\
</rdf:RDF></x:xmpmeta>"""
_XMP_CHUNK = "XML:com.adobe.xmp"


def save_png(image: Image.Image, path: Path | str, **info: Any) -> Path:
    """Write a PNG that declares itself synthetic and holds `info`, such as seed=42, truncation=0.7, model="lotus"."""
    chunks = PngInfo()
    for key, value in info.items():
        chunks.add_itxt(key, str(value))
    chunks.add_itxt(_XMP_CHUNK, XMP)
    # level 4 takes half the time of the default 6, for files that are 1 % larger
    return save_atomically(image, path, format="PNG", pnginfo=chunks, compress_level=4)


def read_info(path: Path | str) -> dict[str, str]:
    """The `info` that `save_png` wrote, all as text; empty for another file. OSError if there is none."""
    if not stat.S_ISREG(Path(path).stat().st_mode):  # a pipe would be waited for
        return {}
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if max(image.size) > MAX_SIZE:  # none of ours; its text may come after its pixels, which are decoded first
                return {}
            return {key: str(value) for key, value in getattr(image, "text", {}).items() if key != _XMP_CHUNK}
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # broken, or too much text in it
        return {}


def save_animation(
    images: Sequence[Image.Image], path: Path | str, fps: float = 24, size: int | None = None, comment: str = ""
) -> Path:
    """Write RGB images of one size as an animation that loops for ever: .gif, .webp or .mp4 by the suffix.

    fps: frames a second, above 0 and up to 60. size: the longer side in pixels, 2 to 512 (unset: as the images are);
    MP4 rounds odd sides down to even ones, as its colours are stored for squares of four pixels. comment: written into
    the file, which also declares itself synthetic. UsageError (a ValueError) for another suffix, no images, or a size
    or rate out of range.
    """
    path = Path(path)
    write = ANIMATIONS.get(path.suffix.lower())
    if write is None:
        raise UsageError("bad_animation", name=path.name, suffixes=", ".join(ANIMATIONS))
    if not images:
        raise UsageError("no_frames")
    if not 0 < fps <= MAX_FPS:
        raise UsageError("bad_fps", high=MAX_FPS, fps=fps)
    if size is not None and not 2 <= size <= MAX_SIZE:
        raise UsageError("bad_size", high=MAX_SIZE, size=size)
    frames = [_resize(image, size) for image in images]
    with atomic_write(path) as part:
        write(frames, part, fps, comment)
    return path


def _resize(image: Image.Image, size: int | None) -> Image.Image:
    """The longer side at `size` pixels. Lanczos keeps edges clean where copying pixels would show blocks."""
    scale = 1 if size is None else size / max(image.size)
    width, height = (round(side * scale) for side in image.size)
    return image if scale == 1 else image.resize((width, height), Image.Resampling.LANCZOS)


def _durations(count: int, fps: float, unit: int) -> list[int]:
    """Milliseconds of each frame in multiples of `unit`, spread so that the whole animation keeps its length."""
    ends = [round((i + 1) * 1000 / fps / unit) * unit for i in range(count)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _write_gif(frames: list[Image.Image], path: Path, fps: float, comment: str) -> None:
    """One palette for all frames, taken from frames spread over the whole: one a frame would flicker.

    The dither is an ordered one. Error diffusion would crawl from frame to frame, cost fifty times as much, and make
    the file larger.
    """
    spread = [frame.reduce(2) for frame in frames[:: max(1, len(frames) // 16)]]
    palette = grid(spread, columns=4, gap=0).quantize(256, Image.Quantize.MEDIANCUT)
    nearest = _nearest_colours(palette)
    width, height = frames[0].size
    dither = np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width, None]
    indexed = []
    for frame in frames:
        r, g, b = np.moveaxis(np.clip(np.asarray(frame) + dither, 0, 255).astype(np.uint8) >> 3, 2, 0)
        image = Image.fromarray(nearest[r, g, b])
        image.putpalette(palette.getpalette("RGB") or [])
        indexed.append(image)
    durations = _durations(len(frames), fps, unit=10)  # GIF counts in hundredths of a second
    options: dict[str, Any] = {
        "duration": durations,
        "loop": 0,
        "optimize": False,
        "comment": f"{comment} ({SOURCE})".encode(),
    }
    indexed[0].save(path, save_all=True, append_images=indexed[1:], **options)


def _nearest_colours(palette: Image.Image) -> np.ndarray:
    """(32, 32, 32) uint8: for the upper five bits of red, green and blue the index of the nearest palette colour."""
    levels = torch.arange(32) * 8 + 4.0
    colours = torch.cartesian_prod(levels, levels, levels)
    table = torch.tensor(palette.getpalette(), dtype=torch.float32).reshape(-1, 3)
    return torch.cdist(colours, table).argmin(1).to(torch.uint8).reshape(32, 32, 32).numpy()


# thresholds of -6 to +6 levels, about the distance between the colours of a palette of 256
_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) - 7.5) * 0.8


def _write_webp(frames: list[Image.Image], path: Path, fps: float, comment: str) -> None:
    durations = _durations(len(frames), fps, unit=1)
    # kmax=1 stores every frame by itself: as differences, slow changes are dropped until the next full frame jumps
    options: dict[str, Any] = {"duration": durations, "loop": 0, "quality": 85, "method": 4, "kmax": 1}
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = comment.encode()  # Pillow would make question marks of other letters
    frames[0].save(path, save_all=True, append_images=frames[1:], xmp=XMP.encode(), exif=exif, **options)


def _write_mp4(frames: list[Image.Image], path: Path, fps: float, comment: str) -> None:
    import av  # FFmpeg's libraries are slow to load, and only MP4 needs them

    width, height = (side // 2 * 2 for side in frames[0].size)
    rate = Fraction(fps).limit_denominator(1001)
    # faststart puts the index first, so that a browser plays before it has the whole file
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        container.metadata["comment"] = f"{comment} ({SOURCE})"
        stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            image = av.VideoFrame.from_image(frame.crop((0, 0, width, height)))
            container.mux(stream.encode(image))
        container.mux(stream.encode())


ANIMATIONS = {".gif": _write_gif, ".webp": _write_webp, ".mp4": _write_mp4}
