"""Our two networks: a generator of 16 px whose image is upsampled twice, to 32 and 128 px, and a critic of six heads.

They train in three stages (lotus_gan/training/step.py): the upsamplers alone, on real images made small, whose answer
is known; the 16 px base alone, where a GAN learns quickly (LAPGAN, Denton et al. 2015); then all jointly. One head of
the critic scores the image at 16 px, four score the feature maps of a frozen ImageNet network (Projected GANs, Sauer et
al. 2021), and one the mean and the standard deviation of each of their channels.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan.config import ModelConfig
from lotus_gan.models.feature_network import (
    FEATURE_SHAPES,
    NUM_STATISTICS,
    FeatureNetwork,
    channel_statistics,
    feature_network,
)

BASE = 16  # px of the base
NOISE = 0.04  # of 2, between black and white: the most noise on a downsampled image
BILATERAL_SIGMA = 0.02  # of 2: what differs by much more than this is an edge
CROP = 16  # px of the smaller image: an upsampler of larger ones trains on a crop of them


# --- generator -------------------------------------------------------------------------------------------------------


class LotusGenerator(nn.Module):
    """z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]."""

    has_warmup_stages = True

    def __init__(self, config: ModelConfig):
        super().__init__()
        w = config.width
        self.trunk = nn.Sequential(
            *(nn.ConvTranspose2d(config.z_dim, 8 * w, 4, bias=False), nn.BatchNorm2d(8 * w), nn.LeakyReLU(0.2)),
            *up_block(8 * w, 6 * w),
            *up_block(6 * w, 3 * w),
            *(nn.BatchNorm2d(3 * w), nn.LeakyReLU(0.2)),
        ).apply(init_weights)
        self.to_rgb = nn.Sequential(nn.Conv2d(3 * w, 3, 3, 1, 1), nn.Tanh()).apply(init_weights)
        self.upsamplers = nn.ModuleList([Upsampler(3 * w, 3 * w, w, factor=2), Upsampler(w, 2 * w, w, factor=4)])
        self.bilateral = BilateralFilter()

    @property
    def stem(self) -> nn.Sequential:
        """The first stage: (N, z_dim, 1, 1) -> features (N, 8 width, 4, 4)."""
        return self.trunk[:3]

    def base(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, z_dim) -> the image at 16 px, before it is upsampled: (N, 3, 16, 16) in [-1, 1]."""
        return self.to_rgb(self.trunk(z[:, :, None, None]))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]."""
        features = self.trunk(z[:, :, None, None])
        image = self.to_rgb(features)
        for upsampler in self.upsamplers:
            image, features = upsampler(image, features)
        return F.hardtanh(self.bilateral(image))

    def upsampling_pairs(
        self, real: torch.Tensor, crop: torch.Tensor, noise: torch.Tensor
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """What the upsamplers' warm-up compares: (target, upsampled), each (N, 3, S, S), for each of the two.

        real: (N, 3, 128, 128) in [-1, 1]; it is downsampled and upsampled again. crop: (2,) in [0, 1), top and left of
        the region that is used. noise: (N, 3, 32, 32), added to the downsampled image times NOISE.
        """
        pairs = []
        for upsampler, (small, large) in zip(self.upsamplers, pairwise(pyramid(real)), strict=True):
            side = small.shape[-1]
            small = small + NOISE * noise[..., :side, :side]
            small, large = (_crop(image, crop, side) for image in (small, large))
            pairs.append((large, upsampler(small)[0]))
        return pairs


class Upsampler(nn.Module):
    """Image (N, 3, S, S) and features (N, C, S, S) -> the image `factor` times as large, and features of it.

    The bilinear upsampling plus a learned residual; the features returned, (N, c_fine, 2 S, 2 S), are of its last
    resolution but one. Without features it works from the image alone, which is how it is warmed up. Most of the
    arithmetic is done at S px; PixelShuffle turns channels into pixels (Shi et al. 2016).
    """

    def __init__(self, c_features: int, channels: int, c_fine: int, factor: int):
        super().__init__()
        self.factor = factor
        self.image_conv = nn.Conv2d(3, channels, 3, 1, 1)
        self.feature_conv = nn.Conv2d(c_features, channels, 1, bias=False)
        blur = Blur() if factor == 4 else nn.Identity()  # at 32 px there was no checkerboard
        self.body = nn.Sequential(
            *(Residual(channels), nn.LeakyReLU(0.2), Residual(channels), nn.LeakyReLU(0.2)),
            *(nn.Conv2d(channels, 4 * c_fine, 3, 1, 1), nn.PixelShuffle(2), blur, nn.LeakyReLU(0.2)),
            *(nn.Conv2d(c_fine, c_fine, 3, 1, 1), nn.LeakyReLU(0.2)),
        )
        last = nn.Conv2d(c_fine, 3 * (factor // 2) ** 2, 3, 1, 1)
        self.to_residual = nn.Sequential(*([last] if factor == 2 else [last, nn.PixelShuffle(factor // 2), blur]))
        for value in (*last.parameters(), self.feature_conv.weight):  # it starts as a bilinear upsampling
            nn.init.zeros_(value)

    def forward(self, image: torch.Tensor, features: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Image (N, 3, S, S), features (N, C, S, S) or None -> larger image, features (N, c_fine, 2 S, 2 S)."""
        x = self.image_conv(image)
        if features is not None:
            x = x + self.feature_conv(features)
        x = self.body(x)
        return upsample(image, self.factor) + self.to_residual(x), x


class Blur(nn.Module):
    """(N, C, H, W) -> (N, C, H, W): the 3 x 3 binomial filter (1 2 1), which takes a checkerboard to zero.

    After a PixelShuffle neighbouring pixels come from different weights and leave a checkerboard, as they do after
    transposed convolutions (Odena et al. 2016). A learned layer behind it does not even that out.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same shape."""
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        for dim in (3, 2):
            before, middle, after = _shifted(x, dim)  # avg_pool2d takes five times as long as their sum
            x = before + 2 * middle + after
        return x / 16


class BilateralFilter(nn.Module):
    """(N, 3, H, W) -> (N, 3, H, W): the mean of 3 x 3 pixels, weighted by how like the middle one they are.

    It evens out faint texture, which critics leave on even petals and water, and keeps edges (Tomasi & Manduchi 1998).
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) -> the same shape, float32: bfloat16's steps are as large as what is evened out."""
        x = x.float().contiguous()  # one channel times three takes seven times as long channels last
        rows = _shifted(F.pad(x, (1, 1, 1, 1), mode="replicate"), dim=2)
        neighbours = [pixels for row in rows for pixels in _shifted(row, dim=3)]
        del neighbours[4]  # the middle, whose weight is 1
        summed, weights = x, torch.ones_like(x[:, :1])
        for pixels in neighbours:
            weight = _similarity(x, pixels)
            summed, weights = summed + weight * pixels, weights + weight
        return summed / weights


class Residual(nn.Module):
    """x + conv(act(norm(conv(x)))) at one resolution: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int, normalise: bool = False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=not normalise),
            nn.BatchNorm2d(channels) if normalise else nn.Identity(),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, channels, 3, 1, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same shape."""
        return x + self.body(x)


def up_block(c_in: int, c_out: int) -> list[nn.Module]:
    """(N, c_in, S, S) -> (N, c_out, 2 S, 2 S): nearest neighbours and a convolution, then a residual block."""
    doubled = [nn.Upsample(scale_factor=2), nn.Conv2d(c_in, c_out, 3, 1, 1, bias=False)]
    return [*doubled, nn.BatchNorm2d(c_out), nn.LeakyReLU(0.2), Residual(c_out, normalise=True)]


# --- critic ----------------------------------------------------------------------------------------------------------


class LotusCritic(nn.Module):
    """Six heads: one scores the image at 16 px, four the feature maps of the frozen network, one their statistics.

    What is the same in all images, a faint texture where a petal is even, moves a feature map little and its statistics
    much: a map differs far more from image to image than they do.
    """

    # What a head's score counts in the generator's loss. A head has a slope of 1 in its feature map, which is a larger
    # slope in the image, the more so the coarser the map: so the first five pull about equally hard. Of the last 1/10
    # is too little, and 1 gains nothing more (docs/recipes.md).
    head_weights = (1, 1 / 35, 1 / 44, 1 / 63, 1 / 310, 1 / 3)

    def __init__(self, config: ModelConfig):
        super().__init__()
        c = 4 * config.width
        feature_heads = [feature_head(channels, side, c) for channels, side in FEATURE_SHAPES]
        self.heads = nn.ModuleList([base_head(c), *feature_heads, statistics_head(4 * c)])

    @property
    def feature_network(self) -> FeatureNetwork:
        """The frozen network that the critic looks through, shared by all critics on a device."""
        return feature_network(next(self.parameters()).device)

    def views(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images at 128 px -> the image at 16 px, the feature maps, their statistics; at 16 px -> the image alone."""
        if images.shape[-1] == BASE:
            return [images]
        maps = self.feature_network(images)
        return [pyramid(images)[0], *maps, channel_statistics(maps)]


def base_head(c: int) -> nn.Sequential:
    """(N, 3, 16, 16) -> (N,)."""
    return nn.Sequential(
        *(nn.Conv2d(3, c // 2, 3, 1, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(c // 2, c, 4, 2, 1), nn.LeakyReLU(0.2), Residual(c), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(c, 2 * c, 4, 2, 1), nn.LeakyReLU(0.2), Residual(2 * c), nn.LeakyReLU(0.2)),
        *_to_score(2 * c, 4),
    ).apply(init_weights)


def feature_head(channels: int, side: int, c: int) -> nn.Sequential:
    """(N, channels, side, side) -> (N,): halved to 8 px, then one linear score."""
    halvings: list[nn.Module] = []
    for _ in range((side // 8).bit_length() - 1):
        halvings += [nn.Conv2d(c, c, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(
        *(nn.Conv2d(channels, c, 1), nn.LeakyReLU(0.2), *halvings),
        *(nn.Conv2d(c, c, 3, 1, 1), nn.LeakyReLU(0.2)),
        *_to_score(c, 8),
    )


def statistics_head(c: int) -> nn.Sequential:
    """(N, NUM_STATISTICS) -> (N,)."""
    return nn.Sequential(
        *(nn.Linear(NUM_STATISTICS, c), nn.LeakyReLU(0.2), nn.Linear(c, c), nn.LeakyReLU(0.2)),
        *(nn.Linear(c, 1), nn.Flatten(0)),
    )


def _to_score(c: int, side: int) -> list[nn.Module]:
    """(N, c, side, side) -> (N,)."""
    return [nn.Flatten(), nn.Linear(c * side * side, 1), nn.Flatten(0)]


# --- both ------------------------------------------------------------------------------------------------------------


def pyramid(images: torch.Tensor) -> list[torch.Tensor]:
    """Images (N, 3, 128, 128) -> the same at 16, 32 and 128 px, each pixel the mean of those it replaces."""
    return [F.avg_pool2d(images, 8), F.avg_pool2d(images, 4), images]


def _shifted(x: torch.Tensor, dim: int) -> list[torch.Tensor]:
    """The three slices of x that are two shorter than it along dim."""
    size = x.shape[dim] - 2
    return [x.narrow(dim, start, size) for start in range(3)]


def _similarity(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Of the colours of two images (N, 3, H, W): (N, 1, H, W) in (0, 1]."""
    difference = x - y
    squared = difference * difference
    red, green, blue = squared[:, :1], squared[:, 1:2], squared[:, 2:]  # mean(1) takes longer
    return torch.exp((red + green + blue) * (-1 / (6 * BILATERAL_SIGMA**2)))


def upsample(images: torch.Tensor, factor: int) -> torch.Tensor:
    """Bilinear: (N, C, S, S) -> (N, C, factor S, factor S)."""
    return F.interpolate(images, scale_factor=factor, mode="bilinear", align_corners=False)


def init_weights(module: nn.Module) -> None:
    """He et al.'s initialisation (2015) for LeakyReLU(0.2); PyTorch's own is smaller."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, 0.2)


def _crop(image: torch.Tensor, position: torch.Tensor, small: int) -> torch.Tensor:
    """The region of an image whose downsampled version has `small` px: CROP px of that, which may be all of it."""
    factor = image.shape[-1] // small
    top, left = (position * (small - CROP + 1)).long().tolist()
    return image[..., top * factor : (top + CROP) * factor, left * factor : (left + CROP) * factor]
