"""Our two networks: a sketch of 16 px is painted from the latents, and enlarged twice, to 32 and to 128 px.

A cascade of generators, each with a critic of its own, as in LAPGAN (Denton et al. 2015). The three learn side by side:
the first to paint pictures of 16 px, which is where a GAN learns quickly; the others to enlarge. An enlarger gets real
pictures that were made small, and sees the right answer, so it learns to draw petals in minutes, from parts of
pictures; and it gets what the sketch has painted, and learns from its critic to make a lotus of that.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from .config import ModelConfig
from .draws import Look

GRAIN = 0.04  # of 2, between black and white: the most noise on a small picture
WINDOW = 16  # px of the smaller picture: an enlarger of larger ones learns from a window in them


def generator_layers(config: ModelConfig) -> nn.Sequential:
    """(N, z_dim, 1, 1) -> (N, 3, 128, 128) in [-1, 1]: the sketch's layers, then two enlargers."""
    w = config.width
    sketch = [
        *(nn.ConvTranspose2d(config.z_dim, 8 * w, 4, bias=False), nn.BatchNorm2d(8 * w), _bend()),
        *_doubling(8 * w, 6 * w),
        *_doubling(6 * w, 3 * w),
        *(nn.BatchNorm2d(3 * w), _bend(), nn.Conv2d(3 * w, 3, 3, 1, 1), nn.Tanh()),
    ]
    enlarge = [Enlarger(3 * w, w, times=2), Enlarger(2 * w, w, times=4)]
    return nn.Sequential(*nn.Sequential(*sketch).apply(_start), *enlarge, nn.Hardtanh())


class CriticLayers(nn.Module):
    """(N, 3, 128, 128) -> scores (N,): the sum over the levels, each of which also scores alone in training."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        w = config.width
        self.levels = nn.ModuleList([_sketch_critic(4 * w), _fold_critic(2 * w), _line_critic(w + w // 2)])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        sketch, fold, line = self.levels
        small, middle, large = pyramid(images)
        side = 4 * WINDOW  # what the last level looks at in training
        windows = F.unfold(beside(large, middle), side, stride=side)  # (N, 6 * side * side, 4)
        windows = windows.transpose(1, 2).reshape(-1, 6, side, side)
        return sketch(small) + fold(beside(middle, small)) + line(windows).view(len(images), -1).mean(1)


critic_layers = CriticLayers


def levels(layers: CriticLayers) -> list[nn.Module]:
    """The critics of the three levels."""
    return list(layers.levels)


def enlargers(layers: nn.Sequential) -> list["Enlarger"]:
    """The layers that learn from pairs, and could learn from pairs alone."""
    return [layer for layer in layers if isinstance(layer, Enlarger)]


def lesson(layers: nn.Sequential, z: torch.Tensor, real: torch.Tensor, look: Look, whole: bool) -> list:
    """Three levels: the sketch (N, 3, 16, 16), and those of `enlarging`. Only the first where not `whole`."""
    sketch = layers[: list(layers).index(enlargers(layers)[0])](z)
    level = (pyramid(real)[0], sketch)
    # a sketch is judged by its own critic alone, or it would learn to please the enlargers
    return [level, *enlarging(layers, real, look, sketch.detach())] if whole else [level]


def enlarging(layers: nn.Sequential, real: torch.Tensor, look: Look, sketch: torch.Tensor | None = None) -> list:
    """A pair for each enlarger, (N, 6, H, W): an enlarged picture, and what it was enlarged from.

    That is a real picture made small, with a little grain, and the right answer is known; or, in the rows of `look.own`
    if there is a sketch, what this generator has painted itself, flaws and all, and only a critic can tell. It is not
    shown the flaws (grey instead): an enlarger cannot help them.
    """
    pairs, own, mine = [], sketch, look.own[:, None, None, None]
    for enlarger, (small, large) in zip(enlargers(layers), pairwise(pyramid(real)), strict=True):
        small = small + GRAIN * look.grain[..., : small.shape[-1], : small.shape[-1]]
        given = small if own is None else torch.where(mine, own, small)
        small, given, large = (_window(picture, look.window, small.shape[-1]) for picture in (small, given, large))
        enlarged = enlarger(given)
        shown = (picture.masked_fill(mine, 0) for picture in (small, given))
        pairs.append(tuple(map(beside, (large, enlarged), shown)))
        own = own if own is None else enlarged  # whole: the first small picture is no larger than a window
    return pairs


def pyramid(pictures: torch.Tensor) -> list[torch.Tensor]:
    """(N, 3, 128, 128) -> the same at 16, 32 and 128 px, each pixel the mean of those it stands for."""
    return [F.avg_pool2d(pictures, 8), F.avg_pool2d(pictures, 4), pictures]


def beside(large: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) and what it was enlarged from -> (N, 6, H, W), for a critic that asks whether they fit."""
    return torch.cat([large, _smooth(small, large.shape[-1] // small.shape[-1])], 1)


def _window(picture: torch.Tensor, place: torch.Tensor, small: int) -> torch.Tensor:
    """A part of a picture that belongs to a small one of `small` px: WINDOW px of that, which may be all."""
    times = picture.shape[-1] // small
    top, left = (place * (small - WINDOW + 1)).long().tolist()
    return picture[..., top * times : (top + WINDOW) * times, left * times : (left + WINDOW) * times]


def _smooth(pictures: torch.Tensor, times: int) -> torch.Tensor:
    return F.interpolate(pictures, scale_factor=times, mode="bilinear", align_corners=False)


class Residual(nn.Module):
    """x + conv(bend(norm(conv(x)))) at one resolution: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int, normalise: bool = False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=not normalise),
            nn.BatchNorm2d(channels) if normalise else nn.Identity(),
            _bend(),
            nn.Conv2d(channels, channels, 3, 1, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class Enlarger(nn.Module):
    """(N, 3, S, S) -> (N, 3, times S, times S): enlarged smoothly, and what that lacks added.

    Most of the arithmetic is done at S px; pixels are shuffled out of channels (Shi et al. 2016). Where nothing learnt
    comes after the last shuffle, neighbours are painted by different weights and leave a mesh, as they do after
    transposed convolutions (Odena et al. 2016): `Soften` takes it away.
    """

    def __init__(self, channels: int, fine_channels: int, times: int):
        super().__init__()
        self.times = times
        last = nn.Conv2d(fine_channels, 3 * (times // 2) ** 2, 3, 1, 1)
        for value in last.parameters():  # it begins as a smooth enlargement
            nn.init.zeros_(value)
        self.body = nn.Sequential(
            nn.Conv2d(3, channels, 3, 1, 1),
            *(Residual(channels), _bend(), Residual(channels), _bend()),
            *(nn.Conv2d(channels, 4 * fine_channels, 3, 1, 1), nn.PixelShuffle(2), _bend()),
            *(nn.Conv2d(fine_channels, fine_channels, 3, 1, 1), _bend()),
            *([last] if times == 2 else [last, nn.PixelShuffle(times // 2), Soften()]),
        )

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        return _smooth(small, self.times) + self.body(small)


class Soften(nn.Module):
    """(N, C, H, W) -> (N, C, H, W): each pixel a mean of 3 x 3 with weights 1 2 1, which is blind to a mesh."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 2, 1), 2, 1)


def _doubling(c_in: int, c_out: int) -> list[nn.Module]:
    enlarge = [nn.Upsample(scale_factor=2), nn.Conv2d(c_in, c_out, 3, 1, 1, bias=False)]
    return [*enlarge, nn.BatchNorm2d(c_out), _bend(), Residual(c_out, normalise=True)]


def _sketch_critic(c: int) -> nn.Sequential:
    """(N, 3, 16, 16) -> (N,)."""
    return nn.Sequential(
        *(nn.Conv2d(3, c // 2, 3, 1, 1), _bend()),
        *(nn.Conv2d(c // 2, c, 4, 2, 1), _bend(), Residual(c), _bend()),
        *(nn.Conv2d(c, 2 * c, 4, 2, 1), _bend(), Residual(2 * c), _bend()),
        *_score(2 * c),
    ).apply(_start)


def _fold_critic(c: int) -> nn.Sequential:
    """(N, 6, 32, 32) -> (N,)."""
    return nn.Sequential(
        *(nn.PixelUnshuffle(2), nn.Conv2d(24, c, 3, 1, 1), _bend()),
        *(nn.Conv2d(c, 2 * c, 4, 2, 1), _bend(), Residual(2 * c), _bend()),
        *(nn.Conv2d(2 * c, 4 * c, 4, 2, 1), _bend(), Residual(4 * c), _bend()),
        *_score(4 * c),
    )


def _line_critic(c: int) -> nn.Sequential:
    """(N, 6, 64, 64) -> (N,)."""
    return nn.Sequential(
        *(nn.Conv2d(6, c, 4, 2, 1), _bend()),
        *(nn.Conv2d(c, 2 * c, 4, 2, 1), _bend()),
        *(nn.Conv2d(2 * c, 4 * c, 4, 2, 1), _bend(), nn.Conv2d(4 * c, 4 * c, 3, 1, 1), _bend()),
        *(nn.Conv2d(4 * c, 4 * c, 4, 2, 1), _bend()),
        *_score(4 * c),
    )


def _score(c: int) -> list[nn.Module]:
    """(N, c, 4, 4) -> (N,)."""
    return [nn.Flatten(), nn.Linear(c * 4 * 4, 1), nn.Flatten(0)]


def _bend() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2)


def _start(module: nn.Module) -> None:
    """He et al.'s start (2015) for the sketch and its critic, as they are bent by LeakyReLU; PyTorch's own is less."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, 0.2)
