"""The game: one step of a WGAN-GP between a generator and a critic.

    game = Game(TrainConfig(), load_folder("data/lotus-68").images)
    game.step()

All randomness comes from one CPU generator. A batch is worked on in parts, one after another (`accumulate`) or by
several processes (lotus_gan/parallel.py); the state is the same in all of those.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import NamedTuple

import torch
from tqdm import tqdm

from lotus_gan.config import TrainConfig
from lotus_gan.data.images import Shuffled
from lotus_gan.models import lotus
from lotus_gan.models.pretrained import Critic, Generator, Pair
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training.augment import augment, flips, mirror, parse_policy
from lotus_gan.training.batch import Augmentation, Look, Part
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.losses import critic_loss, generator_loss, gradient_penalty

WARM_UP_RATE = 2e-3  # Adam's, falling to nothing


class Batch(NamedTuple):
    """What one update is about, of all processes and parts together, on the CPU."""

    z: torch.Tensor  # (batch_size, z_dim)
    real: torch.Tensor  # (batch_size, 3, 128, 128) uint8
    look: Look
    augmentation: int  # seed of its draws, which are the same for both players


class Game:
    """Both players, their optimizers, the moving average and the random state.

    config: every number. images: (N, 3, 128, 128) uint8.
    initial: a trained generator to start from instead of noise, or it and its critic; ValueError if one is not of the
    config's shape.
    team: the processes that share the work (default: those that this one was launched with).
    """

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        initial: Sequence[Generator | Critic] = (),
        team: Distributed | None = None,
    ):
        parse_policy(config.augment)
        self.team = team or Distributed(config.device, config.precision)
        self.parts = self.team.parts(config.batch_size, config.accumulate)
        self.config, self.images = config, images
        self.device = self.team.device
        self.random = torch.Generator().manual_seed(config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.generator = Generator(**asdict(config.model)).to(self.device, memory_format=torch.channels_last)
            self.critic = Critic(**asdict(config.model)).to(self.device, memory_format=torch.channels_last)
        for player, trained in zip((self.generator, self.critic), initial, strict=False):
            if trained.config != config.model:
                raise ValueError(f"the model to start from is {trained.config}, and the run wants {config.model}")
            player.load_state_dict(trained.state_dict())
        self.learnt = bool(initial)
        self.weights = self.critic.architecture.WEIGHTS
        self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.team.share_batch_norm(self.generator)
        betas = (config.beta1, config.beta2)
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), lr=config.lr_generator, betas=betas)
        self.adam_critic = torch.optim.Adam(self.critic.parameters(), lr=config.lr_critic, betas=betas)
        self.shuffled = Shuffled(len(images), self.random)
        self.step_number, self.images_shown = 0, 0
        self.totals = no_totals()

    @property
    def epoch(self) -> float:
        """How often each picture has been shown to the critic."""
        return self.images_shown / len(self.images)

    @property
    def begins(self) -> bool:
        """Whether layers learn alone first: not those of a learnt generator, nor the article's, which has one level."""
        return not self.learnt and len(self.critic.levels) > 1

    @property
    def upsampler_warmup(self) -> int:
        """Updates of the enlargers alone, before the first step."""
        return self.config.upsampler_warmup if self.begins else 0

    @property
    def base_steps(self) -> int:
        """Steps about the sketch only."""
        return self.config.base_steps if self.begins else 0

    @property
    def whole(self) -> bool:
        """Whether this step is about every level; a sketch that has only begun learns alone first."""
        return self.step_number >= self.base_steps

    @property
    def n_critic(self) -> int:
        """Critic updates in the next step: doubled from `critic_boost_epoch` on, as the article does; `critic_warmup`,
        if there is one, where critics begin: in the first step, and in the first one about every level."""
        if self.step_number in (0, self.base_steps) and self.config.critic_warmup:
            return self.config.critic_warmup
        if not self.whole:
            return self.config.base_n_critic
        boost = self.config.critic_boost_epoch
        return self.config.n_critic * (2 if boost is not None and self.epoch >= boost else 1)

    def step(self) -> None:
        """n_critic updates of the critic, one of the generator, one of the moving average."""
        shown_before = self.images_shown
        self.critic.requires_grad_(True)
        n_critic, whole = self.n_critic, self.whole  # the first may change as pictures are shown
        for update in range(n_critic):
            batch = self.next_batch()
            wasserstein, penalty, pairs = self._critic_update(batch, whole, keep=update == n_critic - 1)
            self.totals["wasserstein"] += wasserstein / n_critic
            self.totals["penalty"] += penalty / n_critic
        self.critic.requires_grad_(False)
        # the generator learns from the pictures that the critic has seen last
        self.totals["generator_loss"] += self._generator_update(batch, pairs, whole)
        self.totals["steps"] += 1
        self._ema_update(self.images_shown - shown_before)
        self.step_number += 1

    def warm_up(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """The enlargers learn alone, from pairs, to come near to the right answer: no critic has to tell them that."""
        count = self.upsampler_warmup
        if not count:
            return
        parameters = [p for enlarger in lotus.enlargers(self.generator.layers) for p in enlarger.parameters()]
        adam = torch.optim.Adam(parameters, lr=WARM_UP_RATE)
        slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, count)
        for _ in tqdm(range(count), desc="enlargers", unit="update", leave=False, disable=None):
            if should_stop():
                break
            batch = self.next_batch()
            adam.zero_grad(set_to_none=True)
            for part in self.parts:
                look = batch.look.part(part.rows, self.device)
                with self._precision():
                    pairs = lotus.enlarging(self.generator.layers, self._real(batch, part.rows), look)
                    loss = sum(_error(answer, enlarged) for answer, enlarged in pairs) / len(self.parts)
                loss.backward()
            self.team.mean_gradients(parameters, torch.zeros(1, device=self.device))
            adam.step()
            slower.step()
        self.ema.load_state_dict(self.generator.state_dict())
        self.images_shown = 0

    def _critic_update(
        self, batch: Batch, whole: bool, keep: bool
    ) -> tuple[torch.Tensor, torch.Tensor, list[Pair] | None]:
        """-> (Wasserstein estimate and penalty of the first level, pairs with their graph if they are one part)."""
        parts, share = self.parts, 1 / len(self.parts)
        # painted once for both players; not in several parts: the graph of a part is what fits into memory
        keep = keep and len(parts) == 1
        with torch.set_grad_enabled(keep):
            pairs = self._lesson(batch, Part(parts[0].first, parts[-1].last, parts[0].whole), whole)
        self.adam_critic.zero_grad(set_to_none=True)
        figures = torch.zeros(2, device=self.device)
        for index, part in enumerate(self._replayed_parts()):
            losses = []
            for critic, pair in zip(self.critic.levels, pairs, strict=False):
                real, painted = (view.detach().chunk(len(parts))[index] for view in pair)
                with self._precision():
                    loss = critic_loss(critic(real).float(), critic(painted).float())
                    penalty = gradient_penalty(critic, real, painted, generator=self.random, part=part)
                losses.append((loss, penalty))
            sum(share * (loss + self.config.lambda_gp * penalty) for loss, penalty in losses).backward()
            loss, penalty = losses[0]
            figures += share * torch.stack([-loss.detach(), penalty.detach()])
        wasserstein, penalty = self.team.mean_gradients(self.critic.parameters(), figures)
        self.adam_critic.step()
        self.images_shown += self.config.batch_size
        return wasserstein, penalty, pairs if keep else None

    def _generator_update(self, batch: Batch, pairs: list[Pair] | None, whole: bool) -> torch.Tensor:
        """-> the loss of the first level."""
        share = 1 / len(self.parts)
        self.adam_generator.zero_grad(set_to_none=True)
        figures = torch.zeros(1, device=self.device)
        for part in self.parts:
            losses = []
            given = pairs or self._lesson(batch, part, whole)
            for critic, weight, (_, painted) in zip(self.critic.levels, self.weights, given, strict=False):
                with self._precision():
                    losses.append(weight * generator_loss(critic(painted).float()))
            sum(share * loss for loss in losses).backward()
            figures += share * losses[0].detach()
        (loss,) = self.team.mean_gradients(self.generator.parameters(), figures)
        self.adam_generator.step()
        return loss

    def _replayed_parts(self) -> Iterator[Part]:
        """This process's parts of the batch. For each the random numbers of the whole batch are drawn again, so that
        every sample gets the same ones however the batch is shared."""
        state = self.random.get_state()
        for part in self.parts:
            self.random.set_state(state)
            yield part

    @torch.no_grad()
    def _ema_update(self, shown: int) -> None:
        """Parameters and BatchNorm's buffers decay with a half-life in pictures, shorter while a generator is young."""
        half_life = self.config.ema_kimg * 1000
        if not self.learnt:
            half_life = min(half_life, 0.05 * self.images_shown)
        weight = 1 - 0.5 ** (shown / half_life)
        for average, value in zip(_values(self.ema), _values(self.generator), strict=True):
            if value.is_floating_point():
                average.lerp_(value, weight)
            else:
                average.copy_(value)  # BatchNorm's count of batches

    def next_batch(self) -> Batch:
        """Latents, the next real pictures, half of them mirrored if asked, and where to look."""
        count = self.config.batch_size
        z = torch.randn(count, self.config.z_dim, generator=self.random)
        order, mirrored = self.shuffled.next(count), torch.zeros(count, dtype=torch.bool)
        if self.config.mirror:
            mirrored = flips(count, self.random)
        look = Look.draw(count, self.random)
        augmentation = int(torch.randint(2**63 - 1, (), generator=self.random))
        return Batch(z, mirror(self.images[order], mirrored), look, augmentation)

    def _lesson(self, batch: Batch, part: Part, whole: bool) -> list[Pair]:
        with self._precision():
            pairs = self.generator.lesson(
                batch.z[part.rows].to(self.device), self._real(batch, part.rows), self._seen(batch, part), whole
            )
        return [(real.float(), painted.float()) for real, painted in pairs]

    def _seen(self, batch: Batch, part: Part) -> Augmentation:
        """How these rows look to the critic: real pictures first, then painted ones."""
        draw = torch.Generator().manual_seed(batch.augmentation)
        return lambda images: augment(images, self.config.augment, generator=draw, part=part)

    def _real(self, batch: Batch, rows: slice) -> torch.Tensor:
        return from_uint8(batch.real[rows].to(self.device)).contiguous(memory_format=torch.channels_last)

    def _precision(self) -> AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")


def _error(answer: torch.Tensor, enlarged: torch.Tensor) -> torch.Tensor:
    """How far enlarged pictures (N, C, H, W) are from the answer, in the mean; its gradient's length is a critic's."""
    return (enlarged - answer).flatten(1).abs().sum(1).mean() / answer[0].numel() ** 0.5


def no_totals() -> dict[str, float]:
    """Sums since the last line of metrics: kept as tensors on the device, so that a step never waits for the GPU."""
    return {"wasserstein": 0.0, "penalty": 0.0, "generator_loss": 0.0, "steps": 0.0}


def _values(module: torch.nn.Module) -> list[torch.Tensor]:
    return list(module.state_dict().values())
