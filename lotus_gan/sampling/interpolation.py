"""Interpolations in latent space as frames: equal steps along the arc, or equal steps in pixels.

    generator = Generator.from_pretrained("weights/lotus")
    a, b = latents.from_seeds([3, 7], generator.z_dim)
    frames = interpolate(generator, a, b, steps=64, even=True)      # 65 images

Equal steps along the arc are not equal changes of the image: it changes slowly in one place and quickly in the next.
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
    """steps + 1 images along the arc (`latents.slerp`) from latent `a` (z_dim,) to `b` (z_dim,), both ends included.

    `even`: any two neighbouring frames differ by about as much in pixels. All frames are generated twice then: first at
    equal steps, then at positions computed from those. None is blended.
    """
    positions = torch.linspace(0, 1, steps + 1)
    frames = sample_images(generator, latents.slerp(a, b, positions))
    if even:
        frames = sample_images(generator, latents.slerp(a, b, even_positions(frames)))
    return frames


def loop(generator: torch.nn.Module, keyframes: torch.Tensor, steps: int, even: bool = False) -> Iterator[Image.Image]:
    """K * steps images through the latents `keyframes` (K, z_dim) and back to the first, `steps` from each to the next.

    They are yielded as they are generated; the first one is not repeated at the end.
    """
    for a, b in zip(keyframes, keyframes.roll(-1, 0), strict=True):
        yield from interpolate(generator, a, b, steps, even)[:-1]


def describe(latent_ids: Sequence[int | str], truncation: float, model: str) -> str:
    """The comment in an animation's file: latent ids of the keyframes (as --seeds takes them), truncation, model."""
    return f"seeds {','.join(map(str, latent_ids))}, truncation {truncation:g}, model {model}"


def even_positions(frames: list[Image.Image]) -> torch.Tensor:
    """Frames at equal distances on the arc -> as many positions (T,) in [0, 1] that lie equally far apart in pixels.

    The image is taken to change linearly between two neighbours. Frames that are all equal keep their positions.
    """
    pixels = np.stack([np.asarray(frame, dtype=np.float32) for frame in frames])
    steps = np.sqrt(np.square(np.diff(pixels, axis=0)).mean((1, 2, 3)))
    length = np.concatenate([[0.0], np.cumsum(steps, dtype=np.float64)])
    even = np.linspace(0, 1, len(frames))
    if length[-1] > 0:
        # np.interp needs lengths that increase, and a step between equal frames has none
        increasing = length + np.arange(len(length)) * 1e-9 * length[-1]
        even[1:-1] = np.interp(even[1:-1] * length[-1], increasing, even)
    return torch.from_numpy(even)
