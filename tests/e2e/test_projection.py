"""The tab Your picture, in a real browser."""

import io
import os

import numpy as np
import pytest
from gradio_client import Client
from helpers.app_server import ROOT, running_app, save_colourful_model
from helpers.page import player_pixels, wait_for_keyframes
from PIL import Image

from lotus_gan import latents

IMAGE = sorted((ROOT / "data/lotus-val").glob("*.webp"))[1]


def open_tab(visit, name: str, **options):
    page = visit(**options).page
    page.get_by_role("tab", name=name).click()
    return page


def test_an_image_with_a_hole_is_projected(visit):
    page = open_tab(visit, "Your picture")
    page.set_input_files("#projection-image input[type=file]", IMAGE)
    page.wait_for_selector("#projection-image img")
    page.get_by_role("radio", name="with a hole in the middle").check()
    page.locator("#find").click()
    page.wait_for_selector("#projection-gallery img", timeout=60_000)
    assert page.locator("#projection-gallery .caption-label").all_inner_texts() == ["yours", "with a hole", "generated"]
    assert "dB" in page.locator("#projection-answer").inner_text()
    sources = page.locator("#projection-gallery img").evaluate_all("all => all.map(i => i.src)")
    given, shown, projected = (Image.open(io.BytesIO(page.request.get(source).body())) for source in sources)
    with Image.open(IMAGE) as original:
        assert np.array_equal(np.asarray(given.convert("RGB")), np.asarray(original.convert("RGB")))
    assert shown.convert("RGB").getpixel((64, 64)) == (128, 128, 128)
    assert projected.size == (128, 128) and "trainedAlgorithmicMedia" in projected.info["xmp"].decode()


@pytest.mark.parametrize(("end", "ids", "step"), [("first", ["{code}", 14], 0), ("last", [37, "{code}"], 64)])
def test_a_projection_can_be_an_end_of_the_interpolation(visit, app, tmp_path, end, ids, step):
    """One of the model's own images is projected, sent to Interpolate, and is shown there."""
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    [own] = client.predict(1, 5, 1, api_name="/generate")
    page = open_tab(visit, "Your picture")
    page.set_input_files("#projection-image input[type=file]", own["image"])
    page.wait_for_selector("#projection-image img")
    send = page.locator(f"#projection-{end}")
    assert not send.is_visible()  # there is no projection yet
    page.locator("#find").click()
    page.wait_for_selector("#projection-gallery img", timeout=120_000)
    source = page.locator("#projection-gallery img").last.get_attribute("src")
    projected = Image.open(io.BytesIO(page.request.get(source).body()))
    send.click()
    wait_for_keyframes(page, *(str(i).format(code=projected.text["latent"]) for i in ids))
    assert page.locator("#interpolation-player").is_visible()
    page.locator("#position input[type=range]").fill(str(step / 64))
    shown, given = player_pixels(page), np.asarray(Image.open(own["image"]).convert("RGB"), dtype=int)
    assert abs(shown - np.asarray(projected, dtype=int)).max() <= 1
    assert np.square(shown - given).mean() < 255**2 / 10**2.5  # 25 dB: it is that image
    page.get_by_role("tab", name="Your picture").click()
    page.locator("#projection-explore").click()
    page.locator("#flower").wait_for()  # in sight: Explore is open
    page.wait_for_selector(f"#image-view [data-file*='{latents.file_stem(projected.text['latent'])}']")


def test_without_an_image_it_says_so_in_french(visit):
    page = open_tab(visit, "Votre image", locale="fr-FR")
    page.locator("#find").click()
    page.locator(".toast-body").wait_for()
    assert "Choisissez d’abord une image." in page.locator(".toast-body").inner_text()


@pytest.mark.skipif(os.name == "nt", reason="the program that stands in for Ghostscript is a shell script")
def test_an_upload_never_runs_a_program(browser, tmp_path):
    """A PostScript file under the name of a photograph: no Ghostscript is started, the visitor reads a sentence."""
    mark, programs = tmp_path / "mark", tmp_path / "bin"
    programs.mkdir()
    (programs / "gs").write_text(f"#!/bin/sh\necho gs > {mark}\n")
    (programs / "gs").chmod(0o755)
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n")
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    model = save_colourful_model(tmp_path / "model")
    with running_app(tmp_path, model, PATH=path) as app, browser.new_context(locale="fr-FR") as context:
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("tab", name="Votre image").click()
        page.set_input_files("#projection-image input[type=file]", picture)
        page.wait_for_selector("#projection-image img", state="attached")
        page.locator("#find").click()
        page.locator(".toast-body").first.wait_for()
        assert "Cette image ne peut pas être lue." in page.locator(".toast-body").first.inner_text()
        page.get_by_role("tab", name="Générer").click()
        page.locator("#generate-button").click()
        page.wait_for_function("!document.querySelector('#gallery img').src.includes('seed-000000')")
        assert not mark.exists() and app.process.poll() is None
        assert "Traceback" not in app.log.read_text()
