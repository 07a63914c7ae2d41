"""A batch holds every random number of an update, and a part of it the numbers of its samples."""

import pytest
import torch

from lotus_gan import TrainConfig
from lotus_gan.training.batch import Batch, ShuffledIndices

CONFIG = TrainConfig(architecture="lotus", z_dim=5, batch_size=6, mirror=True, augment="color,translation,cutout")


def rng():
    return torch.Generator().manual_seed(0)


def draw(resolution, num_heads, count=10, config=CONFIG):
    generator = rng()
    return Batch.draw(generator, config, ShuffledIndices(count, generator), resolution, num_heads)


def test_shapes_and_ranges():
    batch = draw(resolution=128, num_heads=5)
    assert len(batch) == 6 and batch.indices.shape == batch.flips.shape == (6,)
    assert batch.z.shape == (6, 5) and batch.noise.shape == (6, 3, 32, 32) and batch.crop.shape == (2,)
    assert batch.points.shape == (5, 6) and batch.points.min() >= 0 and batch.points.max() < 1
    assert [numbers.shape for numbers in batch.augment_real] == [(6, 1, 1, 1)] * 3 + [(6, 1)] * 4
    assert batch.augment_real[3].abs().max() <= 16 and batch.augment_real[5].max() < 128
    assert not torch.equal(batch.augment_real[0], batch.augment_fake[0])


def test_parts_have_the_numbers_of_the_whole():
    whole = draw(16, 1)
    parts = [whole[0:2], whole[2:6]]
    for name in ("indices", "flips", "z", "noise"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name)), name
    assert torch.equal(torch.cat([part.points for part in parts], 1), whole.points)
    assert all(torch.equal(part.crop, whole.crop) for part in parts)
    for i, numbers in enumerate(whole.augment_fake):
        assert torch.equal(torch.cat([part.augment_fake[i] for part in parts]), numbers)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 25])
def test_every_image_once_an_epoch(batch_size):
    """Also for a batch larger than the data set: 25 of 10."""
    indices = ShuffledIndices(10, rng())
    shown = torch.cat([indices.next(batch_size) for _ in range(20)])
    epochs = shown[: len(shown) // 10 * 10].view(-1, 10)
    assert torch.equal(epochs.sort(1).values, torch.arange(10).expand_as(epochs))
    assert not torch.equal(epochs[0], epochs[1])


def test_without_mirroring_and_augmentation_nothing_is_drawn_for_them():
    batch = draw(128, 0, config=CONFIG.replace(mirror=False, augment=""))
    assert not batch.flips.any() and batch.augment_real == batch.augment_fake == [] and batch.points.numel() == 0
