"""The article's kind of networks at 32 px, small enough to learn shapes within a minute on one core.

    generator = load_small_generator("small.safetensors")
    images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 32, 32) in [-1, 1]

Four transposed convolutions, 1 -> 4 -> 8 -> 16 -> 32 px, and a critic of three convolutions, their mirror.
"""

from itertools import pairwise
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from lotus_gan.files import atomic_write
from lotus_gan.models.article import init_weights

SIDE = 32  # px
Z_DIM, WIDTH = 64, 16


class SmallGenerator(nn.Module):
    """z (N, z_dim) -> images (N, 3, 32, 32) in [-1, 1]. `width`: channels of the last hidden layer."""

    def __init__(self, z_dim: int = Z_DIM, width: int = WIDTH):
        super().__init__()
        self.z_dim, self.width = z_dim, width
        channels = [z_dim, 4 * width, 2 * width, width]
        layers: list[nn.Module] = []
        for (stride, padding), (c_in, c_out) in zip([(1, 0), (2, 1), (2, 1)], pairwise(channels), strict=True):
            conv = nn.ConvTranspose2d(c_in, c_out, 4, stride, padding, bias=False)
            layers += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()).apply(init_weights)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, z_dim) -> images (N, 3, 32, 32) in [-1, 1]."""
        return self.layers(z[:, :, None, None])


class SmallCritic(nn.Module):
    """Images (N, 3, 32, 32) -> scores (N,). No normalisation across the batch: the penalty is of each sample alone."""

    def __init__(self, width: int = WIDTH):
        super().__init__()
        layers: list[nn.Module] = []
        for c_in, c_out in pairwise([3, width, 2 * width, 4 * width]):
            layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
        flat = [nn.Flatten(), nn.Linear(4 * width * 4 * 4, 1), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers, *flat).apply(init_weights)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, 32, 32) -> scores (N,)."""
        return self.layers(images)


def save_small_generator(generator: SmallGenerator, path: Path) -> None:
    """Write its weights as safetensors; the sizes that it is built from are in the file's metadata."""
    sizes = {"format": "pt", "z_dim": str(generator.z_dim), "width": str(generator.width)}
    weights = {name: value.contiguous() for name, value in generator.state_dict().items()}
    with atomic_write(path) as part:
        save_file(weights, part, sizes)


def load_small_generator(path: Path | str) -> SmallGenerator:
    """The generator of a file that `save_small_generator` wrote, in eval mode."""
    with safe_open(path, "pt") as file:
        sizes = file.metadata()
    generator = SmallGenerator(int(sizes["z_dim"]), int(sizes["width"]))
    generator.load_state_dict(load_file(path))
    return generator.eval()
