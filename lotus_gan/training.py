"""The training loop: a WGAN-GP on a tensor of pictures, resumable to the bit.

    trainer = Trainer(TrainConfig(), load_folder("data/lotus-68").images, "runs/lotus")
    trainer.train([Metrics(trainer), Previews(trainer)])

`Trainer` is the state and one step of the game; what happens beside the game (progress bar, metrics, previews) is a
callback that is called after each step. All randomness comes from one CPU generator that the checkpoint keeps.
"""

import copy
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

import torch

from . import checkpoint, latents
from .augment import augment, mirror, parse_policy
from .config import TrainConfig
from .data import Shuffled, fingerprint
from .losses import critic_loss, generator_loss, gradient_penalty
from .machine import pick_device
from .media import from_uint8
from .networks import Critic, Generator

# a run goes on only with what these fix; every other setting may change between two calls
FIXED = ("architecture", "z_dim", "width", "seed")
# what has no influence on the weights of a given step; a change of anything else is remembered for the model card
HARMLESS = ("steps", "max_minutes", "log_every", "judge_every", "checkpoint_every", "preview_every")


CHECKPOINT = Path("checkpoint", "latest.safetensors")  # in the output folder


class TrainingError(RuntimeError):
    """Training cannot go on; the text says why and what can be done."""


class Trainer:
    """Both players, their optimizers, the moving average and the random state of one run.

    config: every number; what it leaves to the data is decided here. images: (N, 3, 128, 128) uint8.
    output: the run's folder; a checkpoint in it is resumed.
    validation: pictures that are never trained on, for the overfitting gauge only, same layout.
    initial: a trained generator to start from instead of noise; ValueError if it is not of the config's shape.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        output: Path | str,
        validation: torch.Tensor | None = None,
        initial: Generator | None = None,
    ):
        config = config.for_pictures(len(images))
        parse_policy(config.augment)
        self.config, self.images, self.validation = config, images, validation
        self.data = fingerprint(images)
        # a judge keeps the output folder for the best model and sends the last one elsewhere
        self.output = self.model_folder = Path(output)
        self.device = pick_device(config.device)
        self.random = torch.Generator().manual_seed(config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.generator = Generator(**asdict(config.model)).to(self.device, memory_format=torch.channels_last)
            self.critic = Critic(**asdict(config.model)).to(self.device, memory_format=torch.channels_last)
        if initial is not None:
            if initial.config != config.model:
                raise ValueError(f"the model to start from is {initial.config}, and the run wants {config.model}")
            self.generator.load_state_dict(initial.state_dict())
        self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        betas = (config.beta1, config.beta2)
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), lr=config.lr_generator, betas=betas)
        self.adam_critic = torch.optim.Adam(self.critic.parameters(), lr=config.lr_critic, betas=betas)
        self.shuffled = Shuffled(len(images), self.random)
        self.step_number, self.images_shown, self.seconds = 0, 0, 0.0
        self.totals = _no_totals()
        self.changes: list[str] = []
        if self.checkpoint_path.is_file():
            self.resume()

    @property
    def checkpoint_path(self) -> Path:
        return self.output / CHECKPOINT

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

    # --- the game ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """n_critic updates of the critic, one of the generator, one of the moving average."""
        shown_before = self.images_shown
        self.critic.requires_grad_(True)
        n_critic = self.n_critic
        for update in range(n_critic):
            # the generator learns from the pictures that the critic has seen last: they are painted once for both
            with torch.set_grad_enabled(update == n_critic - 1):
                fake = self._fake_batch()
            wasserstein, penalty = self._critic_update(fake.detach())
            self.totals["wasserstein"] += wasserstein / n_critic
            self.totals["penalty"] += penalty / n_critic
        self.critic.requires_grad_(False)
        self.totals["generator_loss"] += self._generator_update(fake)
        self.totals["steps"] += 1
        self._ema_update(self.images_shown - shown_before)
        self.step_number += 1

    def _critic_update(self, fake: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        real, fake = self._augment(self.real_batch()), self._augment(fake)
        with self._precision():
            real_scores, fake_scores = self.critic(real).float(), self.critic(fake).float()
            penalty = gradient_penalty(self.critic, real, fake, generator=self.random)
        loss = critic_loss(real_scores, fake_scores)
        self.adam_critic.zero_grad(set_to_none=True)
        (loss + self.config.lambda_gp * penalty).backward()
        self.adam_critic.step()
        self.images_shown += self.config.batch_size
        return -loss.detach(), penalty.detach()

    def _generator_update(self, fake: torch.Tensor) -> torch.Tensor:
        with self._precision():
            loss = generator_loss(self.critic(self._augment(fake)).float())
        self.adam_generator.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_generator.step()
        return loss.detach()

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

    def real_batch(self) -> torch.Tensor:
        """The next real pictures, each mirrored half of the time if asked: (batch_size, 3, 128, 128) in [-1, 1]."""
        images = self.images[self.shuffled.next(self.config.batch_size)]
        if self.config.mirror:
            images = mirror(images, self.random)
        return from_uint8(images.to(self.device)).contiguous(memory_format=torch.channels_last)

    def _fake_batch(self) -> torch.Tensor:
        z = torch.randn(self.config.batch_size, self.config.z_dim, generator=self.random)
        with self._precision():
            return self.generator(z.to(self.device)).float()

    def _augment(self, images: torch.Tensor) -> torch.Tensor:
        return augment(images, self.config.augment, generator=self.random)

    def _precision(self) -> AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    # --- the loop ------------------------------------------------------------------------------------------------

    def train(
        self, callbacks: Iterable[Callable[[], None]] = (), should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Step until config.steps, config.max_minutes or `should_stop()`; then save. Callbacks run after each step.

        TrainingError if a loss or a weight is no longer finite; the last good checkpoint stays as it was.
        """
        callbacks, config = list(callbacks), self.config
        deadline = time.monotonic() + 60 * config.max_minutes if config.max_minutes else math.inf
        while self.step_number < config.steps and not should_stop() and time.monotonic() < deadline:
            started = time.monotonic()
            self.step()
            for callback in callbacks:
                callback()
            self.seconds += time.monotonic() - started
            # the last step's is written below, however the loop ends
            due = config.checkpoint_every and self.step_number % config.checkpoint_every == 0
            if due and self.step_number < config.steps:
                self.save()
        self.save()

    def mean_losses(self) -> dict[str, float]:
        """The losses' means over the steps since the last call. TrainingError if one is not finite."""
        sums = {name: float(total) for name, total in self.totals.items()}
        steps = max(1.0, sums.pop("steps"))
        means = {name: total / steps for name, total in sums.items()}
        self.totals = _no_totals()
        if not all(map(math.isfinite, means.values())):
            raise self._diverged()
        return means

    @torch.no_grad()
    def mean_score(self, images: torch.Tensor) -> float:
        """The critic's mean score of up to 64 pictures (N, 3, 128, 128), uint8 or in [-1, 1]."""
        images = images[:64].to(self.device)
        with self._precision():
            return float(self.critic(from_uint8(images) if images.dtype == torch.uint8 else images).float().mean())

    @torch.no_grad()
    def ema_pictures(self, count: int) -> torch.Tensor:
        """What the moving average paints for seeds 0 ... count - 1: (count, 3, 128, 128) in [-1, 1]."""
        return self.ema(latents.from_seeds(range(count), self.config.z_dim).to(self.device))

    # --- files ---------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint, then the model that people load (the moving average), each in full or not at all."""
        tensors = {
            **checkpoint.with_prefix("generator", self.generator.state_dict()),
            **checkpoint.with_prefix("critic", self.critic.state_dict()),
            **checkpoint.with_prefix("ema", self.ema.state_dict()),
            **checkpoint.with_prefix("adam_generator", checkpoint.optimizer_tensors(self.adam_generator)),
            **checkpoint.with_prefix("adam_critic", checkpoint.optimizer_tensors(self.adam_critic)),
            "random": self.random.get_state(),
            "order": self.shuffled.order,
            **{f"total.{name}": torch.as_tensor(total) for name, total in self.totals.items()},
        }
        if not all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point()):
            raise self._diverged()
        info = {
            "step": self.step_number,
            "images_shown": self.images_shown,
            "position": self.shuffled.position,
            "seconds": self.seconds,
            "data": self.data,
            "config": asdict(self.config),
            "changes": self.changes,
        }
        checkpoint.save(self.checkpoint_path, tensors, info)
        self.save_model(self.model_folder)

    def save_model(self, folder: Path) -> None:
        """Write the moving average as a model that `Generator.from_pretrained` loads."""
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".model") as part:
            self.ema.save_pretrained(part)
            for name in ("model.safetensors", "config.json"):
                (Path(part) / name).replace(folder / name)

    def resume(self) -> None:
        """Go on from the checkpoint in the output folder. ValueError if it belongs to another model or data set."""
        tensors, info = checkpoint.load(self.checkpoint_path)
        then, now = info["config"], asdict(self.config)
        differs = {
            name: f"{name} was {then.get(name)!r} and is {now[name]!r}" for name in now if then.get(name) != now[name]
        }
        foreign = [text for name, text in differs.items() if name in FIXED]
        if info["data"] != self.data:
            foreign.append("the pictures are not the same")
        if foreign:
            raise ValueError(f"{self.output} holds another run ({'; '.join(foreign)}): choose another --output")
        later = [f"until step {info['step']} {text} since" for name, text in differs.items() if name not in HARMLESS]
        self.changes = info["changes"] + later
        for name, module in (("generator", self.generator), ("critic", self.critic), ("ema", self.ema)):
            module.load_state_dict(checkpoint.without_prefix(name, tensors))
        checkpoint.load_optimizer(self.adam_generator, checkpoint.without_prefix("adam_generator", tensors))
        checkpoint.load_optimizer(self.adam_critic, checkpoint.without_prefix("adam_critic", tensors))
        self.random.set_state(tensors["random"])
        self.shuffled.order, self.shuffled.position = tensors["order"], info["position"]
        self.totals = {name: tensors[f"total.{name}"].to(self.device) for name in self.totals}
        self.step_number, self.images_shown, self.seconds = info["step"], info["images_shown"], info["seconds"]

    def _diverged(self) -> TrainingError:
        good = checkpoint.load(self.checkpoint_path)[1]["step"] if self.checkpoint_path.is_file() else None
        kept = f"the checkpoint of step {good} is kept" if good is not None else "no checkpoint had been written yet"
        return TrainingError(
            f"the losses or weights are no longer finite at step {self.step_number}; {kept}. "
            "Lower --lr-critic and --lr-generator, then run the same command again."
        )


def _no_totals() -> dict[str, float]:
    """Sums since the last line of metrics: kept as tensors on the device, so that a step never waits for the GPU."""
    return {"wasserstein": 0.0, "penalty": 0.0, "generator_loss": 0.0, "steps": 0.0}


def _values(module: torch.nn.Module) -> list[torch.Tensor]:
    return list(module.state_dict().values())
