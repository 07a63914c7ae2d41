"""Train a WGAN-GP on a folder of pictures.

    python train.py --data data/lotus-68 --output runs/lotus                     # our recipe
    python train.py --data data/lotus-68 --output runs/article --preset article  # the French article's

    accelerate launch --num_processes 2 train.py --data ... --output ...         # on several GPUs or machines

ImageSet come from a folder, from a data set on the Hub (user/dataset), or from torchvision's Flowers102
(flowers102:lotus, or flowers102 for all). Look at them first, as training sees them, with --preview-data.

The same command again goes on where the last call stopped, whether it was Ctrl-C, --max-minutes or a power cut.
"""

import argparse
import os
import signal
import sys
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from lotus_gan.config import PRESETS, TrainConfig, allowed, option_type
from lotus_gan.publishing.provenance import Provenance


def main(arguments: list[str] | None = None) -> int:
    """Parse, train, and return the exit code: 0 done or stopped cleanly, 1 diverged, 2 wrong input, 130 cut off."""
    sys.stdout.reconfigure(errors="backslashreplace")  # a picture's name may hold what this terminal cannot show
    options = build_parser().parse_args(arguments)
    try:
        check_publishing(options)
        return run(config_from(options), options)
    except (ValueError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.py: cut off; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """One flag for each field of TrainConfig, with its help, range and default in both presets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--data",
        required=True,
        metavar="DIR",
        help="folder of pictures, any size and format, or user/dataset, or flowers102:lotus",
    )
    parser.add_argument(
        "--preview-data", action="store_true", help="write sheets of the pictures as training sees them, and end"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="where the run lives; resumed if it is there"
    )
    parser.add_argument(
        "--val",
        metavar="DIR",
        help="pictures never trained on: they choose the best model, gauge overfitting",
    )
    parser.add_argument(
        "--heldout", metavar="DIR", help="pictures for the figures in the model card only (default: --val's)"
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="start from a trained generator, a folder or a Hub id; the folder of a run brings its critic, any other "
        "model needs --critic-warmup",
    )
    parser.add_argument("--preset", choices=PRESETS, default="lotus", help="(default: lotus)")
    publishing = parser.add_argument_group("the Hub")
    publishing.add_argument("--push-to-hub", metavar="ID", help="upload the model at the end, such as user/lotus-gan")
    publishing.add_argument("--private", action="store_true", help="only its owner sees it")
    publishing.add_argument("--branch", metavar="NAME", help="another branch than main; made if it is new")
    publishing.add_argument(
        "--push-every",
        type=int,
        default=0,
        metavar="STEPS",
        help="and every so many steps while training goes on (default: 0, never)",
    )
    publishing.add_argument(
        "--data-license", metavar="ID", help="the pictures' licence as the Hub names it, such as cc0-1.0, for the card"
    )
    publishing.add_argument(
        "--data-source", metavar="TEXT", help="where the pictures come from and who owns them, a sentence for the card"
    )
    parser.add_argument(
        "--log-with",
        choices=("trackio", "tensorboard", "wandb"),
        help="send metrics and previews to an experiment tracker too (needs accelerate and the tracker's library)",
    )
    group = parser.add_argument_group("settings (default: article | lotus)")
    article, lotus = (TrainConfig(**PRESETS[name]) for name in ("article", "lotus"))
    for option in fields(TrainConfig):
        kind, here = option_type(option), (getattr(article, option.name), getattr(lotus, option.name))
        default = " | ".join(dict.fromkeys("none" if value in (None, "") else str(value) for value in here))
        action = (
            {"action": argparse.BooleanOptionalAction}
            if kind is bool
            else {"type": kind, "metavar": kind.__name__.upper()}
        )
        limits = f", {allowed(option)}" if allowed(option) else ""
        text = f"{option.metadata['help']}{limits} (default: {default})".replace("%", "%%")
        group.add_argument("--" + option.name.replace("_", "-"), default=argparse.SUPPRESS, help=text, **action)
    return parser


def config_from(options: argparse.Namespace) -> TrainConfig:
    """The preset with what the command line changes. ValueError names a value that is out of range."""
    given = {option.name: getattr(options, option.name) for option in fields(TrainConfig) if option.name in options}
    return TrainConfig(**{**PRESETS[options.preset], **given})


def check_publishing(options: argparse.Namespace) -> None:
    """ValueError for options that say how to push where nothing is pushed, and for a negative --push-every."""
    alone = [name for name in ("private", "branch", "push_every") if getattr(options, name)]
    if alone and not options.push_to_hub:
        raise ValueError(f"--{alone[0].replace('_', '-')} needs --push-to-hub")
    if options.push_every < 0:
        raise ValueError(f"--push-every must be an integer at least 0, got {options.push_every}")


def declared(options: argparse.Namespace) -> Provenance:
    """What the command line says of the pictures' origin. ValueError for a licence that the Hub does not know."""
    here = Path(options.data).is_dir()
    name = Path(options.data).resolve().name if here else options.data
    dataset = options.data if "/" in options.data and not here else None
    return Provenance(name, options.data_license, options.data_source, dataset)


def run(config: TrainConfig, options: argparse.Namespace) -> int:
    """Read the pictures, train until done or stopped, write the card, push. Returns the exit code."""
    provenance = declared(options)
    # torch comes from here on: --help and a wrong flag answer at once
    from lotus_gan.models.hub import model_name
    from lotus_gan.publishing.card import write_card
    from lotus_gan.training import report
    from lotus_gan.training.device import tune_malloc
    from lotus_gan.training.distributed import Distributed
    from lotus_gan.training.tracking import check_tracker
    from lotus_gan.training.trainer import TrainingError

    tune_malloc()
    if options.log_with:
        check_tracker(options.log_with)
    team = Distributed(config.device, config.precision)
    if not team.leads:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - one process speaks, until the end
    pictures = read(options.data, "", once=True)
    resolved = config.for_images(len(pictures.images))
    if resolved != config:
        print(report.decided(resolved, len(pictures.images)))
    if options.preview_data:
        sheets = report.save_sheets(pictures.images, resolved, options.output)
        print(f"look at {' and '.join(map(str, sheets))}; nothing has been trained")
        return 0
    validation = read(options.val, " (for validation only)") if options.val else None
    heldout = read(options.heldout, " (for the card only)") if options.heldout else validation
    try:
        trainer = open_run(resolved, options, pictures, validation, team)
        stopped = stop_on_signals(launched=team.count > 1)
        if not team.leads:
            trainer.train(should_stop=lambda: bool(stopped))
            team.leave()
            return 0
        judge = find_evaluator(trainer) if options.val else None
        start = ["python"] if team.count == 1 else ["accelerate", "launch", "--num_processes", str(team.count)]
        card = partial(write_card, trainer, [*start, "train.py", *sys.argv[1:]], provenance)
        pushes = open_hub(trainer, card, options) if options.push_to_hub else None
        train(trainer, [*filter(None, [judge, pushes])], judge, options.log_with, stopped)
        team.leave()
    except TrainingError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    figures = {}
    if judge:
        judge.judge()
        if not stopped:  # the exam takes minutes where there are thousands of pictures, and somebody wants to go
            figures = judge.examine(heldout.images) | {"real": model_name(options.heldout or options.val)}
    finish(trainer, partial(card, figures), pushes, options)
    return 0


def open_run(config: TrainConfig, options: argparse.Namespace, pictures, validation, team):
    """The run in --output, resumed if there is one."""
    from lotus_gan.training import report
    from lotus_gan.training.trainer import CHECKPOINT, Trainer

    options.output.mkdir(parents=True, exist_ok=True)
    begun = (options.output / CHECKPOINT).is_file()  # then the weights are in there
    initial = load_players(options.init_from) if options.init_from and not begun else ()
    trainer = Trainer(config, pictures.images, options.output, validation and validation.images, initial, team)
    # what a trained generator has learnt already is not planned
    planned = replace(config, upsampler_warmup=trainer.upsampler_warmup, base_steps=trainer.base_steps)
    print(f"resumed at step {trainer.step_number}" if begun else report.expectations(planned))
    together = f", {team.count} processes," if team.count > 1 else ""
    print(f"training on {trainer.device.type}{together} for {config.steps} steps; Ctrl-C stops cleanly")
    return trainer


def load_players(model: str) -> list:
    """The generator of a folder or a Hub id, and after it its critic where it is the folder of a run."""
    from lotus_gan.models.hub import load_generator
    from lotus_gan.training.trainer import load_critic

    players = [load_generator(model), load_critic(Path(model))]
    print(f"starting from {model}, {'its critic too' if players[1] else 'with a new critic'}")
    return list(filter(None, players))


def on_the_hub(options: argparse.Namespace) -> dict:
    """Where a push goes, as lotus_gan.publish wants to know it."""
    return {"repo_id": options.push_to_hub, "private": options.private, "branch": options.branch}


def open_hub(trainer, card, options: argparse.Namespace):
    """Make the repository before hours of work, and return what pushes now and then, or None."""
    from lotus_gan.publishing import push

    push.ensure_repo(**on_the_hub(options))
    if None in (options.data_license, options.data_source):
        print("the card will say what is not declared: --data-license, --data-source", file=sys.stderr)
    every = options.push_every
    return push.PushCallback(trainer, every, card, **on_the_hub(options)) if every else None


def train(trainer, callbacks: list, judge, log_with: str | None, stopped: list[int]) -> None:
    """The loop, with its bar, its logs and `callbacks`."""
    from lotus_gan.training.callbacks import Forecast, Metrics, Previews, Progress
    from lotus_gan.training.tracking import Tracker

    progress, metrics = Progress(trainer), Metrics(trainer)
    callbacks = [progress, metrics, Previews(trainer), Forecast(trainer), *callbacks]
    tracker = Tracker(trainer, log_with, [*filter(None, [metrics, judge])]) if log_with else None
    try:
        trainer.train([*callbacks, *filter(None, [tracker])], should_stop=lambda: bool(stopped))
    finally:
        progress.close()
        if tracker:
            tracker.close()


def finish(trainer, card, pushes, options: argparse.Namespace) -> None:
    """The last preview, the card and the last push."""
    from lotus_gan.publishing import push
    from lotus_gan.training.callbacks import Previews

    Previews(trainer).save()
    card()
    if trainer.step_number < trainer.config.steps:
        print(f"stopped at step {trainer.step_number} of {trainer.config.steps}; the same command goes on from here")
    print(f"the model is in {options.output}")
    if options.push_to_hub:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # nothing is left to be saved
        if pushes:
            pushes.finish()
        print(f"pushed to {push.push(options.output, **on_the_hub(options))}")


def read(source: str, purpose: str, once: bool = False):
    """The pictures of a source, and on the terminal what they are like; `once`: of copies only the first."""
    from lotus_gan.data import duplicates, sources
    from lotus_gan.training import report

    pictures = sources.load(source)
    if once:
        pictures = duplicates.without_copies(pictures)
    print(f"{source}{purpose}: {report.describe(pictures, 'folders' if Path(source).is_dir() else 'classes')}")
    return pictures


def find_evaluator(trainer):
    """Who chooses the best model; None, with a word on why, where the network that it sees with cannot be had."""
    from lotus_gan.evaluation.features import Features
    from lotus_gan.evaluation.metrics import EvaluationError
    from lotus_gan.training.callbacks import Evaluator

    try:
        return Evaluator(trainer, Features())
    except EvaluationError as error:
        print(f"no figures of quality, and the last model instead of the best: {error}", file=sys.stderr)
        return None


def stop_on_signals(launched: bool = False) -> list[int]:
    """A list that fills when Ctrl-C or a kill arrives, so that a step is never cut in half; a second one cuts.

    Not where a launcher started this process: it passes on the signal that the terminal has sent already, and cuts
    by itself after half a minute.
    """
    stopped: list[int] = []

    def remember(number, frame):
        stopped.append(number)
        if launched:
            return
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        print("\nstopping after this step and saving ...", file=sys.stderr)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, remember)
    return stopped


if __name__ == "__main__":
    sys.exit(main())
