"""The tab Your picture, in a real browser."""

import io

import numpy as np
import pytest
from gradio_client import Client
from helpers.app_server import ROOT
from helpers.page import player_pixels, wait_for_keyframes
from PIL import Image

from lotus_gan import latents

PICTURE = sorted((ROOT / "data/lotus-val").glob("*.webp"))[1]


def open_tab(visit, name: str, **options):
    page = visit(**options).page
    page.get_by_role("tab", name=name).click()
    return page


def test_a_picture_with_a_hole_is_painted_whole(visit):
    page = open_tab(visit, "Your picture")
    page.set_input_files("#projection-image input[type=file]", PICTURE)
    page.wait_for_selector("#projection-image img")
    page.get_by_role("radio", name="with a hole in the middle").check()
    page.locator("#find").click()
    page.wait_for_selector("#projection-gallery img", timeout=60_000)
    assert page.locator("#projection-gallery .caption-label").all_inner_texts() == ["yours", "with a hole", "painted"]
    assert "dB" in page.locator("#projection-answer").inner_text()
    sources = page.locator("#projection-gallery img").evaluate_all("all => all.map(i => i.src)")
    given, shown, painted = (Image.open(io.BytesIO(page.request.get(source).body())) for source in sources)
    with Image.open(PICTURE) as original:
        assert np.array_equal(np.asarray(given.convert("RGB")), np.asarray(original.convert("RGB")))
    assert shown.convert("RGB").getpixel((64, 64)) == (128, 128, 128)
    assert painted.size == (128, 128) and "trainedAlgorithmicMedia" in painted.info["xmp"].decode()


@pytest.mark.parametrize(("end", "keys", "step"), [("first", ["{code}", 14], 0), ("last", [37, "{code}"], 64)])
def test_what_is_painted_can_be_an_end_of_the_walk(visit, app, tmp_path, end, keys, step):
    """One of the model's own pictures is found, sent to the walk, and there it is what was shown."""
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    [own] = client.predict(1, 5, 1, api_name="/generate")
    page = open_tab(visit, "Your picture")
    page.set_input_files("#projection-image input[type=file]", own["image"])
    page.wait_for_selector("#projection-image img")
    send = page.locator(f"#projection-{end}")
    assert not send.is_visible()  # nothing has been painted yet
    page.locator("#find").click()
    page.wait_for_selector("#projection-gallery img", timeout=120_000)
    source = page.locator("#projection-gallery img").last.get_attribute("src")
    painted = Image.open(io.BytesIO(page.request.get(source).body()))
    send.click()
    wait_for_keyframes(page, *(str(key).format(code=painted.text["latent"]) for key in keys))
    assert page.locator("#interpolation-player").is_visible()
    page.locator("#position input[type=range]").fill(str(step / 64))
    shown, given = player_pixels(page), np.asarray(Image.open(own["image"]).convert("RGB"), dtype=int)
    assert abs(shown - np.asarray(painted, dtype=int)).max() <= 1
    assert np.square(shown - given).mean() < 255**2 / 10**2.5  # 25 dB: it is that picture
    page.get_by_role("tab", name="Your picture").click()
    page.locator("#projection-explore").click()
    page.locator("#flower").wait_for()  # in sight: Explore is open
    page.wait_for_selector(f"#image-view [data-file*='{latents.file_stem(painted.text['latent'])}']")


def test_without_a_picture_it_says_so_in_french(visit):
    page = open_tab(visit, "Votre image", locale="fr-FR")
    page.locator("#find").click()
    page.locator(".toast-body").wait_for()
    assert "Choisissez d’abord une image." in page.locator(".toast-body").inner_text()
