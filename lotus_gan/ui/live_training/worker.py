"""The process that trains, apart from the page's: whatever happens to it, the page goes on.

    python -m lotus_gan.ui.live_training.worker FOLDER SECONDS

FOLDER/files.json: [[name, path], ...] of a visitor's images. What is learned is written to FOLDER: model.safetensors,
and state.safetensors, from which the next call goes on. Lines of JSON on stdout say how far it is (`_report`); it ends
after so many seconds, or as soon as stdin is closed, which also happens when the page ends.
"""

import base64
import io
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

from lotus_gan import latents
from lotus_gan.data.images import MAX_PIXELS, forbid_other_formats, load_image
from lotus_gan.errors import ImageError, shortened
from lotus_gan.files import read_json
from lotus_gan.models.small import SIDE, save_small_generator
from lotus_gan.sampling.media import from_uint8, grid, to_pil
from lotus_gan.ui.live_training.small_step import SmallStep

MIN_IMAGES, MAX_IMAGES = 10, 70
NICENESS = 5  # a quarter of a core where the page wants all of it, and a whole one where it wants none
EVERY = 2.0  # s between two reports
SHOWN = 36  # fake images in a report, of the same seeds each time
COLUMNS = 6
QUALITY = 92  # of WebP: a quarter of a PNG's bytes
POINTS = 200  # of a curve at most
IMAGES, STATE, MODEL, CURVES = "images.safetensors", "state.safetensors", "model.safetensors", "curves.json"


def main(folder: Path, seconds: float) -> None:
    """Read the images unless that has been done, train, and write what has been learned."""
    _give_way()
    torch.set_num_threads(1)
    stop = _stop_with_stdin()
    if not (folder / IMAGES).exists():
        skipped = read_images(folder, stop)
        print(json.dumps(skipped), flush=True)
    images = from_uint8(load_file(folder / IMAGES)["images"])
    if len(images) >= MIN_IMAGES:
        train(folder, images, seconds, stop)


def _give_way() -> None:
    """The page goes first: for the processor's time, and where memory runs out."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):  # Linux has it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")


def _stop_with_stdin() -> threading.Event:
    """An event that is set when stdin is closed."""
    stop = threading.Event()

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)  # nothing is ever written to it
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    return stop


def read_images(folder: Path, stop: threading.Event) -> dict[str, Any]:
    """Read the files, write them as images.safetensors (N, 3, 32, 32) uint8, and say which could not be read."""
    forbid_other_formats()
    files, images, skipped = read_json(folder / "files.json"), [], []
    for name, path in files:
        if stop.is_set():
            break
        try:
            image, _ = load_image(Path(path), MAX_PIXELS)
        except ImageError as error:
            values = {key: v if isinstance(v, int | float) else shortened(v) for key, v in error.values.items()}
            skipped.append([shortened(name), error.code, values])
            continue
        images.append(interpolate(image[None].float(), (SIDE, SIDE), mode="area").round().byte())
    empty = torch.empty(0, 3, SIDE, SIDE, dtype=torch.uint8)
    save_file({"images": torch.cat([empty, *images])}, folder / IMAGES)
    return {"read": len(images), "skipped": skipped}


def train(folder: Path, images: torch.Tensor, seconds: float, stop: threading.Event) -> None:
    """Train for so many seconds, or until `stop`, and report every two."""
    step = SmallStep(images)
    z = latents.from_seeds(range(SHOWN), step.generator.z_dim)
    curves: dict[str, list] = {"wasserstein": [], "penalty": []}
    if (folder / STATE).exists():
        step.load(folder / STATE)
        curves = read_json(folder / CURVES)
    print(json.dumps({"real": data_url(images[:SHOWN])}), flush=True)
    began = reported = time.monotonic()
    sums = torch.zeros(3)
    while True:
        now = time.monotonic()
        is_last = stop.is_set() or now - began >= seconds
        if is_last or now - reported >= EVERY or not step.steps:
            _report(step, z, curves, sums, now - began)
            reported = now
            sums.zero_()
        if is_last:
            break
        sums += torch.tensor([*step(), 1])
    step.save(folder / STATE)
    save_small_generator(step.average, folder / MODEL)
    (folder / CURVES).write_text(json.dumps(curves), encoding="utf-8")
    print(json.dumps({"saved": True}), flush=True)


@torch.no_grad()
def _report(step: SmallStep, z: torch.Tensor, curves: dict[str, list], sums: torch.Tensor, seconds: float) -> None:
    """Add the means since the last report to the curves, and print how far training is."""
    *totals, count = sums.tolist()
    if count:
        for points, total in zip(curves.values(), totals, strict=True):
            points.append([round(step.kimg, 3), float(f"{total / count:.4g}")])
            if len(points) > POINTS:
                del points[1::2]
    report = {"seconds": round(seconds), "step": step.steps, "kimg": round(step.kimg, 1), "curves": curves}
    print(json.dumps(report | {"fake": data_url(step.average(z))}), flush=True)


def data_url(images: torch.Tensor) -> str:
    """(N, 3, 32, 32) in [-1, 1] -> a grid as a WebP in a data URL: it lies in no file that has an address."""
    with io.BytesIO() as file:
        grid(to_pil(images), COLUMNS, gap=0).save(file, "WEBP", quality=QUALITY)
        return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), float(sys.argv[2]))
    except BrokenPipeError:  # the page has ended
        os._exit(1)  # sys.exit would write to stdout again
