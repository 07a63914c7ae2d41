"""The tab Generate and what can be done with one of its images, in a real browser."""

import io
import re
import time
import zipfile

from helpers.app_server import running_app
from helpers.page import (
    IMAGES_LOADED,
    captions,
    generate,
    wait_for_keyframes,
)
from PIL import Image


def test_generate_shows_new_flowers_under_the_seed_in_the_field(visit):
    page = visit().page
    shown = generate(page)
    page.wait_for_function(IMAGES_LOADED, arg=8)
    seed = int(page.locator("#seed input").input_value())
    assert shown == [f"#{(seed + i) % 2**32}" for i in range(8)]
    assert generate(page) != shown


def test_a_typed_seed_is_kept(visit):
    page = visit().page
    page.locator("#seed input").fill("42")
    assert generate(page) == [f"#{i}" for i in range(42, 50)]
    assert not page.locator("#new-seed input").is_checked()
    page.wait_for_function(IMAGES_LOADED, arg=8)
    page.locator("#dice").click()
    assert generate(page)[0] == "#" + page.locator("#seed input").input_value()


def test_an_image_downloads_as_a_png_that_names_its_seed(visit):
    page = visit().page
    page.locator("#gallery .thumbnail-lg").nth(3).click()
    with page.expect_download() as download:
        page.locator("#gallery .preview button").first.click()
    assert re.fullmatch(r"model\d+-seed-000003\.png", download.value.suggested_filename)
    with Image.open(download.value.path()) as image:
        assert image.format == "PNG" and image.text["seed"] == "3"


def test_an_image_is_kept_over_a_reload_and_let_go(visit):
    page = visit().page
    assert not page.locator("#favourites").is_visible()
    for nth in (2, 5):
        page.locator("#gallery .thumbnail-lg").nth(nth).click()
        page.locator("[data-act=keep]").click()
        page.wait_for_selector(f"#favourites img[src*='seed-00000{nth}.png']", state="attached")
        page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#favourites img[src*='seed-000002.png']")
    assert page.locator("#favourites .caption-label").all_inner_texts() == ["#5", "#2"]
    page.locator("#favourites .thumbnail-lg").first.click()
    page.locator("[data-act=drop]").click()
    page.wait_for_selector("#favourites img[src*='seed-000005.png']", state="detached")
    page.keyboard.press("Escape")
    assert page.locator("#favourites .caption-label").all_inner_texts() == ["#2"]


def test_the_lightbox_follows_the_arrow_keys_and_what_is_let_go(visit):
    page = visit().page
    toolbar = page.get_by_role("toolbar")
    page.locator("#gallery .thumbnail-lg").nth(2).click()
    page.locator("[data-act=keep]").click()
    page.get_by_role("status").filter(has_text="#2 is kept").wait_for()
    page.route("**/run/predict*", lambda route: (time.sleep(0.5), route.continue_()))  # a slow line
    page.keyboard.press("ArrowRight")  # the keys of the enlarged image are in force after a click on the toolbar
    page.locator(".enlargeable .preview .caption").filter(has_text="#3").wait_for()
    page.locator("[data-act=keep]").click()
    page.get_by_role("status").filter(has_text="#3 is kept").wait_for()
    page.unroute_all()
    page.keyboard.press("Escape")
    toolbar.wait_for(state="hidden")
    newest = page.locator("#favourites .thumbnail-lg").first
    newest.locator("img[src*='seed-000003.png']").wait_for()  # the slow line has brought it
    newest.click()
    page.route("**/run/predict*", lambda route: (time.sleep(0.5), route.continue_()))
    page.locator("[data-act=drop]").click()
    page.get_by_role("status").filter(has_text="#3 is no longer kept").wait_for()
    assert page.locator("[data-act=drop]").is_disabled()  # until the next one has taken its place
    page.unroute_all()
    page.wait_for_selector("#favourites img[src*='seed-000003.png']", state="detached")
    page.locator("[data-act=drop]").click()
    page.get_by_role("status").filter(has_text="#2 is no longer kept").wait_for()
    page.locator("#favourites").wait_for(state="hidden")
    toolbar.wait_for(state="hidden")


def test_an_image_can_be_sent_to_either_end_of_the_interpolation(visit):
    page = visit().page
    for nth, end in ((4, "first"), (6, "last")):
        page.locator("#gallery .thumbnail-lg").nth(nth).click()
        page.locator(f"[data-act={end}]").click()
        page.get_by_role("status").filter(has_text=f"#{nth}").wait_for()
        page.keyboard.press("Escape")
    page.get_by_role("tab").nth(1).click()
    wait_for_keyframes(page, 4, 6)


def ask_whether_it_is_a_copy(page, nth: int) -> str:
    """What the page says of an image of the gallery."""
    page.locator("#gallery .thumbnail-lg").nth(nth).click()
    page.locator("[data-act=check]").click()
    page.wait_for_selector("#copy-check-gallery img")
    assert page.locator(".enlargeable .preview").count() == 0
    return page.locator("#copy-check-answer").inner_text()


def test_a_model_without_an_index_cannot_say_whether_it_copies(visit):
    page = visit().page
    assert "without an index" in ask_whether_it_is_a_copy(page, 1)
    assert page.locator("#copy-check-gallery .caption-label").all_inner_texts() == ["#1"]


def test_the_shipped_model_says_what_an_image_is_near_to(browser, tmp_path):
    with running_app(tmp_path, None) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        said = ask_whether_it_is_a_copy(page, 2)
        assert "32 px" in said or "MobileNetV2" in said
        own, *real = page.locator("#copy-check-gallery .caption-label").all_inner_texts()
        assert own == "#2" and len(real) == 3
        percentages = [int(re.fullmatch(r"real(?:, mirrored)? · (\d+) %", text)[1]) for text in real]
        assert percentages == sorted(percentages)
        assert said.startswith("#2 is no copy" if percentages[0] > 5 else "#2 is nearer to a training image")


def test_all_images_come_as_one_zip(visit):
    page = visit().page
    with page.expect_download() as download:
        page.locator("#gallery .icon-button-wrapper button").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert len(names) == 8
        for seed, name in enumerate(names):
            assert name.endswith(f"seed-{seed:06d}.png")
            with Image.open(io.BytesIO(archive.read(name))) as image:
                assert image.text["seed"] == str(seed)


def test_a_wrong_seed_is_refused_in_french(visit):
    page = visit(locale="fr-FR").page
    page.locator("#seed input").fill("-5")
    page.locator("#generate-button").click()
    toast = page.locator(".toast-body")
    toast.wait_for()
    assert "Graine (seed) : un nombre entier de 0 à 4294967295 est attendu." in toast.inner_text()
    assert captions(page) == [f"#{i}" for i in range(8)]  # what was there stays
