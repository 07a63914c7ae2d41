"""How quick the visitor's own browser generates, alone and while 64 others call the server.

    python -m benchmarks.browser [--clicks 20] [--seconds 5] [--visitors 64] [--own-core]

Starts the real page, opens it in Chromium (on the PATH), waits until the browser can generate, and prints a Markdown
table: from a click on Generate to the first and the last of 16 images; images a second while the sliders of Interpolate
and Explore are moved all the time. Then the same while others click Generate (8 images) again and again, from two
addresses, because one client has 32 places in the queue. A visitor's browser is not on the server's computer: with
--own-core (Linux) it has one core for itself, and the server and the others have the rest.
ONNX Runtime must be there: python -m lotus_gan.publishing.browser_runtime
"""

import argparse
import asyncio
import os
import random
import shutil
import threading
import time

from benchmarks.page import head, spread
from benchmarks.server import running_page
from benchmarks.visitors import Page, new_session, open_page
from lotus_gan.training.device import describe_device, pick_device

READY = "#browser-generator [data-by=processor]"
CLICK = """async () => {
  const old = new Set([...document.querySelectorAll('#gallery .grid-container img')].map(image => image.src));
  const fresh = image => image.src.startsWith('blob:') && !old.has(image.src) && image.naturalWidth === 128;
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const started = performance.now();
  let first = 0;
  document.querySelector('#generate-button').click();
  for (;;) {
    await frame();
    const images = [...document.querySelectorAll('#gallery .grid-container img')], there = images.filter(fresh).length;
    if (there && !first) first = performance.now() - started;
    if (there === 16) return [first, performance.now() - started];
  }
}"""
# a slider that is moved at every frame of the screen, and how often what is shown changes
MOVE = """async ([slider, shown, seconds]) => {
  const range = document.querySelector(slider), what = () => document.querySelector(shown).dataset;
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const low = Number(range.min), high = Number(range.max), started = performance.now();
  let count = 0, last = JSON.stringify(what());
  while (performance.now() - started < 1000 * seconds) {
    const t = (performance.now() - started) / 2000 % 2;
    range.value = low + (high - low) * (t < 1 ? t : 2 - t);
    range.dispatchEvent(new Event('input', {bubbles: true}));
    await frame();
    const now = JSON.stringify(what());
    if (now !== last) count++;
    last = now;
  }
  return count / seconds;
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20, help="on Generate (default: 20)")
    parser.add_argument("--seconds", type=float, default=5, help="each slider is moved (default: 5)")
    parser.add_argument("--visitors", type=int, default=64, help="others, at most 64 (default: 64)")
    parser.add_argument("--own-core", action="store_true", help="the browser has one core, all else has the rest")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    cores = sorted(os.sched_getaffinity(0)) if options.own_core else []
    run_on(cores[1:])
    with running_page() as (_, url):
        run_on(cores[:1])
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            run_on(cores[1:])
            compare(browser.new_page(viewport={"width": 1280, "height": 900}), url, options)
            browser.close()
    print(f"\n{describe_device(pick_device('cpu'))}")


def run_on(cores: list[int]) -> None:
    """This process, and those that it starts from now on; no cores: wherever they are."""
    if cores:
        os.sched_setaffinity(0, cores)


def compare(page, url: str, options: argparse.Namespace) -> None:
    """Print the rows of both situations: alone, and while others call the server."""
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(READY, timeout=120_000)
    ready = time.perf_counter() - started
    page.locator("#generate-settings input[type=range]").first.fill("16")
    for tab, wanted in ((1, "#interpolation-player [data-keyframes]"), (2, "#image-view [data-file]")):
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_selector(wanted)
    page.get_by_role("tab").first.click()
    head("the browser's own images", "measured")
    print(f"| from the opening of the page until it can | {ready:.1f} s |")
    measure(page, options, "")
    done = threading.Event()
    others = threading.Thread(target=asyncio.run, args=[call_server(url, options.visitors, done)])
    others.start()
    time.sleep(3)
    measure(page, options, f", while {options.visitors} others call the server")
    done.set()
    others.join()


def measure(page, options: argparse.Namespace, when: str) -> None:
    """Print the rows of one situation."""
    page.get_by_role("tab").first.click()
    page.evaluate(CLICK)  # the first one warms up
    waits = [page.evaluate(CLICK) for _ in range(options.clicks)]
    print(f"| click on Generate to the first image{when} | {spread([first for first, _ in waits], 'ms')} |")
    print(f"| click on Generate to 16 images{when} | {spread([last for _, last in waits], 'ms')} |")
    sliders = {
        "Interpolate": (1, "#position input[type=range]", "#interpolation-player .now canvas"),
        "Explore": (2, "#sliders input[type=range]", "#image-view [data-file]"),
    }
    for name, (tab, slider, shown) in sliders.items():
        page.get_by_role("tab").nth(tab).click()
        rate = page.evaluate(MOVE, [slider, shown, options.seconds])
        print(f"| {name}, a slider that is moved all the time{when} | {rate:.0f} images a second |", flush=True)


async def call_server(url: str, visitors: int, done: threading.Event) -> None:
    """Visitors of two addresses who click until it is done."""

    async def visitor(page: Page) -> None:
        session = new_session()
        while not done.is_set():
            await page.call(page.function("fill"), [8, random.randrange(2**32), 1, page.model], session)

    async with open_page(url, "127.0.0.1") as one, open_page(url, "127.0.0.2") as other:
        await asyncio.gather(*(visitor(page) for page in (one, other) for _ in range(visitors // 2)))


if __name__ == "__main__":
    main()
