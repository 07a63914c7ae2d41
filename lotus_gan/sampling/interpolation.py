"""Walks through latent space as pictures: from one key to the next, at the network's pace or at an even one.

    generator = Generator.from_pretrained("weights/lotus")
    a, b = latents.from_seeds([3, 7], generator.z_dim)
    frames = interpolate(generator, a, b, steps=64, even=True)      # 65 pictures

Equal steps along the arc are not equal steps to the eye: a generator dawdles in one place and hurries through the next.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from lotus_gan import latents
from lotus_gan.sampling.media import sample_images


def interpolate(
    generator: torch.nn.Module, a: torch.Tensor, b: torch.Tensor, steps: int, even: bool = False
) -> list[Image.Image]:
    """steps + 1 pictures of the arc from latent `a` (z_dim,) to `b` (z_dim,), both ends included.

    `even`: every frame differs from the one before by about as much as any other does, in pixels. It costs a second
    painting, since frames are painted where they belong, never blended.
    """
    positions = torch.linspace(0, 1, steps + 1)
    frames = sample_images(generator, latents.slerp(a, b, positions))
    if even:
        frames = sample_images(generator, latents.slerp(a, b, even_positions(frames)))
    return frames


def loop(generator: torch.nn.Module, keys: torch.Tensor, steps: int, even: bool = False) -> Iterator[Image.Image]:
    """K * steps pictures, as they are painted, through latents `keys` (K, z_dim) and back to the first; none twice."""
    for a, b in zip(keys, keys.roll(-1, 0), strict=True):
        yield from interpolate(generator, a, b, steps, even)[:-1]


def describe(keys: Sequence[int | str], truncation: float, model: str) -> str:
    """What a file says of the walk that it shows; `keys` as --seeds and a link take them."""
    return f"seeds {','.join(map(str, keys))}, truncation {truncation:g}, model {model}"


def even_positions(frames: list[Image.Image]) -> torch.Tensor:
    """Frames at equal distances on the arc -> as many positions (T,) in [0, 1] that lie equally far apart in pixels.

    The way between two neighbours is taken as straight. A walk on the spot keeps its positions.
    """
    pixels = np.stack([np.asarray(frame, dtype=np.float32) for frame in frames])
    steps = np.sqrt(np.square(np.diff(pixels, axis=0)).mean((1, 2, 3)))
    way = np.concatenate([[0.0], np.cumsum(steps, dtype=np.float64)])
    even = np.linspace(0, 1, len(frames))
    if way[-1] > 0:
        # a step of nothing has no inside to divide, and np.interp wants the way to grow
        even[1:-1] = np.interp(even[1:-1] * way[-1], way + np.arange(len(way)) * 1e-9 * way[-1], even)
    return torch.from_numpy(even)
