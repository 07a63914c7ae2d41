"""Train a WGAN-GP on a folder of pictures.

    python train.py --data data/lotus-68 --output runs/lotus                     # our recipe
    python train.py --data data/lotus-68 --output runs/article --preset article  # the French article's

    accelerate launch --num_processes 2 train.py --data ... --output ...         # on several GPUs or machines

The same command again goes on where the last call stopped, whether it was Ctrl-C, --max-minutes or a power cut.
"""

import argparse
import os
import signal
import sys
from dataclasses import fields
from pathlib import Path

from lotus_gan.config import PRESETS, TrainConfig, allowed, option_type


def main(arguments: list[str] | None = None) -> int:
    """Parse, train, and return the exit code: 0 done or stopped cleanly, 1 diverged, 2 wrong input, 130 cut off."""
    options = build_parser().parse_args(arguments)
    try:
        config = config_from(options)
        return run(config, options)
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
        "--data", required=True, type=Path, metavar="DIR", help="folder of pictures, any size and format"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="where the run lives; resumed if it is there"
    )
    parser.add_argument(
        "--val",
        type=Path,
        metavar="DIR",
        help="pictures never trained on: they choose the best model, gauge overfitting",
    )
    parser.add_argument(
        "--heldout", type=Path, metavar="DIR", help="pictures for the figures in the model card only (default: --val's)"
    )
    parser.add_argument(
        "--init-from", metavar="MODEL", help="start from a trained generator: a folder or a Hub id; see --critic-warmup"
    )
    parser.add_argument("--preset", choices=PRESETS, default="lotus", help="(default: lotus)")
    parser.add_argument(
        "--push-to-hub", metavar="ID", help="upload the model to the Hub at the end, such as user/lotus-gan"
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


def run(config: TrainConfig, options: argparse.Namespace) -> int:
    """Read the pictures, train until done or stopped, write the card. Returns the exit code."""
    from lotus_gan import hub  # torch comes here: --help and a wrong flag answer at once
    from lotus_gan.callbacks import Metrics, Previews, Progress
    from lotus_gan.machine import keep_memory
    from lotus_gan.parallel import Team
    from lotus_gan.tracking import Tracker, check_tracker
    from lotus_gan.training import Trainer, TrainingError

    keep_memory()
    if options.log_with:
        check_tracker(options.log_with)
    team = Team(config.device, config.precision)
    if not team.leads:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - one process speaks, until the end
    pictures = read(options.data)
    validation = read(options.val, ", for validation only") if options.val else None
    heldout = read(options.heldout, ", for the card only") if options.heldout else None
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        initial = hub.load_generator(options.init_from) if options.init_from else None
        trainer = Trainer(config, pictures.images, options.output, validation and validation.images, initial, team)
        stopped = stop_on_signals(launched=team.count > 1)
        if not team.leads:
            trainer.train(should_stop=lambda: bool(stopped))
            team.leave()
            return 0
        if trainer.step_number:
            print(f"resumed at step {trainer.step_number}")
        judge = find_judge(trainer) if options.val else None
        together = f", {team.count} processes," if team.count > 1 else ""
        print(f"training on {trainer.device.type}{together} for {config.steps} steps; Ctrl-C stops cleanly")
        progress, metrics = Progress(trainer), Metrics(trainer)
        callbacks = [progress, metrics, Previews(trainer), *filter(None, [judge])]
        tracker = Tracker(trainer, options.log_with, [*filter(None, [metrics, judge])]) if options.log_with else None
        try:
            trainer.train([*callbacks, *filter(None, [tracker])], should_stop=lambda: bool(stopped))
            team.leave()
        finally:
            progress.close()
            if tracker:
                tracker.close()
    except TrainingError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    Previews(trainer).save()
    figures = judge.examine((heldout or validation).images) if judge else {}
    if judge:
        figures["real"] = (options.heldout or options.val).resolve().name
    start = ["python"] if team.count == 1 else ["accelerate", "launch", "--num_processes", str(team.count)]
    hub.write_card(trainer, command=[*start, "train.py", *sys.argv[1:]], data=options.data, figures=figures)
    if trainer.step_number < config.steps:
        print(f"stopped at step {trainer.step_number} of {config.steps}; the same command goes on from here")
    print(f"the model is in {options.output}")
    if options.push_to_hub:
        hub.push(options.output, options.push_to_hub)
        print(f"pushed to {options.push_to_hub}")
    return 0


def read(folder: Path, purpose: str = ""):
    """The pictures of a folder, and what was read or left out on the terminal."""
    from lotus_gan.data import load_folder

    pictures = load_folder(folder)
    print(f"{folder}: {pictures.report()}{purpose}")
    return pictures


def find_judge(trainer):
    """Who chooses the best model; None, with a word on why, where the network that it sees with cannot be had."""
    from lotus_gan.callbacks import Judge
    from lotus_gan.metrics import Features, MetricsError

    try:
        return Judge(trainer, Features())
    except MetricsError as error:
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
