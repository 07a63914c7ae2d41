"""How long a projection takes while another visitor generates: it should stay under 20 s on two cores.

    python -m benchmarks.neighbours --projections 10

Starts the real page on this computer. One visitor has images of data/lotus-val projected in turn, another one clicks
Generate (16 images) over and over, each as a browser does.
"""

import argparse
import asyncio
import random
import statistics
from pathlib import Path

from tqdm import tqdm

from benchmarks.server import ROOT, running_page
from benchmarks.visitors import Answer, Page, new_session, open_page
from lotus_gan.training.device import describe_device, pick_device

COUNT = 16  # images a click


def main() -> None:
    """Print the waiting times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projections", type=int, default=10, help="images that are projected (default: 10)")
    options = parser.parse_args()
    with running_page() as (_, url):
        searches, clicks = asyncio.run(measure(url, options.projections))
    print(describe_device(pick_device("cpu")))
    for name, made in (("a projection", searches), (f"{COUNT} images for the other visitor", clicks)):
        waits = [answer.seconds for answer in made]
        print(f"{name}: {statistics.median(waits):.1f} s in the median, {max(waits):.1f} at most, n = {len(waits)}")
    print(f"errors: {sum(bool(answer.error) for answer in searches + clicks)}")


async def measure(url: str, projections: int) -> tuple[list[Answer], list[Answer]]:
    """The answers to the projections, and to the clicks that were made meanwhile."""
    async with open_page(url) as page:
        clicks: list[Answer] = []
        neighbour = asyncio.create_task(click(page, clicks))
        images = sorted((ROOT / "data/lotus-val").glob("*.webp"))[:projections]
        searches = [await project(page, path) for path in tqdm(images, unit="projection")]
        neighbour.cancel()
    return searches, clicks


async def click(page: Page, clicks: list[Answer]) -> None:
    """A visitor who generates until the task is cancelled."""
    session = new_session()
    while True:
        seed = random.randrange(2**32)
        clicks.append(await page.call(page.function("fill"), [COUNT, seed, 1, page.model], session))


async def project(page: Page, image: Path) -> Answer:
    """From the upload of an image to its projection."""
    return await page.call(page.function("find"), [await page.upload(image), "nothing", page.model], new_session())


if __name__ == "__main__":
    main()
