"""The gradient of a critic that is written as a chain equals autograd's, and so does the penalty made of it."""

import pytest
import torch
from torch import nn

from lotus_gan import Critic, gradient_penalty
from lotus_gan.training.input_gradient import input_gradient

LOTUS, ARTICLE = Critic("lotus", width=2).double(), Critic("article", width=2).double()
HEADS = [*LOTUS.heads, *ARTICLE.heads]
SHAPES = [(3, 16, 16), (24, 64, 64), (40, 32, 32), (112, 16, 16), (320, 8, 8), (992,), (3, 128, 128)]


def two(shape):
    return torch.randn(2, 2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_linear_layer_by_hand():
    """The gradient of w.x + b is w, whatever x is."""
    layer = nn.Linear(3, 1)
    assert torch.equal(input_gradient(layer, torch.randn(4, 3)), layer.weight.detach().expand(4, 3))


def test_a_slope_by_hand():
    """2 x through LeakyReLU(0.2): slope 2 above nothing, 0.4 below."""
    layers = nn.Sequential(nn.Linear(1, 1, bias=False), nn.LeakyReLU(0.2))
    nn.init.constant_(layers[0].weight, 2)
    torch.testing.assert_close(input_gradient(layers, torch.tensor([[3.0], [-3.0]])), torch.tensor([[2.0], [0.4]]))


@pytest.mark.parametrize(("head", "shape"), zip(HEADS, SHAPES, strict=True))
def test_penalty_and_its_gradients_are_those_of_double_backward(head, shape):
    """To 1e-10 in float64, in every parameter; a bias has none."""
    real, fake = two(shape)
    points = torch.tensor([0.25, 0.75])
    penalties, gradients = [], []
    for way in (None, input_gradient):
        head.zero_grad(set_to_none=True)
        penalty = gradient_penalty(head, real, fake, points=points, input_gradient=way)
        penalty.backward()
        penalties.append(penalty.detach())
        gradients.append({n: p.grad for n, p in head.named_parameters() if p.grad is not None and p.grad.any()})
    head.zero_grad(set_to_none=True)
    torch.testing.assert_close(*penalties, rtol=1e-10, atol=0)
    by_autograd, by_chain = gradients
    assert by_autograd.keys() == by_chain.keys() and all("weight" in name for name in by_chain)
    for name, gradient in by_chain.items():
        torch.testing.assert_close(gradient, by_autograd[name], rtol=1e-8, atol=1e-12)


def test_pixels_that_no_window_reaches_have_no_gradient():
    """A window of 2 every 2 pixels of 5: the last row and column are never looked at."""
    conv = nn.Conv2d(1, 1, 2, stride=2)
    gradient = input_gradient(conv, torch.zeros(1, 1, 5, 5))[0, 0]
    assert gradient.shape == (5, 5) and not gradient[4].any() and not gradient[:, 4].any() and gradient[:4, :4].all()


def test_a_layer_it_does_not_know_is_named():
    with pytest.raises(TypeError, match="Tanh"):
        input_gradient(nn.Sequential(nn.Tanh()), torch.zeros(1, 3))
