"""What a run writes, sent to an experiment tracker as well: Trackio, TensorBoard or Weights & Biases.

    tracker = Tracker(trainer, "tensorboard", logs=[metrics, judge])     # a callback, after those that write
    tracker.close()

The trackers are Accelerate's: one interface to all three. TensorBoard's files are in the run's `tracking/`.
"""

import importlib.util
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from lotus_gan.errors import MissingDependency
from lotus_gan.training.callbacks import Evaluator, Metrics, preview_path
from lotus_gan.training.trainer import Trainer


def check_tracker(name: str) -> None:
    """MissingDependency if a library that the tracker needs is missing."""
    missing = [library for library in ("accelerate", name) if importlib.util.find_spec(library) is None]
    if missing:
        raise MissingDependency(
            "text", text=f"--log-with {name} needs what is not installed: pip install {' '.join(missing)}"
        )


class Tracker:
    """Sends each new line of `logs` (metrics.jsonl, quality.jsonl) and each preview. MissingDependency as above."""

    def __init__(self, trainer: Trainer, name: str, logs: list[Metrics | Evaluator]):
        check_tracker(name)
        from accelerate import PartialState
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS

        PartialState(cpu=trainer.device.type == "cpu")  # where Accelerate's trackers look up which process writes
        self.trainer, self.name, self.logs = trainer, name, logs
        kind = LOGGER_TYPE_TO_CLASS[name]
        where = {"logging_dir": trainer.output / "tracking"} if kind.requires_logging_directory else {}
        self.tracker = kind(trainer.output.resolve().name, **where)
        self.tracker.start()
        if name != "tensorboard":  # whose writer puts hyperparameters into a run of their own on every start
            self.tracker.store_init_configuration(asdict(trainer.config))

    def __call__(self) -> None:
        step = self.trainer.step_number
        for log in self.logs:
            line = log.latest
            if line.get("step") == step:
                self.tracker.log({k: v for k, v in line.items() if k != "step" and v is not None}, step=step)
        preview = preview_path(self.trainer)
        if preview.is_file():
            self._show(preview, step)

    def _show(self, preview: Path, step: int) -> None:
        with Image.open(preview, formats=["WEBP"]) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        if self.name == "tensorboard":
            self.tracker.log_images({"preview": pixels[None]}, step=step, dataformats="NHWC")
        elif self.name == "wandb":
            self.tracker.log_images({"preview": [pixels]}, step=step)
        # Accelerate's tracker for Trackio has no pictures

    def close(self) -> None:
        """Send what is left."""
        self.tracker.finish()
