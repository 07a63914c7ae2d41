"""Train a WGAN-GP on a folder of images.

    python train.py                                              # our recipe, on the 68 images of data/lotus-68
    python train.py --data my-photos                             # your own images, into runs/my-photos
    python train.py --preset article --output runs/article       # the French article's recipe

    accelerate launch --num_processes 2 train.py --data ...      # on several GPUs or machines

Images come from a folder, from a data set on the Hub (user/dataset), or from torchvision's Flowers102
(flowers102:lotus, or flowers102 for all). Look at them first, as training sees them, with --preview-data.

The same command again goes on where the last call stopped, whether it was Ctrl-C, --max-minutes or a power cut.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lotus_gan.cli.terminal import StopOnSignals, run_command
from lotus_gan.config import FEW, PRESETS, RENAMED, Setting, TrainConfig, settings
from lotus_gan.errors import UsageError
from lotus_gan.publishing.provenance import Provenance

if TYPE_CHECKING:
    from lotus_gan.training.run import RunOptions

ROOT = Path(__file__).resolve().parents[2]
DATA, VALIDATION = "data/lotus-68", "data/lotus-val"  # in this repository, when nothing is given
MODEL = "weights/lotus"  # in this repository, where few images start from


def main(arguments: list[str] | None = None, prog: str = "train.py") -> int:
    """Parse, train, and return the exit code: 0 done or stopped cleanly, 1 diverged, 2 wrong input, 130 cut off."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = build_parser(prog)
    refuse_old_flags(parser, arguments)
    flags = parser.parse_args(arguments)

    def train() -> None:
        config = config_from(flags)
        # torch comes from here on: --help and a wrong flag answer at once
        from lotus_gan.training.run import run

        run(config, options_from(flags, prog, arguments), StopOnSignals())

    return run_command(prog, train, "cut off; the same command goes on from the last checkpoint")


def build_parser(prog: str = "train.py") -> argparse.ArgumentParser:
    """One flag for each field of TrainConfig, with its help, range and default in both presets."""
    parser = argparse.ArgumentParser(
        prog=prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help=f"image folder, any size and format, or user/dataset, or flowers102:lotus (default: {DATA}, with --val "
        f"{VALIDATION})",
    )
    parser.add_argument(
        "--preview-data", action="store_true", help="write sheets of the images as training sees them, and end"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the run's folder; resumed if it is there (default: runs/ and the name of the data)",
    )
    parser.add_argument("--val", metavar="DIR", help="images never trained on: they choose the best model")
    parser.add_argument(
        "--heldout", metavar="DIR", help="images for the figures in the model card only (default: --val's)"
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="start from a trained generator, a folder or a Hub id, with its critic if that lies beside it; none: from "
        f"random weights (default: for fewer than {FEW:,} images of your own, our {MODEL}, else none)",
    )
    parser.add_argument("--preset", choices=PRESETS, default="lotus", help="(default: lotus)")
    parser.add_argument(
        "--log-with",
        choices=("trackio", "tensorboard", "wandb"),
        help="send metrics and previews to an experiment tracker too (needs accelerate and the tracker's library)",
    )
    add_publishing(parser.add_argument_group("the Hub"))
    group = parser.add_argument_group("settings (default: article | lotus)")
    article, lotus = (TrainConfig(**PRESETS[name]) for name in ("article", "lotus"))
    for setting in settings(TrainConfig):
        add_setting(group, setting, getattr(article, setting.name), getattr(lotus, setting.name))
    return parser


def add_publishing(group: argparse._ArgumentGroup) -> None:
    """The flags of a push, and of what the card says of the images."""
    group.add_argument("--push-to-hub", metavar="ID", help="upload the model at the end, such as user/lotus-gan")
    group.add_argument("--private", action="store_true", help="only its owner sees it")
    group.add_argument("--branch", metavar="NAME", help="another branch than main; made if it is new")
    group.add_argument(
        "--push-every",
        type=int,
        default=0,
        metavar="STEPS",
        help="and every so many steps while training goes on (default: 0, never)",
    )
    group.add_argument(
        "--data-license", metavar="ID", help="the images' licence as the Hub names it, such as cc0-1.0, for the card"
    )
    group.add_argument(
        "--data-source", metavar="TEXT", help="where the images come from and who owns them, a sentence for the card"
    )


def add_setting(group: argparse._ArgumentGroup, setting: Setting, article: object, lotus: object) -> None:
    """The flag of one field. Its range is checked by TrainConfig."""
    default = " | ".join(dict.fromkeys("none" if value in (None, "") else str(value) for value in (article, lotus)))
    limits = f", {setting.allowed}" if setting.allowed else ""
    text = f"{setting.description}{limits} (default: {default})".replace("%", "%%")
    if setting.type is bool:
        group.add_argument(setting.flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
    else:
        metavar = setting.type.__name__.upper()
        group.add_argument(setting.flag, type=setting.type, metavar=metavar, default=argparse.SUPPRESS, help=text)


def refuse_old_flags(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    """End with the new name of a flag of version 0.1."""
    flags = {f"--{old.replace('_', '-')}": f"--{new.replace('_', '-')}" for old, new in RENAMED.items()}
    for word in arguments:
        flag = word.partition("=")[0]
        if flag in flags:
            parser.error(f"{flag} is called {flags[flag]} now")


def config_from(flags: argparse.Namespace) -> TrainConfig:
    """The preset with what the command line changes. UsageError names a value that is out of range."""
    given = {name: getattr(flags, name) for name in TrainConfig.model_fields if name in flags}
    return TrainConfig(**{**PRESETS[flags.preset], **given})


def options_from(flags: argparse.Namespace, prog: str, arguments: list[str]) -> "RunOptions":
    """The rest of the command line as RunOptions. UsageError for flags that do not go together."""
    from lotus_gan.training.run import RunOptions

    alone = [name for name in ("private", "branch", "push_every") if getattr(flags, name)]
    if alone and not flags.push_to_hub:
        raise UsageError("needs_push", flag=f"--{alone[0].replace('_', '-')}")
    if flags.push_every < 0:
        raise UsageError("out_of_range", name="--push-every", allowed="an integer at least 0", got=flags.push_every)
    data, val = at_home(flags.data) or bundled(DATA), at_home(flags.val)
    if flags.data is None and val is None:
        val = bundled(VALIDATION)
    output = Path(at_home(flags.output) or Path("runs", source_name(data)))
    if flags.data is None or flags.output is None:
        validation = f", validation on {val}" if val else ""
        logging.getLogger(__name__).info(f"training on {data}{validation}, into {output}, preset {flags.preset}")
    is_folder = Path(data).is_dir()
    dataset = data if "/" in data and not is_folder else None
    name = Path(data).resolve().name if is_folder else data
    return RunOptions(
        data=data,
        output=output,
        provenance=Provenance(name, flags.data_license, flags.data_source, dataset),
        val=val,
        heldout=at_home(flags.heldout),
        init_from=None if flags.init_from == "none" else at_home(flags.init_from),
        init_from_if_few=None if flags.init_from or is_ours(data) else find_bundled(MODEL),
        preview_data=flags.preview_data,
        log_with=flags.log_with,
        push_to_hub=flags.push_to_hub,
        private=flags.private,
        branch=flags.branch,
        push_every=flags.push_every,
        command=(*(("python", prog) if prog.endswith(".py") else prog.split()), *arguments),
    )


def at_home(path: str | Path | None) -> str | None:
    """`~` as the home folder, which a shell leaves as it is after an equals sign."""
    if path is None:
        return None
    return str(Path(path).expanduser()) if str(path).startswith("~") else str(path)


def bundled(folder: str) -> str:
    """A folder of this repository, as it is called from here. UsageError where this is no clone of it."""
    found = find_bundled(folder)
    if found is None:
        raise UsageError("no_bundled_data", folder=folder)
    return found


def find_bundled(folder: str) -> str | None:
    """The same; None where this is no clone."""
    return next((str(path) for path in (Path(folder), ROOT / folder) if path.is_dir()), None)


def is_ours(data: str) -> bool:
    """Whether it lies in data/ of this repository: our model has been trained on such renders, so a start from it would
    be no experiment."""
    return (ROOT / "data") in Path(data).resolve().parents


def source_name(data: str) -> str:
    """What a run is called after its data: `my-photos`, of user/dataset `dataset`, of flowers102:lotus
    `flowers102-lotus`."""
    return Path(data).resolve().name if Path(data).is_dir() else data.split("/")[-1].replace(":", "-")
