"""The tab Explore, in a real browser."""

import io
import re

import numpy as np
import pytest
import torch
from helpers.app_server import save_colourful_model
from helpers.page import keyframes_field, player_pixels, wait_for_keyframes
from PIL import Image

from lotus_gan.sampling import directions

PIXELS = """() => [
  ...document.querySelector('#image-view canvas').getContext('2d').getImageData(0, 0, 128, 128).data
]"""


def open_explore(visit, **options):
    page = visit(**options).page
    page.get_by_role("tab").nth(2).click()
    wait_for_image(page, "seed-000036")
    return page


def wait_for_image(page, part: str):
    """Until the image view shows an image with this in its file's name."""
    page.wait_for_selector(f"#image-view [data-file*='{part}']")


def file_name(page) -> str:
    return page.locator("#image-view [data-file]").get_attribute("data-file")


def pixels(page) -> np.ndarray:
    return np.array(page.evaluate(PIXELS), dtype=int).reshape(128, 128, 4)[..., :3]


def sliders(page):
    return page.locator("#sliders input[type=range]")


def flower(page):
    return page.locator("#flower").locator("input, textarea")


def move(page, i: int, amount: float) -> np.ndarray:
    """Set a slider; the image that follows."""
    before = file_name(page)
    sliders(page).nth(i).fill(str(amount))
    page.wait_for_selector(f"#image-view [data-file]:not([data-file='{before}'])")
    return pixels(page)


def test_a_slider_moves_the_image_and_reset_brings_the_first_one_back(visit):
    page = open_explore(visit)
    first = pixels(page)
    assert page.locator("#sliders label").first.inner_text() == "Direction 1"
    assert sliders(page).first.is_visible() and not sliders(page).nth(8).is_visible()  # the others are folded
    moved = move(page, 0, 2.5)
    assert abs(moved - first).mean() > 1
    assert page.locator("#image-view figcaption span").inner_text() == "#36, moved"
    assert page.locator("#image-view canvas").get_attribute("aria-label") == "#36, moved"
    assert abs(move(page, 3, -3) - moved).mean() > 1
    page.locator("#reset").click()
    wait_for_image(page, "seed-000036")
    assert np.array_equal(pixels(page), first)
    assert sliders(page).evaluate_all("all => all.map(i => Number(i.value))") == [0] * 16


def test_the_keyboard_moves_a_slider_and_the_last_position_wins(visit):
    page = open_explore(visit)
    shown, name = move(page, 1, -1.2), file_name(page)
    page.locator("#reset").click()
    wait_for_image(page, "seed-000036")
    sliders(page).nth(1).focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#sliders output").nth(1).inner_text() == "−1.2"
    wait_for_image(page, name)
    page.wait_for_timeout(500)  # an older position that comes late would take its place
    assert file_name(page) == name and np.array_equal(pixels(page), shown)


def test_going_on_keeps_the_image_and_its_file_says_how_to_make_it_again(visit):
    page = open_explore(visit)
    moved = move(page, 2, 3)
    page.locator("#go-on").click()
    page.wait_for_function("document.querySelector('#flower input, #flower textarea').value.startsWith('~')")
    assert page.locator("#sliders output").nth(2).inner_text() == "0.0"
    page.get_by_text("a flower that has no seed", exact=True).wait_for()
    assert np.array_equal(pixels(page), moved)
    with page.expect_download() as download:
        page.locator("#image-view a").click()
    assert re.fullmatch(r"model\d+-latent-[0-9a-f]{12}\.png", download.value.suggested_filename)
    with Image.open(download.value.path()) as image:
        assert image.text["latent"] == flower(page).input_value()
        assert np.array_equal(np.asarray(image), moved)


def test_a_typed_or_rolled_flower_keeps_the_sliders_and_a_wrong_one_is_refused_in_french(visit):
    page = open_explore(visit, locale="fr-FR")
    assert page.locator("#explore-layout").inner_text().count("Direction 1") == 1
    assert "Directions sans nom" in page.locator("#sliders").inner_text()
    flower(page).fill("11")
    wait_for_image(page, "seed-000011")
    move(page, 0, 1)
    assert page.locator("#image-view figcaption span").inner_text() == "#11, déplacée"
    page.locator("#flower-dice").click()
    page.wait_for_function("!document.querySelector('#image-view figcaption span').innerText.startsWith('#11,')")
    assert page.locator("#sliders output").first.inner_text() == "+1.0"
    assert page.locator("#image-view figcaption span").inner_text() == f"#{flower(page).input_value()}, déplacée"
    flower(page).fill("une fleur")
    flower(page).press("Enter")
    page.locator(".toast-body").first.wait_for()
    assert "Fleur (flower) : un nombre entier de 0 à 4294967295" in page.locator(".toast-body").first.inner_text()


def test_a_flower_and_a_moved_one_are_sent_to_interpolate(visit):
    page = open_explore(visit)
    page.locator("#send").click()
    page.locator("#keyframes").wait_for()  # in sight: the tab is open
    wait_for_keyframes(page, 37, 14, 36)
    page.get_by_role("tab").nth(2).click()
    moved = move(page, 0, 2)
    page.locator("#send").click()
    page.locator("#interpolation-player li:nth-child(4) .go").click()
    assert keyframes_field(page).input_value().startswith("37, 14, 36, ~")
    page.wait_for_selector("#interpolation-player canvas[data-step='192']")
    assert abs(player_pixels(page) - moved).max() <= 1


def terms(page):
    page.get_by_role("button", name=re.compile("A − B")).click()
    page.wait_for_selector("#sum-gallery img")
    return [page.locator(f"#sum-{letter}").locator("input, textarea") for letter in "abc"]


def sum_images(page) -> list[np.ndarray]:
    sources = page.locator("#sum-gallery img").evaluate_all("all => all.map(i => i.src)")
    bodies = [page.request.get(source).body() for source in sources]
    return [np.asarray(Image.open(io.BytesIO(body)).convert("RGB"), dtype=int) for body in bodies]


def test_arithmetic_adds_up_and_its_result_can_be_gone_on_from(visit):
    page = open_explore(visit)
    fields = terms(page)
    assert page.locator("#sum-gallery .caption-label").all_inner_texts() == ["A", "− B", "+ C", "="]
    images = sum_images(page)
    assert min(abs(images[3] - image).mean() for image in images[:3]) > 1
    page.locator("#take").click()
    wait_for_image(page, "latent-")
    assert np.array_equal(pixels(page), images[3])
    fields[1].fill(fields[0].input_value())  # A - A + C
    page.wait_for_function("""() => {
      const [, , third, fourth] = [...document.querySelectorAll('#sum-gallery img')].map(i => i.src);
      return third === fourth;
    }""")
    *_, third, fourth = sum_images(page)
    assert np.array_equal(third, fourth)
    page.locator("#take").click()
    wait_for_image(page, "seed-000011")


@pytest.mark.parametrize("truncated", [False, True])
def test_an_image_of_the_gallery_is_explored(visit, truncated):
    page = visit().page
    if truncated:
        page.locator("#generate-settings input[type=range]").last.fill("0.5")
        page.locator("#new-seed input").uncheck()
        page.locator("#generate-button").click()
        page.wait_for_selector("#gallery img[src*='truncation-0.5']")
    page.locator("#gallery .thumbnail-lg").nth(4).click()
    page.locator("[data-act=explore]").click()
    wait_for_image(page, "latent-" if truncated else "seed-000004")
    page.locator("#flower").wait_for()  # in sight: the tab is open
    assert page.locator(".enlargeable .preview").count() == 0
    source = page.locator("#gallery img").nth(4).get_attribute("src")
    with Image.open(io.BytesIO(page.request.get(source).body())) as image:
        assert abs(pixels(page) - np.asarray(image, dtype=int)).mean() <= (1 if truncated else 0)


def test_another_model_brings_its_own_directions_with_their_names(visit, tmp_path):
    other = save_colourful_model(tmp_path / "meadow", seed=1)
    directions.write([directions.Direction("openness", torch.eye(16)[0], 0.8)], other)
    page = open_explore(visit)
    move(page, 0, 2)
    page.get_by_role("button", name="Another model").click()
    name = page.locator("#any-model-name").locator("input, textarea")
    name.fill(str(other))
    name.press("Enter")
    wait_for_image(page, "meadow-seed-000036")
    assert page.locator("#sliders label").first.inner_text() == "Openness"
    assert page.locator("#sliders .rho").inner_text() == "ρ 0.80"
    assert page.locator("#sliders .ends").inner_text().split() == ["bud", "open"]
    assert sliders(page).count() == 17 and not sliders(page).nth(1).is_visible()
    move(page, 0, -2)
