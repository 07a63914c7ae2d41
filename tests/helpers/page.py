"""What the browser tests do and read again and again."""

import numpy as np

IMAGES_LOADED = """n => {
  const images = [...document.querySelectorAll('#gallery .grid-container img')];
  return images.length === n && images.every(x => x.complete && x.naturalWidth === 128 && x.naturalHeight === 128);
}"""
PLAYER_PIXELS = """() => [
  ...document.querySelector('#interpolation-player .now canvas').getContext('2d').getImageData(0, 0, 128, 128).data
]"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
OUTSIDE = """() => [...document.querySelectorAll('button, input, canvas, img')]
  .filter(e => e.offsetParent && !e.closest('.visually-hidden') && e.getBoundingClientRect().right > innerWidth)
  .map(e => e.outerHTML.slice(0, 80))"""


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
