"""The browser's generator gives way: whatever happens to it, the server answers every click; in Chromium."""

import pytest
from helpers.page import images_at, keyframes_field, open_live, open_player, wait_for_keyframes

OUT_OF_MEMORY = "WebAssembly.Memory = class { constructor() { throw new RangeError('could not allocate memory'); } };\n"


def changed(page, name: str, change) -> None:
    """A script of the page arrives as `change` makes it."""

    def answer(route):
        response = route.fetch()
        route.fulfill(response=response, body=change(response.text()))

    page.route(f"**/browser/**/{name}", answer)


FAULTS = {
    "no WebAssembly": lambda page: page.add_init_script("delete window.WebAssembly"),
    "no network": lambda page: page.route("**/browser/*.gzip", lambda route: route.abort()),
    "a missing file": lambda page: page.route("**/browser/*.onnx", lambda route: route.fulfill(status=404)),
    "another file": lambda page: page.route("**/browser/*.onnx", lambda route: route.fulfill(body=b"something else")),
    "no memory": lambda page: changed(page, "generator_worker.js", lambda text: OUT_OF_MEMORY + text),
    "a broken worker": lambda page: changed(page, "generator_worker.js", lambda text: "throw new Error('broken');"),
    "a visitor who saves data": lambda page: page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'connection', {value: {saveData: true}})"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_generator_of_its_own_the_browser_asks_the_server(visit_live, fault):
    said = []

    def prepare(page):
        FAULTS[fault](page)
        page.on("console", lambda message: said.append(message.text))

    page = visit_live(prepare=prepare).page
    while not any("the server generates" in text for text in said):  # the test's own time limit is CI's
        page.wait_for_timeout(50)
    assert page.locator("#browser-generator").inner_text() == "Painted by the server"
    page.locator("#seed input").fill("70")
    page.locator("#generate-button").click()
    page.wait_for_selector("#gallery img[src$='lotus-seed-000070.png']")
    assert page.locator("#gallery img[src^='http']").count() == 8


LATE_FAULTS = {
    "an error": "throw new Error('out of memory')",
    "silence": "await new Promise(() => {})",
    "the end of the worker": "close()",
}


@pytest.mark.parametrize("fault", LATE_FAULTS)
def test_a_generator_that_is_lost_half_way_leaves_no_click_unanswered(visit_live, fault):
    def prepare(page):
        broken = f"if (z[0] === 0.5) {{ {LATE_FAULTS[fault]} }}\n  const started"
        changed(page, "generator_worker.js", lambda text: text.replace("const started", broken, 1))
        changed(page, "generator.js", lambda text: text.replace("IMAGE_LIMIT = 20_000", "IMAGE_LIMIT = 700"))
        changed(
            page,
            "latents.js",
            lambda text: text.replace("return values;", "if (seed === 205) values[0] = 0.5;\n  return values;", 1),
        )

    page = open_player(visit_live, prepare=prepare).page
    page.get_by_role("tab").first.click()
    page.locator("#seed input").fill("200")
    page.locator("#generate-button").click()  # the sixth image does not come
    page.wait_for_selector("#gallery img[src$='lotus-seed-000207.png']")
    assert page.locator("#gallery img[src^='http']").count() == 8
    assert page.locator("#browser-generator").inner_text() == "Painted by the server"
    page.get_by_role("tab").nth(1).click()
    page.wait_for_function("!window.lotusGan.player.isLive()")
    keyframes_field(page).fill("3, 7")
    wait_for_keyframes(page, 3, 7)


def test_in_a_tab_in_the_background_the_server_generates(visit_live):
    page = open_live(visit_live).page
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, value: true})")
    page.locator("#seed input").fill("80")
    page.locator("#generate-button").click()
    page.wait_for_selector("#gallery img[src$='lotus-seed-000080.png']")
    page.evaluate("delete document.hidden")
    page.locator("#seed input").fill("81")
    page.locator("#generate-button").click()
    images_at(page, 8)
