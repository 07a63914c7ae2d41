"""`lotus-gan`, which is `python -m lotus_gan` too: train, sample, interpolate, evaluate, publish.

    lotus-gan train --data my-photos
    lotus-gan sample --seeds 0-63 --output samples
    lotus-gan sample --like lotus-seed-000042.png --output again          # the same image, to the byte
    lotus-gan sample --model user/lotus-gan --seeds 0-15,42 --truncation 0.7 --output samples
    lotus-gan interpolate --seeds 3,7,9 --output loop.mp4
    lotus-gan evaluate --model runs/mine --real data/lotus-val --train data/lotus-68
    lotus-gan index --model runs/mine --train my-photos                   # for the page's "Is it a copy?"
    lotus-gan project photo.jpg --damage hole --output projection.png
    lotus-gan push --model runs/mine user/lotus-gan
    lotus-gan deploy user/space --model user/lotus-gan

Wrong input ends with one message and exit code 2; a file is written in full or not at all.
"""

import sys
from pathlib import Path

from lotus_gan.errors import LotusGANError


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code: 0, 2 for wrong input, 130 for Ctrl-C, and 1 for a training that diverges."""
    argv = sys.argv[1:] if argv is None else argv
    prog = "lotus-gan" if Path(sys.argv[0]).stem == "lotus-gan" else "python -m lotus_gan"
    from lotus_gan.cli import train

    if argv[:1] == ["train"]:  # its help needs no torch, unlike that of the others
        return train.main(argv[1:], f"{prog} train")
    from lotus_gan.cli.parser import build_parser

    train.print_log()
    args = build_parser(prog).parse_args(argv)
    try:
        args.command(args)
    except LotusGANError as error:
        print(f"{prog}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename or getattr(args, "output", args.model)
        print(f"{prog}: error: {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{prog}: stopped; what is written is whole", file=sys.stderr)
        return 130
    return 0
