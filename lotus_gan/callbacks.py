"""What happens beside the game, after each step: the progress bar, metrics.jsonl and the preview pictures."""

import json
import math
import time

from tqdm import tqdm

from . import latents
from .files import whole_or_nothing
from .media import grid, paint, save_atomically
from .training import Trainer

PREVIEW_SEEDS = range(16)


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


class Metrics:
    """A line of JSON every `log_every` steps and at the end. On resuming, lines of lost steps are taken out."""

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self.path = trainer.output / "metrics.jsonl"
        self.last_time, self.last_shown = time.monotonic(), trainer.images_shown
        if self.path.is_file():
            lines = self.path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= trainer.step_number]
            with whole_or_nothing(self.path) as part:
                part.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def __call__(self) -> None:
        trainer, config = self.trainer, self.trainer.config
        if trainer.step_number % config.log_every and trainer.step_number != config.steps:
            return
        now = time.monotonic()
        line = {
            "step": trainer.step_number,
            "epoch": round(trainer.epoch, 3),
            "kimg": trainer.images_shown / 1000,
            "minutes": round(trainer.seconds / 60, 2),
            **trainer.mean_losses(),
            # the gap between the first two says how far the critic has learnt the training pictures by heart
            "score_train": trainer.mean_score(trainer.images),
            "score_validation": None if trainer.validation is None else trainer.mean_score(trainer.validation),
            "score_generated": trainer.mean_score(trainer.ema_pictures(64)),
            "images_per_second": round((trainer.images_shown - self.last_shown) / (now - self.last_time), 2),
        }
        self.last_time, self.last_shown = now, trainer.images_shown
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
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
        path = self.trainer.output / "previews" / f"step_{self.trainer.step_number:07d}.webp"
        save_atomically(grid(paint(self.trainer.ema, z), columns=4), path, quality=90)


def preview_due(step: int, every: int | None) -> bool:
    """Every so many steps; 0: never; None: at 1, 2, 5, 10, 20, 50, 100 ..."""
    if every is None:
        return str(step).rstrip("0") in ("1", "2", "5")
    return every > 0 and step % every == 0
