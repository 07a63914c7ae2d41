"""Wasserstein losses and the gradient penalty (Arjovsky et al. 2017; Gulrajani et al. 2017).

    loss = critic_loss(critic(real), critic(fake)) + 10 * gradient_penalty(critic, real, fake)

The critic's scores, real minus fake, estimate the Wasserstein-1 distance as long as the critic's slope is at most 1;
the penalty asks for a slope of 1 on the lines between real and generated images. No sigmoid anywhere.
"""

from collections.abc import Callable
from typing import Any

import torch

Scores = Callable[[torch.Tensor], torch.Tensor]  # (N, ...) -> (N,)
InputGradient = Callable[[Any, torch.Tensor], torch.Tensor]  # critic, (N, ...) -> the same shape


def critic_loss(real_scores: torch.Tensor, fake_scores: torch.Tensor) -> torch.Tensor:
    """E[fake] - E[real]: minus the Wasserstein estimate. Scores (N,) -> scalar."""
    return fake_scores.mean() - real_scores.mean()


def generator_loss(fake_scores: torch.Tensor) -> torch.Tensor:
    """-E[fake]. Scores (N,) -> scalar."""
    return -fake_scores.mean()


def upsampling_error(target: torch.Tensor, upsampled: torch.Tensor) -> torch.Tensor:
    """The mean L1 distance of images (N, C, H, W), scaled so that each image's gradient has a critic's length of 1."""
    return (upsampled - target).flatten(1).abs().sum(1).mean() / target[0].numel() ** 0.5


def gradient_penalty(
    critic: Scores,
    real: torch.Tensor,
    fake: torch.Tensor,
    *,
    points: torch.Tensor | None = None,
    generator: torch.Generator | None = None,
    input_gradient: InputGradient | None = None,
) -> torch.Tensor:
    """E[(||grad critic(x)||_2 - 1)^2] at one uniform point per sample between real and fake: a scalar.

    real, fake: the same shape (N, ...). The norm runs over everything but the batch. The weight lambda is the caller's.
    points: (N,) in [0, 1), 0 at real and 1 at fake; unset, they are drawn by `generator` on its own device, so that a
    CPU generator gives the same points everywhere. The result can be differentiated with respect to the critic's
    parameters. input_gradient: a quicker way to the gradient of critic(x).sum() in x than autograd's, for a critic that
    has one. ValueError if the shapes differ.
    """
    if real.shape != fake.shape:
        raise ValueError(f"real and fake must have the same shape, got {tuple(real.shape)} and {tuple(fake.shape)}")
    if points is None:
        device = generator.device if generator is not None else real.device
        points = torch.rand(len(real), generator=generator, device=device, dtype=real.dtype)
    t = points.to(real).view(-1, *[1] * (real.ndim - 1))
    gradient = (input_gradient or _input_gradient)(critic, torch.lerp(real.detach(), fake.detach(), t))
    norms = torch.linalg.vector_norm(gradient.to(real.dtype).flatten(1), dim=1)
    return (norms - 1).square().mean()


def _input_gradient(critic: Scores, x: torch.Tensor) -> torch.Tensor:
    """The gradient of each sample's score in that sample, (N, ...), kept in the graph."""
    x.requires_grad_()
    # the sum over samples has each sample's own gradient, since no score depends on another sample
    (gradient,) = torch.autograd.grad(critic(x).float().sum(), x, create_graph=True)
    return gradient
