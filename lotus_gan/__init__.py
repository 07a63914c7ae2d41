"""Lotus GAN: a WGAN-GP that learns to draw from very few images.

    from lotus_gan import Generator, latents
    images = Generator.from_pretrained("weights/lotus")(latents.from_seeds([0, 1, 2], 100))

The names below are loaded on first use: a Space has no training code, and `train.py --help` needs no torch.
"""

import importlib
from typing import Any

__version__ = "0.2.0"  # the one place that says it

_HOME = {
    "Critic": "models.pretrained",
    "Generator": "models.pretrained",
    "ModelConfig": "config",
    "PRESETS": "config",
    "TrainConfig": "config",
    "Trainer": "training.trainer",
    "critic_loss": "models.losses",
    "generator_loss": "models.losses",
    "gradient_penalty": "models.losses",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
