"""What a run writes, sent to an experiment tracker as well: Trackio, TensorBoard or Weights & Biases.

    trainer.train([..., Tracker(trainer, "tensorboard")])

The trackers are Accelerate's: one interface to all three. TensorBoard's files are in the run's `tracking/`.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
from PIL import Image

from lotus_gan.errors import MissingDependency
from lotus_gan.training.callbacks import EVALUATIONS, LOG, Callback
from lotus_gan.training.trainer import Trainer


def check_tracker(name: str) -> None:
    """MissingDependency if a library that the tracker needs is not installed."""
    missing = [library for library in ("accelerate", name) if importlib.util.find_spec(library) is None]
    if missing:
        raise MissingDependency("no_tracker", name=name, packages=" ".join(missing))


class Tracker(Callback):
    """Sends each new line of metrics.jsonl and quality.jsonl and each new preview, from the run's folder.

    It reads what is there, at the latest one step after it was written, or in `close`. MissingDependency as above.
    """

    def __init__(self, trainer: Trainer, name: str):
        check_tracker(name)
        from accelerate import PartialState
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS

        PartialState(cpu=trainer.device.type == "cpu")  # where Accelerate's trackers look up which process writes
        self.trainer, self.name = trainer, name
        self.sizes: dict[Path, int] = {}  # of each log, when it was read last
        self.steps: dict[Path, int] = {}  # the last step sent of each log, and of the previews
        kind = LOGGER_TYPE_TO_CLASS[name]
        where = {"logging_dir": trainer.output / "tracking"} if kind.requires_logging_directory else {}
        self.tracker = kind(trainer.output.resolve().name, **where)
        self.tracker.start()
        if name != "tensorboard":  # whose writer puts hyperparameters into a run of their own on every start
            self.tracker.store_init_configuration(trainer.config.model_dump())
        self.first_step = trainer.step_number + 1

    def on_step(self) -> None:
        """Send the lines and previews that are new."""
        for log in (LOG, EVALUATIONS):
            self._send_lines(self.trainer.output / log)
        self._send_previews(self.trainer.output / "previews")

    def close(self) -> None:
        """Send what is left, when everybody has written; also for a run that ends in an error."""
        self.on_step()
        self.tracker.finish()

    def _send_lines(self, path: Path) -> None:
        if not path.is_file() or self.sizes.get(path) == path.stat().st_size:
            return
        self.sizes[path] = path.stat().st_size
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if line["step"] >= self.steps.get(path, self.first_step):
                values = {name: value for name, value in line.items() if name != "step" and value is not None}
                self.tracker.log(values, step=line["step"])
                self.steps[path] = line["step"] + 1

    def _send_previews(self, folder: Path) -> None:
        for path in sorted(folder.glob("step_*.webp")):
            step = int(path.stem.removeprefix("step_"))
            if step >= self.steps.get(folder, self.first_step):
                self._send_preview(path, step)
                self.steps[folder] = step + 1

    def _send_preview(self, path: Path, step: int) -> None:
        with Image.open(path, formats=["WEBP"]) as preview:
            pixels = np.asarray(preview.convert("RGB"))
        if self.name == "tensorboard":
            self.tracker.log_images({"preview": pixels[None]}, step=step, dataformats="NHWC")
        elif self.name == "wandb":
            self.tracker.log_images({"preview": [pixels]}, step=step)
        # Accelerate's tracker for Trackio has no images
