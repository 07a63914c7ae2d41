"""Lotus GAN: a WGAN-GP that learns to paint from very few pictures.

    from lotus_gan import Generator, latents
    images = Generator.from_pretrained("weights/lotus")(latents.from_seeds([0, 1, 2], 100))

The names below are loaded on first use, so that the Space starts without the training code and the training code
without the Space.
"""

import importlib

_HOME = {
    "Critic": "networks",
    "Generator": "networks",
    "ModelConfig": "config",
    "PRESETS": "config",
    "TrainConfig": "config",
    "Trainer": "training",
    "critic_loss": "losses",
    "generator_loss": "losses",
    "gradient_penalty": "losses",
}
_MODULES = (
    "augment",
    "card",
    "checkpoint",
    "config",
    "copies",
    "data",
    "deploy",
    "duplicates",
    "export",
    "game",
    "hub",
    "latents",
    "losses",
    "machine",
    "media",
    "metrics",
    "networks",
    "parallel",
    "projection",
    "provenance",
    "publish",
    "report",
    "sources",
    "tracking",
    "training",
    "walks",
)

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
