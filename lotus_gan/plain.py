"""The networks that `weights/lotus` was trained with: one that paints 128 px at once, and one critic.

The recipe is lotus_gan/lotus.py now. Whoever trains with this one (`--architecture plain`) learns slower per minute.
"""

from itertools import pairwise

from torch import nn

from .article import lesson, levels, start
from .config import ModelConfig
from .lotus import Residual

__all__ = ["critic_layers", "generator_layers", "lesson", "levels"]  # the last two are the article's


def generator_layers(config: ModelConfig) -> nn.Sequential:
    """(N, z_dim, 1, 1) -> (N, 3, 128, 128) in [-1, 1]: resize, then convolve, because a transposed convolution draws a
    checkerboard; copied pixels still leave a mesh where no later layer hides it, so the last two times are smooth."""
    w = config.width
    channels = [16 * w, 8 * w, 4 * w, 2 * w, 2 * w]  # at 4, 8, 16, 32, 64 px
    layers = [nn.ConvTranspose2d(config.z_dim, channels[0], 4, bias=False)]
    layers += [nn.BatchNorm2d(channels[0]), nn.LeakyReLU(0.2)]
    for stage, (c_in, c_out) in enumerate(pairwise(channels)):
        layers += [_double(smooth=stage == 3), nn.Conv2d(c_in, c_out, 3, 1, 1, bias=False)]
        layers += [nn.BatchNorm2d(c_out), nn.LeakyReLU(0.2)]
        if stage < 2:
            layers += [Residual(c_out, normalise=True)]
    return nn.Sequential(*layers, _double(smooth=True), nn.Conv2d(2 * w, 3, 3, 1, 1), nn.Tanh()).apply(start)


def critic_layers(config: ModelConfig) -> nn.Sequential:
    """(N, 3, 128, 128) -> scores (N,)."""
    channels = [3, *(config.width * 2**i for i in range(5))]
    layers = []
    for stage, (c_in, c_out) in enumerate(pairwise(channels)):
        layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
        if stage >= 3:
            layers += [Residual(c_out)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1), nn.Flatten(0)).apply(start)


def _double(smooth: bool) -> nn.Upsample:
    return nn.Upsample(scale_factor=2, mode="bilinear" if smooth else "nearest")
