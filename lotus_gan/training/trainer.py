"""The training loop: a WGAN-GP on a tensor of images, resumable to the bit.

    trainer = Trainer(TrainConfig(), load_folder("data/lotus-68").images, "runs/lotus-68")
    trainer.train([MetricsLogger(trainer), Previews(trainer)])

`Trainer` has a step (lotus_gan/training/step.py) and adds the loop and the run's files: the checkpoint, the last model
and, where models are evaluated, the best one. Everything else (progress bar, logs, previews) is a callback. On several
processes the state is the same in all, and the callbacks run in one.
"""

import copy
import logging
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError

from lotus_gan import latents
from lotus_gan.config import TrainConfig
from lotus_gan.data.images import fingerprint
from lotus_gan.errors import CheckpointError, DistributedError, TrainingError, WriteError
from lotus_gan.files import PART
from lotus_gan.models.hub import first_line
from lotus_gan.models.pretrained import CRITIC, Critic, Generator
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training import checkpoint
from lotus_gan.training.device import describe_device, is_out_of_memory
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.step import WGANGPStep, no_totals

# a run goes on only with what these fix; every other setting may change between two calls
FIXED = ("architecture", "z_dim", "width", "critic_width", "seed")
# what has no influence on the weights of a given step; a change of anything else is remembered for the model card
HARMLESS = ("steps", "max_minutes", "log_every", "evaluate_every", "checkpoint_every", "preview_every", "weights")

CHECKPOINT = Path("checkpoint", "latest.safetensors")  # in the output folder
LAST = "last"  # in the output folder: the last model, where the folder itself holds the best

logger = logging.getLogger(__name__)


class TrainingCallback(Protocol):
    """What `Trainer.train` calls: see lotus_gan/training/callbacks.py."""

    def on_step(self) -> None:
        """After each step."""

    def on_end(self) -> None:
        """After the last step of this call, however it came to be the last."""


class Trainer:
    """One run: the step, its loop, and the folder that it lives in.

    config: every number; what depends on the number of images is decided here. images: (N, 3, 128, 128) uint8.
    output: the run's folder; a checkpoint in it is resumed. CheckpointError if it belongs to another run.
    validation: images that are never trained on, (M, 3, 128, 128) uint8.
    initial: a pretrained generator to start from instead of random weights, or it and its critic; UsageError if one is
    not of the config's shape.
    distributed: the processes that share the work (default: those that this one was launched with).
    keep_best: the folder itself holds the best model, which somebody has to choose by `save_best`, and LAST the last.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        output: Path | str,
        validation: torch.Tensor | None = None,
        initial: Sequence[Generator | Critic] = (),
        distributed: Distributed | None = None,
        keep_best: bool = False,
    ):
        self.config = config.for_images(len(images))
        self.step = WGANGPStep(self.config, images, initial, distributed)
        self.images, self.validation, self.data = images, validation, fingerprint(images)
        self.output, self.keep_best, self.seconds = Path(output), keep_best, 0.0
        self.changes: list[str] = []
        self.warned: set[object] = set()  # callbacks that could not write
        if checkpoint.find(self.checkpoint_path):
            self.resume()
        state = (self.data, self.step_number, self.config.model_dump())
        self.distributed.check_same(state, "images, --output and settings")

    # --- what callbacks, the card and reports read -----------------------------------------------------------------

    @property
    def step_number(self) -> int:
        """Steps done."""
        return self.step.step_number

    @property
    def images_shown(self) -> int:
        """Real images shown to the critic."""
        return self.step.images_shown

    @property
    def epoch(self) -> float:
        """How often each image has been shown to the critic."""
        return self.step.epoch

    @property
    def ema(self) -> Generator:
        """The moving average of the generator: the model that a run makes."""
        return self.step.ema

    @property
    def distributed(self) -> Distributed:
        """The processes that share the work."""
        return self.step.distributed

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self.step.device

    @property
    def device_description(self) -> str:
        """The device in words, for the model card."""
        return describe_device(self.device)

    @property
    def checkpoint_path(self) -> Path:
        """The checkpoint, whether it is there or not."""
        return self.output / CHECKPOINT

    @property
    def last_folder(self) -> Path:
        """Where the last model is saved."""
        return self.output / LAST if self.keep_best else self.output

    # --- the loop ------------------------------------------------------------------------------------------------

    def train(
        self, callbacks: Iterable[TrainingCallback] = (), should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Train until config.steps, config.max_minutes or `should_stop()`; then save, and end the callbacks.

        Only the main process calls back and saves; a reason to stop in any process stops all at the same step.
        TrainingError if a loss or a weight is no longer finite, or a process has died; the last good checkpoint stays.
        """
        callbacks, config = list(callbacks) if self.distributed.is_main_process else [], self.config
        deadline = time.monotonic() + 60 * config.max_minutes if config.max_minutes else math.inf
        try:
            self._train(callbacks, lambda: self.distributed.any(should_stop() or time.monotonic() >= deadline))
        except DistributedError as error:
            raise TrainingError(
                "process_died", detail=error, step=self.step_number, kept=self._kept_checkpoint()
            ) from None

    def _train(self, callbacks: list[TrainingCallback], should_stop: Callable[[], bool]) -> None:
        config = self.config
        if self.step_number == 0:
            started = time.monotonic()
            self.step.warm_up(should_stop)
            self.seconds += time.monotonic() - started
        while self.step_number < config.steps and not should_stop():
            started = time.monotonic()
            self._step()
            for callback in callbacks:
                self._warn_once(callback, callback.on_step)
            self.seconds += time.monotonic() - started
            # the last step's is written below, however the loop ends
            due = config.checkpoint_every and self.step_number % config.checkpoint_every == 0
            if due and self.step_number < config.steps:
                self._warn_once(self.step_number, self.save)  # each time: somebody may make room
        self.save()
        for callback in callbacks:
            self._warn_once(callback, callback.on_end)

    def _warn_once(self, writer: object, write: Callable[[], None]) -> None:
        """What cannot be written costs a warning, and not the hours of work."""
        try:
            write()
        except OSError as error:
            if writer not in self.warned:
                self.warned.add(writer)
                text = (
                    error
                    if isinstance(error, WriteError)
                    else f"{error.filename or self.output}: {error.strerror or error}"
                )
                logger.warning(f"{text}; training goes on")

    def _step(self) -> None:
        """One step; TrainingError for want of memory, or of an operation that the device has not got."""
        try:
            self.step()
        except (RuntimeError, MemoryError) as error:
            lacks_operator = isinstance(error, NotImplementedError)  # MPS has fewer than CUDA
            if not (lacks_operator or is_out_of_memory(error)):
                raise
            code, detail = "no_operator" if lacks_operator else "out_of_memory", first_line(error)
            kept = self._kept_checkpoint()
            raise TrainingError(code, step=self.step_number + 1, kept=kept, detail=detail) from None

    def mean_losses(self) -> dict[str, float]:
        """The losses' means over the steps since the last call. TrainingError if one is not finite."""
        sums = {name: float(total) for name, total in self.step.totals.items()}
        steps = max(1.0, sums.pop("steps"))
        means = {name: total / steps for name, total in sums.items()}
        self.step.totals = no_totals()
        if not all(map(math.isfinite, means.values())):
            raise self._diverged()
        return means

    @torch.no_grad()
    def mean_score(self, images: torch.Tensor) -> float:
        """The critic's mean score of up to 64 images (N, 3, 128, 128), uint8 or in [-1, 1]."""
        images = images[:64].to(self.device)
        images = from_uint8(images) if images.dtype == torch.uint8 else images
        with self.step.autocast():
            return float(self.step.critic(images).float().mean())

    @torch.no_grad()
    def sample_ema(self, count: int) -> torch.Tensor:
        """What the moving average generates for seeds 0 ... count - 1: (count, 3, 128, 128) in [-1, 1]."""
        return self.ema(latents.from_seeds(range(count), self.config.z_dim).to(self.device))

    # --- files ---------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint, then the last model (the moving average), each in full or not at all.

        Nothing happens in a process that is not the main one: its state is the same. TrainingError if a weight is no
        longer finite, WriteError if the disk is full."""
        if not self.distributed.is_main_process:
            return
        tensors = checkpoint.step_tensors(self.step)
        if not all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point()):
            raise self._diverged()
        info = checkpoint.step_info(self.step) | {
            "seconds": self.seconds,
            "data": self.data,
            "config": self.config.model_dump(),
            "changes": self.changes,
        }
        checkpoint.save(self.checkpoint_path, tensors, info)
        self.save_model(self.last_folder)

    def save_best(self) -> None:
        """Write the moving average into the run's folder as the best model so far."""
        self.save_model(self.output)

    def save_model(self, folder: Path) -> None:
        """Write the moving average as a model that `Generator.from_pretrained` loads, and the critic beside it."""
        path = folder / "model.safetensors"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=f".model{PART}") as part:
                weights = self.ema if self.config.weights == "float32" else copy.deepcopy(self.ema).half()
                weights.save_pretrained(part)
                self.step.critic.save_beside(Path(part))
                for name in (path.name, "config.json", CRITIC):
                    (Path(part) / name).replace(folder / name)
        except (OSError, SafetensorError) as error:
            size = sum(
                tensor.nbytes for network in (self.ema, self.step.critic) for tensor in network.state_dict().values()
            )
            raise checkpoint.not_written(path, size, error) from None

    def resume(self) -> None:
        """Go on from the checkpoint in the output folder. CheckpointError if it is of another model or data set."""
        path = checkpoint.find(self.checkpoint_path) or self.checkpoint_path
        tensors, info = checkpoint.load_run(path)
        then = TrainConfig().model_dump() | info.config  # a setting may be younger than the run
        now = self.config.model_dump()
        differs = {name: f"{name} was {then[name]!r} and is {now[name]!r}" for name in now if then[name] != now[name]}
        foreign = [text for name, text in differs.items() if name in FIXED]
        if info.data != self.data:
            foreign.append("the images are not the same")
        if foreign:
            raise CheckpointError("other_run", output=self.output, differences="; ".join(foreign))
        since = [f"until step {info.step} {text} since" for name, text in differs.items() if name not in HARMLESS]
        try:
            checkpoint.restore_step(self.step, tensors, info)
        except ValueError as error:
            raise checkpoint.damaged(path, error) from None
        except (RuntimeError, KeyError):  # the text of the first lists hundreds of names
            raise CheckpointError("old_checkpoint", output=self.output) from None
        self.changes, self.seconds = info.changes + since, info.seconds

    def _diverged(self) -> TrainingError:
        return TrainingError("diverged", step=self.step_number, kept=self._kept_checkpoint())

    def _kept_checkpoint(self) -> str:
        path = checkpoint.find(self.checkpoint_path)  # perhaps another process's
        if path is None:
            return "no checkpoint had been written yet"
        try:
            return f"the checkpoint of step {checkpoint.load_run(path)[1].step} is kept"
        except CheckpointError:
            return f"{path} is kept"
