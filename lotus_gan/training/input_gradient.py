"""The gradient of a critic's scores in its input, as the penalty needs it: one that can be differentiated once more.

    gradient = input_gradient(head, x)    # (N, C, H, W) -> (N, C, H, W), differentiable in the head's parameters

Our heads are convolutions and LeakyReLU, so their gradient is a chain of transposed convolutions and of slopes, and the
slopes stay as they are when a weight changes a little. Written as that chain it needs one forward and one backward pass
and is differentiated by two more of ordinary convolutions. Autograd's double backward comes to the same numbers through
slower kernels, and sends zeros back through the forward pass.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan.models.lotus import Residual

VJP = Callable[[torch.Tensor], torch.Tensor]  # gradient in a layer's output -> gradient in its input


def input_gradient(layers: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The gradient of layers(x).sum() in x: (N, ...) -> the same shape. TypeError for a layer that it does not know."""
    with torch.no_grad():
        scores, vjp = _vjp(layers, x)
    return vjp(torch.ones_like(scores))


def _vjp(layer: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, VJP]:
    """The layer's output for x, and its vector-Jacobian product there."""
    match layer:
        case nn.Sequential():
            return _chain(layer, x)
        case Residual():
            y, vjp = _vjp(layer.body, x)
            return x + y, lambda gradient: gradient + vjp(gradient)
        case nn.Conv2d():
            return layer(x), lambda gradient: _transposed(layer, gradient, x.shape[-1])
        case nn.LeakyReLU():
            slope = layer.negative_slope
            return layer(x), lambda gradient: torch.ops.aten.leaky_relu_backward(gradient, x, slope, False)
        case nn.Linear():
            return layer(x), lambda gradient: F.linear(gradient, layer.weight.T)
        case nn.Flatten():
            return layer(x), lambda gradient: gradient.reshape(x.shape)
        case nn.Identity():
            return x, lambda gradient: gradient
    raise TypeError(f"no gradient is written for {type(layer).__name__}")


def _chain(layers: nn.Sequential, x: torch.Tensor) -> tuple[torch.Tensor, VJP]:
    vjps: list[VJP] = []
    for layer in layers:
        x, vjp = _vjp(layer, x)
        vjps.insert(0, vjp)

    def chain(gradient: torch.Tensor) -> torch.Tensor:
        for vjp in vjps:
            gradient = vjp(gradient)
        return gradient

    return x, chain


def _transposed(conv: nn.Conv2d, gradient: torch.Tensor, side: int) -> torch.Tensor:
    """The transposed convolution of square maps: (N, c_out, T, T) -> (N, c_in, side, side)."""
    assert not isinstance(conv.padding, str)
    stride, padding, kernel = conv.stride[0], conv.padding[0], conv.kernel_size[0]
    missing = side - ((gradient.shape[-1] - 1) * stride - 2 * padding + kernel)  # pixels no window reaches
    return F.conv_transpose2d(gradient, conv.weight, None, stride, padding, missing)
