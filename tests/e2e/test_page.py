"""What a visitor does, in a real browser."""

import io
import re
import zipfile
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
    wait_for_walk(page, 3, 7)


def stage_pixels(page) -> np.ndarray:
    """(128, 128, 3) of the large picture, as it is one frame of the screen after what was done last."""
    page.evaluate(NEXT_FRAME)
    return np.array(page.evaluate(STAGE_PIXELS), dtype=int).reshape(128, 128, 4)[..., :3]


def wait_for_walk(page, *seeds: int | str):
    """Until the stage has every frame of a walk through these seeds."""
    page.wait_for_selector(f"#stage [data-seeds='{','.join(map(str, seeds))}']")


def keys_field(page):
    return page.locator("#seeds").locator("input, textarea")


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
    assert re.fullmatch(r"model\d+-seed-000003\.png", download.value.suggested_filename)
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


def test_typing_reversing_and_rolling_change_the_walk(visit):
    page = visit().page
    open_interpolate(page)
    keys_field(page).fill("11, 7")
    wait_for_walk(page, 11, 7)
    page.locator("#reverse").click()
    wait_for_walk(page, 7, 11)
    before = stage_pixels(page)
    page.locator("#add-key").click()
    page.wait_for_selector("#stage .keys li:nth-child(3) .go")
    first, second, rolled = keys_field(page).input_value().split(", ")
    assert (first, second) == ("7", "11")
    wait_for_walk(page, 7, 11, rolled)
    assert abs(stage_pixels(page) - before).max() > 0


def test_keys_can_be_added_visited_and_taken_out(visit, app, tmp_path):
    page = visit().page
    open_interpolate(page)
    keys_field(page).fill("3, 7, 9")
    wait_for_walk(page, 3, 7, 9)
    page.get_by_role("button", name="Go to #7").click()
    assert page.locator("#stage .now canvas").get_attribute("data-step") == "64"
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    [item] = client.predict(1, 7, 1, api_name="/generate")
    with Image.open(item["image"]) as picture:
        assert abs(stage_pixels(page) - np.asarray(picture, dtype=int)).max() == 0
    page.get_by_role("button", name="Take #7 out of the walk").click()
    wait_for_walk(page, 3, 9)
    assert keys_field(page).input_value() == "3, 9"
    assert page.locator("#stage .remove").count() == 0  # a walk has two keys
    for count in range(3, 9):
        page.locator("#stage .add").click()
        page.wait_for_selector(f"#stage .keys li:nth-child({count}) .go")
    assert page.locator("#stage .add").count() == 0  # and eight at most


def test_an_even_pace_and_truncation_paint_the_walk_anew(visit):
    page = visit().page
    open_interpolate(page)
    shown = [stage_pixels(page)]
    with page.expect_response(re.compile(r"seeds-3-7-even-walk\.webp$")):
        page.locator("#even input").check()
    page.wait_for_timeout(300)
    shown.append(stage_pixels(page))
    with page.expect_response(re.compile(r"seeds-3-7-truncation-0\.5-even-walk\.webp$")):
        page.locator("#walk-truncation input[type=range]").fill("0.5")
    page.wait_for_timeout(300)
    shown.append(stage_pixels(page))
    assert all(abs(a - b).max() > 0 for a, b in pairwise(shown))


def test_play_walks_by_itself_and_stops_under_a_hand(visit):
    page = visit().page
    open_interpolate(page)
    frame = page.locator("#stage .now canvas")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('#stage .now canvas').dataset.step > 40")
    page.locator("#walk input[type=range]").press("ArrowLeft")
    page.evaluate(NEXT_FRAME)
    still = frame.get_attribute("data-step")
    page.wait_for_timeout(300)
    assert frame.get_attribute("data-step") == still
    assert page.locator("#play").get_attribute("aria-pressed") == "false"


def test_a_link_brings_the_view_back(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).page
    open_interpolate(page)
    keys_field(page).fill("3, 7, 9")
    wait_for_walk(page, 3, 7, 9)
    page.locator("#walk input[type=range]").fill("0.25")
    pixels = stage_pixels(page)
    page.locator("#copy-link").click()
    page.wait_for_function("location.search === '?seeds=3,7,9&t=0.25'")
    link = page.evaluate("navigator.clipboard.readText()")
    other = visit(link=link).page
    wait_for_walk(other, 3, 7, 9)
    assert keys_field(other).is_visible()
    assert other.locator("#stage .now canvas").get_attribute("data-step") == "32"
    assert np.array_equal(stage_pixels(other), pixels)


def test_a_wrong_link_is_refused_in_words(visit):
    page = visit(link="/?seeds=3,x&t=9").page
    keys_field(page).press("Enter")
    page.locator(".toast-body").wait_for()
    assert "must be 2 to 8 whole numbers from 0 to 4294967295" in page.locator(".toast-body").inner_text()


@pytest.mark.parametrize("kind", ["gif", "webp", "mp4"])
def test_a_loop_can_be_downloaded(visit, kind):
    page = visit().page
    open_interpolate(page)
    assert page.locator("#loop-file").is_disabled()
    page.locator("#format input").click()
    page.get_by_role("option", name=kind).click()
    page.locator("#make-loop").click()
    page.wait_for_selector("#loop-file:not([disabled])", timeout=60_000)
    with page.expect_download() as download:
        page.locator("#loop-file").click()
    assert re.fullmatch(rf"model\d+-seeds-3-7-256px\.{kind}", download.value.suggested_filename)
    content = download.value.path().read_bytes()
    if kind == "mp4":
        assert content[4:8] == b"ftyp"
    else:
        with Image.open(io.BytesIO(content)) as moving:
            # WebP leaves out frames that are nearly the same, and this untrained model changes slowly
            least = {"gif": 64, "webp": 8}[kind]
            assert moving.size == (256, 256) and moving.n_frames > least and moving.info["loop"] == 0


def test_a_picture_is_kept_over_a_reload_and_let_go(visit):
    page = visit().page
    assert not page.locator("#kept").is_visible()
    for nth in (2, 5):
        page.locator("#gallery .thumbnail-lg").nth(nth).click()
        page.locator("[data-act=keep]").click()
        page.wait_for_selector(f"#kept img[src*='seed-00000{nth}.png']", state="attached")
        page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#kept img[src*='seed-000002.png']")
    assert page.locator("#kept .caption-label").all_inner_texts() == ["#5", "#2"]
    page.locator("#kept .thumbnail-lg").first.click()
    page.locator("[data-act=drop]").click()
    page.wait_for_selector("#kept img[src*='seed-000005.png']", state="detached")
    page.keyboard.press("Escape")
    assert page.locator("#kept .caption-label").all_inner_texts() == ["#2"]


def test_a_picture_can_be_sent_to_either_end_of_the_walk(visit):
    page = visit().page
    for nth, end in ((4, "first"), (6, "last")):
        page.locator("#gallery .thumbnail-lg").nth(nth).click()
        page.locator(f"[data-act={end}]").click()
        page.get_by_role("status").filter(has_text=f"#{nth}").wait_for()
        page.keyboard.press("Escape")
    page.get_by_role("tab").nth(1).click()
    wait_for_walk(page, 4, 6)


def ask_whether_it_is_a_copy(page, nth: int) -> str:
    """What the page says of a picture of the gallery."""
    page.locator("#gallery .thumbnail-lg").nth(nth).click()
    page.locator("[data-act=check]").click()
    page.wait_for_selector("#copy-gallery img")
    assert page.locator(".flowers .preview").count() == 0
    return page.locator("#copy-said").inner_text()


def test_a_model_without_an_index_cannot_say_whether_it_copies(visit):
    page = visit().page
    assert "without an index" in ask_whether_it_is_a_copy(page, 1)
    assert page.locator("#copy-gallery .caption-label").all_inner_texts() == ["#1"]


def test_the_shipped_model_says_what_a_picture_is_near_to(browser, tmp_path):
    with running_app(tmp_path, None) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        said = ask_whether_it_is_a_copy(page, 2)
        assert said.startswith("#2 is no copy") and ("32 px" in said or "MobileNetV2" in said)
        own, *real = page.locator("#copy-gallery .caption-label").all_inner_texts()
        assert own == "#2" and len(real) == 3
        percentages = [int(re.fullmatch(r"real(?:, mirrored)? · (\d+) %", text)[1]) for text in real]
        assert percentages == sorted(percentages) and percentages[0] > 5


def test_all_pictures_come_as_one_zip(visit):
    page = visit().page
    with page.expect_download() as download:
        page.locator("#gallery .icon-button-wrapper button").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert len(names) == 8
        for seed, name in enumerate(names):
            assert name.endswith(f"seed-{seed:06d}.png")
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                assert picture.text["seed"] == str(seed)


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
    for tab in (0, 1, 2):
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert page.evaluate(OUTSIDE) == []


def test_pictures_and_controls_have_names_for_those_who_cannot_see(visit):
    page = visit().page
    assert all(re.search(r"\d", alt) for alt in page.locator("#gallery img").evaluate_all("all => all.map(i => i.alt)"))
    open_interpolate(page)
    labels = page.locator("#stage canvas").evaluate_all("all => all.map(c => c.getAttribute('aria-label'))")
    assert labels[0] == "50 %"
    names = page.locator("#stage button").evaluate_all("all => all.map(b => b.getAttribute('aria-label'))")
    assert names == ["Go to #3", "Go to #7", "Add a flower to the walk"]


def test_the_shipped_model_shows_how_it_learnt(browser, tmp_path):
    with running_app(tmp_path, None) as app, browser.new_context(locale="fr-FR") as context:
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("tab", name="Apprentissage").click()
        slider, picture = page.locator("#learnt input"), page.locator("#learnt img")
        last = picture.get_attribute("src")
        slider.focus()
        page.keyboard.press("Home")
        assert "Pas 1 :" in page.locator("#learnt .stage figcaption").inner_text()
        assert picture.get_attribute("src") != last
        page.wait_for_function("(i => i.complete && i.naturalWidth > 500)(document.querySelector('#learnt img'))")
        assert page.locator("#learnt svg").count() >= 1
        assert "pénalité de gradient" in page.locator("#learnt-text").inner_text()


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


def test_a_visitor_brings_another_model_and_a_wrong_one_changes_nothing(visit, tmp_path):
    other = save_colourful_model(tmp_path / "garden", seed=1)
    page, bystander = visit(locale="fr-FR").page, visit().page
    picture = page.locator("#gallery .grid-container img").first
    before = picture.get_attribute("src")
    page.get_by_role("button", name="Un autre modèle").click()
    name = page.locator("#any-model-name").locator("input, textarea")
    name.fill("no/such/model")
    page.locator("#any-model-load").click()
    page.locator(".toast-body").wait_for()
    assert "Le modèle choisi auparavant reste en place." in page.locator(".toast-body").inner_text()
    assert picture.get_attribute("src") == before
    name.fill(str(other))
    name.press("Enter")
    page.wait_for_function("document.querySelector('#gallery .grid-container img').src.includes('garden-seed-000000')")
    assert page.get_by_role("radio", name="garden").is_checked()
    page.get_by_role("tab").nth(1).click()
    wait_for_walk(page, 3, 7)
    # nobody else sees anything of it
    assert bystander.locator("#gallery .grid-container img").first.get_attribute("src") == before
    assert bystander.get_by_role("radio", name="garden").count() == 0


def test_two_visitors_do_not_meet(visit):
    first, second = visit().page, visit().page
    shown = generate(first)
    assert captions(second) == [f"#{i}" for i in range(8)]
    assert captions(first) == shown
