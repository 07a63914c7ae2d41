"""What a critic with a frozen network sees of each real image, kept: an image that is not augmented never changes.

    cache = view_cache(critic, len(images), device)     # None where there is nothing to gain, or no room
    views = cache(indices, flips, compute)              # compute(index, flip) -> views of one image, called once each

Kept in float16, which rounds a value by 2^-11 of it at most, and filled one image at a time, so that a view does not
depend on the batch in which it was first needed.
"""

import logging
from collections.abc import Callable, Sequence

import torch

from lotus_gan.config import RESOLUTION
from lotus_gan.models.lotus import LotusCritic
from lotus_gan.models.pretrained import Critic

Views = list[torch.Tensor]  # (N, C, H, W), one for each head of the critic

MAX_BYTES = 2**31  # 2,800 images for `lotus`, each also mirrored

logger = logging.getLogger(__name__)


def view_cache(critic: Critic, count: int, device: torch.device) -> "ViewCache | None":
    """A cache for `count` images on a device; None if the critic has no frozen network, or if it would pass MAX_BYTES.

    Logs which, and its size."""
    if not isinstance(critic.network, LotusCritic):
        return None
    shapes = [view.shape[1:] for view in critic.views(torch.zeros(1, 3, RESOLUTION, RESOLUTION, device=device))]
    size = 2 * count * sum(shape.numel() for shape in shapes) * torch.float16.itemsize
    if size > MAX_BYTES:
        logger.info("feature maps of real images are not cached: %.1f of at most %.1f GB", size / 1e9, MAX_BYTES / 1e9)
        return None
    logger.info("feature maps of real images are cached: up to %.2f GB of memory", size / 1e9)
    return ViewCache(count, shapes, device)


class ViewCache:
    """Views of `count` images and of their mirror images; shapes: (C, H, W) of each view. It fills as it goes."""

    def __init__(self, count: int, shapes: Sequence[torch.Size], device: torch.device):
        self.views = [torch.empty(2 * count, *shape, dtype=torch.float16, device=device) for shape in shapes]
        self.known = torch.zeros(2 * count, dtype=torch.bool)

    def __call__(
        self, indices: torch.Tensor, flips: torch.Tensor, compute: Callable[[torch.Tensor, torch.Tensor], Views]
    ) -> Views:
        """indices (N,) int64 and flips (N,) bool, on the CPU -> views (N, C, H, W) in float32."""
        slots = 2 * indices + flips
        for slot in slots[~self.known[slots]].unique().tolist():
            alone = compute(torch.tensor([slot // 2]), torch.tensor([bool(slot % 2)]))
            for kept, view in zip(self.views, alone, strict=True):
                kept[slot] = view[0]
            self.known[slot] = True
        return [kept[slots.to(kept.device)].float() for kept in self.views]
