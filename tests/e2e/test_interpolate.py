"""The tab Interpolate, in a real browser."""

import io
import re
from itertools import pairwise

import numpy as np
import pytest
from gradio_client import Client
from helpers.page import (
    NEXT_FRAME,
    PLAYER_TEXT,
    keyframes_field,
    open_interpolate,
    player_pixels,
    wait_for_keyframes,
)
from PIL import Image

from lotus_gan import latents


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
def test_the_slider_moves_without_a_request(visit, how):
    opened = visit()
    page = opened.page
    open_interpolate(page)
    slider = page.locator("#position input[type=range]")
    images = [player_pixels(page)]
    opened.requests.clear()
    if how == "keyboard":
        slider.focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
            images.append(player_pixels(page))
    else:
        box = slider.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        for share in (0.6, 0.7, 0.8, 0.95):
            page.mouse.move(box["x"] + box["width"] * share, y)
            images.append(player_pixels(page))
        page.mouse.up()
    page.wait_for_timeout(500)  # a request that comes late is one too
    assert opened.requests == []
    assert all(abs(a - b).max() > 0 for a, b in pairwise(images))


def test_the_frame_is_what_the_api_gives_for_its_position(visit, app, tmp_path):
    page = visit().page
    open_interpolate(page)
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    slider = page.locator("#position input[type=range]")
    for step in (0, 1, 21, 32, 64):
        slider.fill(str(step / 64))
        assert page.locator("#interpolation-player .now canvas").get_attribute("data-step") == str(step)
        with Image.open(client.predict(37, 14, step / 64, api_name="/interpolate")) as image:
            assert abs(player_pixels(page) - np.asarray(image, dtype=int)).max() <= 1


def test_typing_reversing_and_rolling_change_the_interpolation(visit):
    page = visit().page
    open_interpolate(page)
    keyframes_field(page).fill("11, 7")
    wait_for_keyframes(page, 11, 7)
    page.locator("#reverse").click()
    wait_for_keyframes(page, 7, 11)
    before = player_pixels(page)
    page.locator("#add-keyframe").click()
    page.wait_for_selector("#interpolation-player .keyframes li:nth-child(3) .go")
    first, second, rolled = keyframes_field(page).input_value().split(", ")
    assert (first, second) == ("7", "11")
    wait_for_keyframes(page, 7, 11, rolled)
    assert abs(player_pixels(page) - before).max() > 0


def test_keyframes_can_be_added_visited_and_taken_out(visit, app, tmp_path):
    page = visit().page
    open_interpolate(page)
    keyframes_field(page).fill("3, 7, 9")
    wait_for_keyframes(page, 3, 7, 9)
    page.get_by_role("button", name="Go to #7").click()
    assert page.locator("#interpolation-player .now canvas").get_attribute("data-step") == "64"
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    [item] = client.predict(1, 7, 1, api_name="/generate")
    with Image.open(item["image"]) as image:
        assert abs(player_pixels(page) - np.asarray(image, dtype=int)).max() == 0
    page.get_by_role("button", name="Remove #7").click()
    wait_for_keyframes(page, 3, 9)
    assert keyframes_field(page).input_value() == "3, 9"
    assert page.locator("#interpolation-player .remove").count() == 0  # an interpolation has two keyframes at least
    for count in range(3, 9):
        page.locator("#interpolation-player .add").click()
        page.wait_for_selector(f"#interpolation-player .keyframes li:nth-child({count}) .go")
    assert page.locator("#interpolation-player .add").count() == 0  # and eight at most


def test_an_even_pace_and_truncation_generate_other_frames(visit):
    page = visit().page
    open_interpolate(page)
    shown = page.evaluate(PLAYER_TEXT)
    with page.expect_response(re.compile(r"seeds-37-14-even-sheet\.webp$")):
        page.locator("#even input").check()
    page.wait_for_function(f"old => {PLAYER_TEXT} !== old", arg=shown)
    shown = page.evaluate(PLAYER_TEXT)
    with page.expect_response(re.compile(r"seeds-37-14-truncation-0\.5-even-sheet\.webp$")):
        page.locator("#interpolation-truncation input[type=range]").fill("0.5")
    page.wait_for_function(f"old => {PLAYER_TEXT} !== old", arg=shown)


def test_play_moves_by_itself_and_stops_at_a_key(visit):
    page = visit().page
    open_interpolate(page)
    frame = page.locator("#interpolation-player .now canvas")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('#interpolation-player .now canvas').dataset.step > 40")
    page.locator("#position input[type=range]").press("ArrowLeft")
    page.evaluate(NEXT_FRAME)
    still = frame.get_attribute("data-step")
    page.wait_for_timeout(300)
    assert frame.get_attribute("data-step") == still
    assert page.locator("#play").get_attribute("aria-pressed") == "false"


def test_a_link_brings_the_view_back(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).page
    open_interpolate(page)
    keyframes_field(page).fill("3, 7, 9")
    wait_for_keyframes(page, 3, 7, 9)
    page.locator("#position input[type=range]").fill("0.25")
    pixels = player_pixels(page)
    page.locator("#copy-link").click()
    page.wait_for_function("location.search === '?seeds=3,7,9&t=0.25'")
    link = page.evaluate("navigator.clipboard.readText()")
    other = visit(link=link).page
    wait_for_keyframes(other, 3, 7, 9)
    assert keyframes_field(other).is_visible()
    assert other.locator("#interpolation-player .now canvas").get_attribute("data-step") == "32"
    assert np.array_equal(player_pixels(other), pixels)


def test_a_wrong_link_is_refused_in_words(visit):
    page = visit(link="/?seeds=3,x&t=9").page
    page.wait_for_function("document.querySelector('#keyframes :is(input, textarea)').value === '3, x'")
    keyframes_field(page).press("Enter")
    page.locator(".toast-body").wait_for()
    assert "must be 2 to 8 whole numbers from 0 to 4294967295" in page.locator(".toast-body").inner_text()


def test_a_code_is_a_keyframe_with_a_sign_for_its_name(visit, app, tmp_path):
    code = latents.encode(latents.from_seeds([3], 16)[0])
    page = visit(link=f"/?seeds={code},7,{code}&t=0").page
    wait_for_keyframes(page, code, 7, code)
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    with Image.open(client.predict(3, 7, 0, api_name="/interpolate")) as image:
        assert abs(player_pixels(page) - np.asarray(image, dtype=int)).mean() < 2  # a code rounds a little
    assert page.locator("#interpolation-player .go").all_inner_texts() == ["✎", "#7", "✎"]
    page.get_by_role("button", name="Go to flower 3 (no seed)").click()
    assert page.locator("#interpolation-player .now canvas").get_attribute("data-step") == "128"
    page.get_by_role("button", name="Remove flower 1 (no seed)").click()
    wait_for_keyframes(page, 7, code)
    page.locator("#copy-link").click()
    page.wait_for_function(f"location.search === '?seeds=7,{code}&t=1'")
    page.locator("#make-loop").click()
    page.wait_for_selector("#loop-file:not([disabled])", timeout=60_000)
    with page.expect_download() as download:
        page.locator("#loop-file").click()
    assert re.fullmatch(r"model\d+-keys-[0-9a-f]{24}-256px\.gif", download.value.suggested_filename)
    with Image.open(download.value.path()) as loop:
        assert f"seeds 7,{code}, truncation 1" in loop.info["comment"].decode()


def test_a_code_of_another_model_is_refused_in_french(visit):
    code = latents.encode(latents.from_seeds([3], 100)[0])
    page = visit(link=f"/?seeds=3,{code}", locale="fr-FR").page
    page.locator(".toast-body").wait_for()
    assert "n’est pas le code d’une fleur de ce modèle" in page.locator(".toast-body").inner_text()


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
    assert re.fullmatch(rf"model\d+-seeds-37-14-256px\.{kind}", download.value.suggested_filename)
    content = download.value.path().read_bytes()
    if kind == "mp4":
        assert content[4:8] == b"ftyp"
    else:
        with Image.open(io.BytesIO(content)) as moving:
            # WebP leaves out frames that are nearly the same, and this untrained model changes slowly
            least = {"gif": 64, "webp": 8}[kind]
            assert moving.size == (256, 256) and moving.n_frames > least and moving.info["loop"] == 0
