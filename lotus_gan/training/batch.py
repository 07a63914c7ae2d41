"""One update's batch: every random number that the update needs, drawn at once on the CPU.

    indices = ShuffledIndices(len(images), rng)
    batch = Batch.draw(rng, config, indices, resolution=128, num_heads=6)
    batch[0:8].to(device)               # its first 8 samples

Parts of a batch (`--accumulate`) and processes are slices of one Batch, so a sample gets the same numbers however the
batch is shared.
"""

from dataclasses import dataclass, replace

import torch

from lotus_gan.config import TrainConfig
from lotus_gan.training import augment
from lotus_gan.training.view_cache import Views


class ShuffledIndices:
    """An endless stream of indices below `count`: permutation after permutation, so every image comes once an epoch.

    A batch may be larger than the data set. `order` and `position` are all of its state besides `rng`'s.
    """

    def __init__(self, count: int, rng: torch.Generator):
        self.count, self.rng = count, rng
        self.order = torch.empty(0, dtype=torch.int64)
        self.position = 0

    def next(self, n: int) -> torch.Tensor:
        """The next indices: (n,) int64."""
        parts, missing = [], n
        while missing:
            if self.position == len(self.order):
                self.order, self.position = torch.randperm(self.count, generator=self.rng), 0
            part = self.order[self.position : self.position + missing]
            self.position += len(part)
            missing -= len(part)
            parts.append(part)
        return torch.cat(parts)


@dataclass(frozen=True)
class Batch:
    """N samples.

    indices: (N,) int64, which real images. flips: (N,) bool, which of them are mirrored. z: (N, z_dim).
    crop: (2,) in [0, 1) and noise: (N, 3, 32, 32), for the upsamplers' warm-up. augment_real, augment_fake: the draws
    of the augmentation. points: (num_heads, N) in [0, 1), where each head's gradient penalty is taken.
    """

    indices: torch.Tensor
    flips: torch.Tensor
    z: torch.Tensor
    crop: torch.Tensor
    noise: torch.Tensor
    augment_real: augment.Draws
    augment_fake: augment.Draws
    points: torch.Tensor

    @classmethod
    def draw(
        cls, rng: torch.Generator, config: TrainConfig, indices: ShuffledIndices, resolution: int, num_heads: int
    ) -> "Batch":
        """The next batch: `config.batch_size` samples, to be augmented at `resolution` px, for `num_heads` heads."""
        n = config.batch_size
        z = torch.randn(n, config.z_dim, generator=rng)
        images = indices.next(n)
        flips = augment.random_flips(n, rng) if config.mirror else torch.zeros(n, dtype=torch.bool)
        # of any strength from none to full, image by image
        noise = torch.randn(n, 3, 32, 32, generator=rng) * torch.rand(n, 1, 1, 1, generator=rng)
        crop = torch.rand(2, generator=rng)
        augment_rng = torch.Generator().manual_seed(int(torch.randint(2**63 - 1, (), generator=rng)))
        augment_real = augment.draw(config.augment, n, resolution, augment_rng)
        augment_fake = augment.draw(config.augment, n, resolution, augment_rng)
        points = torch.empty(num_heads, n)
        for row in points:
            torch.rand(n, generator=rng, out=row)
        return cls(images, flips, z, crop, noise, augment_real, augment_fake, points)

    def __len__(self) -> int:
        return len(self.z)

    def __getitem__(self, rows: slice) -> "Batch":
        """Some of its samples."""
        return replace(
            self,
            indices=self.indices[rows],
            flips=self.flips[rows],
            z=self.z[rows],
            noise=self.noise[rows],
            augment_real=[draw[rows] for draw in self.augment_real],
            augment_fake=[draw[rows] for draw in self.augment_fake],
            points=self.points[:, rows],
        )

    def to(self, device: torch.device) -> "Batch":
        """The same on a device, but for what the CPU uses: indices, flips, and the draws of the augmentation."""
        z, crop, noise, points = (_to(tensor, device) for tensor in (self.z, self.crop, self.noise, self.points))
        return replace(self, z=z, crop=crop, noise=noise, points=points)


@dataclass(frozen=True)
class CriticUpdate:
    """What one update of the critic works on: samples and what the heads see of the real images, both on the device.

    penalty_scale: how often the gradient penalty counts in it; 0: it is left out.
    """

    batch: Batch
    real: Views
    penalty_scale: int


def _to(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """On a GPU from pinned memory: from other memory a copy waits until the GPU has nothing left to do."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
