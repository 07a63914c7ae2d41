"""The tab Your picture, in a real browser."""

import io

import numpy as np
from app_server import ROOT
from PIL import Image

PICTURE = sorted((ROOT / "data/lotus-val").glob("*.webp"))[1]


def open_tab(visit, name: str, **options):
    page = visit(**options).page
    page.get_by_role("tab", name=name).click()
    return page


def test_a_picture_with_a_hole_is_painted_whole(visit):
    page = open_tab(visit, "Your picture")
    page.set_input_files("#yours input[type=file]", PICTURE)
    page.wait_for_selector("#yours img")
    page.get_by_role("radio", name="with a hole in the middle").check()
    page.locator("#find").click()
    page.wait_for_selector("#yours-gallery img", timeout=60_000)
    assert page.locator("#yours-gallery .caption-label").all_inner_texts() == ["yours", "with a hole", "painted"]
    assert "dB" in page.locator("#yours-said").inner_text()
    sources = page.locator("#yours-gallery img").evaluate_all("all => all.map(i => i.src)")
    given, shown, painted = (Image.open(io.BytesIO(page.request.get(source).body())) for source in sources)
    with Image.open(PICTURE) as original:
        assert np.array_equal(np.asarray(given.convert("RGB")), np.asarray(original.convert("RGB")))
    assert shown.convert("RGB").getpixel((64, 64)) == (128, 128, 128)
    assert painted.size == (128, 128) and "trainedAlgorithmicMedia" in painted.info["xmp"].decode()


def test_without_a_picture_it_says_so_in_french(visit):
    page = open_tab(visit, "Votre image", locale="fr-FR")
    page.locator("#find").click()
    page.locator(".toast-body").wait_for()
    assert "Choisissez d’abord une image." in page.locator(".toast-body").inner_text()
