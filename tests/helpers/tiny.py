"""A run that takes a moment."""

import torch

from lotus_gan import TrainConfig

TINY = TrainConfig(
    architecture="lotus",
    width=1,
    z_dim=8,
    batch_size=3,
    n_critic=2,
    steps=4,
    mirror=True,
    augment="color,translation,cutout",
    log_every=3,
    checkpoint_every=0,
    preview_every=0,
    device="cpu",
    # one stage only, at the article's rates
    upsampler_warmup=0,
    base_steps=0,
    critic_warmup=0,
    lr_generator=1e-4,
    lr_critic=1e-4,
    beta2=0.9,
    ema_kimg=2.0,
)

# the joint stage of `lotus` at its own rates, with a penalty in every update
JOINT = TrainConfig(
    width=1,
    z_dim=8,
    batch_size=4,
    penalty_every=1,
    critic_warmup=0,
    upsampler_warmup=0,
    base_steps=0,
    augment="translation",
    device="cpu",
)


def random_images() -> torch.Tensor:
    """Five images of noise: (5, 3, 128, 128) uint8."""
    return torch.randint(0, 256, (5, 3, 128, 128), generator=torch.Generator().manual_seed(0)).byte()
