"""`deploy --static`: a page that any file server can serve, opened in Chromium."""

import io
import json
import re
import shutil

import numpy as np
import pytest
from helpers.app_server import ROOT
from helpers.file_server import serving
from helpers.hub_stand_in import HubStandIn
from huggingface_hub import SpaceCard
from PIL import Image

from lotus_gan import latents
from lotus_gan.cli.main import main
from lotus_gan.models.hub import load_generator
from lotus_gan.sampling.media import sample_images
from lotus_gan.ui import texts

CANVAS = "selector => [...document.querySelector(selector).getContext('2d').getImageData(0, 0, 128, 128).data]"
SIDEWAYS = """() => [...document.querySelectorAll('button, input, canvas')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().right > innerWidth + 0.5)
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def folder(runtime, tmp_path_factory):
    """The files of `deploy user/my-garden --static --dry-run` for weights/lotus."""
    home, folder = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("space") / "page"
    model = home / "model"
    model.mkdir()
    for name in ("model.safetensors", "config.json", "model.onnx", "directions.json", "README.md"):
        shutil.copy(ROOT / "weights/lotus" / name, model)
    with HubStandIn() as hub, pytest.MonkeyPatch.context() as monkeypatch:
        hub.capture(monkeypatch, home)
        hub.add_model("user/lotus", model)
        arguments = ["deploy", "user/my-garden", "--model", "user/lotus", "--static", "--dry-run", str(folder)]
        assert main(arguments) == 0
    return folder


@pytest.fixture
def open_page(browser, folder):
    """`open_page(width=380)`: the page, and the addresses that it asked for; nothing may complain in the console."""
    contexts, complaints = [], []
    with serving(folder) as url:

        def open_page(locale="en-US", scheme="light", width=1280, link="", prepare=None, **options):
            context = browser.new_context(
                locale=locale, color_scheme=scheme, viewport={"width": width, "height": 860}, **options
            )
            contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(60_000)
            requests = []
            page.on("request", lambda request: requests.append(request.url))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            if prepare:
                prepare(page)
            page.goto(f"{url}/{link}")
            return page, requests, url

        yield open_page
        for context in contexts:
            context.close()
    assert complaints == []


def pixels(page, selector: str) -> np.ndarray:
    return np.array(page.evaluate(CANVAS, selector), dtype=int).reshape(128, 128, 4)[..., :3]


def of_model(*ids) -> list[np.ndarray]:
    images = sample_images(load_generator(ROOT / "weights/lotus"), latents.from_ids(ids, 100))
    return [np.asarray(image, dtype=int) for image in images]


def wait_for_images(page, count: int):
    page.wait_for_function(
        "n => document.querySelectorAll('#generate li:not(.waiting) canvas').length === n", arg=count
    )


def test_the_folder_is_a_static_space_and_nothing_else(folder):
    scripts = {"generator.js", "generator_worker.js", "interpolation.js", "latents.js", "png.js", "ort.mjs"}
    scripts |= {"page.js", "dom.js", "generate.js", "interpolate.js", "explore.js", "texts.js"}
    files = {"index.html", "style.css", "ort.wasm.gzip", "model.onnx", "model.json", "README.md", "LICENSE"}
    assert {path.name for path in folder.iterdir()} == scripts | files
    card = SpaceCard.load(folder / "README.md").data.to_dict()
    assert card["sdk"] == "static" and card["app_file"] == "index.html" and card["models"] == ["user/lotus"]
    assert not card.keys() & {"sdk_version", "python_version", "preload_from_hub"}
    assert (folder / "model.onnx").read_bytes() == (ROOT / "weights/lotus/model.onnx").read_bytes()


def test_its_images_are_the_models_and_no_request_leaves_it(open_page):
    page, requests, url = open_page()
    wait_for_images(page, 8)
    for nth, expected in enumerate(of_model(*range(8)), 1):
        assert np.abs(pixels(page, f"#generate li:nth-child({nth}) canvas") - expected).max() <= 2
    assert page.title() == "My garden" and "Painted by your own processor" in page.locator("#state").inner_text()
    page.locator("[name=seed]").fill("40")
    page.locator("[name=count]").fill("3")
    page.get_by_role("button", name="Generate").click()
    wait_for_images(page, 3)
    page.get_by_role("button", name="Enlarge #42").click()
    with page.expect_download() as download:
        page.locator("dialog [data-act=save]").click()
    with Image.open(download.value.path()) as image:
        assert download.value.suggested_filename == "user--lotus-seed-000042.png" and image.text["seed"] == "42"
        assert np.abs(np.asarray(image, dtype=int) - of_model(42)[0]).max() <= 2
    page.locator("dialog [data-act=explore]").click()
    page.wait_for_selector("#explore canvas[data-id='42']")
    slider = page.get_by_label("Petal colour")
    slider.fill("2")
    page.wait_for_selector("#explore canvas[data-id^='~']")
    moved = page.locator("#explore canvas").get_attribute("data-id")
    assert np.abs(pixels(page, "#explore canvas") - of_model(moved)[0]).max() <= 2
    assert page.locator("#explore figcaption").inner_text() == "#42, moved"
    page.get_by_role("button", name="Send to Interpolate").click()
    page.wait_for_selector(f".keyframes[data-keyframes='37,14,{moved}']")
    page.locator("#interpolate [name=position]").fill("1")
    page.wait_for_selector("#interpolate figure canvas[data-t='1']")
    assert np.abs(pixels(page, "#interpolate figure canvas") - of_model(moved)[0]).max() <= 2
    assert all(address.startswith((url, "blob:", "data:")) for address in requests), requests


def test_a_loop_is_a_film_and_a_link_brings_the_view_back(open_page, folder):

    def prepare(page):  # a shorter film
        script = (folder / "interpolate.js").read_text().replace("FRAMES = 64", "FRAMES = 12")
        page.route("**/interpolate.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))

    page, *_ = open_page(link="?seeds=3,7&t=0.25&truncation=0.8&model=x", locale="fr-FR", prepare=prepare)
    page.wait_for_selector(".keyframes[data-keyframes='3,7']")
    assert page.get_by_role("tab", name="Interpoler").get_attribute("aria-selected") == "true"
    page.wait_for_selector("#interpolate figure canvas[data-t='0.25']")
    z = latents.truncate(latents.from_seeds([3, 7], 100), 0.8)
    [expected] = sample_images(load_generator(ROOT / "weights/lotus"), latents.slerp(z[0], z[1], 0.25)[None])
    assert np.abs(pixels(page, "#interpolate figure canvas") - np.asarray(expected, dtype=int)).max() <= 2
    page.locator(".link").click()
    page.wait_for_function("location.search === '?seeds=3,7&t=0.25&truncation=0.8'")
    with page.expect_download() as download:
        page.get_by_role("button", name="Créer une boucle").click()
    assert re.fullmatch(r"user--lotus-loop\.(webm|mp4)", download.value.suggested_filename)
    import av

    with av.open(io.BytesIO(download.value.path().read_bytes())) as film:
        frames = [frame.to_image() for frame in film.decode(video=0)]
    assert frames[0].size == (512, 512) and 5 <= len(frames) <= 26  # in real time: some are left out
    first = np.asarray(frames[0].resize((128, 128)), dtype=int)
    [start] = sample_images(load_generator(ROOT / "weights/lotus"), z[:1])
    assert np.abs(first - np.asarray(start, dtype=int)).mean() < 8


@pytest.mark.parametrize(("width", "scheme", "locale"), [(380, "dark", "fr-FR"), (1280, "light", "en-US")])
def test_it_fits_and_can_be_used_by_keyboard_in_both_languages(open_page, width, scheme, locale):
    page, *_ = open_page(width=width, scheme=scheme, locale=locale)
    wait_for_images(page, 8)
    words = ["Generate", "Interpolate", "Explore"] if locale == "en-US" else ["Générer", "Interpoler", "Explorer"]
    assert page.get_by_role("tab").all_inner_texts() == words
    page.get_by_role("tab").first.focus()
    for _ in words:
        assert page.evaluate(SIDEWAYS) == []
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="English" if locale == "fr-FR" else "Français").click()
    assert page.evaluate("document.documentElement.lang") == ("en" if locale == "fr-FR" else "fr")
    assert page.get_by_role("tab").first.inner_text() == ("Generate" if locale == "fr-FR" else "Générer")


def test_a_browser_without_webassembly_is_told_so(open_page):
    page, *_ = open_page(prepare=lambda page: page.add_init_script("delete window.WebAssembly"))
    page.get_by_role("alert").filter(has_text="cannot run the network").wait_for()
    assert page.get_by_role("button", name="Generate").is_disabled()


def test_its_texts_are_those_of_the_page_with_a_server(open_page, folder):
    page, *_ = open_page()
    found = page.evaluate("import('./texts.js').then(all => all.default)")
    assert all(len(pair) == 2 and all(pair) for pair in found.values())
    same = [name for name in found if name in texts.TEXTS and name.startswith("direction_")]
    assert len(same) == 24 and all(tuple(found[name]) == texts.TEXTS[name] for name in same)
    assert json.loads((folder / "model.json").read_text())["name"] == "user/lotus"
