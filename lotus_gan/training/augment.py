"""Differentiable augmentation: the critic never sees a picture as it is, so few last longer (Zhao et al. 2020).

    augment(images, "translation,cutout", generator=rng)

Applied to real and generated pictures alike, in both players' updates; the generator learns the clean pictures because
the gradient passes through. Every sample gets its own draw, on the CPU, so a run is the same on every device.
"""

import torch

from lotus_gan.training.batch import Part

SHIFT = 1 / 8  # of the side, at most
HOLE = 1 / 2  # of the side


def augment(
    images: torch.Tensor, policy: str, *, generator: torch.Generator | None = None, part: Part | None = None
) -> torch.Tensor:
    """Images (N, 3, H, W) in [-1, 1] -> the same shape; `policy` is a comma list of POLICIES, "" changes nothing.

    `part`: the rows of a larger batch that the images are, which then get the draws that they would have in it.
    """
    for name in parse_policy(policy):
        images = POLICIES[name](images, generator, part or Part.all(len(images)))
    return images


def flips(count: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Which of a batch's pictures are to be mirrored, half of them in the mean: (count,) bool."""
    return torch.rand(count, generator=generator) < 0.5


def mirror(images: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    """Images (N, 3, H, W), of any type, left turned for right where `flip` (N,) says so."""
    return torch.where(flip[:, None, None, None], images.flip(3), images)


def parse_policy(policy: str) -> list[str]:
    """The names in a comma list; ValueError for one that does not exist."""
    names = [name.strip() for name in policy.split(",") if name.strip()]
    for name in names:
        if name not in POLICIES:
            raise ValueError(f"augment has no {name!r}: choose from {', '.join(POLICIES)}")
    return names


def _uniform(
    images: torch.Tensor, low: float, high: float, generator: torch.Generator | None, part: Part
) -> torch.Tensor:
    """One number a sample in [low, high): (N, 1, 1, 1)."""
    return (low + (high - low) * torch.rand(part.whole, 1, 1, 1, generator=generator)[part.rows]).to(images)


def _integers(part: Part, low: int, high: int, generator: torch.Generator | None, device) -> torch.Tensor:
    """One integer a sample in [low, high]: (N, 1)."""
    return torch.randint(low, high + 1, (part.whole, 1), generator=generator)[part.rows].to(device)


def _brightness(images, generator, part):
    return images + _uniform(images, -0.5, 0.5, generator, part)


def _saturation(images, generator, part):
    grey = images.mean(1, keepdim=True)
    return torch.lerp(grey, images, _uniform(images, 0, 2, generator, part))


def _contrast(images, generator, part):
    mean = images.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, _uniform(images, 0.5, 1.5, generator, part))


def _translation(images, generator, part):
    """Shift by up to an eighth of the side in x and y; what comes in from outside is mid-grey (0)."""
    height, width = images.shape[2:]
    max_y, max_x = round(height * SHIFT), round(width * SHIFT)
    rows = torch.arange(height, device=images.device) - _integers(part, -max_y, max_y, generator, images.device)
    columns = torch.arange(width, device=images.device) - _integers(part, -max_x, max_x, generator, images.device)
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None, :]
    shifted = images.gather(2, rows.clamp(0, height - 1)[:, None, :, None].expand_as(images))
    shifted = shifted.gather(3, columns.clamp(0, width - 1)[:, None, None, :].expand_as(images))
    return shifted * inside


def _cutout(images, generator, part):
    """Mid-grey over a square of half the side whose centre is anywhere in the picture."""
    height, width = images.shape[2:]
    half_y, half_x = round(height * HOLE) // 2, round(width * HOLE) // 2
    y = _integers(part, 0, height - 1, generator, images.device)
    x = _integers(part, 0, width - 1, generator, images.device)
    rows = (torch.arange(height, device=images.device) - y).abs() < half_y
    columns = (torch.arange(width, device=images.device) - x).abs() < half_x
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


POLICIES = {
    "brightness": _brightness,
    "saturation": _saturation,
    "contrast": _contrast,
    "translation": _translation,
    "cutout": _cutout,
}
