"""How long a projection takes while somebody else generates: it should stay under 20 s on two cores.

    python -m benchmarks.neighbours --projections 10

Starts the real page on this machine. One visitor has pictures of data/lotus-val projected in turn, another one clicks
Generate (16 pictures) over and over, each as a browser does.
"""

import argparse
import asyncio
import secrets
import statistics
from pathlib import Path

import httpx
from tqdm import tqdm

from lotus_gan.training.device import describe_device, pick_device

from .server import ROOT, running_page
from .visitors import ask, function

COUNT = 16  # pictures a click
MODEL = "lotus"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projections", type=int, default=10, help="pictures that are projected (default: 10)")
    options = parser.parse_args()
    with running_page() as (_, url):
        searches, clicks = asyncio.run(measure(url, options.projections))
    print(describe_device(pick_device("cpu")))
    for name, made in (("a projection", searches), (f"{COUNT} pictures for the other visitor", clicks)):
        waits = [answer["seconds"] for answer in made]
        print(f"{name}: {statistics.median(waits):.1f} s in the median, {max(waits):.1f} at most, n = {len(waits)}")
    print(f"errors: {sum(answer['error'] for answer in searches + clicks)}")


async def measure(url: str, projections: int) -> tuple[list[dict], list[dict]]:
    """What became of the projections, and of the clicks that were made meanwhile."""
    async with httpx.AsyncClient(base_url=url, timeout=None) as client:
        generate, find = [await function(client, name) for name in ("generate_with", "find")]
        clicks: list[dict] = []
        neighbour = asyncio.create_task(click(client, generate, clicks))
        pictures = sorted((ROOT / "data/lotus-val").glob("*.webp"))[:projections]
        searches = [await project(client, find, picture) for picture in tqdm(pictures, unit="projection")]
        neighbour.cancel()
    return searches, clicks


async def click(client: httpx.AsyncClient, generate: int, clicks: list[dict]) -> None:
    """A visitor who generates until the task is cancelled."""
    session = secrets.token_hex(6)
    while True:
        clicks.append(await ask(client, generate, [COUNT, secrets.randbelow(2**32), 1, MODEL], session))


async def project(client: httpx.AsyncClient, find: int, picture: Path) -> dict:
    """From the upload of a picture to what the network makes of it."""
    files = {"files": (picture.name, picture.read_bytes(), "image/webp")}
    [path] = (await client.post("/gradio_api/upload", files=files)).raise_for_status().json()
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return await ask(client, find, [given, "nothing", MODEL], secrets.token_hex(6))


if __name__ == "__main__":
    main()
