"""What the browser tests do and read again and again."""

import io

import numpy as np
from PIL import Image

IMAGES_LOADED = """n => {
  const images = [...document.querySelectorAll('#gallery .grid-container img')];
  return images.length === n && images.every(x => x.complete && x.naturalWidth === 128 && x.naturalHeight === 128);
}"""
PLAYER_PIXELS = """() => [
  ...document.querySelector('#interpolation-player .now canvas').getContext('2d').getImageData(0, 0, 128, 128).data
]"""
PLAYER_TEXT = f"String({PLAYER_PIXELS.removeprefix('() => ')})"  # the same as a text, to be compared in the page
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
OUTSIDE = """() => [...document.querySelectorAll('button, input, canvas, img')]
  .filter(e => e.offsetParent && !e.closest('.visually-hidden') && e.getBoundingClientRect().right > innerWidth)
  .map(e => e.outerHTML.slice(0, 80))"""

READY = "#browser-generator [data-by=processor]"  # the browser can generate


def captions(page) -> list[str]:
    return page.locator("#gallery .caption-label").all_inner_texts()


def generate(page) -> list[str]:
    """Click, and wait for images under another seed than before."""
    before = captions(page)
    page.locator("#generate-button").click()
    page.wait_for_function(
        "before => { const now = [...document.querySelectorAll('#gallery .caption-label')].map(x => x.innerText);"
        " return now.length && now.join() !== before }",
        arg=",".join(before),
    )
    return captions(page)


def open_interpolate(page):
    page.get_by_role("tab").nth(1).click()
    page.wait_for_selector("#interpolation-player .now canvas[data-step]")
    wait_for_keyframes(page, 37, 14)


def player_pixels(page) -> np.ndarray:
    """(128, 128, 3) of the large image, one frame of the screen after the last action."""
    page.evaluate(NEXT_FRAME)
    return np.array(page.evaluate(PLAYER_PIXELS), dtype=int).reshape(128, 128, 4)[..., :3]


def wait_for_keyframes(page, *ids: int | str):
    """Until the player has every frame of an interpolation through these seeds and codes."""
    page.wait_for_selector(f"#interpolation-player [data-keyframes='{','.join(map(str, ids))}']")


def keyframes_field(page):
    return page.locator("#keyframes").locator("input, textarea")


# --- the browser's own images


def open_live(visit_live, **options):
    """A visit whose browser can generate."""
    opened = visit_live(**options)
    opened.page.wait_for_selector(READY, timeout=60_000)
    return opened


def images_at(page, count: int) -> list[np.ndarray]:
    """The gallery's images, once they are the browser's own."""
    page.wait_for_function(
        """n => {
          const all = [...document.querySelectorAll('#gallery .grid-container img')];
          return all.length === n && all.every(i => i.src.startsWith('blob:') && i.naturalWidth === 128);
        }""",
        arg=count,
    )
    sources = page.locator("#gallery .grid-container img").evaluate_all("all => all.map(i => i.src)")
    return [np.asarray(Image.open(io.BytesIO(read(page, source))).convert("RGB"), dtype=int) for source in sources]


def read(page, url: str) -> bytes:
    """A file that the browser has."""
    return bytes(page.evaluate("url => fetch(url).then(r => r.arrayBuffer()).then(b => [...new Uint8Array(b)])", url))


def open_player(visit_live, **options):
    opened = open_live(visit_live, **options)
    opened.page.get_by_role("tab").nth(1).click()
    opened.page.wait_for_function("window.lotusGan.player?.isLive()")
    wait_for_keyframes(opened.page, 37, 14)
    return opened
