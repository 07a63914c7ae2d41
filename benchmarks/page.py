"""How long a visitor of the page waits, and how much of that the quicker way of generating saves.

    python -m benchmarks.page [--rounds 20] [--starts 5] [--clicks 30]

Three Markdown tables: from the start of `python app.py` to its first answer and its first image, in new processes; what
a visitor asks for, made in turn as the page makes it and in the plainest way; then the real page in a real Chromium (on
the PATH), for which the server generates. Plain is one image after the other on one core, by the network as it was
trained, in PNG files of Pillow's default level. Shared computers are noisy, so ratios are taken within a round, and
beside them stands the rate of matrix products (torch.mm, 2048 cubed), measured in turn too. About two minutes on two
cores.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import torch

from benchmarks.plain import replace_blur
from benchmarks.server import running_page
from benchmarks.training_speed import matrix_gflops
from benchmarks.visitors import memory_mb
from lotus_gan import Generator, latents
from lotus_gan.sampling import media
from lotus_gan.training.device import describe_device, pick_device
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.tabs import explore, interpolate

STEPS = 64  # from one keyframe to the next: 65 frames
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
# how many ms pass from an input on the first slider of Explore to the image of where it leads
MOVE_DIRECTION = """async () => {
  const range = document.querySelector('#sliders input[type=range]');
  const link = document.querySelector('#image-view a');
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const waited = [];
  for (let i = 0; i < 20; i++) {
    const before = link.href, started = performance.now();
    range.value = -2.5 + i / 4;
    range.dispatchEvent(new Event('input', {bubbles: true}));
    while (link.href === before) await frame();
    waited.push(performance.now() - started);
  }
  return waited;
}"""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="of each pair (default: 20)")
    parser.add_argument("--starts", type=int, default=5, help="of the page (default: 5)")
    parser.add_argument("--clicks", type=int, default=30, help="on Generate (default: 30)")
    options = parser.parse_args()
    start_table(options.starts)
    torch.set_num_threads(1)  # as the page does
    pair_table(options.rounds)
    browser_table(options.clicks)
    print(f"\n{describe_device(pick_device('cpu'))}")


def head(*columns: str) -> None:
    print(f"\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)


def spread(values: list[float], unit: str, digits: int = 0) -> str:
    """Median, range and n."""
    low, middle, high = (f"{f(values):.{digits}f}" for f in (min, statistics.median, max))
    return f"{middle} {unit} ({low} to {high}, n = {len(values)})"


# --- start -----------------------------------------------------------------------------------------------------------


def start_table(starts: int) -> None:
    """From the start of the page to its first answer, and to the first image that is asked for."""
    answered, shown, memory = [], [], []
    for _ in range(starts):
        started = time.perf_counter()
        with running_page() as (pid, url):
            answered.append(time.perf_counter() - started)
            first_image(url)
            shown.append(time.perf_counter() - started)
            memory.append(memory_mb(pid))
    head("start of the page", "measured")
    print(f"| to its first answer | {spread(answered, 's', 1)} |")
    print(f"| to the first image that is asked for | {spread(shown, 's', 1)} |")
    print(f"| memory then | {spread(memory, 'MB')} |", flush=True)


def first_image(url: str) -> None:
    """Ask the named endpoint for one image, and fetch its file."""
    with httpx.Client(base_url=f"{url}/gradio_api", timeout=60) as client:
        call = client.post("/call/generate", json={"data": [1, 1234567, 1]}).raise_for_status().json()["event_id"]
        answer = client.get(f"/call/generate/{call}").raise_for_status().text
        [[item]] = json.loads(answer.split("event: complete\ndata: ")[1])
        client.get(f"/file={item['image']['path']}").raise_for_status()


# --- pairs -----------------------------------------------------------------------------------------------------------


class Plain:
    """What the page is compared with."""

    def __init__(self, folder: str):
        self.generator = Generator.from_pretrained(folder)
        replace_blur(self.generator)
        self.folder = Path(tempfile.mkdtemp())

    @torch.inference_mode()
    def sample(self, z: torch.Tensor) -> list:
        """Latents (N, z_dim) -> N images, one at a time."""
        return [image for row in z.split(1) for image in media.to_pil(self.generator(row))]

    def images(self, z: torch.Tensor) -> None:
        """Latents (N, z_dim) -> N PNG files."""
        for i, row in enumerate(z.split(1)):
            [image] = self.sample(row)
            image.save(self.folder / f"{i}.png")

    def sheet(self, z: torch.Tensor) -> None:
        """Two latents (2, z_dim) -> the 65 frames between them in one lossless file."""
        frames = self.sample(latents.slerp(z[0], z[1], torch.linspace(0, 1, STEPS + 1)))
        media.grid(frames, columns=8, gap=0).save(self.folder / "sheet.webp", lossless=True, quality=0, method=0)


def pair_table(rounds: int) -> None:
    """What a visitor asks for, in the plain way and as the page does it."""
    model, plain = LoadedModel("weights/lotus"), Plain("weights/lotus")
    amounts = [1.5] + [0.0] * (len(model.all_directions) - 1)
    seeds = iter(range(2**31, 2**32))

    def new(count: int) -> list[int]:
        return [next(seeds) for _ in range(count)]

    def move(seed: int) -> int | str:
        return explore.move(model, seed, amounts)

    pairs: dict[str, tuple[Callable, Callable]] = {
        f"{count} image{'s'[: count - 1]}": (
            lambda count=count: plain.images(model.z(new(count))),
            lambda count=count: model.images(new(count)),
        )
        for count in (1, 16, 64)
    }
    pairs["65 frames of an interpolation"] = (
        lambda: plain.sheet(model.z(new(2))),
        lambda: interpolate.sheet(model, new(2), 1.0, False),
    )
    pairs["one direction slider's move"] = (
        lambda: plain.images(model.z([move(next(seeds))])),
        lambda: model.image(move(next(seeds))),
    )
    head("the server's work for", "plain", "the page", "ratio", "n")
    print(f"\nmatrix product on one core: {spread(compare(pairs, rounds), 'GFLOP/s')}", flush=True)


def compare(pairs: dict[str, tuple[Callable, Callable]], rounds: int) -> list[float]:
    """Print a row a pair: medians, and the ratio's median with its quartiles. -> the matrix rate of each round."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in pairs}
    matrix = []
    for number in range(rounds + 1):
        matrix.append(matrix_gflops())
        for name, pair in pairs.items():
            measured = tuple(milliseconds(function) for function in pair)
            if number:  # the first round warms up
                times[name].append(measured)
    for name, measured in times.items():
        before, after = (statistics.median(column) for column in zip(*measured, strict=True))
        ratios = [a / b for a, b in measured]
        middle, low, high = statistics.median(ratios), *statistics.quantiles(ratios, n=4)[::2]
        print(f"| {name} | {before:.1f} ms | {after:.1f} ms | {middle:.2f} ({low:.2f} to {high:.2f}) | {rounds} |")
    return matrix[1:]


def milliseconds(function: Callable) -> float:
    started = time.perf_counter()
    function()
    return 1000 * (time.perf_counter() - started)


# --- browser ---------------------------------------------------------------------------------------------------------


def browser_table(clicks: int) -> None:
    """What a visitor sees, and the memory of the server before and after."""
    from playwright.sync_api import sync_playwright

    with running_page() as (pid, url), sync_playwright() as playwright:
        before = memory_mb(pid)
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        # without ONNX Runtime the server generates; what the browser itself does is measured by benchmarks.browser
        page.route("**/browser/*.gzip", lambda route: route.abort())
        page.goto(url)
        page.wait_for_selector("#gallery img")
        waits = {}
        for count in (1, 16, 64):
            page.locator("#generate-settings input[type=range]").first.fill(str(count))
            waits[count] = [click(page, count) for _ in range(clicks + 1)][1:]  # the first one warms up
        page.get_by_role("tab").nth(1).click()
        page.wait_for_selector("#interpolation-player [data-keyframes]")
        frames = page.evaluate(MOVE_SLIDER)
        page.get_by_role("tab").nth(2).click()
        page.wait_for_selector("#image-view a[download]")
        moves = page.evaluate(MOVE_DIRECTION)
        browser.close()
        after = memory_mb(pid)
    head("in a browser for which the server generates", "measured")
    for count, measured in waits.items():
        print(f"| click on Generate to {count} image{'s'[: count - 1]} on the screen | {spread(measured, 'ms')} |")
    print(f"| direction slider to its image | {spread(moves, 'ms')} |")
    print(f"| interpolation slider to its image | {spread(frames, 'frames')} |")
    print(f"| memory of the server | {before:.0f} MB before, {after:.0f} MB after |")


def click(page, count: int) -> float:
    """Milliseconds from a click on Generate to its images."""
    before = page.locator("#gallery .grid-container img").first.get_attribute("src")
    started = time.perf_counter()
    page.locator("#generate-button").click()
    page.wait_for_function(SHOWN % count, arg=before)
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
