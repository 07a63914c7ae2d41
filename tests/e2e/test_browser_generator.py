"""The browser generates images itself: the same ones as the server, in every tab; the page of weights/, in Chromium."""

import io
import re
import zipfile

import numpy as np
from gradio_client import Client
from helpers.page import (
    PLAYER_PIXELS,
    images_at,
    keyframes_field,
    open_live,
    open_player,
    read,
)
from PIL import Image

from lotus_gan import latents
from lotus_gan.models.hub import load_generator
from lotus_gan.sampling import directions, interpolation
from lotus_gan.sampling.media import sample_images
from lotus_gan.ui.tabs import explore

VIEW_PIXELS = """() => [
  ...document.querySelector('#image-view canvas').getContext('2d').getImageData(0, 0, 128, 128).data
]"""


def of_server(model: str, ids, psi: float = 1) -> list[np.ndarray]:
    generator = load_generator(f"weights/{model}")
    z = latents.truncate(latents.from_ids(ids, generator.z_dim), psi)
    return [np.asarray(image, dtype=int) for image in sample_images(generator, z)]


def pixels(page, code: str) -> np.ndarray:
    return np.array(page.evaluate(code), dtype=int).reshape(128, 128, 4)[..., :3]


def differ(a, b) -> int:
    """The largest difference of two images, or lists of them, of 255."""
    return int(np.abs(np.asarray(a) - np.asarray(b)).max())


def test_once_the_first_view_is_there_the_browser_generates_without_the_server(visit_live):
    order = []
    opened = open_live(visit_live, prepare=lambda page: page.on("response", lambda answer: order.append(answer.url)))
    page = opened.page
    images = [i for i, url in enumerate(order) if re.search(r"lotus-seed-00000\d\.png$", url)]
    first = next(i for i, url in enumerate(order) if "/browser/" in url)
    assert len(images) == 8 and max(images) < first
    said = page.locator("#browser-generator").inner_text()
    assert re.fullmatch(r"Painted by your own processor, \d+ ms a picture", said)
    page.locator("#seed input").fill("42")
    page.locator("#generate-settings input[type=range]").last.fill("0.7")
    opened.requests.clear()
    page.locator("#generate-button").click()
    found = images_at(page, 8)
    assert differ(found, of_server("lotus", range(42, 50), 0.7)) <= 2
    assert [url for url in opened.requests if not url.startswith("blob:")] == []
    assert page.locator("#gallery .caption-label").all_inner_texts() == [f"#{seed}" for seed in range(42, 50)]


def test_images_appear_one_by_one_and_a_newer_click_ends_the_older_batch(visit_live):
    page = open_live(visit_live).page
    page.locator("#generate-settings input[type=range]").first.fill("64")
    page.locator("#seed input").fill("0")
    page.locator("#generate-button").click()
    page.wait_for_selector("#gallery img[src^='data:']")  # most are still to come
    assert page.locator("#gallery img[src^='blob:']").count() >= 1
    assert page.locator("#gallery .grid-container img").count() == 64
    page.locator("#generate-settings input[type=range]").first.fill("2")
    page.locator("#seed input").fill("100")
    page.locator("#generate-button").click()
    assert differ(images_at(page, 2), of_server("lotus", [100, 101])) <= 2
    page.wait_for_timeout(500)
    assert page.locator("#gallery .caption-label").all_inner_texts() == ["#100", "#101"]


def test_its_images_are_downloaded_with_their_seed_and_can_be_kept_explored_and_checked(visit_live):
    page = open_live(visit_live, locale="fr-FR").page
    assert "Peint par votre propre processeur" in page.locator("#browser-generator").inner_text()
    page.locator("#seed input").fill("-5")  # the server refuses it
    page.locator("#generate-button").click()
    page.locator(".toast-body").wait_for()
    assert "Graine (seed) : un nombre entier de 0 à 4294967295" in page.locator(".toast-body").inner_text()
    page.locator(".toast-close").click()
    page.locator("#seed input").fill("42")
    page.locator("#generate-button").click()
    images = images_at(page, 8)
    with page.expect_download() as download:
        page.locator("#gallery .icon-button-wrapper button").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == [f"lotus-seed-{seed:06d}.png" for seed in range(42, 50)]
    page.locator("#gallery .thumbnail-lg").nth(3).click()
    with page.expect_download() as download:
        page.locator("#gallery .preview button").first.click()
    assert download.value.suggested_filename == "lotus-seed-000045.png"
    with Image.open(download.value.path()) as image:
        assert image.text["seed"] == "45" and image.text["model"] == "lotus" and float(image.text["truncation"]) == 1
        assert np.array_equal(np.asarray(image), images[3])
    page.locator("[data-act=keep]").click()
    page.wait_for_selector("#favourites img[src*='seed-000045.png']", state="attached")
    page.locator("[data-act=check]").click()
    page.wait_for_selector("#copy-check-gallery img", timeout=60_000)
    assert page.locator("#copy-check-answer").inner_text().startswith("#45 n’est pas une copie")
    page.locator("#gallery .thumbnail-lg").nth(4).click()
    page.locator("[data-act=explore]").click()
    page.wait_for_selector("#image-view [data-file*='seed-000046']")


def test_explore_follows_sliders_and_sums_without_the_server(visit_live):
    opened = open_live(visit_live)
    page = opened.page
    page.get_by_role("tab").nth(2).click()
    page.wait_for_selector("#image-view [data-file*='seed-000036']")
    page.wait_for_timeout(300)
    opened.requests.clear()
    slider = page.locator("#sliders input[type=range]").first
    for amount in ("0.5", "1", "1.5", "2", "2.5"):  # the last one wins
        slider.fill(amount)
    page.wait_for_selector("#image-view [data-file*='latent-']")
    page.wait_for_timeout(1000)
    model = load_generator("weights/lotus")
    [named, *_] = directions.read("weights/lotus")
    moved = latents.encode(directions.move(latents.from_seeds([36], 100)[0], [named], [2.5]))
    assert differ(pixels(page, VIEW_PIXELS), of_server("lotus", [moved])[0]) <= 2
    with page.expect_download() as download:
        page.locator("#image-view a").click()
    with Image.open(download.value.path()) as image:
        assert image.text["latent"] == moved and model.z_dim == 100
    assert [url for url in opened.requests if not url.startswith("blob:")] == []
    page.locator("#reset").click()
    page.wait_for_selector("#image-view [data-file*='seed-000036']")
    page.get_by_role("button", name=re.compile("A − B")).click()
    page.wait_for_selector("#sum-gallery img")
    opened.requests.clear()
    page.locator("#sum-b").locator("input, textarea").fill("5")
    page.wait_for_selector("#sum-gallery img[src^='blob:']")
    page.wait_for_function("[...document.querySelectorAll('#sum-gallery img')].every(i => i.complete)")
    sources = page.locator("#sum-gallery img").evaluate_all("all => all.map(i => i.src)")
    found = [np.asarray(Image.open(io.BytesIO(read(page, source))), dtype=int) for source in sources]

    class Model:
        z = staticmethod(lambda ids: latents.from_ids(ids, 100))

    assert differ(found, of_server("lotus", [3, 5, 11, explore.add(Model, 3, 5, 11)])) <= 2
    assert [url for url in opened.requests if not url.startswith("blob:")] == []


def at(page, position: float, pairs: int) -> np.ndarray:
    """The frame at a position, once it is there."""
    page.locator("#position input[type=range]").fill(str(position))
    step = f"{round(position * 64 * pairs, 2):g}"
    page.wait_for_selector(f"#interpolation-player .now canvas[data-step='{step}']")
    return pixels(page, PLAYER_PIXELS)


def test_interpolate_shows_any_position_without_a_sheet(visit_live, live_app, tmp_path):
    opened = open_player(visit_live)
    page = opened.page
    opened.requests.clear()
    client = Client(live_app.url, verbose=False, download_files=str(tmp_path))
    for position in (0, 33 / 256, 0.5, 1):
        with Image.open(client.predict(37, 14, position, api_name="/interpolate")) as image:
            assert differ(at(page, position, 1), np.asarray(image, dtype=int)) <= 2
    code = latents.encode(latents.from_seeds([3], 100)[0])
    keyframes_field(page).fill(f"3, 7, 9, 11, 5, 6, {code}, 8")
    page.wait_for_selector(f"#interpolation-player [data-keyframes='3,7,9,11,5,6,{code},8']")
    assert differ(at(page, 1 / 7, 7), of_server("lotus", [7])[0]) <= 2
    assert differ(at(page, 6 / 7, 7), of_server("lotus", [code])[0]) <= 2
    assert opened.requests == []
    page.get_by_role("button", name="Go to #9").click()
    page.wait_for_selector("#interpolation-player .now canvas[data-step='128']")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('#interpolation-player .now canvas').dataset.step > 140")


def test_an_even_pace_is_the_servers(visit_live):
    page = open_player(visit_live).page
    page.locator("#even input").check()
    a, b = latents.from_seeds([37, 14], 100)
    generator = load_generator("weights/lotus")
    expected = np.asarray(interpolation.interpolate(generator, a, b, 64, even=True)[16], dtype=int)
    page.locator("#position input[type=range]").fill("0.25")
    page.wait_for_function(
        f"""expected => {{ const now = ({PLAYER_PIXELS})();
        return expected.every((value, i) => Math.abs(value - now[4 * Math.floor(i / 3) + i % 3]) <= 4); }}""",
        arg=expected.ravel().tolist(),
    )


def test_another_model_is_fetched_when_it_is_chosen(visit_live):
    page = open_live(visit_live).page
    page.evaluate("window.before = window.lotusGan.browser")
    page.get_by_role("radio", name="article").check()
    # not the server's short turn in between: where the file is quick to come, no poll sees it
    page.wait_for_function("window.lotusGan.browser && window.lotusGan.browser !== window.before")
    page.locator("#seed input").fill("3")
    page.locator("#generate-button").click()
    assert differ(images_at(page, 8), of_server("article", range(3, 11))) <= 2
