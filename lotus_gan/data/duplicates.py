"""Images that occur more than once in a set: the same to the pixel, or nearly.

data = without_copies(load_folder("my-photos"))
near(data.images)          # [(3, 7)]: the eighth image looks like the fourth

An image that occurs twice has twice the weight in training. Mirrored copies are not searched for.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F

from lotus_gan.data.images import ImageSet, fingerprint

THUMBNAIL = 16  # px
# Correlation of two thumbnails. Of 30 photographs against their variants (JPEG quality 40, half the size, a third
# brighter or higher in contrast, cut by 2 % on all sides) none came below 0.97; of the two million pairs in
# data/lotus-2000, which all differ, one reached 0.92. `imagehash` needs SciPy and PyWavelets and separates no better,
# and a difference hash calls images with the same plain background similar.
NEAR = 0.96
ROWS = 1024  # compared with all others at a time: 200 MB for 50,000 images


def without_copies(data: ImageSet) -> ImageSet:
    """Without the images whose 128 x 128 pixels equal an earlier one's: those are listed in `skipped`."""
    first: dict[str, str] = {}
    kept, copies = [], []
    for i, (image, name) in enumerate(zip(data.images, data.names, strict=True)):
        original = first.setdefault(fingerprint(image), name)
        if original == name:
            kept.append(i)
        else:
            copies.append((name, f"the same pixels as another ({original})"))
    return replace(
        data,
        images=data.images[kept],
        names=[data.names[i] for i in kept],
        sizes=[data.sizes[i] for i in kept],
        skipped=data.skipped + copies,
    )


def near(images: torch.Tensor) -> list[tuple[int, int]]:
    """Images (N, 3, H, W) uint8 -> pairs (earlier, later): each later one once, with the earlier one most like it."""
    thumbnails = F.normalize(_thumbnails(images), dim=1)
    pairs = []
    for start in range(0, len(images), ROWS):
        rows = thumbnails[start : start + ROWS]
        correlation = (rows @ thumbnails[: start + len(rows)].T).tril(start - 1)  # with earlier ones only
        best, earlier = correlation.max(1)
        pairs += [(int(earlier[i]), start + int(i)) for i in (best >= NEAR).nonzero().flatten()]
    return pairs


def _thumbnails(images: torch.Tensor) -> torch.Tensor:
    """(N, 3 * 16 * 16) float32, each with mean 0: brightness does not count."""
    parts = [F.interpolate(part.float(), size=(THUMBNAIL, THUMBNAIL), mode="area") for part in images.split(ROWS)]
    flat = torch.cat(parts).flatten(1)
    return flat - flat.mean(1, keepdim=True)
