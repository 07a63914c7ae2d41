"""The French article's two networks: DCGAN's (Radford et al. 2016), with one stride of 4.

Five transposed convolutions of 4 x 4, 1 -> 4 -> 8 -> 16 -> 64 -> 128 px, and their mirror.
"""

from itertools import pairwise

import torch
from torch import nn

from lotus_gan.config import ModelConfig


class ArticleGenerator(nn.Module):
    """z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]."""

    has_warmup_stages = False

    def __init__(self, config: ModelConfig):
        super().__init__()
        w = config.width
        channels = [config.z_dim, 16 * w, 8 * w, 4 * w, 2 * w]
        # (stride, padding): five 4 x 4 layers reach 128 px only if one of them multiplies by four
        strides = [(1, 0), (2, 1), (2, 1), (4, 0)]
        layers: list[nn.Module] = []
        for (stride, padding), (c_in, c_out) in zip(strides, pairwise(channels), strict=True):
            conv = nn.ConvTranspose2d(c_in, c_out, 4, stride, padding, bias=False)
            layers += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(2 * w, 3, 4, 2, 1), nn.Tanh()).apply(init_weights)

    @property
    def stem(self) -> nn.Sequential:
        """The first stage: (N, z_dim, 1, 1) -> features (N, 16 width, 4, 4)."""
        return self.layers[:3]

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]."""
        return self.layers(z[:, :, None, None])


class ArticleCritic(nn.Module):
    """One head, which looks at the image itself: (N, 3, 128, 128) -> scores (N,)."""

    head_weights = (1,)

    def __init__(self, config: ModelConfig):
        super().__init__()
        channels = [3, *(config.width * 2**i for i in range(5))]
        layers: list[nn.Module] = []
        for c_in, c_out in pairwise(channels):
            layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
        flat = [nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers, *flat).apply(init_weights)

    @property
    def heads(self) -> list[nn.Module]:
        """One: all of the layers."""
        return [self.layers]

    def views(self, images: torch.Tensor) -> list[torch.Tensor]:
        """The image itself."""
        return [images]


def init_weights(module: nn.Module) -> None:
    """DCGAN's initialisation: N(0, 0.02) for convolutions; BatchNorm keeps PyTorch's scale of 1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
