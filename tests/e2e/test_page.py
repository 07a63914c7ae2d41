"""What holds for the page as a whole, in a real browser: languages, sizes, models, and that visitors do not meet."""

import io
import json
import re

import pytest
from helpers.app_server import copy_of_the_app, running_app, save_colourful_model
from helpers.page import (
    IMAGES_LOADED,
    OUTSIDE,
    PLAYER_TEXT,
    captions,
    generate,
    open_interpolate,
    wait_for_keyframes,
)
from PIL import Image


def test_it_opens_with_images_and_calls_nobody_else(visit, app):
    opened = visit()
    opened.page.wait_for_function(IMAGES_LOADED, arg=8)
    assert captions(opened.page) == [f"#{i}" for i in range(8)]
    assert all(url.startswith((app.url, "data:", "blob:")) for url in opened.requests), opened.requests


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


def test_what_the_server_says_is_in_the_language_of_the_page(visit):
    """Of a visitor whose first language is neither of ours the page is English, and so are its errors; and where the
    language is changed (Gradio does it under Settings), they follow."""
    page = visit(locale="de-DE", extra_http_headers={"Accept-Language": "de, fr;q=0.5, en;q=0.1"}).page
    for language, words in (("en", "Seed must be a whole number"), ("fr", "un nombre entier de 0")):
        page.evaluate("language => { document.documentElement.lang = language; }", language)
        page.locator("#seed input").fill("-5")
        page.locator("#generate-button").click()
        page.locator(".toast-body").first.wait_for()
        assert words in page.locator(".toast-body").first.inner_text()
        page.locator(".toast-close").first.click()
        page.locator(".toast-body").wait_for(state="detached")


def test_the_model_card_is_at_the_foot_of_the_page(browser, tmp_path):
    model = save_colourful_model(tmp_path / "mine")
    (model / "README.md").write_text("---\nlicense: mit\n---\n# My flowers\n\n![](samples.webp)\n", encoding="utf-8")
    with running_app(tmp_path, model, SPACE_ID="user/space") as app, browser.new_context(locale="fr-FR") as context:
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("button", name="À propos de ce modèle").click()
        page.get_by_role("heading", name="My flowers").wait_for()
        assert "license" not in page.locator("#about-card").inner_text()
        assert page.locator("#about-card img").count() == 0
        link = page.get_by_role("link", name="Le code source de cette page")
        link.wait_for()
        assert link.get_attribute("href").endswith("/spaces/user/space/tree/main")


@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
def test_a_narrow_phone_needs_no_sideways_scroll(visit, locale):
    page = visit(locale=locale, width=380, height=780).page
    for tab in range(6):
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert page.evaluate(OUTSIDE) == []


def test_images_and_controls_have_names_for_those_who_cannot_see(visit):
    page = visit().page
    assert all(re.search(r"\d", alt) for alt in page.locator("#gallery img").evaluate_all("all => all.map(i => i.alt)"))
    open_interpolate(page)
    labels = page.locator("#interpolation-player canvas").evaluate_all(
        "all => all.map(c => c.getAttribute('aria-label'))"
    )
    assert labels[0] == "50 %"
    names = page.locator("#interpolation-player button").evaluate_all(
        "all => all.map(b => b.getAttribute('aria-label'))"
    )
    assert names == ["Go to #37", "Go to #14", "Add a flower"]


def test_the_shipped_model_shows_its_training(browser, tmp_path):
    with running_app(tmp_path, None) as app, browser.new_context(locale="fr-FR") as context:
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("tab", name="Apprentissage").click()
        slider, image = page.locator("#training-history input"), page.locator("#training-history .stage img")
        last = image.get_attribute("src")
        slider.focus()
        page.keyboard.press("Home")
        assert "Pas 1 :" in page.locator("#training-history .stage figcaption").inner_text()
        assert image.get_attribute("src") != last
        page.wait_for_function(
            "(i => i.complete && i.naturalWidth > 500)(document.querySelector('#training-history img'))"
        )
        assert page.locator("#training-history svg").count() >= 1
        assert "pénalité de gradient" in page.locator("#training-history-text").inner_text()


def test_the_baseline_is_shown_beside_our_recipe(browser, tmp_path):
    """Of two runs on the same images the stages nearest in minutes are shown together; the other way round not."""
    models = {"lotus": save_colourful_model(tmp_path / "lotus")}
    for name, minutes in (("lotus-68", (1, 10)), ("article", (2, 9, 30))):
        models[name] = save_colourful_model(tmp_path / name)
        (tmp_path / name / "timeline").mkdir()
        for step in range(1, len(minutes) + 1):
            Image.new("RGB", (518, 518), (step, 0, 0)).save(tmp_path / name / f"timeline/step_{step:07d}.webp")
        lines = [{"step": i + 1, "kimg": i + 1, "minutes": m, "wasserstein": 1} for i, m in enumerate(minutes)]
        (tmp_path / name / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with running_app(tmp_path, None, copy_of_the_app(tmp_path, **models)) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        page.get_by_role("radio", name="lotus-68").check()
        page.get_by_role("tab").nth(4).click()
        ours, baseline = (page.locator(f"#training-history .{name} figcaption") for name in ("stage", "baseline"))
        baseline.wait_for()
        assert "After 10 minutes, step 2" in ours.inner_text()
        assert "after 9 minutes" in baseline.inner_text()
        page.locator("#training-history input").focus()
        page.keyboard.press("Home")
        assert "after 2 minutes" in baseline.inner_text()
        page.get_by_role("radio", name="article").check()
        baseline.wait_for(state="hidden")


def test_another_model_has_other_images_for_the_same_seeds(browser, tmp_path):
    """Two bundled models: the second changes the gallery, the interpolation and what a download says of itself."""
    models = {name: save_colourful_model(tmp_path / name, seed) for seed, name in enumerate(("lotus", "other"))}
    with running_app(tmp_path, None, copy_of_the_app(tmp_path, **models)) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        page.wait_for_function(IMAGES_LOADED, arg=8)
        before, names = page.locator("#gallery .grid-container img").first.get_attribute("src"), captions(page)
        open_interpolate(page)
        shown = page.evaluate(PLAYER_TEXT)
        page.get_by_role("radio", name="other").check()
        page.wait_for_function("old => document.querySelector('#gallery .grid-container img').src !== old", arg=before)
        assert captions(page) == names
        path = page.locator("#gallery .grid-container img").first.get_attribute("src")
        with Image.open(io.BytesIO(page.request.get(path).body())) as image:
            assert image.text["model"] == "other"
        page.wait_for_function(f"old => {PLAYER_TEXT} !== old", arg=shown)
        page.locator("#copy-link").click()
        page.wait_for_function("location.search === '?seeds=37,14&t=0.5&model=other'")
        chosen, again = page.evaluate(PLAYER_TEXT), context.new_page()
        again.goto(page.url)
        again.get_by_role("radio", name="other", checked=True).wait_for()
        again.wait_for_function(f"chosen => {PLAYER_TEXT} === chosen", arg=chosen)
        again.goto(f"{app.url}/?seeds=4,5&model=user/gone")
        again.locator(".toast-body").wait_for()
        assert "model user/gone, which is not here" in again.locator(".toast-body").inner_text()
        wait_for_keyframes(again, 4, 5)


def test_a_visitor_brings_another_model_and_a_wrong_one_changes_nothing(visit, tmp_path):
    other = save_colourful_model(tmp_path / "garden", seed=1)
    page, bystander = visit(locale="fr-FR").page, visit().page
    image = page.locator("#gallery .grid-container img").first
    before = image.get_attribute("src")
    page.get_by_role("button", name="Un autre modèle").click()
    name = page.locator("#any-model-name").locator("input, textarea")
    name.fill("no/such/model")
    page.locator("#any-model-load").click()
    page.locator(".toast-body").wait_for()
    said = page.locator(".toast-body").inner_text()
    assert "il n’y a pas de dossier 'no/such/model'" in said
    assert "Le modèle choisi auparavant reste en place." in said
    assert image.get_attribute("src") == before
    name.fill(str(other))
    name.press("Enter")
    page.wait_for_function("document.querySelector('#gallery .grid-container img').src.includes('garden-seed-000000')")
    assert page.get_by_role("radio", name="garden").is_checked()
    page.get_by_role("tab").nth(1).click()
    wait_for_keyframes(page, 37, 14)
    # nobody else sees anything of it
    assert bystander.locator("#gallery .grid-container img").first.get_attribute("src") == before
    assert bystander.get_by_role("radio", name="garden").count() == 0


def test_two_visitors_do_not_meet(visit):
    first, second = visit().page, visit().page
    shown = generate(first)
    assert captions(second) == [f"#{i}" for i in range(8)]
    assert captions(first) == shown
