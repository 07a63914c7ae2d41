"""The commands of `lotus-gan` and their flags."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from lotus_gan import latents
from lotus_gan.cli.commands import deploy, evaluate, index, interpolate, project, push, sample
from lotus_gan.cli.options import (
    animation_path,
    existing_folder,
    folder,
    id_list,
    integer,
    number,
    png_path,
    scored_seeds,
    seed_list,
    truncation,
)
from lotus_gan.sampling import media
from lotus_gan.sampling.projection import DAMAGES

BUNDLED = Path(__file__).resolve().parents[2] / "weights" / "lotus"
MAX_FRAMES = 1000
SOURCES = "a folder, or user/dataset, or flowers102:lotus"
NAMES = "train | sample | interpolate | evaluate | index | project | push | deploy"

Command = Callable[[argparse.Namespace], None]
Subparsers = argparse._SubParsersAction  # argparse has no public name for what add_subparsers returns


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Defaults in the help text, where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Every command but `train`, whose parser is in lotus_gan/cli/train.py and is only named here."""
    parser = argparse.ArgumentParser(
        prog=prog, description="Train a generator, sample from it, measure it, publish it.", allow_abbrev=False
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar=NAMES)
    commands.add_parser("train", help="Train a WGAN-GP on a folder of images.", add_help=False)
    for add in (_add_sample, _add_interpolate, _add_evaluate, _add_index, _add_project, _add_push, _add_deploy):
        add(commands)
    return parser


def _add_sample(commands: Subparsers) -> None:
    sub = _add(commands, "sample", sample, "One PNG a seed: OUTPUT/seed000000.png and so on.")
    _add_model(sub)
    _add_truncation(sub)
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=seed_list, default="0-15", help="such as 0-63,70")
    which.add_argument("--like", type=Path, nargs="+", default=[], metavar="PNG", help="images to generate again")
    sub.add_argument("--output", type=folder, required=True, help="the folder to write to")


def _add_interpolate(commands: Subparsers) -> None:
    sub = _add(commands, "interpolate", interpolate, "An animation through the seeds and back to the first one.")
    _add_model(sub)
    _add_truncation(sub)
    help = "two or more, such as 3,7,9; for an image that has no seed its latent id, which begins with ~"
    sub.add_argument("--seeds", type=id_list, required=True, help=help)
    sub.add_argument("--output", type=animation_path, required=True, help="a .mp4, .gif or .webp file")
    sub.add_argument(
        "--frames-per-pair", type=integer(1, MAX_FRAMES), default=64, help="frames from one seed to the next"
    )
    sub.add_argument("--even", action="store_true", help="frames equally far apart to the eye, at twice the work")
    sub.add_argument("--fps", type=number(1, media.MAX_FPS), default=24, help="frames a second")
    sub.add_argument("--size", type=integer(16, media.MAX_SIZE), default=256, help="pixels a side, even for .mp4")


def _add_evaluate(commands: Subparsers) -> None:
    sub = _add(commands, "evaluate", evaluate, "Generated images against held-out real ones: one line of JSON.")
    source = sub.add_mutually_exclusive_group()
    _add_model(source)
    source.add_argument("--fake", metavar="DIR", help="score these images instead of a model's")
    _add_truncation(sub)
    sub.add_argument("--real", required=True, metavar="DIR", help=f"images that were not trained on: {SOURCES}")
    sub.add_argument("--train", metavar="DIR", help="the training images, for the share of copies")
    sub.add_argument("--seeds", type=scored_seeds, default="0-511", help="of the model's images, at least two")
    _add_features(sub)


def _add_index(commands: Subparsers) -> None:
    help = "Small copies of the training images into a model's folder, for the page's copy check."
    sub = _add(commands, "index", index, help)
    sub.add_argument("--model", type=existing_folder, required=True, metavar="FOLDER", help="the model's folder")
    sub.add_argument("--train", required=True, metavar="DIR", help=f"the images it was trained on: {SOURCES}")
    _add_features(sub)


def _add_project(commands: Subparsers) -> None:
    sub = _add(commands, "project", project, "The generated image that is most like a given one, which may be damaged.")
    sub.add_argument("image", type=Path, help="any image; it is cropped to 128 x 128")
    _add_model(sub)
    sub.add_argument("--damage", choices=DAMAGES, help="what the image lacks, or shall lack; unset: nothing")
    sub.add_argument("--output", type=png_path, required=True, help="a .png file")


def _add_push(commands: Subparsers) -> None:
    sub = _add(
        commands, "push", push, "Upload a run's folder to the Hub, with its card, this package and an ONNX file."
    )
    sub.add_argument("id", metavar="ID", help="the model's name on the Hub, such as user/lotus-gan; made if it is new")
    sub.add_argument("--model", type=existing_folder, required=True, metavar="FOLDER", help="the run's folder")
    sub.add_argument("--private", action="store_true", help="only its owner sees it")
    sub.add_argument("--branch", metavar="NAME", help="another branch than main; made if it is new")


def _add_deploy(commands: Subparsers) -> None:
    sub = _add(commands, "deploy", deploy, "A Space that shows a model of the Hub.")
    sub.add_argument("id", metavar="ID", help="the Space's name on the Hub, such as user/my-garden; made if it is new")
    sub.add_argument("--model", required=True, metavar="ID", help="the model's name on the Hub")
    sub.add_argument("--dry-run", type=folder, metavar="DIR", help="upload nothing, write the Space's files to DIR")
    sub.add_argument("--static", action="store_true", help="no server: the visitor's browser generates")
    sub.add_argument("--private", action="store_true", help="only its owner sees it")
    sub.add_argument("--cpu", action="store_true", help="PyTorch's build for processors, a fifth of the download")
    sub.add_argument(
        "--token-from",
        metavar="VARIABLE",
        help="for a private model: the environment variable with a token that may read it; unset: asked for",
    )


# --- what several commands share ----------------------------------------------------------------------------------


def _add(commands: Subparsers, name: str, command: Command, help: str) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=help, description=help, formatter_class=_Help)
    sub.set_defaults(command=command)
    return sub


def _add_model(parser: argparse._ActionsContainer) -> None:
    model = os.environ.get("LOTUS_GAN_MODEL") or BUNDLED
    parser.add_argument("--model", default=model, help="a folder or a Hub id; LOTUS_GAN_MODEL changes the default")


def _add_truncation(parser: argparse.ArgumentParser) -> None:
    help = "from 0.3, typical, to 1, varied"
    parser.add_argument("--truncation", type=truncation, default=latents.MAX_TRUNCATION, help=help)


def _add_features(parser: argparse.ArgumentParser) -> None:
    help = "safetensors of torchvision's mobilenet_v2().features; unset: LOTUS_GAN_FEATURES, then a download"
    parser.add_argument("--features", metavar="FILE", help=help)
