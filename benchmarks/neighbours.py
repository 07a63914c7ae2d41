"""How long a projection takes while another visitor generates: it should stay under 20 s on two cores.

    python -m benchmarks.neighbours --projections 10

Starts the real page on this computer. One visitor has images of data/lotus-val projected in turn, another one clicks
Generate (16 images) over and over, each as a browser does.
"""

import argparse
import asyncio
import secrets
import statistics
from pathlib import Path

import httpx
from tqdm import tqdm

from benchmarks.server import ROOT, running_page
from benchmarks.visitors import call, function
from lotus_gan.training.device import describe_device, pick_device

COUNT = 16  # images a click
MODEL = "lotus"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projections", type=int, default=10, help="images that are projected (default: 10)")
    options = parser.parse_args()
    with running_page() as (_, url):
        searches, clicks = asyncio.run(measure(url, options.projections))
    print(describe_device(pick_device("cpu")))
    for name, made in (("a projection", searches), (f"{COUNT} images for the other visitor", clicks)):
        waits = [answer["seconds"] for answer in made]
        print(f"{name}: {statistics.median(waits):.1f} s in the median, {max(waits):.1f} at most, n = {len(waits)}")
    print(f"errors: {sum(answer['error'] for answer in searches + clicks)}")


async def measure(url: str, projections: int) -> tuple[list[dict], list[dict]]:
    """The answers to the projections, and to the clicks that were made meanwhile."""
    async with httpx.AsyncClient(base_url=url, timeout=None) as client:
        generate, find = [await function(client, name) for name in ("fill", "find")]
        clicks: list[dict] = []
        neighbour = asyncio.create_task(click(client, generate, clicks))
        images = sorted((ROOT / "data/lotus-val").glob("*.webp"))[:projections]
        searches = [await project(client, find, path) for path in tqdm(images, unit="projection")]
        neighbour.cancel()
    return searches, clicks


async def click(client: httpx.AsyncClient, generate: int, clicks: list[dict]) -> None:
    """A visitor who generates until the task is cancelled."""
    session = secrets.token_hex(6)
    while True:
        clicks.append(await call(client, generate, [COUNT, secrets.randbelow(2**32), 1, MODEL], session))


async def project(client: httpx.AsyncClient, find: int, image: Path) -> dict:
    """From the upload of an image to its projection."""
    files = {"files": (image.name, image.read_bytes(), "image/webp")}
    [path] = (await client.post("/gradio_api/upload", files=files)).raise_for_status().json()
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return await call(client, find, [given, "nothing", MODEL], secrets.token_hex(6))


if __name__ == "__main__":
    main()
