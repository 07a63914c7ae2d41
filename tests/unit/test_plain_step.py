"""The quick step is the plain one: the same gradients, and after 20 steps the same weights."""

import pytest
import torch
from helpers.tiny import JOINT, random_images

from benchmarks.plain import PlainStep
from lotus_gan.models.feature_network import feature_network
from lotus_gan.training.step import WGANGPStep


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def difference(one, other):
    return float((one - other).norm() / other.norm())


def gradients(step, network):
    """Of one network after one step, as a vector."""
    step()
    return flat(p.grad for p in getattr(step, network).parameters() if p.grad is not None)


@pytest.mark.parametrize(("network", "tolerance"), [("generator", 1e-3), ("critic", 1e-5)])
def test_gradients_of_a_step(network, tolerance):
    """Of their length. The generator's come through the feature network, where a value or two changes the side of a
    bend (test_feature_network.py)."""
    quick, plain = (gradients(kind(JOINT, random_images()), network) for kind in (WGANGPStep, PlainStep))
    assert difference(quick, plain) < tolerance


@pytest.mark.parametrize("network", ["generator", "critic"])
def test_gradients_of_a_step_through_the_same_feature_network(network):
    """To 1e-5 of their length: all else that makes the step quick is only rounding."""
    quick, plain = (kind(JOINT, random_images()) for kind in (WGANGPStep, PlainStep))
    plain.feature_network = feature_network(plain.device)
    assert difference(gradients(quick, network), gradients(plain, network)) < 1e-5


def test_twenty_steps():
    """To 2e-3 of the weights, of both networks: Adam divides a rounding by a small gradient, too."""
    quick, plain = (kind(JOINT, random_images()) for kind in (WGANGPStep, PlainStep))
    for _ in range(20):
        quick()
        plain()
    for network in ("generator", "critic"):
        assert difference(*(flat(getattr(step, network).parameters()) for step in (quick, plain))) < 2e-3


def test_gradients_in_bf16():
    """To 0.15 of the plain step's in float32: bfloat16 has 8 bits, and the feature network 48 layers."""
    wide = JOINT.replace(width=8)
    quick, plain = WGANGPStep(wide.replace(precision="bf16"), random_images()), PlainStep(wide, random_images())
    assert difference(gradients(quick, "critic"), gradients(plain, "critic")) < 0.15
