"""Our two networks: a sketch of 16 px is painted from the latents, and enlarged twice, to 32 and to 128 px.

They learn in three spells, each of which does what is quick at that time. First the enlargers learn alone, from real
pictures that were made small, whose right answer is known. Then the sketch learns alone, against a critic of 16 px,
which is where a GAN learns quickly (LAPGAN, Denton et al. 2015). Then all of them learn together, and critics look at
the whole picture through the eyes of a network that knows ImageNet (lotus_gan/feature_network.py).
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan.config import ModelConfig
from lotus_gan.models import feature_network
from lotus_gan.training.batch import Augmentation, Look

GRAIN = 0.04  # of 2, between black and white: the most noise on a small picture
WINDOW = 16  # px of the smaller picture: an enlarger of larger ones learns from a window in them


def generator_layers(config: ModelConfig) -> nn.Sequential:
    """(N, z_dim, 1, 1) -> (N, 3, 128, 128) in [-1, 1]: what is to be painted, and who paints it."""
    w = config.width
    idea = [
        *(nn.ConvTranspose2d(config.z_dim, 8 * w, 4, bias=False), nn.BatchNorm2d(8 * w), _bend()),
        *_doubling(8 * w, 6 * w),
        *_doubling(6 * w, 3 * w),
        *(nn.BatchNorm2d(3 * w), _bend()),
    ]
    return nn.Sequential(*nn.Sequential(*idea).apply(_start), Painter(w))


class Painter(nn.Module):
    """(N, 3w, 16, 16), features -> (N, 3, 128, 128) in [-1, 1]: a sketch in colours, enlarged twice.

    An enlarger is handed the features, too: what a picture of 16 px cannot say need not be guessed.
    """

    def __init__(self, w: int):
        super().__init__()
        self.sketch = nn.Sequential(nn.Conv2d(3 * w, 3, 3, 1, 1), nn.Tanh()).apply(_start)
        self.enlargers = nn.ModuleList([Enlarger(3 * w, 3 * w, w, times=2), Enlarger(w, 2 * w, w, times=4)])

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        picture = self.sketch(features)
        for enlarger in self.enlargers:
            picture, features = enlarger(picture, features)
        return F.hardtanh(picture)


class CriticLayers(nn.Module):
    """(N, 3, 128, 128) -> scores (N,): the sum over the levels, each of which scores alone in training."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        c = 4 * config.width
        self.levels = nn.ModuleList(
            [_sketch_critic(c), *(_map_critic(maps, side, c) for maps, side in feature_network.MAPS)]
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        views = [pyramid(images)[0], *feature_network.look(images)]
        return sum(critic(view) for critic, view in zip(self.levels, views, strict=True))


critic_layers = CriticLayers

# What a level's score counts for the generator. A map's critic has a slope of 1 in the map, which was one of 42, 51, 80
# and 385 in the picture (from fine to coarse, new critics, pictures not enlarged for the eyes): so all pulled about
# equally hard. With critics that have learnt for long, and enlarged pictures, it is 24, 43, 36 and 103.
WEIGHTS = (1, 1 / 40, 1 / 50, 1 / 80, 1 / 400)


def levels(layers: CriticLayers) -> list[nn.Module]:
    """The critics of the sketch and of the four maps."""
    return list(layers.levels)


def enlargers(layers: nn.Sequential) -> list["Enlarger"]:
    """The layers that learn from pairs first."""
    return list(layers[-1].enlargers)


def lesson(layers: nn.Sequential, z: torch.Tensor, real: torch.Tensor, seen: Augmentation, whole: bool) -> list:
    """The sketch (N, 3, 16, 16), and where the picture is `whole` the maps of feature_network.MAPS; real and painted."""
    features, painter = layers[:-1](z), layers[-1]
    if not whole:
        return [(seen(pyramid(real)[0]), seen(painter.sketch(features)))]
    views = [[pyramid(picture)[0], *feature_network.look(picture)] for picture in (seen(real), seen(painter(features)))]
    return list(zip(*views, strict=True))


def enlarging(layers: nn.Sequential, real: torch.Tensor, look: Look) -> list:
    """(right answer, enlarged) for each enlarger, (N, 3, H, W), from real pictures made small, with a little grain."""
    pairs = []
    for enlarger, (small, large) in zip(enlargers(layers), pairwise(pyramid(real)), strict=True):
        side = small.shape[-1]
        small = small + GRAIN * look.grain[..., :side, :side]
        small, large = (_window(picture, look.window, side) for picture in (small, large))
        pairs.append((large, enlarger(small)[0]))
    return pairs


def pyramid(pictures: torch.Tensor) -> list[torch.Tensor]:
    """(N, 3, 128, 128) -> the same at 16, 32 and 128 px, each pixel the mean of those it stands for."""
    return [F.avg_pool2d(pictures, 8), F.avg_pool2d(pictures, 4), pictures]


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
    """A picture (N, 3, S, S), features (N, told, S, S) -> the picture times as large, and features of it.

    Enlarged smoothly, and what that lacks added; the features (N, fine, F, F) are of the last size before, F = 2 S.
    Without features it goes by the picture alone, which is how it learns first. Most of the arithmetic is done at S px;
    pixels are shuffled out of channels (Shi et al. 2016).
    """

    def __init__(self, told: int, channels: int, fine: int, times: int):
        super().__init__()
        self.times = times
        self.look = nn.Conv2d(3, channels, 3, 1, 1)
        self.hear = nn.Conv2d(told, channels, 1, bias=False)
        self.body = nn.Sequential(
            *(Residual(channels), _bend(), Residual(channels), _bend()),
            *(nn.Conv2d(channels, 4 * fine, 3, 1, 1), nn.PixelShuffle(2), _bend()),
            *(nn.Conv2d(fine, fine, 3, 1, 1), _bend()),
        )
        last = nn.Conv2d(fine, 3 * (times // 2) ** 2, 3, 1, 1)
        self.add = nn.Sequential(*([last] if times == 2 else [last, nn.PixelShuffle(times // 2), Soften()]))
        for value in (*last.parameters(), self.hear.weight):  # it begins as a smooth enlargement, and hears nothing
            nn.init.zeros_(value)

    def forward(self, small: torch.Tensor, told: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.look(small)
        if told is not None:
            features = features + self.hear(told)
        features = self.body(features)
        return _smooth(small, self.times) + self.add(features), features


class Soften(nn.Module):
    """(N, C, H, W) -> (N, C, H, W): each pixel a mean of 3 x 3 with weights 1 2 1, which is blind to a mesh.

    Where nothing learnt comes after a shuffle, neighbours are painted by different weights and leave a mesh, as they do
    after transposed convolutions (Odena et al. 2016).
    """

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
        *_score(2 * c, 4),
    ).apply(_start)


def _map_critic(maps: int, side: int, c: int) -> nn.Sequential:
    """(N, maps, side, side) -> (N,)."""
    halvings = [layer for _ in range((side // 6).bit_length() - 1) for layer in (nn.Conv2d(c, c, 4, 2, 1), _bend())]
    return nn.Sequential(
        *(nn.Conv2d(maps, c, 1), _bend(), *halvings),
        *(nn.Conv2d(c, c, 3, 1, 1), _bend()),
        *_score(c, 6),
    )


def _score(c: int, side: int) -> list[nn.Module]:
    """(N, c, side, side) -> (N,)."""
    return [nn.Flatten(), nn.Linear(c * side * side, 1), nn.Flatten(0)]


def _bend() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2)


def _start(module: nn.Module) -> None:
    """He et al.'s start (2015) for the sketch and its critic, as they are bent by LeakyReLU; PyTorch's own is less."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, 0.2)
