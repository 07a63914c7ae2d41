"""The French article's two networks: DCGAN's (Radford et al. 2016), with one stride of 4.

Five transposed convolutions of 4 x 4, 1 -> 4 -> 8 -> 16 -> 64 -> 128 px, and their mirror.
"""

from itertools import pairwise

import torch
from torch import nn

from lotus_gan.config import ModelConfig
from lotus_gan.training.batch import Augmentation


def generator_layers(config: ModelConfig) -> nn.Sequential:
    """(N, z_dim, 1, 1) -> (N, 3, 128, 128) in [-1, 1]."""
    w = config.width
    channels = [config.z_dim, 16 * w, 8 * w, 4 * w, 2 * w]
    # (stride, padding): five 4 x 4 layers reach 128 only if one of them multiplies by four
    steps = [(1, 0), (2, 1), (2, 1), (4, 0)]
    layers = []
    for (stride, padding), c_in, c_out in zip(steps, channels, channels[1:], strict=False):
        conv = nn.ConvTranspose2d(c_in, c_out, 4, stride, padding, bias=False)
        layers += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(2 * w, 3, 4, 2, 1), nn.Tanh()).apply(start)


def critic_layers(config: ModelConfig) -> nn.Sequential:
    """(N, 3, 128, 128) -> scores (N,)."""
    channels = [3, *(config.width * 2**i for i in range(5))]
    layers = []
    for c_in, c_out in pairwise(channels):
        layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1), nn.Flatten(0)).apply(start)


def lesson(layers: nn.Sequential, z: torch.Tensor, real: torch.Tensor, seen: Augmentation, whole: bool) -> list:
    """One level: the picture."""
    return [(seen(real), seen(layers(z)))]


WEIGHTS = (1,)


def levels(layers: nn.Sequential) -> list[nn.Module]:
    """The critic of the one level."""
    return [layers]


def start(module: nn.Module) -> None:
    """DCGAN's start: N(0, 0.02) for convolutions, scales of 1 for normalisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
