"""What happens beside training, after each step and at the end: progress bar, logs, previews, evaluation.

    trainer.train([ProgressBar(trainer), MetricsLogger(trainer), Previews(trainer), Evaluator(trainer, Features())])

Each is a `Callback` of its own: none depends on another, nor on their order.
"""

import json
import logging
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch
from tqdm import tqdm

from lotus_gan import latents
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import Metrics, compute_metrics, smoothness
from lotus_gan.files import atomic_write
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.models.pretrained import Generator
from lotus_gan.sampling.media import grid, sample_images, save_atomically
from lotus_gan.training.report import forecast
from lotus_gan.training.trainer import Trainer

PREVIEW_SEEDS = range(16)
TEST_SEEDS = range(512)  # of the figures in the model card
VALIDATION_SEEDS = range(1000, 1256)  # others, so that the best model is not chosen by the card's figures
PACE_UNKNOWN = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # tqdm's own bar without the time left
LOG, EVALUATIONS = "metrics.jsonl", "quality.jsonl"  # in a run's folder

logger = logging.getLogger(__name__)


class Callback:
    """Does nothing; what `Trainer.train` calls."""

    def on_step(self) -> None:
        """After each step."""

    def on_end(self) -> None:
        """After the last step of a call, however it came to be the last."""


class ProgressBar(Callback):
    """A bar with epoch, kimg, Wasserstein estimate, images a second and the time left: that from some steps into the
    joint stage on, because a step of the base stage says nothing about it, nor does a first one with its warm-up."""

    FIRST_STEPS = 50  # of the joint stage; tqdm's average has forgotten the first one by then

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self.drawn, self.shown_before = time.perf_counter(), trainer.images_shown
        steps = trainer.config.steps
        every = 1 if sys.stderr.isatty() else 60  # s: a log needs a line now and then
        self.bar = tqdm(
            total=steps,
            initial=trainer.step_number,
            unit="step",
            dynamic_ncols=True,
            bar_format=PACE_UNKNOWN,
            mininterval=every,
            maxinterval=max(every, 10),
        )

    def on_step(self) -> None:
        """Move the bar; renew its figures where it is redrawn, the images a second since the time before."""
        trainer, totals = self.trainer, self.trainer.step.totals
        is_known = trainer.step_number >= trainer.step.base_steps + self.FIRST_STEPS
        self.bar.bar_format = None if is_known else PACE_UNKNOWN
        # true when the bar is due for redrawing: reading a loss makes a GPU wait
        if self.bar.update() and totals["steps"]:
            wasserstein = float(totals["wasserstein"]) / float(totals["steps"])
            now = time.perf_counter()
            rate = (trainer.images_shown - self.shown_before) / (now - self.drawn)
            self.drawn, self.shown_before = now, trainer.images_shown
            shown = f"epoch {trainer.epoch:.0f}, {trainer.images_shown / 1000:.1f} kimg"
            self.bar.set_postfix_str(f"{shown}, W {wasserstein:.2f}, {rate:.0f} img/s", refresh=False)

    def on_end(self) -> None:
        """Leave the bar as it is."""
        self.close()

    def close(self) -> None:
        """Leave the bar as it is; also for a run that ends in an error."""
        self.bar.close()


class TimeEstimate(Callback):
    """One line, half a minute into a new run from nothing: after how many minutes to look."""

    WAIT = 30  # s; the first steps are slower than the rest

    def __init__(self, trainer: Trainer):
        self.trainer, self.is_done = trainer, trainer.step_number > 0 or trainer.step.pretrained
        self.started: float | None = None
        self.shown_before = 0

    def on_step(self) -> None:
        """Log the estimate, once."""
        if self.is_done:
            return
        now, shown = time.monotonic(), self.trainer.images_shown
        if self.started is None:  # after the first step, so that a critic's warm-up does not count
            self.started, self.shown_before = now, shown
        elif now - self.started >= self.WAIT:
            rate = (shown - self.shown_before) / (now - self.started)
            logger.info(forecast(self.trainer.config, rate))
            self.is_done = True


class MetricsLogger(Callback):
    """A line of JSON every `log_every` steps and at the last one. On resuming, lines of lost steps are taken out."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self.path = trainer.output / LOG
        self.last_time, self.last_shown = time.monotonic(), trainer.images_shown
        read_log(self.path, trainer.step_number)

    def on_step(self) -> None:
        """Write a line if one is due."""
        trainer, config = self.trainer, self.trainer.config
        if trainer.step_number % config.log_every and trainer.step_number != config.steps:
            return
        now = time.monotonic()
        line = {
            **_progress(trainer),
            **trainer.mean_losses(),
            # the gap between the first two says how far the critic has memorised the training images
            "score_train": trainer.mean_score(trainer.images),
            "score_validation": None if trainer.validation is None else trainer.mean_score(trainer.validation),
            "score_generated": trainer.mean_score(trainer.sample_ema(64)),
            "images_per_second": round((trainer.images_shown - self.last_shown) / (now - self.last_time), 2),
        }
        self.last_time, self.last_shown = now, trainer.images_shown
        append_log(self.path, line)


class Previews(Callback):
    """Grids of the same 16 seeds, early steps close together: previews/step_0000200.webp."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer

    def on_step(self) -> None:
        """Save a preview if one is due."""
        if preview_due(self.trainer.step_number, self.trainer.config.preview_every):
            self.save()

    def on_end(self) -> None:
        """Save the last preview."""
        self.save()

    def save(self) -> None:
        """Write the preview of the present step."""
        z = latents.from_seeds(PREVIEW_SEEDS, self.trainer.config.z_dim)
        path = self.trainer.output / "previews" / f"step_{self.trainer.step_number:07d}.webp"
        save_atomically(grid(sample_images(self.trainer.ema, z), columns=4), path, quality=90)


def preview_due(step: int, every: int | None) -> bool:
    """Every so many steps; 0: never; None: at 1, 2, 5, 10, 20, 50, 100 ..."""
    if every is None:
        return str(step).rstrip("0") in ("1", "2", "5")
    return every > 0 and step % every == 0


class Evaluator(Callback):
    """Metrics of the moving average against the validation images, every `evaluate_every` steps and at the end.

    They go to quality.jsonl, and the best model is kept in the run's folder: by the mean `rank` of an evaluation and
    the two before it, because the best of many single ones is the luckiest. The trainer must have been made with
    `keep_best`. EvaluationError if it has fewer than two validation images.
    """

    def __init__(self, trainer: Trainer, features: Features):
        if trainer.validation is None or len(trainer.validation) < 2:
            raise EvaluationError("no_validation")
        self.trainer, self.features = trainer, features
        self.real = features.of_images(trainer.validation)
        self.path = trainer.output / EVALUATIONS
        self.lines = read_log(self.path, trainer.step_number)

    @property
    def best(self) -> dict:
        """The line of the best model, empty before the first."""
        step = self.lines[-1].get("best_step") if self.lines else None
        found = [line for line in self.lines if line["step"] == step]
        # a run of an older version kept the best of single evaluations, and its lines do not say which
        return found[0] if found else min(self.lines, key=rank, default={})

    def on_step(self) -> None:
        """Evaluate if that is due."""
        every = self.trainer.config.evaluate_every
        if every and self.trainer.step_number % every == 0:
            self.evaluate()

    def on_end(self) -> None:
        """Evaluate the last model."""
        self.evaluate()

    def evaluate(self) -> None:
        """Compute the metrics now, once a step, and keep the model if it is the best."""
        if self.lines and self.lines[-1]["step"] == self.trainer.step_number:
            return
        z = latents.from_seeds(VALIDATION_SEEDS, self.trainer.config.z_dim)
        fake = self.features.of_generator(InferenceGenerator(self.trainer.ema), z)
        metrics = compute_metrics(self.real, fake).to_dict()
        line = _progress(self.trainer) | {name: round(value, 4) for name, value in metrics.items()}
        best = self.best
        if not best or self._mean_rank(line) < self._mean_rank(best):
            self.trainer.save_best()
            best = line
        line["best_step"] = best["step"]
        append_log(self.path, line)
        self.lines.append(line)  # last: what could not be written was not measured

    def _mean_rank(self, line: dict) -> float:
        """Of a line and the two before it."""
        lines = [before for before in self.lines if before["step"] < line["step"]]
        return fmean(map(rank, [*lines[-2:], line]))

    def final_metrics(self, images: torch.Tensor) -> Metrics:
        """The best model's metrics for its card: 512 fixed seeds against images (N, 3, 128, 128) uint8."""
        self.evaluate()
        best = InferenceGenerator(Generator.from_pretrained(self.trainer.output))
        z = latents.from_seeds(TEST_SEEDS, best.z_dim)
        real, fake = self.features.of_images(images), self.features.of_generator(best, z)
        metrics = compute_metrics(real, fake, self.features.of_training(self.trainer.images))
        return replace(metrics, smoothness=smoothness(self.features, best, z))


def rank(metrics: dict) -> float:
    """Lower is better: KID less 200 times coverage. KID alone favours a model that generates the middle of the data."""
    return metrics["kid"] - 200 * metrics["coverage"]


# --- logs: a JSON object a line --------------------------------------------------------------------------------------


def _progress(trainer: Trainer) -> dict:
    return {
        "step": trainer.step_number,
        "epoch": round(trainer.epoch, 3),
        "kimg": trainer.images_shown / 1000,
        "minutes": round(trainer.seconds / 60, 2),
    }


def read_log(path: Path, step: int) -> list[dict]:
    """The lines of a JSON log, after those later than `step` are taken out of it: a resumed run redoes them."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    parsed = [(line, found) for line in lines if (found := _parse(line)) is not None]
    if foreign := len(lines) - len(parsed):
        logger.warning(f"{path}: {foreign} lines are no metrics of a run, and are taken out")
    kept = [(line, found) for line, found in parsed if found["step"] <= step]
    with atomic_write(path) as part:
        part.write_text("".join(line + "\n" for line, _ in kept), encoding="utf-8")
    return [found for _, found in kept]


def append_log(path: Path, line: dict) -> None:
    """Write one more line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _parse(line: str) -> dict | None:
    """A line of metrics; None for one that has no step, or that a power cut left unfinished."""
    try:
        found = json.loads(line)
        step = found["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(step, int) and not isinstance(step, bool) else None
