"""A training run from data to model card: what `python train.py` does after it has parsed its flags.

    options = RunOptions(data="my-photos", output=Path("runs/my-photos"), provenance=Provenance("my-photos"))
    run(TrainConfig(steps=2000), options)

Reads the images, trains until done or stopped, measures, writes the card, pushes. What happens is logged; the command
line prints it (lotus_gan/cli/train.py).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from lotus_gan.config import FEW, ModelConfig, TrainConfig
from lotus_gan.data import duplicates, sources
from lotus_gan.data.images import ImageSet
from lotus_gan.errors import EvaluationError, UsageError
from lotus_gan.evaluation.features import Features
from lotus_gan.files import remove_leftovers
from lotus_gan.models.hub import load_generator, model_name
from lotus_gan.models.pretrained import Critic, Generator
from lotus_gan.publishing.card import Evaluation, write_card
from lotus_gan.publishing.provenance import Provenance
from lotus_gan.publishing.push import PushCallback, ensure_repo, push
from lotus_gan.training import checkpoint, report
from lotus_gan.training.callbacks import Evaluator, MetricsLogger, Previews, ProgressBar, TimeEstimate
from lotus_gan.training.device import tune_malloc
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.tracking import Tracker, check_tracker
from lotus_gan.training.trainer import CHECKPOINT, Trainer, TrainingCallback

LOCK = Path("checkpoint", ".lock")  # in a run's folder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOptions:
    """What a run needs besides its TrainConfig.

    data, val, heldout: image folders, or what else lotus_gan/data/sources.py knows; images of `val` choose the best
    model, those of `heldout` (default: of `val`) give the figures of the card. output: the run's folder. provenance:
    where the images come from. init_from: a model to start from. init_from_if_few: one for fewer than FEW images, if it
    is of the run's shape. preview_data: only write sheets of the images.
    log_with: an experiment tracker. push_to_hub, private, branch: see publishing/push.py; push_every in steps.
    command: the command line, for the card.
    """

    data: str
    output: Path
    provenance: Provenance
    val: str | None = None
    heldout: str | None = None
    init_from: str | None = None
    init_from_if_few: str | None = None
    preview_data: bool = False
    log_with: str | None = None
    push_to_hub: str | None = None
    private: bool = False
    branch: str | None = None
    push_every: int = 0
    command: tuple[str, ...] = ()

    @property
    def hub(self) -> dict:
        """Where a push goes."""
        return {"repo_id": self.push_to_hub, "private": self.private, "branch": self.branch}


class StopRequest(Protocol):
    """Somebody who may ask a run to stop after the step that it is doing: for the command line, Ctrl-C."""

    def start(self, launched: bool) -> None:
        """Training begins; `launched`: by a launcher of several processes."""

    def __call__(self) -> bool:
        """Whether to stop."""

    def end(self) -> None:
        """Everything is saved."""


class NeverStop:
    """Nobody asks."""

    def start(self, launched: bool) -> None:
        """Nothing to prepare."""

    def __call__(self) -> bool:
        """Never."""
        return False

    def end(self) -> None:
        """Nothing to undo."""


def run(config: TrainConfig, options: RunOptions, stop: StopRequest | None = None) -> None:
    """Train, or resume what is in `options.output`. A LotusGANError says what is wrong, TrainingError: it diverged."""
    stop = stop or NeverStop()
    check_folders(options)
    if options.log_with:
        check_tracker(options.log_with)
    tune_malloc()
    distributed = Distributed(config.device, config.precision)
    if not distributed.is_main_process:
        logging.getLogger("lotus_gan").setLevel(logging.WARNING)  # one process tells
    images = read(options.data, "", once=True)
    start = starting_model(config, options, len(images.images))
    resolved = config.for_images(len(images.images), pretrained=start is not None)
    for line in report.decided(config, resolved, len(images.images)):
        logger.info(line)
    if options.preview_data:
        sheets = report.save_sheets(images.images, resolved, options.output)
        logger.info(f"look at {' and '.join(map(str, sheets))}; nothing has been trained")
        return
    validation = read(options.val, " (for validation only)") if options.val else None
    heldout = read(options.heldout, " (for the card only)") if options.heldout else validation
    features = find_features() if options.val and distributed.is_main_process else None
    with nullcontext() if not distributed.is_main_process else locked(options.output):
        keep_best = features is not None
        trainer = open_run(resolved, options, images, validation, distributed, start, keep_best)
        stop.start(launched=distributed.world_size > 1)
        if distributed.is_main_process:
            _train(trainer, options, stop, features, heldout)
        else:
            trainer.train(should_stop=stop)
            distributed.close()


def _train(
    trainer: Trainer, options: RunOptions, stop: StopRequest, features: Features | None, heldout: ImageSet | None
) -> None:
    """The main process's part: train with callbacks, then card and push."""
    evaluator = Evaluator(trainer, features) if features else None
    card = partial(write_card, trainer, _command(options, trainer.distributed), options.provenance)
    pushes = open_hub(trainer, partial(card, None), options) if options.push_to_hub else None
    callbacks: list[TrainingCallback] = [callback for callback in (evaluator, pushes) if callback]
    train(trainer, callbacks, options.log_with, stop)
    trainer.distributed.close()
    evaluation = None
    # measuring takes minutes where there are thousands of images, and somebody wants to go
    if evaluator and heldout and not stop():
        saved = {name: evaluator.best[name] for name in ("step", "kimg", "minutes")}
        real = model_name(options.heldout or options.val or "")
        evaluation = Evaluation(evaluator.final_metrics(heldout.images), real, **saved)
    card(evaluation)
    if trainer.step_number < trainer.config.steps:
        done = f"stopped at step {trainer.step_number} of {trainer.config.steps}"
        logger.info(f"{done}; the same command resumes")
    logger.info(f"the model is in {options.output}")
    if options.push_to_hub:
        stop.end()
        if pushes:
            pushes.finish()
        logger.info(f"pushed to {push(options.output, **options.hub)}")


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold a run's folder, made if need be. UsageError if another process holds it; the system releases what a killed
    one held. Files that a killed process had half written are removed."""
    (output / LOCK).parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(output / LOCK, blocking=False):
            remove_leftovers(output)
            yield
    except Timeout:
        raise UsageError("output_in_use", output=output) from None


def check_folders(options: RunOptions) -> None:
    """UsageError if one of the folders lies in another, and so would be read as images, or trained on."""
    data = Path(options.data)
    if not data.is_dir():
        return
    for flag, folder in (("--output", options.output), ("--val", options.val), ("--heldout", options.heldout)):
        if folder is not None and data.resolve() in Path(folder).resolve().parents:
            raise UsageError("folder_in_data", flag=flag, folder=folder, data=options.data)


def read(source: str, purpose: str, once: bool = False) -> ImageSet:
    """The images of a source, and in the log what they are like; `once`: of copies only the first."""
    images = sources.load(source)
    if once:
        images = duplicates.without_copies(images)
    logger.info(f"{source}{purpose}: {report.describe(images, 'folders' if Path(source).is_dir() else 'classes')}")
    return images


def find_features() -> Features | None:
    """The network that quality is measured with; None, and a warning that says why, where it cannot be had."""
    try:
        return Features()
    except EvaluationError as error:
        logger.warning(f"quality is not measured, and the last model is saved, not the best: {error}")
        return None


def open_run(
    config: TrainConfig,
    options: RunOptions,
    images: ImageSet,
    validation: ImageSet | None,
    distributed: Distributed,
    start: str | None,
    keep_best: bool,
) -> Trainer:
    """The run in `options.output`, resumed if there is one, else begun from the model `start`."""
    path = options.output / CHECKPOINT
    has_begun = checkpoint.find(path) is not None  # then the weights are in there
    initial = [] if has_begun or start is None else load_initial(start, options, len(images.images))
    held_out = validation.images if validation else None
    trainer = Trainer(config, images.images, options.output, held_out, initial, distributed, keep_best)
    if distributed.is_main_process:
        checkpoint.check_room(path, trainer.step)
    # the stages that a pretrained generator does not need are not planned, nor is the warm-up of a pretrained critic
    stages = ("upsampler_warmup", "critic_warmup", "base_steps")
    planned = config.replace(**{name: getattr(trainer.step, name) for name in stages})
    what_comes = report.expectations(planned, trainer.step.pretrained)
    logger.info(f"resumed at step {trainer.step_number}" if has_begun else what_comes)
    together = f", {distributed.world_size} processes," if distributed.world_size > 1 else ""
    logger.info(f"training on {trainer.device.type}{together} for {config.steps} steps; Ctrl-C stops cleanly")
    return trainer


def starting_model(config: TrainConfig, options: RunOptions, count: int) -> str | None:
    """Which model `count` images start from, a folder or a Hub id; None: from random weights."""
    ours = options.init_from_if_few
    if options.init_from or ours is None or count >= FEW:
        return options.init_from
    shape = load_generator(ours).config
    is_of_its_shape = all(getattr(shape, name) == getattr(config, name) for name in ModelConfig.model_fields)
    return ours if is_of_its_shape else None


def load_initial(start: str, options: RunOptions, count: int) -> list[Generator | Critic]:
    """The generator that `count` images start from, of a folder or a Hub id, and its critic if that lies beside it."""
    if start != options.init_from:
        few = f"{count} images, fewer than {FEW:,}"
        logger.info(f"{few}: training starts from our model (--init-from none: from nothing)")
    generator, critic = load_generator(start), Critic.from_beside(start)
    logger.info(f"starting from {start}, {'its critic too' if critic else 'with a new critic'}")
    return [generator, critic] if critic else [generator]


def open_hub(trainer: Trainer, write: Callable[[], None], options: RunOptions) -> PushCallback | None:
    """Make the repository before hours of work, and return what pushes now and then, or None."""
    ensure_repo(**options.hub)
    if None in (options.provenance.license, options.provenance.source):
        logger.warning("the model card will lack the images' licence or source: --data-license, --data-source")
    every = options.push_every
    return PushCallback(trainer, every, write, **options.hub) if every else None


def train(trainer: Trainer, callbacks: list[TrainingCallback], log_with: str | None, stop: StopRequest) -> None:
    """The loop, with its bar, its logs and `callbacks`."""
    progress, tracker = ProgressBar(trainer), Tracker(trainer, log_with) if log_with else None
    own: list[TrainingCallback] = [progress, MetricsLogger(trainer), Previews(trainer), TimeEstimate(trainer)]
    try:
        trainer.train([*own, *callbacks, *filter(None, [tracker])], should_stop=stop)
    finally:
        progress.close()
        if tracker:
            tracker.close()


def _command(options: RunOptions, distributed: Distributed) -> list[str]:
    """The command line as it can be typed again."""
    if distributed.world_size == 1:
        return list(options.command)
    script = options.command[1:] if options.command[:1] == ("python",) else options.command
    return ["accelerate", "launch", "--num_processes", str(distributed.world_size), *script]
