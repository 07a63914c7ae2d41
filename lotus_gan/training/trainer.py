"""The training loop: a WGAN-GP on a tensor of pictures, resumable to the bit.

    trainer = Trainer(TrainConfig(), load_folder("data/lotus-68").images, "runs/lotus")
    trainer.train([Metrics(trainer), Previews(trainer)])

`Trainer` is the game (lotus_gan/game.py) with its loop and its files; what happens beside the game (progress bar,
metrics, previews) is a callback that is called after each step. All randomness comes from one CPU generator that the
checkpoint keeps. On several processes the state is the same in all, and the callbacks run in one.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from lotus_gan import latents
from lotus_gan.config import ModelConfig, TrainConfig
from lotus_gan.data.images import fingerprint
from lotus_gan.errors import DistributedError, TrainingError
from lotus_gan.models.pretrained import Critic, Generator
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training import checkpoint
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.step import Game, no_totals

# a run goes on only with what these fix; every other setting may change between two calls
FIXED = ("architecture", "z_dim", "width", "seed")
# what has no influence on the weights of a given step; a change of anything else is remembered for the model card
HARMLESS = ("steps", "max_minutes", "log_every", "evaluate_every", "checkpoint_every", "preview_every")


CHECKPOINT = Path("checkpoint", "latest.safetensors")  # in the output folder


def load_critic(run: Path) -> Critic | None:
    """The critic of a run's folder, which only its checkpoint holds; None where there is none, or another version's."""
    if not (run / CHECKPOINT).is_file():
        return None
    tensors, info = checkpoint.load(run / CHECKPOINT)
    config = asdict(TrainConfig()) | info["config"]
    critic = Critic(**{name: config[name] for name in asdict(ModelConfig())})
    try:
        critic.load_state_dict(checkpoint.without_prefix("critic", tensors))
    except RuntimeError:  # a critic of another version of this program
        return None
    return critic


class Trainer(Game):
    """One run: the game, its loop, and the folder that it lives in.

    config: every number; what it leaves to the data is decided here. images: (N, 3, 128, 128) uint8.
    output: the run's folder; a checkpoint in it is resumed.
    validation: pictures that are never trained on, for the overfitting gauge only, same layout.
    initial: a trained generator to start from instead of noise, or it and its critic; ValueError if one is not of the
    config's shape.
    team: the processes that share the work (default: those that this one was launched with).
    """

    def __init__(
        self,
        config: TrainConfig,
        images: torch.Tensor,
        output: Path | str,
        validation: torch.Tensor | None = None,
        initial: Sequence[Generator | Critic] = (),
        team: Distributed | None = None,
    ):
        super().__init__(config.for_images(len(images)), images, initial, team)
        self.validation, self.data, self.seconds = validation, fingerprint(images), 0.0
        # a judge keeps the output folder for the best model and sends the last one elsewhere
        self.output = self.model_folder = Path(output)
        self.changes: list[str] = []
        if self.checkpoint_path.is_file():
            self.resume()
        self.team.check_same((self.data, self.step_number, asdict(config)), "pictures, --output and settings")

    @property
    def checkpoint_path(self) -> Path:
        return self.output / CHECKPOINT

    # --- the loop ------------------------------------------------------------------------------------------------

    def train(
        self, callbacks: Iterable[Callable[[], None]] = (), should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Step until config.steps, config.max_minutes or `should_stop()`; then save. Callbacks run after each step.

        Only the process that leads calls back and saves; a reason to stop in any process stops all at the same step.
        TrainingError if a loss or a weight is no longer finite, or a process has died; the last good checkpoint stays.
        """
        callbacks, config = list(callbacks) if self.team.leads else [], self.config
        deadline = time.monotonic() + 60 * config.max_minutes if config.max_minutes else math.inf
        try:
            self._train(callbacks, lambda: self.team.any(should_stop() or time.monotonic() >= deadline))
        except DistributedError as error:
            raise TrainingError(
                "text",
                text=f"{error} at step {self.step_number}; {self._kept()}. The same command goes on from there, "
                "on any number of processes.",
            ) from None

    def _train(self, callbacks: list[Callable[[], None]], should_stop: Callable[[], bool]) -> None:
        config = self.config
        if self.step_number == 0:
            started = time.monotonic()
            self.warm_up(should_stop)
            self.seconds += time.monotonic() - started
        while self.step_number < config.steps and not should_stop():
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
        self.totals = no_totals()
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
        """Write the checkpoint, then the model that people load (the moving average), each in full or not at all.

        Nothing happens in a process that does not lead: its state is the same."""
        if not self.team.leads:
            return
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
            "learnt": self.learnt,
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
        then, now = asdict(TrainConfig()) | info["config"], asdict(self.config)  # a setting may be younger than the run
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
        try:
            for name, module in (("generator", self.generator), ("critic", self.critic), ("ema", self.ema)):
                module.load_state_dict(checkpoint.without_prefix(name, tensors))
        except RuntimeError:  # its text lists hundreds of names
            raise ValueError(
                f"{self.output} holds a run of another version of this program, whose networks were others: choose "
                f"another --output, which may --init-from {self.output}"
            ) from None
        checkpoint.load_optimizer(self.adam_generator, checkpoint.without_prefix("adam_generator", tensors))
        checkpoint.load_optimizer(self.adam_critic, checkpoint.without_prefix("adam_critic", tensors))
        self.random.set_state(tensors["random"])
        self.shuffled.order, self.shuffled.position = tensors["order"], info["position"]
        self.totals = {name: tensors[f"total.{name}"].to(self.device) for name in self.totals}
        self.step_number, self.images_shown, self.seconds = info["step"], info["images_shown"], info["seconds"]
        # the trained generator that it began with is not given again
        self.learnt = info.get("learnt", False)

    def _diverged(self) -> TrainingError:
        return TrainingError(
            "text",
            text=f"the losses or weights are no longer finite at step {self.step_number}; {self._kept()}. "
            "Lower --lr-critic and --lr-generator, then run the same command again.",
        )

    def _kept(self) -> str:
        good = checkpoint.load(self.checkpoint_path)[1]["step"] if self.checkpoint_path.is_file() else None
        return f"the checkpoint of step {good} is kept" if good is not None else "no checkpoint had been written yet"
