"""How long a visitor waits: from the click on Generate to 16 images on the screen, from the slider to its frame.

    python -m benchmarks.page --clicks 30

Drives the real page with a real Chromium (on the PATH) and prints medians with their range.
"""

import argparse
import shutil
import statistics
import time

from benchmarks.server import running_page
from lotus_gan.training.device import describe_device, pick_device

COUNT = 16
SHOWN = """before => {
  const images = [...document.querySelectorAll('#gallery .grid-container img')];
  return images.length === %d && images[0].src !== before && images.every(x => x.complete && x.naturalWidth);
}"""
# how many frames of the screen pass until the canvas has changed, for 60 positions
MOVE_SLIDER = """async () => {
  const range = document.querySelector('#position input[type=range]');
  const canvas = document.querySelector('#interpolation-player .now canvas');
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const waited = [];
  for (let i = 0; i <= 60; i++) {
    const before = canvas.dataset.step;
    range.value = i / 60;
    if (Math.round(range.value * 64) === Number(before)) continue;
    range.dispatchEvent(new Event('input', {bubbles: true}));
    let frames = 0;
    while (canvas.dataset.step === before && frames < 60) { await frame(); frames++; }
    waited.push(frames);
  }
  return waited;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=30, help="on Generate (default: 30)")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with running_page() as (_, url), sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_selector("#gallery img")
        page.locator("#generate-settings input[type=range]").first.fill(str(COUNT))
        waits = [click(page) for _ in range(options.clicks + 1)][1:]  # the first one warms up
        page.get_by_role("tab").nth(1).click()
        page.wait_for_selector("#interpolation-player [data-keyframes]")
        frames = page.evaluate(MOVE_SLIDER)
        browser.close()
    print(describe_device(pick_device("cpu")))
    low, middle, high = min(waits), statistics.median(waits), max(waits)
    print(f"click to {COUNT} images: median {middle:.0f} ms ({low:.0f} to {high:.0f}, n = {len(waits)})")
    middle = statistics.median(frames)
    print(f"slider to frame: {middle:g} frames in the median, {max(frames)} at most, n = {len(frames)}")


def click(page) -> float:
    """Milliseconds from a click on Generate to its images."""
    before = page.locator("#gallery .grid-container img").first.get_attribute("src")
    started = time.perf_counter()
    page.locator("#generate-button").click()
    page.wait_for_function(SHOWN % COUNT, arg=before)
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
