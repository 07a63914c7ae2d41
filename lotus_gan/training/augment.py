"""Differentiable augmentation, so that a critic does not memorise few images (DiffAugment, Zhao et al. 2020).

    augment(images, "color,translation", generator=rng)

    draws = draw("color,translation", len(images), resolution=128, generator=rng)    # or once, for later
    augment(images, "color,translation", draws=draws)

Applied to real and generated images alike, in the critic's and in the generator's updates; the generator learns the
clean images because the gradient passes through. Every sample gets its own draw, on the CPU, so a run is the same on
every device.
"""

from collections.abc import Callable

import torch
from torch.nn import functional as F

MAX_SHIFT = 1 / 8  # of the side
CUTOUT = 1 / 2  # of the side

Draws = list[torch.Tensor]  # (N, 1) or (N, 1, 1, 1) each, in the order in which the policy uses them
Transform = Callable[[torch.Tensor, Draws], torch.Tensor]  # takes its numbers from the front of the draws
DrawFor = Callable[[int, int, torch.Generator | None], Draws]  # (count, resolution, generator) -> its numbers


def augment(
    images: torch.Tensor,
    policy: str,
    *,
    draws: Draws | None = None,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Images (N, 3, S, S) in [-1, 1] -> the same shape; `policy` is a comma list of POLICIES, "" changes nothing.

    draws: what `draw` gave for this policy; unset, they are drawn by `generator`. ValueError for an unknown policy.
    """
    if draws is None:
        draws = draw(policy, len(images), images.shape[-1], generator)
    draws = list(draws)
    for transform, _ in _transforms(policy):
        images = transform(images, draws)
    return images


def draw(policy: str, count: int, resolution: int, generator: torch.Generator | None = None) -> Draws:
    """The random numbers that `augment` takes for `count` images of resolution x resolution px, on the CPU."""
    return [number for _, draw_for in _transforms(policy) for number in draw_for(count, resolution, generator)]


def random_flips(count: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Which images of a batch are mirrored, half of them on average: (count,) bool."""
    return torch.rand(count, generator=generator) < 0.5


def flip(images: torch.Tensor, flips: torch.Tensor) -> torch.Tensor:
    """Images (N, 3, H, W), of any type, mirrored left to right where `flips` (N,) is true."""
    return torch.where(flips[:, None, None, None], images.flip(3), images)


def parse_policy(policy: str) -> list[str]:
    """The names in a comma list; ValueError for one that does not exist."""
    names = [name.strip() for name in policy.split(",") if name.strip()]
    for name in names:
        if name not in POLICIES:
            raise ValueError(f"augment has no {name!r}: choose from {', '.join(POLICIES)}")
    return names


def _transforms(policy: str) -> list[tuple[Transform, DrawFor]]:
    """(transform, what draws its numbers) of each part of a policy."""
    return [pair for name in parse_policy(policy) for pair in POLICIES[name]]


def _uniform(low: float, high: float) -> DrawFor:
    """One number a sample in [low, high): (N, 1, 1, 1)."""
    return lambda count, _, generator: [low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator)]


def _brightness(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    return images + draws.pop(0).to(images)


def _saturation(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    grey = images.mean(1, keepdim=True)
    return torch.lerp(grey, images, draws.pop(0).to(images))


def _contrast(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    mean = images.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, draws.pop(0).to(images))


def _draw_shifts(count: int, resolution: int, generator: torch.Generator | None) -> Draws:
    """Pixels down and to the right, up to an eighth of the side: (N, 1) int64 each."""
    most = round(resolution * MAX_SHIFT)
    return [torch.randint(-most, most + 1, (count, 1), generator=generator) for _ in range(2)]


def _translation(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """What comes in from outside is mid-grey (0)."""
    down, right = (draws.pop(0).flatten().tolist() for _ in range(2))
    # a negative padding takes pixels away
    return torch.stack([F.pad(image, (x, -x, y, -y)) for image, y, x in zip(images, down, right, strict=True)])


def _draw_centres(count: int, resolution: int, generator: torch.Generator | None) -> Draws:
    """Row and column of the cutout's centre, anywhere in the image: (N, 1) int64 each."""
    return [torch.randint(0, resolution, (count, 1), generator=generator) for _ in range(2)]


def _cutout(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Mid-grey over a square of half the side."""
    height, width = images.shape[2:]
    y, x = (draws.pop(0).to(images.device) for _ in range(2))
    rows = (torch.arange(height, device=images.device) - y).abs() < round(height * CUTOUT) // 2
    columns = (torch.arange(width, device=images.device) - x).abs() < round(width * CUTOUT) // 2
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


# DiffAugment's names: each a list of transforms, and of what draws their numbers
POLICIES: dict[str, list[tuple[Transform, DrawFor]]] = {
    "color": [
        (_brightness, _uniform(-0.5, 0.5)),
        (_saturation, _uniform(0, 2)),
        (_contrast, _uniform(0.5, 1.5)),
    ],
    "translation": [(_translation, _draw_shifts)],
    "cutout": [(_cutout, _draw_centres)],
}
