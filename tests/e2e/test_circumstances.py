"""The page where a browser or a network is not as usual: no storage, no clipboard, a new server, a path before it."""

import pytest
from helpers.app_server import free_port, running_app, save_colourful_model
from helpers.page import IMAGES_LOADED, captions, generate, keyframes_field, open_interpolate
from helpers.proxy import below

NO_STORAGE = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name,
    {configurable: true, get() { throw new DOMException("denied", "SecurityError"); }});"""
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"


@pytest.fixture
def opened(browser):
    """`opened(url, script)`: a page in which a script has run before any other, and what its scripts threw."""
    contexts = []

    def open_page(url, script="", **options):
        context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
        contexts.append(context)
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(20_000)
        thrown = []
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(url)
        page.wait_for_function(IMAGES_LOADED, arg=8)
        return page, thrown

    yield open_page
    for context in contexts:
        context.close()


def keep_first(page):
    page.locator("#gallery .thumbnail-lg").first.click()
    page.locator("[data-act=keep]").click()


def test_a_browser_that_stores_nothing(opened, app):
    """As with all cookies blocked, where `localStorage` throws: what is kept stays until the page is left."""
    page, thrown = opened(app.url, NO_STORAGE)
    assert generate(page)
    keep_first(page)
    page.wait_for_selector("#favourites img", state="attached")
    page.keyboard.press("Escape")
    open_interpolate(page)
    assert thrown == []


def test_a_link_is_copied_over_plain_http(opened, app):
    """Browsers have `navigator.clipboard` with https and on the same computer only."""
    page, thrown = opened(app.url, NO_CLIPBOARD)
    open_interpolate(page)
    page.locator("#copy-link").click()
    page.wait_for_url("**seeds=37*")
    keyframes_field(page).fill("")
    keyframes_field(page).press("ControlOrMeta+v")
    assert keyframes_field(page).input_value() == page.url and thrown == []


def test_an_old_tab_goes_on_after_a_restart_of_the_server(opened, tmp_path):
    model, port = save_colourful_model(tmp_path / "lotus"), str(free_port())
    with running_app(tmp_path, model, GRADIO_SERVER_PORT=port) as app:
        page, _ = opened(app.url)
        first = generate(page)
    with running_app(tmp_path, model, GRADIO_SERVER_PORT=port):
        assert generate(page) != first
        page.wait_for_function(IMAGES_LOADED, arg=8)


def test_the_page_below_a_path_of_a_proxy(opened, tmp_path):
    port = free_port()
    model = save_colourful_model(tmp_path / "lotus")
    with (
        below("/garden", port) as url,
        running_app(tmp_path, model, GRADIO_SERVER_PORT=str(port), GRADIO_ROOT_PATH="/garden"),
    ):
        page, thrown = opened(url)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        before = captions(page)
        assert generate(page) != before
        page.wait_for_function(IMAGES_LOADED, arg=8)
        open_interpolate(page)
        assert asked and all(address.startswith((url, "data:", "blob:")) for address in asked), asked
        assert thrown == []
