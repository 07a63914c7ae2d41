"""One server and one headless Chromium for all browser tests."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.app_server import running_app, save_colourful_model

from lotus_gan.errors import MissingDependency
from lotus_gan.publishing.browser_runtime import fill
from lotus_gan.sampling.browser import RUNTIME

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]


def _unavailable(reason: str):
    """Skips, except in CI, which installs a browser and must notice when it is gone."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _unavailable("browser tests need Playwright: pip install -r requirements-dev.lock")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        _unavailable("browser tests need Chromium on the PATH (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app(browser, tmp_path_factory):
    model = save_colourful_model(tmp_path_factory.mktemp("model"))
    with running_app(tmp_path_factory.mktemp("app"), model) as app:
        yield app


@dataclass
class Visit:
    """An open page, every request it has made, and what the console complained about."""

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser, app):
    """`visit(locale="fr-FR", width=380)` opens the page; at the end no visit may have complained in its console.
    prepare: called with the page before it is opened."""
    with visits_to(browser, app.url) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def runtime() -> Path:
    """ONNX Runtime for browsers, fetched once."""
    try:
        fill()
    except MissingDependency as error:
        _unavailable(str(error))
    return RUNTIME


@pytest.fixture(scope="session")
def live_app(browser, runtime, tmp_path_factory):
    """The page of weights/, whose images a browser can generate itself."""
    with running_app(tmp_path_factory.mktemp("live"), None) as app:
        yield app


@pytest.fixture
def visit_live(browser, live_app):
    """As `visit`."""
    with visits_to(browser, live_app.url) as open_page:
        yield open_page


@contextmanager
def visits_to(browser, url: str):
    visits, contexts = [], []

    def open_page(
        locale: str = "en-US", width: int = 1280, height: int = 860, link: str = "", prepare=None, **options
    ) -> Visit:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        visit = Visit(page)
        visits.append(visit)
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("console", lambda m: visit.complaints.append(m.text) if m.type == "error" else None)
        if prepare:
            prepare(page)
        page.goto(link if link.startswith("http") else url + link)
        page.wait_for_selector("#gallery img", state="attached")
        return visit

    yield open_page
    for context in contexts:
        context.close()
    assert [complaint for visit in visits for complaint in visit.complaints] == []
