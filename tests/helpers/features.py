"""A feature network without a download."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import mobilenet_v2

from lotus_gan.data.images import load_folder
from lotus_gan.sampling import media

ROOT = Path(__file__).resolve().parents[2]


def save_random_features(path):
    """MobileNetV2 with random weights; BatchNorm has the statistics of our images, so that features do not vanish."""
    images = load_folder(ROOT / "data/lotus-68").images[:16]
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        network = mobilenet_v2(weights=None).features
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        network(nn.functional.interpolate(media.from_uint8(images) * 2, size=224))
    save_file(network.state_dict(), path)
    return path


def column(*values):
    """Features of one dimension: (N, 1)."""
    return torch.tensor(values, dtype=torch.float64)[:, None]
