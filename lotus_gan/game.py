"""The game: one step of a WGAN-GP between a generator and a critic.

    game = Game(TrainConfig(), load_folder("data/lotus-68").images)
    game.step()

All randomness comes from one CPU generator. A batch is worked on in parts, one after another (`accumulate`) or by
several processes (lotus_gan/parallel.py); the state is the same in all of those.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict

import torch

from .augment import augment, flips, mirror, parse_policy
from .config import TrainConfig
from .data import Shuffled
from .draws import Part
from .losses import critic_loss, generator_loss, gradient_penalty
from .media import from_uint8
from .networks import Critic, Generator
from .parallel import Team


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
        team: Team | None = None,
    ):
        parse_policy(config.augment)
        self.team = team or Team(config.device, config.precision)
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
    def n_critic(self) -> int:
        """Critic updates in the next step: doubled from `critic_boost_epoch` on, as the article does; more in the first
        one, if `critic_warmup` says so."""
        if self.step_number == 0 and self.config.critic_warmup:
            return self.config.critic_warmup
        boost = self.config.critic_boost_epoch
        return self.config.n_critic * (2 if boost is not None and self.epoch >= boost else 1)

    def step(self) -> None:
        """n_critic updates of the critic, one of the generator, one of the moving average."""
        shown_before = self.images_shown
        self.critic.requires_grad_(True)
        n_critic = self.n_critic
        for update in range(n_critic):
            z = torch.randn(self.config.batch_size, self.config.z_dim, generator=self.random)
            wasserstein, penalty, painted = self._critic_update(z, keep=update == n_critic - 1)
            self.totals["wasserstein"] += wasserstein / n_critic
            self.totals["penalty"] += penalty / n_critic
        self.critic.requires_grad_(False)
        # the generator learns from the pictures that the critic has seen last
        self.totals["generator_loss"] += self._generator_update(z, painted)
        self.totals["steps"] += 1
        self._ema_update(self.images_shown - shown_before)
        self.step_number += 1

    def _critic_update(self, z: torch.Tensor, keep: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """-> (Wasserstein estimate, penalty, pictures with their graph if they are to be kept and are one part)."""
        config, parts, share = self.config, self.parts, 1 / len(self.parts)
        # painted once for both players; not in several parts: the graph of a part is what fits into memory
        keep = keep and len(parts) == 1
        with torch.set_grad_enabled(keep):
            painted = self._paint(z[parts[0].first : parts[-1].last])
        order, mirrored = self._next_real()
        self.adam_critic.zero_grad(set_to_none=True)
        figures = torch.zeros(2, device=self.device)
        fakes = painted.detach().chunk(len(parts))
        for part, fake in zip(self._replayed_parts(), fakes, strict=True):
            real = self._augment(self._real(order[part.rows], mirrored[part.rows]), part)
            fake = self._augment(fake, part)
            with self._precision():
                real_scores, fake_scores = self.critic(real).float(), self.critic(fake).float()
                penalty = gradient_penalty(self.critic, real, fake, generator=self.random, part=part)
            loss = critic_loss(real_scores, fake_scores)
            ((loss + config.lambda_gp * penalty) * share).backward()
            figures += share * torch.stack([-loss.detach(), penalty.detach()])
        wasserstein, penalty = self.team.mean_gradients(self.critic.parameters(), figures)
        self.adam_critic.step()
        self.images_shown += config.batch_size
        return wasserstein, penalty, painted if keep else None

    def _generator_update(self, z: torch.Tensor, painted: torch.Tensor | None) -> torch.Tensor:
        share = 1 / len(self.parts)
        self.adam_generator.zero_grad(set_to_none=True)
        figures = torch.zeros(1, device=self.device)
        for part in self._replayed_parts():
            fake = self._paint(z[part.rows]) if painted is None else painted
            with self._precision():
                loss = generator_loss(self.critic(self._augment(fake, part)).float())
            (loss * share).backward()
            figures += share * loss.detach()
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
        """Parameters and BatchNorm's buffers decay with a half-life in pictures, shorter while the run is young."""
        half_life = min(self.config.ema_kimg * 1000, 0.05 * self.images_shown)
        weight = 1 - 0.5 ** (shown / half_life)
        for average, value in zip(_values(self.ema), _values(self.generator), strict=True):
            if value.is_floating_point():
                average.lerp_(value, weight)
            else:
                average.copy_(value)  # BatchNorm's count of batches

    def _next_real(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Which real pictures come next, and which of them mirrored, half of the time if asked: (batch_size,) each."""
        count = self.config.batch_size
        order, mirrored = self.shuffled.next(count), torch.zeros(count, dtype=torch.bool)
        if self.config.mirror:
            mirrored = flips(count, self.random)
        return order, mirrored

    def _real(self, order: torch.Tensor, mirrored: torch.Tensor) -> torch.Tensor:
        images = mirror(self.images[order], mirrored)
        return from_uint8(images.to(self.device)).contiguous(memory_format=torch.channels_last)

    def real_batch(self) -> torch.Tensor:
        """The next real pictures: (batch_size, 3, 128, 128) in [-1, 1]."""
        return self._real(*self._next_real())

    def _paint(self, z: torch.Tensor) -> torch.Tensor:
        with self._precision():
            return self.generator(z.to(self.device)).float()

    def _augment(self, images: torch.Tensor, part: Part) -> torch.Tensor:
        return augment(images, self.config.augment, generator=self.random, part=part)

    def _precision(self) -> AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")


def no_totals() -> dict[str, float]:
    """Sums since the last line of metrics: kept as tensors on the device, so that a step never waits for the GPU."""
    return {"wasserstein": 0.0, "penalty": 0.0, "generator_loss": 0.0, "steps": 0.0}


def _values(module: torch.nn.Module) -> list[torch.Tensor]:
    return list(module.state_dict().values())
