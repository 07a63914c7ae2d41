"""The quick step is the plain one: the same gradients, and after 20 steps the same weights."""

import pytest
import torch
from helpers.tiny import JOINT, random_images

from benchmarks.plain import PlainStep
from lotus_gan.training.step import WGANGPStep


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def difference(one, other):
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize(("network", "tolerance"), [("generator", 1e-3), ("critic", 1e-5)])
def test_gradients_of_a_step(network, tolerance):
    """Of their length. The generator's come through the feature network, where a value or two changes the side of a
    bend (test_feature_network.py)."""
    gradients = []
    for kind in (WGANGPStep, PlainStep):
        step = kind(JOINT, random_images())
        step()
        gradients.append(flat(p.grad for p in getattr(step, network).parameters() if p.grad is not None))
    assert difference(*gradients) < tolerance


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
    wide, gradients = JOINT.replace(width=8), []
    for kind, config in ((WGANGPStep, wide.replace(precision="bf16")), (PlainStep, wide)):
        step = kind(config, random_images())
        step()
        gradients.append(flat(p.grad for p in step.critic.parameters() if p.grad is not None))
    assert difference(*gradients) < 0.15
