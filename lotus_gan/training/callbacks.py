"""What happens beside the game, after each step: progress bar, metrics.jsonl, preview pictures, and the judge."""

import json
import math
import time
from pathlib import Path

import torch
from tqdm import tqdm

from lotus_gan import latents
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import quality, smoothness
from lotus_gan.files import atomic_write
from lotus_gan.models.pretrained import Generator
from lotus_gan.sampling.media import grid, sample_images, save_atomically
from lotus_gan.training.report import forecast
from lotus_gan.training.trainer import Trainer

PREVIEW_SEEDS = range(16)
TEST_SEEDS = range(512)
VALIDATION_SEEDS = range(
    1000, 1256
)  # not those that a card's figures are taken from: a model is not chosen by its exam


class Progress:
    """A bar with epoch, kimg, Wasserstein estimate, pictures a second and the time left. It comes before `Metrics`,
    which starts the sums that both read anew."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self.started, self.shown_before = time.monotonic(), trainer.images_shown
        steps = trainer.config.steps
        self.bar = tqdm(total=steps, initial=trainer.step_number, unit="step", dynamic_ncols=True, mininterval=1)

    def __call__(self) -> None:
        trainer = self.trainer
        if self.bar.update():  # true when the bar is due for redrawing: reading a loss makes a GPU wait
            totals = trainer.totals
            wasserstein = float(totals["wasserstein"]) / float(totals["steps"])
            rate = (trainer.images_shown - self.shown_before) / (time.monotonic() - self.started)
            shown = f"epoch {trainer.epoch:.0f}, {trainer.images_shown / 1000:.1f} kimg"
            self.bar.set_postfix_str(f"{shown}, W {wasserstein:.2f}, {rate:.0f} img/s", refresh=False)

    def close(self) -> None:
        self.bar.close()


class Forecast:
    """One line, half a minute into a run that has just begun: after how many minutes to look."""

    WAIT = 30  # s; the first steps are slower than the rest

    def __init__(self, trainer: Trainer):
        self.trainer, self.told = trainer, trainer.step_number > 0
        self.started, self.shown_before = None, 0

    def __call__(self) -> None:
        if self.told:
            return
        now, shown = time.monotonic(), self.trainer.images_shown
        if self.started is None:  # after the first step, so that a critic's warm-up does not count
            self.started, self.shown_before = now, shown
        elif now - self.started >= self.WAIT:
            tqdm.write(forecast((shown - self.shown_before) / (now - self.started)))
            self.told = True


class Metrics:
    """A line of JSON every `log_every` steps and at the end. On resuming, lines of lost steps are taken out."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self.path = trainer.output / "metrics.jsonl"
        self.last_time, self.last_shown = time.monotonic(), trainer.images_shown
        self.latest: dict = {}  # the last line written by this call
        read_log(self.path, trainer.step_number)

    def __call__(self) -> None:
        trainer, config = self.trainer, self.trainer.config
        if trainer.step_number % config.log_every and trainer.step_number != config.steps:
            return
        now = time.monotonic()
        line = {
            **_where(trainer),
            **trainer.mean_losses(),
            # the gap between the first two says how far the critic has learnt the training pictures by heart
            "score_train": trainer.mean_score(trainer.images),
            "score_validation": None if trainer.validation is None else trainer.mean_score(trainer.validation),
            "score_generated": trainer.mean_score(trainer.ema_pictures(64)),
            "images_per_second": round((trainer.images_shown - self.last_shown) / (now - self.last_time), 2),
        }
        self.last_time, self.last_shown = now, trainer.images_shown
        append_log(self.path, line)
        self.latest = line


class Evaluator:
    """Figures of quality of the moving average against held-out pictures, every `evaluate_every` steps: quality.jsonl.

    The best model so far is the one in the run's folder; the last one is in its `last/`. Best is by `rank`.
    The pictures are the trainer's validation pictures. EvaluationError if those are fewer than two.
    """

    def __init__(self, trainer: Trainer, features: Features):
        if trainer.validation is None or len(trainer.validation) < 2:
            raise EvaluationError("text", text="at least 2 validation pictures are needed")
        self.trainer, self.features = trainer, features
        self.real = features.of_images(trainer.validation)
        self.path = trainer.output / "quality.jsonl"
        self.lines = read_log(self.path, trainer.step_number)
        trainer.model_folder = trainer.output / "last"

    @property
    def best(self) -> dict:
        """The line of the best model, empty before the first."""
        return min(self.lines, key=rank, default={})

    @property
    def latest(self) -> dict:
        """The last line, empty before the first."""
        return self.lines[-1] if self.lines else {}

    def __call__(self) -> None:
        step, config = self.trainer.step_number, self.trainer.config
        if step == config.steps or (config.evaluate_every and step % config.evaluate_every == 0):
            self.judge()

    def judge(self) -> None:
        """Take the figures now, once a step, and keep the model if it is the best."""
        if self.latest.get("step") == self.trainer.step_number:
            return
        z = latents.from_seeds(VALIDATION_SEEDS, self.trainer.config.z_dim)
        figures = quality(self.real, self.features.of_generator(self.trainer.ema, z))
        self.lines.append(_where(self.trainer) | {name: round(value, 4) for name, value in figures.items()})
        if self.best is self.lines[-1]:
            self.trainer.save_model(self.trainer.output)
        append_log(self.path, self.lines[-1])

    def examine(self, pictures: torch.Tensor) -> dict:
        """The best model's figures for its card: 512 fixed seeds against pictures (N, 3, 128, 128) uint8."""
        self.judge()
        best = Generator.from_pretrained(self.trainer.output)
        z = latents.from_seeds(TEST_SEEDS, best.z_dim)
        real, fake = self.features.of_images(pictures), self.features.of_generator(best, z)
        figures = quality(real, fake, self.features.of_training(self.trainer.images))
        figures["smoothness"] = smoothness(self.features, best, z)
        return figures | {name: self.best[name] for name in ("step", "kimg", "minutes")}


def rank(figures: dict) -> float:
    """Lower is better: KID, less 200 times coverage. KID alone likes a model that paints the middle of the data."""
    return figures["kid"] - 200 * figures["coverage"]


def _where(trainer: Trainer) -> dict:
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
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if _step_of(line) <= step]
    with atomic_write(path) as part:
        part.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    return [json.loads(line) for line in kept]


def append_log(path: Path, line: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _step_of(line: str) -> float:
    """The step of a line of metrics; infinity for a line that a power cut left unfinished."""
    try:
        return json.loads(line)["step"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return math.inf


class Previews:
    """Grids of the same 16 seeds, early steps close together: previews/step_0000200.webp."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer

    def __call__(self) -> None:
        step, config = self.trainer.step_number, self.trainer.config
        if step == config.steps or preview_due(step, config.preview_every):
            self.save()

    def save(self) -> None:
        z = latents.from_seeds(PREVIEW_SEEDS, self.trainer.config.z_dim)
        save_atomically(grid(sample_images(self.trainer.ema, z), columns=4), preview_path(self.trainer), quality=90)


def preview_path(trainer: Trainer) -> Path:
    """Where the preview of the present step is, if there is one."""
    return trainer.output / "previews" / f"step_{trainer.step_number:07d}.webp"


def preview_due(step: int, every: int | None) -> bool:
    """Every so many steps; 0: never; None: at 1, 2, 5, 10, 20, 50, 100 ..."""
    if every is None:
        return str(step).rstrip("0") in ("1", "2", "5")
    return every > 0 and step % every == 0
