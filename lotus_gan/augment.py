"""Differentiable augmentation: the critic never sees a picture as it is, so few last longer (Zhao et al. 2020).

    augment(images, "translation,cutout", generator=rng)

Applied to real and generated pictures alike, in both players' updates; the generator learns the clean pictures because
the gradient passes through. Every sample gets its own draw, on the CPU, so a run is the same on every device.
"""

import torch

SHIFT = 1 / 8  # of the side, at most
HOLE = 1 / 2  # of the side


def augment(images: torch.Tensor, policy: str, *, generator: torch.Generator | None = None) -> torch.Tensor:
    """Images (N, 3, H, W) in [-1, 1] -> the same shape; `policy` is a comma list of POLICIES, "" changes nothing."""
    for name in parse_policy(policy):
        images = POLICIES[name](images, generator)
    return images


def mirror(images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Each of the images (N, 3, H, W), of any type, turned left for right half of the time."""
    flip = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(3), images)


def parse_policy(policy: str) -> list[str]:
    """The names in a comma list; ValueError for one that does not exist."""
    names = [name.strip() for name in policy.split(",") if name.strip()]
    for name in names:
        if name not in POLICIES:
            raise ValueError(f"augment has no {name!r}: choose from {', '.join(POLICIES)}")
    return names


def _uniform(images: torch.Tensor, low: float, high: float, generator: torch.Generator | None) -> torch.Tensor:
    """One number a sample in [low, high): (N, 1, 1, 1)."""
    return (low + (high - low) * torch.rand(len(images), 1, 1, 1, generator=generator)).to(images)


def _integers(count: int, low: int, high: int, generator: torch.Generator | None, device) -> torch.Tensor:
    """One integer a sample in [low, high]: (N, 1)."""
    return torch.randint(low, high + 1, (count, 1), generator=generator).to(device)


def _brightness(images, generator):
    return images + _uniform(images, -0.5, 0.5, generator)


def _saturation(images, generator):
    grey = images.mean(1, keepdim=True)
    return torch.lerp(grey, images, _uniform(images, 0, 2, generator))


def _contrast(images, generator):
    mean = images.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, _uniform(images, 0.5, 1.5, generator))


def _translation(images, generator):
    """Shift by up to an eighth of the side in x and y; what comes in from outside is mid-grey (0)."""
    n, _, height, width = images.shape
    max_y, max_x = round(height * SHIFT), round(width * SHIFT)
    rows = torch.arange(height, device=images.device) - _integers(n, -max_y, max_y, generator, images.device)
    columns = torch.arange(width, device=images.device) - _integers(n, -max_x, max_x, generator, images.device)
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None, :]
    shifted = images.gather(2, rows.clamp(0, height - 1)[:, None, :, None].expand_as(images))
    shifted = shifted.gather(3, columns.clamp(0, width - 1)[:, None, None, :].expand_as(images))
    return shifted * inside


def _cutout(images, generator):
    """Mid-grey over a square of half the side whose centre is anywhere in the picture."""
    n, _, height, width = images.shape
    half_y, half_x = round(height * HOLE) // 2, round(width * HOLE) // 2
    y = _integers(n, 0, height - 1, generator, images.device)
    x = _integers(n, 0, width - 1, generator, images.device)
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
