"""The WGAN-GP step: n_critic updates of the critic, then one of the generator and of its moving average.

    step = WGANGPStep(TrainConfig(), load_folder("data/lotus-68").images)
    step.warm_up()
    step()

`lotus` trains in three stages: upsamplers alone (`warm_up`), 16 px base alone (the first `base_steps` steps), then all
jointly. `article`, and a pretrained generator, have the joint stage only. All randomness comes from one CPU generator.
A batch is worked on in parts, one after another (`accumulate`) or by several processes (distributed.py); the state is
the same in all of those.
"""

import copy
import functools
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import torch

from lotus_gan.config import RESOLUTION, TrainConfig
from lotus_gan.errors import UsageError
from lotus_gan.models.losses import critic_loss, generator_loss, gradient_penalty, upsampling_error
from lotus_gan.models.lotus import BASE, LotusGenerator, pyramid
from lotus_gan.models.pretrained import Critic, Generator
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training.augment import Draws, augment, flip, parse_policy
from lotus_gan.training.batch import Batch, CriticUpdate, ShuffledIndices
from lotus_gan.training.cuda_graphs import CUDAGraphs
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.input_gradient import input_gradient
from lotus_gan.training.moving_average import update_average
from lotus_gan.training.optimizer import make_adam, minimise, set_rate
from lotus_gan.training.view_cache import Views, view_cache


class WGANGPStep:
    """Both networks, their optimizers, the moving average and the random state; a call is one training step.

    config: every number. images: (N, 3, 128, 128) uint8.
    initial: a pretrained generator to start from instead of random weights, or it and its critic; UsageError if one is
    not of the config's shape.
    distributed: the processes that share the work (default: those that this one was launched with).
    """

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        initial: Sequence[Generator | Critic] = (),
        distributed: Distributed | None = None,
    ):
        parse_policy(config.augment)
        self.distributed = distributed or Distributed(config.device, config.precision)
        self.parts = self.distributed.slices(config.batch_size, config.accumulate)
        first = self.parts[0].start
        self.rows = [slice(part.start - first, part.stop - first) for part in self.parts]  # of this process's samples
        self.config, self.images = config, images
        self.device = self.distributed.device
        shape = (config.architecture, config.z_dim, config.width)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.generator = Generator(*shape).to(self.device).to(memory_format=torch.channels_last)
            shape = (config.architecture, config.z_dim, config.critic_width or config.width)
            self.critic = Critic(*shape).to(self.device).to(memory_format=torch.channels_last)
        for network, trained in zip((self.generator, self.critic), initial, strict=False):
            if trained.config != network.config:
                raise UsageError("other_shape", start=trained.config, run=network.config)
            network.load_state_dict(trained.state_dict())
        self.pretrained, self.critic_is_new = bool(initial), len(initial) < 2
        self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.distributed.synchronise_batch_norm(self.generator)
        betas = (config.beta1, config.beta2)
        self.adam_generator = make_adam(self.generator, config.lr_generator, betas)
        self.adam_critic = make_adam(self.critic, config.lr_critic, betas)
        self.rng = torch.Generator().manual_seed(config.seed)
        self.indices = ShuffledIndices(len(images), self.rng)
        self.step_number, self.images_shown = 0, 0
        self.totals = no_totals()
        # with augmentation an image never looks the same twice
        self.view_cache = None if config.augment else view_cache(self.critic, len(images), self.device)
        # shifts are numbers of the CPU, of which a graph would keep the first
        fixed = len(self.parts) == self.distributed.world_size == 1 and not config.augment
        self.graphs = CUDAGraphs(self._compute) if fixed and self.device.type == "cuda" else None

    # --- where the run is ----------------------------------------------------------------------------------------

    @property
    def epoch(self) -> float:
        """How often each image has been shown to the critic."""
        return self.images_shown / len(self.images)

    @property
    def has_warmup_stages(self) -> bool:
        """Whether parts of the generator train alone first; those of a pretrained one do not."""
        return self.generator.has_warmup_stages and not self.pretrained

    @property
    def upsampler_warmup(self) -> int:
        """Updates of the upsamplers alone, before the first step."""
        return self.config.upsampler_warmup if self.has_warmup_stages else 0

    @property
    def base_steps(self) -> int:
        """Steps of the 16 px base alone."""
        return self.config.base_steps if self.has_warmup_stages else 0

    @property
    def critic_warmup(self) -> int:
        """Critic updates in a step with new heads; 0: as many as in any other."""
        return self.config.critic_warmup if self.critic_is_new else 0

    @property
    def is_joint(self) -> bool:
        """Whether the next step belongs to the joint stage, and not to that of the base alone."""
        return self.step_number >= self.base_steps

    @property
    def n_critic(self) -> int:
        """Critic updates in the next step: doubled from `critic_boost_epoch` on, as in the article; `critic_warmup`,
        where it is not 0, in the first step with new heads: the very first, and the first of the joint stage."""
        if self.step_number in (0, self.base_steps) and self.critic_warmup:
            return self.critic_warmup
        if not self.is_joint:
            return self.config.base_n_critic
        boost = self.config.critic_boost_epoch
        return self.config.n_critic * (2 if boost is not None and self.epoch >= boost else 1)

    # --- the step ------------------------------------------------------------------------------------------------

    def __call__(self) -> None:
        """n_critic updates of the critic, one of the generator, one of the moving average."""
        shown_before = self.images_shown
        self._set_rates()
        n_critic = self.n_critic  # it may change as images are shown
        updates = (self._draw_update() for _ in range(n_critic))
        if self.graphs is None or n_critic == self.critic_warmup:  # whose batches do not all fit into memory
            figures = self._compute(updates, n_critic)
        else:
            figures = self.graphs(list(updates))
        for name, figure in zip(("wasserstein", "penalty", "generator_loss"), figures, strict=True):
            self.totals[name] += figure
        self.totals["steps"] += 1
        # shorter early in training: StyleGAN2's ramp-up (Karras et al. 2020)
        half_life = min(self.config.ema_kimg * 1000, 0.05 * self.images_shown)
        update_average(self.ema, self.generator, (self.images_shown - shown_before) / half_life)
        self.step_number += 1

    def _set_rates(self) -> None:
        """Constant until `lr_decay_kimg`, then falling: it needs no end to be known (EDM2, Karras et al. 2024)."""
        decay = self.config.lr_decay_kimg * 1000
        scale = (decay / max(decay, self.images_shown)) ** 0.5 if decay else 1.0
        set_rate(self.adam_generator, scale * self.config.lr_generator)
        set_rate(self.adam_critic, scale * self.config.lr_critic)

    def draw_batch(self) -> Batch:
        """Every random number of the next update, for this stage's resolution and heads."""
        num_heads = len(self.critic.heads) if self.is_joint else 1
        resolution = RESOLUTION if self.is_joint else BASE
        return Batch.draw(self.rng, self.config, self.indices, resolution, num_heads)

    def _draw_update(self) -> CriticUpdate:
        """What the next update of the critic works on."""
        batch = self.draw_batch()
        mine = batch[self.parts[0].start : self.parts[-1].stop].to(self.device)
        with torch.no_grad():
            update = CriticUpdate(mine, self._real_views(mine), self._penalty_scale)
        self.images_shown += self.config.batch_size
        return update

    def _compute(self, updates: Iterable[CriticUpdate], n_critic: int) -> torch.Tensor:
        """All updates of one step: -> (Wasserstein estimate, penalty, generator's loss) of the first head, (3,)."""
        figures = torch.zeros(3, device=self.device)
        self.critic.requires_grad_(True)
        for number, update in enumerate(updates, start=1):
            wasserstein, penalty, fake = self._critic_update(update, keep_graph=number == n_critic)
            figures[:2] += torch.stack([wasserstein, penalty]) / n_critic
        self.critic.requires_grad_(False)
        # the generator's update is about the images that the critic has scored last
        figures[2] = self._generator_update(update.batch, fake)
        return figures

    def _critic_update(self, update: CriticUpdate, keep_graph: bool) -> tuple[torch.Tensor, torch.Tensor, Views | None]:
        """-> (Wasserstein estimate and penalty of the first head, views of fake images with their graph or None)."""
        share, mine, real = 1 / len(self.parts), update.batch, update.real
        # the graph is kept for the generator's update, unless in several parts: one part is what fits into memory
        keep_graph = keep_graph and len(self.parts) == 1
        with torch.set_grad_enabled(keep_graph):
            fake = self._views(self._fake(mine), mine.augment_fake)
        self.adam_critic.zero_grad(set_to_none=True)
        figures = torch.zeros(2, device=self.device)
        for rows in self.rows:
            fake_rows = [view.detach()[rows] for view in fake]
            losses = self._critic_losses([view[rows] for view in real], fake_rows, mine[rows], update.penalty_scale)
            total(share * (loss + self.config.lambda_gp * penalty) for loss, penalty in losses).backward()
            loss, penalty = losses[0]
            figures += share * torch.stack([-loss.detach(), penalty.detach()])
        wasserstein, penalty = self.distributed.mean_gradients(self.critic.parameters(), figures)
        self.adam_critic.step()
        return wasserstein, penalty, fake if keep_graph else None

    def _critic_losses(
        self, real: Views, fake: Views, batch: Batch, scale: int
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """(critic loss, gradient penalty) of each head; the penalty as it counts in this update."""
        heads, losses = self.critic.heads[: len(real)], []
        for head, real_view, fake_view, points in zip(heads, real, fake, batch.points, strict=True):
            with self.autocast():
                loss = critic_loss(head(real_view).float(), head(fake_view).float())
                penalty = torch.zeros_like(loss)
                if scale:
                    penalty = gradient_penalty(head, real_view, fake_view, points=points, input_gradient=input_gradient)
                    penalty = scale * penalty
                losses.append((loss, penalty))
        return losses

    @property
    def _penalty_scale(self) -> int:
        """Every `penalty_every`-th update has a penalty, so many times as heavy (lazy regularisation, StyleGAN2)."""
        every = self.config.penalty_every
        return every if self.images_shown // self.config.batch_size % every == 0 else 0

    def _generator_update(self, mine: Batch, fake: Views | None) -> torch.Tensor:
        """-> the loss of the first head."""
        share = 1 / len(self.parts)
        self.adam_generator.zero_grad(set_to_none=True)
        figures = torch.zeros(1, device=self.device)
        for rows in self.rows:
            part = mine[rows]
            views = fake or self._views(self._fake(part), part.augment_fake)
            with self.autocast():
                losses = [generator_loss(scores.float()) for scores in self.critic.score(views)]
            weights = self.critic.head_weights[: len(losses)]
            total(share * (weight * loss) for weight, loss in zip(weights, losses, strict=True)).backward()
            figures += share * (weights[0] * losses[0]).detach()
        (loss,) = self.distributed.mean_gradients(self.generator.parameters(), figures)
        self.adam_generator.step()
        return loss

    def _real_views(self, batch: Batch) -> Views:
        if self.view_cache is None or not self.is_joint:
            images = self._real_images(batch.indices, batch.flips)
            return self._views(images if self.is_joint else pyramid(images)[0], batch.augment_real)
        return self.view_cache(batch.indices, batch.flips, lambda *image: self._views(self._real_images(*image), []))

    def _real_images(self, indices: torch.Tensor, flips: torch.Tensor) -> torch.Tensor:
        """(N, 3, 128, 128) in [-1, 1], mirrored where flips (N,) says so."""
        images = flip(self.images[indices], flips).to(self.device)
        return from_uint8(images).contiguous(memory_format=torch.channels_last)

    def _fake(self, batch: Batch) -> torch.Tensor:
        with self.autocast():
            return self.generator(batch.z) if self.is_joint else self.generator.base(batch.z)

    def _views(self, images: torch.Tensor, draws: Draws) -> Views:
        """What the critic's heads look at, after augmentation."""
        with self.autocast():
            views = self.critic.views(augment(images, self.config.augment, draws=draws))
        return [view.float() for view in views]

    def autocast(self) -> AbstractContextManager:
        """bfloat16 where the config asks for it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    # --- before the first step -----------------------------------------------------------------------------------

    def warm_up(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """The upsamplers train alone on pairs whose answer is known: no critic has to tell them that."""
        network = self.generator.network
        if not self.upsampler_warmup or not isinstance(network, LotusGenerator):  # the one with this stage
            return

        upsamplers = list(network.upsamplers.parameters())

        def compute_gradients() -> None:
            batch = Batch.draw(self.rng, self.config, self.indices, RESOLUTION, num_heads=0)
            for rows in self.parts:
                part = batch[rows].to(self.device)
                with self.autocast():
                    pairs = network.upsampling_pairs(self._real_images(part.indices, part.flips), part.crop, part.noise)
                    loss = total(upsampling_error(target, fake) for target, fake in pairs) / len(self.parts)
                loss.backward()
            self.distributed.mean_gradients(upsamplers, torch.zeros(1, device=self.device))

        minimise(upsamplers, compute_gradients, self.upsampler_warmup, should_stop, desc="upsamplers")
        self.ema.load_state_dict(self.generator.state_dict())


def total(losses: Iterable[torch.Tensor]) -> torch.Tensor:
    """Their sum: a scalar."""
    return functools.reduce(torch.add, losses)


def no_totals() -> dict[str, torch.Tensor | float]:
    """Sums since the last line of metrics: kept as tensors on the device, so that a step never waits for the GPU."""
    return {"wasserstein": 0.0, "penalty": 0.0, "generator_loss": 0.0, "steps": 0.0}
