"""Pictures, moving pictures and figures of quality from the command line.

    python -m lotus_gan sample --seeds 0-63 --output flowers
    python -m lotus_gan sample --like lotus-seed-000042.png --output again      # the same picture, to the byte
    python -m lotus_gan interpolate --seeds 3,7,9 --output loop.mp4
    python -m lotus_gan sample --model user/lotus-gan --seeds 0-15,42 --truncation 0.7 --output flowers
    python -m lotus_gan evaluate --model runs/mine --real data/lotus-val --train data/lotus-68

Wrong input ends with one message and exit code 2; a file is written in full or not at all.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from . import latents, media, walks
from .hub import ModelError, load_generator, model_name

BUNDLED = Path(__file__).resolve().parents[1] / "weights" / "lotus"
MAX_FRAMES = 1000
MAX_SCORED = 10_000  # pictures an evaluation: every one is compared with every other, 0.8 GB a table


class WrongInput(ValueError):
    """What was asked for cannot be done; the text says why and what can."""


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Defaults in the help text, where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code: 0, 2 for wrong input, 130 for Ctrl-C."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        args.command(args)
    except (ModelError, WrongInput) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename or getattr(args, "output", args.model)
        print(f"{parser.prog}: error: {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{parser.prog}: stopped; what is written is whole", file=sys.stderr)
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lotus_gan", description="Paint with a trained generator.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="sample | interpolate | evaluate")
    model = os.environ.get("LOTUS_GAN_MODEL") or BUNDLED

    def add(name: str, command, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help, formatter_class=_Help)
        sub.set_defaults(command=command)
        source = sub.add_mutually_exclusive_group()
        source.add_argument("--model", default=model, help="a folder or a Hub id; LOTUS_GAN_MODEL changes the default")
        if command is evaluate:
            source.add_argument("--fake", type=pictures_folder, help="score this folder of pictures instead of a model")
        sub.add_argument(
            "--truncation",
            type=truncation_of,
            default=latents.MAX_TRUNCATION,
            help="from 0.3, typical, to 1, varied",
        )
        return sub

    sub = add("sample", sample, "One PNG a seed: OUTPUT/seed000000.png and so on.")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=seed_list, default="0-15", help="such as 0-63,70")
    which.add_argument("--like", type=Path, nargs="+", default=[], metavar="PNG", help="pictures to paint again")
    sub.add_argument("--output", type=folder, required=True, help="the folder to write to")

    sub = add("interpolate", interpolate, "A moving picture through the seeds and back to the first one.")
    sub.add_argument("--seeds", type=key_seeds, required=True, help="two or more, such as 3,7,9")
    sub.add_argument("--output", type=animation_path, required=True, help="a .mp4, .gif or .webp file")
    sub.add_argument(
        "--frames-per-pair", type=integer(1, MAX_FRAMES), default=64, help="frames from one seed to the next"
    )
    sub.add_argument("--even", action="store_true", help="frames equally far apart to the eye, at twice the work")
    sub.add_argument("--fps", type=number(1, media.MAX_FPS), default=24, help="frames a second")
    sub.add_argument("--size", type=integer(16, media.MAX_SIZE), default=256, help="pixels a side, even for .mp4")

    sub = add("evaluate", evaluate, "Generated pictures against held-out real ones: one line of JSON.")
    sub.add_argument("--real", type=pictures_folder, required=True, help="pictures that were not trained on")
    sub.add_argument("--train", type=pictures_folder, help="the training pictures, for the share of copies")
    sub.add_argument("--seeds", type=scored_seeds, default="0-511", help="what the model paints, at least two")
    sub.add_argument(
        "--features",
        metavar="FILE",
        help="safetensors of torchvision's mobilenet_v2().features; unset: LOTUS_GAN_FEATURES, then a download",
    )
    return parser


def sample(args: argparse.Namespace) -> None:
    name = model_name(args.model)
    wanted = [read_wish(path, name) for path in args.like] or [(seed, args.truncation) for seed in args.seeds]
    generator = load_generator(args.model)
    args.output.mkdir(parents=True, exist_ok=True)
    for seed, truncation in tqdm(wanted, unit="picture", disable=None):
        z = latents.truncate(latents.from_seeds([seed], generator.z_dim), truncation)
        [picture] = media.paint(generator, z)
        path = args.output / f"seed{seed:06d}.png"
        media.save_png(picture, path, seed=seed, truncation=truncation, model=name)


def read_wish(path: Path, model: str) -> tuple[int, float]:
    """(seed, truncation) of a picture of ours, whose model must have the name `model`. WrongInput otherwise."""
    info = media.read_info(path)
    try:
        [seed], truncation = seed_list(info["seed"]), truncation_of(info["truncation"])
    except (KeyError, ValueError, argparse.ArgumentTypeError):
        raise WrongInput(f"{path} does not say which seed it was painted from: only PNG files of ours do") from None
    if info.get("model") != model:
        raise WrongInput(f"{path} was painted by {info.get('model')!r}, not by {model!r}: name its model with --model")
    return seed, truncation


def interpolate(args: argparse.Namespace) -> None:
    generator = load_generator(args.model)
    keys = latents.truncate(latents.from_seeds(args.seeds, generator.z_dim), args.truncation)
    walk = walks.closed(generator, keys, args.frames_per_pair, args.even)
    frames = list(tqdm(walk, total=len(keys) * args.frames_per_pair, unit="frame", disable=None))
    comment = f"seeds {','.join(map(str, args.seeds))}, truncation {args.truncation:g}, model {model_name(args.model)}"
    media.save_animation(frames, args.output, fps=args.fps, size=args.size, comment=comment)


def evaluate(args: argparse.Namespace) -> None:
    from .metrics import Features, MetricsError, quality, smoothness  # torchvision is slow to load; painting needs none

    # what is wrong with the input is found before anything slow is done
    generator = None if args.fake else load_generator(args.model)
    try:
        features = Features(args.features)
    except MetricsError as error:
        raise WrongInput(error) from None
    real = read_pictures(args.real, least=2)
    train = read_pictures(args.train) if args.train else None
    if train is not None:
        known = len({p.numpy().tobytes() for p in real} & {p.numpy().tobytes() for p in train})
        if known:
            print(f"{known} pictures of --real are in --train too: copied_percent means nothing", file=sys.stderr)
    if generator is None:
        fake = features.of_pictures(read_pictures(args.fake, least=2))
        report, walks = {"fake": model_name(args.fake)}, {}
    else:
        z = latents.truncate(latents.from_seeds(seed_list(args.seeds), generator.z_dim), args.truncation)
        fake = features.of_generator(generator, z)
        report, walks = {"model": model_name(args.model)}, {"smoothness": smoothness(features, generator, z)}
        walks |= {"seeds": args.seeds, "truncation": args.truncation}
    training = None if train is None else features.of_training(train)
    report |= {"real": model_name(args.real)} | quality(features.of_pictures(real), fake, training) | walks
    report["features"] = features.source
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in report.items()}))


def read_pictures(folder: Path, least: int = 1) -> torch.Tensor:
    """A folder -> (N, 3, 128, 128) uint8; what was left out is said on stderr. WrongInput for fewer than `least`."""
    from .data import DataError, load_folder

    try:
        pictures = load_folder(folder)
    except DataError as error:
        raise WrongInput(error) from None
    if pictures.refused:
        print(f"{folder}: {pictures.report()}", file=sys.stderr)
    if len(pictures.names) < least:
        raise WrongInput(f"{str(folder)!r} has {len(pictures.names)} picture, and at least {least} are needed")
    return pictures.images


def seed_list(text: str) -> list[int]:
    """`0-3,70` -> [0, 1, 2, 3, 70]."""
    seeds = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdecimal() for end in ends):
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of seeds such as 0-63,70")
        low, high = map(int, ends)
        if not low <= high < latents.SEEDS:
            raise argparse.ArgumentTypeError(f"{part!r}: seeds go from 0 to {latents.SEEDS - 1}, ranges upwards")
        if high - low >= 10**6:
            raise argparse.ArgumentTypeError(f"{part!r} is more than a million pictures")
        seeds += range(low, high + 1)
    return seeds


def key_seeds(text: str) -> list[int]:
    seeds = seed_list(text)
    if not 2 <= len(seeds) <= 64:
        raise argparse.ArgumentTypeError(f"a walk needs 2 to 64 seeds, got {len(seeds)}")
    return seeds


def scored_seeds(text: str) -> str:
    """A list of seeds to score, checked and kept as it was written: the report repeats it."""
    count = len(seed_list(text))
    if not 2 <= count <= MAX_SCORED:
        raise argparse.ArgumentTypeError(f"an evaluation takes 2 to {MAX_SCORED} seeds, got {count}")
    return text


def pictures_folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return Path(text)


def folder(text: str) -> Path:
    if Path(text).exists() and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file, and a folder is needed")
    return Path(text)


def animation_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in media.ANIMATIONS:
        raise argparse.ArgumentTypeError(f"{text!r} must end in {', '.join(media.ANIMATIONS)}")
    return path


def number(low: float, high: float):
    """An argparse type: a finite number from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}, got {text!r}")
        return value

    return parse


truncation_of = number(latents.MIN_TRUNCATION, latents.MAX_TRUNCATION)


def integer(low: int, high: int):
    """An argparse type: a whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, got {text!r}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
