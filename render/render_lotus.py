"""Renders lotus flowers with Blender's Cycles, one image a seed, and writes the parameters of each.

    python -m render.render_lotus --output data/lotus-68 --seeds 0-67 --size 256
    python -m render.render_lotus --output data/lotus-val --seeds 10000-10255 --size 128

The same seed gives the same file, byte for byte, on one computer. Images that exist already are not rendered again: to
continue after an interruption, run the same command again. Needs Python 3.11, the root of the repository as the current
folder, and `pip install -r render/requirements.txt`.
"""

import argparse
import importlib.util
import json
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from render.lotus_params import draw_parameters, image_name, metadata_row

LARGEST_SEED = 999_999  # six digits in a file name
SAMPLES = 16  # rays a pixel
LARGEST_SIZE = 256  # images are rendered at this size, and only ever reduced
INSTALL = "render_lotus.py: {} is missing. Rendering needs Python 3.11 and: pip install -r render/requirements.txt"


def parse_seeds(text: str) -> list:
    """'0-67' or '3,7,10-12' -> sorted seeds without repeats."""
    seeds = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match:
            raise argparse.ArgumentTypeError(f"{part!r} is not a seed or a range; write for example 0-67 or 3,7,10-12")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last or last > LARGEST_SEED:
            raise argparse.ArgumentTypeError(f"{part!r}: a range rises, and seeds go from 0 to {LARGEST_SEED}")
        seeds.update(range(first, last + 1))
    return sorted(seeds)


def whole_number(low: int, high: int):
    """An argparse type: a whole number from low to high."""

    def parse(text):
        if not re.fullmatch(r"\d+", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("data/lotus-68"), help="folder for images and metadata")
    parser.add_argument("--seeds", type=parse_seeds, default="0-67", help="one image each, as 0-67 or 3,7,10-12")
    parser.add_argument("--size", type=whole_number(16, LARGEST_SIZE), default=256, help="side in pixels, 16 to 256")
    parser.add_argument(
        "--samples",
        type=whole_number(1, 4096),
        default=SAMPLES,
        help="rays a pixel: more take more time and leave less noise",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(1, 61),
        default=min(61, os.cpu_count() or 1),
        help="processes, each with one thread: half of an image's time is serial set-up",
    )
    return parser.parse_args(arguments)


def replace_file(path: Path, write) -> None:
    """write(temporary path), then move it to `path` in one go: a reader never sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-", suffix=path.suffix)
    os.close(handle)
    try:
        write(temporary)
        Path(temporary).chmod(0o644)  # mkstemp makes it readable for the owner only
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def write_metadata(folder: Path) -> int:
    """metadata.jsonl for exactly the images in the folder, by seed; returns how many there are."""
    seeds = sorted(int(m[1]) for m in (re.fullmatch(r"lotus_(\d{6})\.webp", f.name) for f in folder.iterdir()) if m)
    lines = "".join(json.dumps(metadata_row(seed)) + "\n" for seed in seeds)
    replace_file(folder / "metadata.jsonl", lambda path: Path(path).write_text(lines, encoding="utf-8", newline="\n"))
    return len(seeds)


def draw_image(seed: int, size: int, target: Path, threads: int = 1, samples: int = SAMPLES) -> None:
    """Render one seed, reduce it to size x size pixels, save it as WebP."""
    from PIL import Image

    from render.lotus_scene import render

    with tempfile.TemporaryDirectory() as scratch:
        drawn = str(Path(scratch) / "image.png")
        render(draw_parameters(seed), drawn, threads, samples)
        with Image.open(drawn, formats=["PNG"]) as full:
            image = full.convert("RGB")
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    replace_file(target, lambda path: image.save(path, "WEBP", quality=92, method=6))


def silence() -> None:
    """Blender writes a line for every file that it saves: keep a worker's off the screen (its errors stay)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def draw_all(seeds: list, size: int, samples: int, folder: Path, workers: int) -> None:
    """Draw the seeds in `workers` processes, and print the time that is left after each image."""
    started = time.monotonic()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=silence)
    try:
        names = {seed: folder / image_name(seed) for seed in seeds}
        jobs = {pool.submit(draw_image, seed, size, names[seed], samples=samples): seed for seed in seeds}
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            each = (time.monotonic() - started) / done
            print(
                f"{image_name(jobs[job])}  {done}/{len(seeds)}  {each:.1f} s each, "
                f"{each * (len(seeds) - done) / 60:.1f} min left",
                flush=True,
            )
    finally:
        pool.shutdown(cancel_futures=True)


def check_existing(seeds: list, size: int, folder: Path) -> list:
    """The seeds that are still to draw. An image of another size is an error: one folder holds one size."""
    from PIL import Image

    missing = []
    for seed in seeds:
        path = folder / image_name(seed)
        if not path.exists():
            missing.append(seed)
            continue
        with Image.open(path, formats=["WEBP"]) as image:
            if image.size != (size, size):
                raise ValueError(
                    f"{path} is {image.width} x {image.height} pixels, not {size} x {size}: "
                    "choose another --output or --size"
                )
    return missing


def main(arguments=None) -> int:
    options = parse_arguments(arguments)
    # Asked without importing: bpy changes sys.path, and the workers, which inherit it, would then not find it.
    lacking = [name for name in ("bpy", "numpy", "PIL") if importlib.util.find_spec(name) is None]
    if lacking:
        print(INSTALL.format(", ".join(lacking)), file=sys.stderr)
        return 2
    folder = options.output
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = check_existing(options.seeds, options.size, folder)
        try:
            if missing:
                draw_all(missing, options.size, options.samples, folder, min(options.workers, len(missing)))
        finally:
            count = write_metadata(folder)
        print(f"{folder}: {count} images, {len(missing)} of them new")
        return 0
    except ImportError as error:  # there, but for another Python
        print(INSTALL.format(f"a working {error.name} ({error})"), file=sys.stderr)
        return 2
    except (OSError, ValueError, BrokenProcessPool) as error:
        print(f"render_lotus.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
