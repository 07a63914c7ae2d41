"""A generator made ready for sampling: the same images in less time.

generator = InferenceGenerator(Generator.from_pretrained("weights/lotus"))
images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 128, 128) in [-1, 1]
"""

import copy
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lotus_gan.models.pretrained import Generator


class InferenceGenerator(nn.Module):
    """Latents z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]: a generator's in eval mode, to rounding (1e-3).

    A BatchNorm right after a convolution is folded into it. On a CPU with oneDNN an image is the same to the byte
    in whatever batch, so a batch may be as large as is quick. All other weights are shared with the generator.
    """

    def __init__(self, generator: Generator):
        super().__init__()
        shared = {id(parameter): parameter for parameter in generator.parameters()}
        self.generator = copy.deepcopy(generator, shared).eval()
        on_cpu = next(generator.parameters()).device.type == "cpu"
        fold_batchnorm(self.generator)
        if on_cpu and torch.backends.mkldnn.is_available():
            for module in list(self.generator.modules()):
                _use_onednn(module)

    @property
    def z_dim(self) -> int:
        return self.generator.z_dim

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.generator(z)


def fold_batchnorm(network: nn.Module) -> None:
    """Fold each BatchNorm right after a convolution of an nn.Sequential into it, in place: the same outputs in eval
    mode, to rounding."""
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for i, (conv, norm) in enumerate(list(pairwise(layers))):
            if isinstance(conv, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.BatchNorm2d):
                layers[i] = fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d))
                layers[i + 1] = nn.Identity()


def _use_onednn(module: nn.Module) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv2d):
            setattr(module, name, _OneDNNConv2d(child))


class _OneDNNConv2d(nn.Module):
    """A convolution by oneDNN, (N, C, H, W) -> (N, C', H', W').

    For one small image torch would take another algorithm, which is slower and rounds differently.
    """

    def __init__(self, conv: nn.Conv2d):
        super().__init__()
        self.conv = conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        conv = self.conv
        padding: Any = conv.padding  # numbers in our networks, and not a word
        return torch.mkldnn_convolution(x, conv.weight, conv.bias, padding, conv.stride, conv.dilation, conv.groups)
