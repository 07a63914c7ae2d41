"""The tab Train it yourself: seconds until flowers have a shape, what other visitors wait meanwhile, and memory.

    python -m benchmarks.live_training --seconds 60
    python -m benchmarks.live_training --photographs 70

Starts the real page on this computer. One visitor clicks Generate (8 images, a pause of a second) over and over, first
alone, then while another one trains on data/lotus-68. With --photographs, somebody uploads so many JPEG files of 24
megapixels, and trains on them. Linux only, as it reads /proc.
"""

import argparse
import asyncio
import base64
import io
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.server import ROOT, running_page
from benchmarks.visitors import API, Page, memory_mb, new_session, open_page
from lotus_gan.data.images import load_folder
from lotus_gan.models.small import SIDE
from lotus_gan.training.device import describe_device, pick_device

COUNT = 8  # images a click
NEAR = 0.1  # root mean square, where the range is 2: the two halves of the 68 are at 0.09


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of clicking before and during the run (default: 60)")
    parser.add_argument("--photographs", type=int, help="uploaded by somebody, 10 to 70, instead of all that")
    options = parser.parse_args()
    print(describe_device(pick_device("cpu")))
    with running_page() as (pid, url), tempfile.TemporaryDirectory() as folder:
        if options.photographs:
            paths = photographs(Path(folder), options.photographs)
            asyncio.run(upload_and_train(pid, url, paths))
        else:
            asyncio.run(measure(pid, url, options.seconds))


async def measure(pid: int, url: str, seconds: float) -> None:
    """Click alone, then beside a run, and print the results."""
    async with open_page(url) as page:
        await click(page, 3)  # warm
        waits = await click(page, seconds)
        print(f"{COUNT} images while nobody trains: {statistics.median(waits):.2f} s in the median, n = {len(waits)}")
        run = asyncio.create_task(train(page, pid))
        await asyncio.sleep(5)  # the process starts
        waits = await click(page, seconds)
        print(f"{COUNT} images while somebody trains: {statistics.median(waits):.2f} s in the median, n = {len(waits)}")
        print(f"memory: {memory_mb(pid):.0f} MB the page, {memory_mb(processes(pid)[0]):.0f} MB the training process")
        run.cancel()


async def click(page: Page, seconds: float) -> list[float]:
    """How long each click on Generate waited, of as many as can be made in so many seconds."""
    generate, session, waits = page.function("fill"), new_session(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = await page.call(generate, [COUNT, random.randrange(2**32), 1, page.model], session)
        assert not answer.error, answer.error
        waits.append(answer.seconds)
        await asyncio.sleep(1)
    return waits


async def train(page: Page, pid: int) -> None:
    """Train, and print when the images are as near to the real ones as those are to each other."""
    real, began, shaped = real_images(), time.monotonic(), False
    async for line in run_of(page, ["ours", None]):
        _, _, text = line.rpartition('"fake"')  # in the outputs, or in what has changed in them
        if shaped or '"data:image' not in text:
            continue
        fake = images_of(json.JSONDecoder().raw_decode(text[text.index('"data:image') :])[0])
        if max(distances(fake, real)) <= NEAR:
            shaped, cpu = True, cpu_seconds(processes(pid)[0])
            print(f"shapes after {time.monotonic() - began:.0f} s, {cpu:.0f} s of one core, with the start")


async def run_of(page: Page, inputs: list) -> AsyncIterator[str]:
    """What the server says of a run on our images, or on those that were uploaded, line by line."""
    session = new_session()
    body = {"data": inputs, "fn_index": page.function("train"), "session_hash": session}
    (await page.client.post(f"{API}/queue/join", json=body)).raise_for_status()
    async with page.client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as lines:
        async for line in lines.aiter_lines():
            yield line


def photographs(folder: Path, count: int) -> list[Path]:
    """JPEG files of 6000 x 4000 px: images of data/lotus-68, enlarged, with the noise of a camera."""
    noise = np.random.default_rng(0).normal(0, 3, (4000, 6000, 1)).astype(np.float32)
    paths = []
    for i, path in zip(range(count), cycle(sorted((ROOT / "data/lotus-68").glob("*.webp"))), strict=False):
        with Image.open(path, formats=["WEBP"]) as image:
            large = np.asarray(image.convert("RGB").resize((6000, 4000)), dtype=np.float32) + noise
        paths.append(folder / f"photograph-{i}.jpg")
        Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


async def upload_and_train(pid: int, url: str, paths: list[Path]) -> None:
    """Upload, train until the first images are shown, and print how long both took."""
    size = sum(path.stat().st_size for path in paths) / 1e6
    async with open_page(url) as page:
        began = time.monotonic()
        uploads = [await page.upload(path) for path in paths]
        print(f"{len(paths)} photographs, {size:.0f} MB: uploaded after {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        async for line in run_of(page, ["mine", uploads]):
            if '"data:image' in line:
                break
            if "process_completed" in line:
                raise SystemExit(line[:1000])
        memory = max(map(memory_mb, processes(pid)))
        print(f"the first images after {time.monotonic() - began:.0f} s; memory of the process: {memory:.0f} MB then")


def real_images() -> np.ndarray:
    """(68, 32, 32, 3) in [-1, 1]: ours, as the small critic sees them."""
    images = load_folder(ROOT / "data/lotus-68").images.float()
    small = torch.nn.functional.interpolate(images, (SIDE, SIDE), mode="area")
    return small.permute(0, 2, 3, 1).numpy() / 127.5 - 1


def images_of(data_url: str) -> np.ndarray:
    """The images of a grid that the page shows: (N, 32, 32, 3) in [-1, 1]."""
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2])), formats=["WEBP"]) as image:
        sheet = np.asarray(image.convert("RGB"), dtype=float) / 127.5 - 1
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    return sheet.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)


def distances(fake: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Root mean square distances of the mean image and of the image of standard deviations, where the range is 2."""
    return rms(fake.mean(0) - real.mean(0)), rms(fake.std(0) - real.std(0))


def rms(values: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.square(values).mean()))


def processes(page: int) -> list[int]:
    """The training processes of a page, by their ids."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == page and b"live_training.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def cpu_seconds(process: int) -> float:
    """The processor's time that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
