"""ImageSet, moving pictures, figures of quality, the Hub and a Space from the command line.

    python -m lotus_gan sample --seeds 0-63 --output flowers
    python -m lotus_gan sample --like lotus-seed-000042.png --output again      # the same picture, to the byte
    python -m lotus_gan interpolate --seeds 3,7,9 --output loop.mp4
    python -m lotus_gan sample --model user/lotus-gan --seeds 0-15,42 --truncation 0.7 --output flowers
    python -m lotus_gan evaluate --model runs/mine --real data/lotus-val --train data/lotus-68
    python -m lotus_gan index --model runs/mine --train my-photos      # for the page's "Is it a copy?"
    python -m lotus_gan project photo.jpg --damage hole --output painted.png
    python -m lotus_gan push --model runs/mine user/lotus-gan
    python -m lotus_gan deploy user/space --model user/lotus-gan

Wrong input ends with one message and exit code 2; a file is written in full or not at all.
"""

import argparse
import os
import sys
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
from lotus_gan.errors import LotusGANError, UsageError
from lotus_gan.sampling import media
from lotus_gan.sampling.projection import DAMAGES

BUNDLED = Path(__file__).resolve().parents[2] / "weights" / "lotus"
MAX_FRAMES = 1000
SOURCES = "a folder, or user/dataset, or flowers102:lotus"


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
    except (LotusGANError, UsageError) as error:
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
    parser = argparse.ArgumentParser(prog="python -m lotus_gan", description="Paint with a trained model; publish it.")
    names = "sample | interpolate | evaluate | index | project | push | deploy"
    commands = parser.add_subparsers(title="commands", required=True, metavar=names)
    model = os.environ.get("LOTUS_GAN_MODEL") or BUNDLED

    def add(name: str, command, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help, formatter_class=_Help)
        sub.set_defaults(command=command)
        return sub

    def add_painting(name: str, command, help: str) -> argparse.ArgumentParser:
        sub = add(name, command, help)
        source = sub.add_mutually_exclusive_group()
        source.add_argument("--model", default=model, help="a folder or a Hub id; LOTUS_GAN_MODEL changes the default")
        if command is evaluate:
            source.add_argument("--fake", metavar="DIR", help="score these pictures instead of a model's")
        sub.add_argument(
            "--truncation",
            type=truncation,
            default=latents.MAX_TRUNCATION,
            help="from 0.3, typical, to 1, varied",
        )
        return sub

    sub = add_painting("sample", sample, "One PNG a seed: OUTPUT/seed000000.png and so on.")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=seed_list, default="0-15", help="such as 0-63,70")
    which.add_argument("--like", type=Path, nargs="+", default=[], metavar="PNG", help="pictures to paint again")
    sub.add_argument("--output", type=folder, required=True, help="the folder to write to")

    sub = add_painting("interpolate", interpolate, "A moving picture through the seeds and back to the first one.")
    help = "two or more, such as 3,7,9; for a picture that has no seed its code, which begins with ~"
    sub.add_argument("--seeds", type=id_list, required=True, help=help)
    sub.add_argument("--output", type=animation_path, required=True, help="a .mp4, .gif or .webp file")
    sub.add_argument(
        "--frames-per-pair", type=integer(1, MAX_FRAMES), default=64, help="frames from one seed to the next"
    )
    sub.add_argument("--even", action="store_true", help="frames equally far apart to the eye, at twice the work")
    sub.add_argument("--fps", type=number(1, media.MAX_FPS), default=24, help="frames a second")
    sub.add_argument("--size", type=integer(16, media.MAX_SIZE), default=256, help="pixels a side, even for .mp4")

    sub = add_painting("evaluate", evaluate, "Generated pictures against held-out real ones: one line of JSON.")
    sub.add_argument("--real", required=True, metavar="DIR", help=f"pictures that were not trained on: {SOURCES}")
    sub.add_argument("--train", metavar="DIR", help="the training pictures, for the share of copies")
    sub.add_argument("--seeds", type=scored_seeds, default="0-511", help="what the model paints, at least two")
    features = {
        "metavar": "FILE",
        "help": "safetensors of torchvision's mobilenet_v2().features; unset: LOTUS_GAN_FEATURES, then a download",
    }
    sub.add_argument("--features", **features)

    sub = add("index", index, "Small copies of the training pictures beside a model, so that the page can name copies.")
    sub.add_argument("--model", type=existing_folder, required=True, metavar="FOLDER", help="the model's folder")
    sub.add_argument("--train", required=True, metavar="DIR", help=f"the pictures it was trained on: {SOURCES}")
    sub.add_argument("--features", **features)

    sub = add("project", project, "What the network paints when it is shown a picture, whole or damaged.")
    sub.add_argument("picture", type=Path, help="any picture; it is cropped to 128 x 128")
    sub.add_argument("--model", default=model, help="a folder or a Hub id; LOTUS_GAN_MODEL changes the default")
    sub.add_argument("--damage", choices=DAMAGES, help="what the picture has suffered, or is to suffer; unset: nothing")
    sub.add_argument("--output", type=png_path, required=True, help="a .png file")

    private = {"action": "store_true", "help": "only its owner sees it"}
    sub = add("push", push, "Upload a run's folder to the Hub, with its card, this package and an ONNX file.")
    sub.add_argument("id", metavar="ID", help="the model's name on the Hub, such as user/lotus-gan; made if it is new")
    sub.add_argument("--model", type=existing_folder, required=True, metavar="FOLDER", help="the run's folder")
    sub.add_argument("--private", **private)
    sub.add_argument("--branch", metavar="NAME", help="another branch than main; made if it is new")

    sub = add("deploy", deploy, "A Space that shows a model of the Hub.")
    sub.add_argument("id", metavar="ID", help="the Space's name on the Hub, such as user/my-garden; made if it is new")
    sub.add_argument("--model", required=True, metavar="ID", help="the model's name on the Hub")
    sub.add_argument("--dry-run", type=folder, metavar="DIR", help="upload nothing, write the Space's files to DIR")
    sub.add_argument("--private", **private)
    sub.add_argument("--cpu", action="store_true", help="PyTorch's build for processors, a fifth of the download")
    sub.add_argument(
        "--token-from",
        metavar="VARIABLE",
        help="for a private model: the environment variable with a token that may read it; unset: asked for",
    )
    return parser
