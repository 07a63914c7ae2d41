"""What a visitor does, in a real browser."""

import io
import re
from itertools import pairwise

import numpy as np
import pytest
from app_server import copy_of_the_app, running_app, save_colourful_model
from gradio_client import Client
from PIL import Image

PICTURES_LOADED = """n => {
  const pictures = [...document.querySelectorAll('#gallery .grid-container img')];
  return pictures.length === n && pictures.every(x => x.complete && x.naturalWidth === 128 && x.naturalHeight === 128);
}"""
STAGE_PIXELS = """() => [
  ...document.querySelector('#stage .now canvas').getContext('2d').getImageData(0, 0, 128, 128).data
]"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
OUTSIDE = """() => [...document.querySelectorAll('button, input, canvas, img')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))"""


def captions(page) -> list[str]:
    return page.locator("#gallery .caption-label").all_inner_texts()


def generate(page) -> list[str]:
    """Click, and wait for pictures under another seed than before."""
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
    page.wait_for_selector("#stage .now canvas[data-step]")


def stage_pixels(page) -> np.ndarray:
    """(128, 128, 3) of the large picture, as it is one frame of the screen after what was done last."""
    page.evaluate(NEXT_FRAME)
    return np.array(page.evaluate(STAGE_PIXELS), dtype=int).reshape(128, 128, 4)[..., :3]


def wait_for_pair(page, a: int | str, b: int | str):
    page.wait_for_function(
        "([a, b]) => document.querySelector('#stage .a').innerText.includes('#' + a)"
        " && document.querySelector('#stage .b').innerText.includes('#' + b)",
        arg=[str(a), str(b)],
    )


def test_it_opens_with_pictures_and_calls_nobody_else(visit, app):
    opened = visit()
    opened.page.wait_for_function(PICTURES_LOADED, arg=8)
    assert captions(opened.page) == [f"#{i}" for i in range(8)]
    assert all(url.startswith((app.url, "data:", "blob:")) for url in opened.requests), opened.requests


def test_generate_shows_new_flowers_under_the_seed_in_the_field(visit):
    page = visit().page
    shown = generate(page)
    page.wait_for_function(PICTURES_LOADED, arg=8)
    seed = int(page.locator("#seed input").input_value())
    assert shown == [f"#{(seed + i) % 2**32}" for i in range(8)]
    assert generate(page) != shown


def test_a_typed_seed_is_kept(visit):
    page = visit().page
    page.locator("#seed input").fill("42")
    assert generate(page) == [f"#{i}" for i in range(42, 50)]
    assert not page.locator("#new-seed input").is_checked()
    page.wait_for_function(PICTURES_LOADED, arg=8)
    page.locator("#dice").click()
    assert generate(page)[0] == "#" + page.locator("#seed input").input_value()


def test_a_picture_downloads_as_a_png_that_names_its_seed(visit):
    page = visit().page
    page.locator("#gallery .thumbnail-lg").nth(3).click()
    with page.expect_download() as download:
        page.locator("#gallery .preview button").first.click()
    assert download.value.suggested_filename == "lotus-seed-000003.png"
    with Image.open(download.value.path()) as picture:
        assert picture.format == "PNG" and picture.text["seed"] == "3"


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
def test_the_slider_glides_without_a_request(visit, how):
    opened = visit()
    page = opened.page
    open_interpolate(page)
    slider = page.locator("#walk input[type=range]")
    pictures = [stage_pixels(page)]
    opened.requests.clear()
    if how == "keyboard":
        slider.focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
            pictures.append(stage_pixels(page))
    else:
        box = slider.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        for share in (0.6, 0.7, 0.8, 0.95):
            page.mouse.move(box["x"] + box["width"] * share, y)
            pictures.append(stage_pixels(page))
        page.mouse.up()
    page.wait_for_timeout(500)  # a request that comes late is one too
    assert opened.requests == []
    assert all(abs(a - b).max() > 0 for a, b in pairwise(pictures))


def test_the_frame_is_what_the_api_gives_for_its_position(visit, app, tmp_path):
    page = visit().page
    open_interpolate(page)
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    slider = page.locator("#walk input[type=range]")
    for step in (0, 1, 21, 32, 64):
        slider.fill(str(step / 64))
        assert page.locator("#stage .now canvas").get_attribute("data-step") == str(step)
        with Image.open(client.predict(3, 7, step / 64, api_name="/interpolate")) as picture:
            assert abs(stage_pixels(page) - np.asarray(picture, dtype=int)).max() <= 1


def test_dice_and_swap_change_the_walk(visit):
    page = visit().page
    open_interpolate(page)
    page.locator("#seed_a input").fill("11")
    wait_for_pair(page, 11, 7)
    page.locator("#swap").click()
    wait_for_pair(page, 7, 11)
    before = stage_pixels(page)
    page.locator("#dice_b").click()
    page.wait_for_function("!document.querySelector('#stage .b').innerText.includes('#11')")
    wait_for_pair(page, 7, page.locator("#seed_b input").input_value())
    assert abs(stage_pixels(page) - before).max() > 0


def test_a_loop_can_be_downloaded(visit):
    page = visit().page
    open_interpolate(page)
    assert page.locator("#gif").is_disabled()
    page.locator("#make-loop").click()
    for name in ("gif", "mp4"):
        page.wait_for_selector(f"#{name}:not([disabled])", timeout=60_000)
        with page.expect_download() as download:
            page.locator(f"#{name}").click()
        assert download.value.suggested_filename == f"lotus-seeds-3-7.{name}"
        content = download.value.path().read_bytes()
        assert content.startswith(b"GIF89a") if name == "gif" else content[4:8] == b"ftyp"
        if name == "gif":
            with Image.open(io.BytesIO(content)) as moving:
                assert moving.size == (256, 256) and moving.n_frames > 64 and moving.info["loop"] == 0


@pytest.mark.parametrize(
    ("locale", "language", "words"),
    [
        ("fr-FR", "fr", ["Générer", "Nombre d’images", "Graine", "Interpoler"]),
        ("en-US", "en", ["Generate", "Count", "Seed", "Interpolate"]),
        ("de-DE", "en", ["Generate", "Count", "Seed", "Interpolate"]),
    ],
)
def test_the_page_speaks_the_browsers_language(visit, locale, language, words):
    page = visit(locale=locale).page
    text = page.locator("body").inner_text()
    assert all(word in text for word in words), text
    assert page.evaluate("document.documentElement.lang") == language
    assert "lotus_" not in text and "__i18n__" not in text


def test_a_wrong_seed_is_refused_in_french(visit):
    page = visit(locale="fr-FR").page
    page.locator("#seed input").fill("-5")
    page.locator("#generate-button").click()
    toast = page.locator(".toast-body")
    toast.wait_for()
    assert "Graine (seed) : un nombre entier de 0 à 4294967295 est attendu." in toast.inner_text()
    assert captions(page) == [f"#{i}" for i in range(8)]  # what was there stays


@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
def test_a_narrow_phone_needs_no_sideways_scroll(visit, locale):
    page = visit(locale=locale, width=380, height=780).page
    for tab in (0, 1):
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert page.evaluate(OUTSIDE) == []


def test_pictures_and_controls_have_names_for_those_who_cannot_see(visit):
    page = visit().page
    assert all(re.search(r"\d", alt) for alt in page.locator("#gallery img").evaluate_all("all => all.map(i => i.alt)"))
    open_interpolate(page)
    labels = page.locator("#stage canvas").evaluate_all("all => all.map(c => c.getAttribute('aria-label'))")
    assert labels == ["A · #3", "50 %", "B · #7"]


def test_another_model_paints_the_same_seeds_anew(browser, tmp_path):
    """Two bundled models: choosing the second changes the gallery, the walk and what a download says of itself."""
    models = {name: save_colourful_model(tmp_path / name, seed) for seed, name in enumerate(("lotus", "other"))}
    with running_app(tmp_path, None, copy_of_the_app(tmp_path, **models)) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        page.wait_for_function(PICTURES_LOADED, arg=8)
        before, names = page.locator("#gallery .grid-container img").first.get_attribute("src"), captions(page)
        open_interpolate(page)
        walk = stage_pixels(page)
        page.get_by_role("radio", name="other").check()
        page.wait_for_function("old => document.querySelector('#gallery .grid-container img').src !== old", arg=before)
        assert captions(page) == names
        path = page.locator("#gallery .grid-container img").first.get_attribute("src")
        with Image.open(io.BytesIO(page.request.get(path).body())) as picture:
            assert picture.text["model"] == "other"
        page.wait_for_function(
            f"old => String({STAGE_PIXELS.removeprefix('() => ')}.slice(0, 4000)) !== old",
            arg=",".join(str(v) for p in walk.reshape(-1, 3)[:1000] for v in (*p, 255)),
        )


def test_two_visitors_do_not_meet(visit):
    first, second = visit().page, visit().page
    shown = generate(first)
    assert captions(second) == [f"#{i}" for i in range(8)]
    assert captions(first) == shown
