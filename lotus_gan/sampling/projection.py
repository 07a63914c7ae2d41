"""The latent whose image is most like a given one: projection into z, and repair of damaged images by it.

    found = project(generator, target)                       # target (1, 3, 128, 128) in [-1, 1]
    found.z, found.image, found.psnr, latents.encode(found.z)
    repaired = project(generator, DAMAGES["grey"](target), damage=DAMAGES["grey"]).image

Repair by a generator's prior, as in Yeh et al. 2017 and Bora et al. 2017: the generated image goes through the same
damage before it is compared with the target, so what the damage removed is filled in by the generator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from lotus_gan import latents
from lotus_gan.errors import UsageError
from lotus_gan.models.pretrained import Generator

STARTS = 64  # latents that are tried, compared at low resolution
TOGETHER = 4  # of those, the best are optimised at once for a while
STEPS = (40, 200)  # of Adam: the best few together, then the best one alone
RATES = (0.2, 0.1)
# of squared errors at 128, 32 and 8 px: low resolutions first place things, then the high one fits details
SCALES = (1, 4, 16)
WEIGHTS = ((1, 4, 16), (1, 2, 4))
FIRST_SEED = 10**6  # of the starts, far from the seeds that people use

Damage = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Projection:
    """What `project` found.

    z: (z_dim,), rounded as `latents.encode` rounds it. image: (1, 3, 128, 128) in [-1, 1]. psnr: in dB, of the damaged
    image against the target.
    """

    z: torch.Tensor
    image: torch.Tensor
    psnr: float


def undamaged(images: torch.Tensor) -> torch.Tensor:
    """No damage: images (N, 3, 128, 128) as they are."""
    return images


def project(
    generator: Generator,
    target: torch.Tensor,
    damage: Damage = undamaged,
    on_step: Callable[[int, int], None] = lambda done, steps: None,
) -> Projection:
    """Search z so that damage(generator(z)) is like target (1, 3, 128, 128) in [-1, 1].

    `damage` maps (N, 3, 128, 128) to the same shape and can be differentiated; `on_step(done, steps)` is called after
    each step. The same target gives the same z. About 10 s on one core. The generator should be in eval mode; it is
    left as it was. UsageError (a ValueError) for a target of another shape.
    """
    if target.shape != (1, 3, 128, 128):
        raise UsageError("bad_target", shape=tuple(target.shape))
    wanted, steps = _scales(target), sum(STEPS)

    def error(z: torch.Tensor, weights: tuple[int, ...]) -> torch.Tensor:
        """Latents (N, z_dim) -> (N,)."""
        parts = zip(_scales(damage(generator(z))), wanted, weights, strict=True)
        return sum((w * (a - b).square().flatten(1).mean(1) for a, b, w in parts), torch.zeros(len(z), device=z.device))

    def descend(z: torch.Tensor, phase: int, done: int) -> torch.Tensor:
        z = z.clone().requires_grad_()
        adam = torch.optim.Adam([z], lr=RATES[phase], betas=(0.9, 0.99))
        for step in range(STEPS[phase]):
            if phase == 1:  # the rate of the last phase decays
                adam.param_groups[0]["lr"] = RATES[phase] * (0.51 + 0.49 * math.cos(math.pi * step / STEPS[phase]))
            (z.grad,) = torch.autograd.grad(error(z, WEIGHTS[phase]).sum(), z)
            adam.step()
            on_step(done + step + 1, steps)
        return z.detach()

    # one at a time: quicker than a batch on a CPU, and only the memory of a single image
    starts = latents.from_seeds(range(FIRST_SEED, FIRST_SEED + STARTS), generator.z_dim).to(target.device)
    with torch.no_grad():
        errors = torch.cat([error(z, (0, 0, 1)) for z in starts.split(1)])
    few = descend(starts[errors.topk(TOGETHER, largest=False).indices], 0, 0)
    with torch.no_grad():
        best = few[error(few, WEIGHTS[0]).argmin()][None]
    z = latents.decode(latents.encode(descend(best, 1, STEPS[0])[0]), generator.z_dim)[None].to(target)
    with torch.no_grad():
        image = generator(z)
    return Projection(z[0], image, psnr(damage(image), target))


def psnr(images: torch.Tensor, others: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of images in [-1, 1], any equal shapes, in dB: at most 100; 20 is similar, above 30
    hard to tell apart."""
    error = ((images.clamp(-1, 1) - others.clamp(-1, 1)) / 2).square().mean().item()
    return -10 * math.log10(max(error, 1e-10))


def _scales(images: torch.Tensor) -> list[torch.Tensor]:
    return [F.avg_pool2d(images, scale) for scale in SCALES]


# --- damages ---------------------------------------------------------------------------------------------------------


def _grey(images: torch.Tensor) -> torch.Tensor:
    """The luminance alone (ITU-R BT.601), in all three channels."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=images.device)[:, None, None]
    return (images * weights).sum(1, keepdim=True).expand_as(images)


def _hole(images: torch.Tensor) -> torch.Tensor:
    """Mid-grey over the middle quarter of the image."""
    mask = torch.ones(images.shape[-2:], device=images.device)
    mask[32:96, 32:96] = 0
    return images * mask


# the generator cannot generate noise, so projection alone removes it
DAMAGES: dict[str, Damage] = {"grey": _grey, "hole": _hole, "noise": undamaged}
