"""Pictures out of tensors: PNG files that carry their seed, grids, and moving pictures.

pictures = paint(generator, latents.from_seeds(range(16), generator.z_dim))
save_atomically(grid(pictures), "grid.png")
save_animation(pictures, "loop.mp4", fps=24)       # or .gif, .webp
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

BATCH = 16  # pictures a forward pass: quick on two cores and small in memory


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8, rounded to the nearest level, out-of-range values clipped."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu()


def from_uint8(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) uint8 -> float32 in [-1, 1]; `to_uint8` undoes it exactly."""
    return images.float().div(127.5).sub(1)


def to_pictures(images: torch.Tensor) -> list[Image.Image]:
    """(N, 3, H, W) in [-1, 1] -> N RGB pictures."""
    return [Image.fromarray(array.numpy()) for array in to_uint8(images)]


@torch.inference_mode()
def paint(generator: torch.nn.Module, z: torch.Tensor) -> list[Image.Image]:
    """Latents (N, z_dim) -> N RGB pictures, in batches of 16. The generator should be in eval mode."""
    device = next(generator.parameters()).device
    return [picture for part in z.split(BATCH) for picture in to_pictures(generator(part.to(device)))]


def grid(pictures: Sequence[Image.Image], columns: int, gap: int = 2) -> Image.Image:
    """Pictures of one size side by side in rows of `columns`, `gap` white pixels between them."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (i % columns * (width + gap), i // columns * (height + gap)))
    return sheet


def save_atomically(picture: Image.Image, path: Path | str, **options) -> Path:
    """Write a picture in full or not at all: to a neighbour first, then renamed. Options go to Pillow's `save`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        picture.save(part, **options)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
