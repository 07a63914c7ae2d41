"""The line and the processes of the tab Train it yourself, in the real server, by calls as the page makes them."""

import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from gradio_client.utils import apply_diff
from helpers.app_server import ROOT, running_app, save_colourful_model
from helpers.calls import functions

from benchmarks.live_training import processes

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes in /proc")
OURS = ["ours", None]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("lotus"))


@pytest.fixture(scope="module")
def app(tmp_path_factory, model):
    """As on a Space: the client is the one that the proxy names."""
    folder = tmp_path_factory.mktemp("app")
    with running_app(folder, model, SPACE_ID="user/space", LOTUS_GAN_LIVE_TRAINING="60") as app:
        yield app
        log = app.log.read_text()
        assert app.process.poll() is None and "Traceback" not in log, log


@functools.cache
def ids(url: str) -> dict[str, int]:
    """The number of each function of the page."""
    return {function["api_name"]: function["id"] for function in functions(url)}


class Visitor:
    """Somebody who calls a function and listens: `value` is what the view shows him, `error` what a toast says."""

    def __init__(self, app, function: str, data: list, address: str = "10.0.0.1", session: str = ""):
        self.app, self.session, self.value, self.error = app, session or secrets.token_hex(6), {}, ""
        self.client = httpx.Client(base_url=app.url, timeout=60, headers={"x-forwarded-for": address})
        self.has_left = False
        self.call(function, data)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def call(self, function: str, data: list) -> None:
        body = {"data": data, "fn_index": ids(self.app.url)[function], "session_hash": self.session}
        self.client.post("/gradio_api/queue/join", json=body).raise_for_status()

    def _listen(self) -> None:
        outputs = None
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                output = message.get("output") or {}
                if message.get("msg") == "process_generating":  # the outputs, then what has changed in them
                    data = output["data"]
                    outputs = data if outputs is None else [*map(apply_diff, outputs, data)]
                    self.value = outputs[0] if "phase" in outputs[0] else self.value
                self.error = output.get("error") or ""
                if self.has_left or message.get("msg") == "process_completed":
                    return

    def wait_for(self, phase: str, seconds: float = 180) -> None:
        """Until the view shows this phase."""
        deadline = time.monotonic() + seconds
        while self.value.get("phase") != phase:
            assert time.monotonic() < deadline and not self.error, (self.value.get("phase"), self.error)
            time.sleep(0.1)

    def wait_for_error(self) -> str:
        """Until a toast says something."""
        deadline = time.monotonic() + 180
        while not self.error:
            assert time.monotonic() < deadline, self.value
            time.sleep(0.1)
        return self.error

    def leave(self) -> None:
        """As a browser whose window is closed."""
        self.has_left = True
        self._thread.join()
        self.client.close()


@pytest.fixture
def visit(app):
    """`visit("train", OURS)` is a new visitor; at the end all leave, and the line is empty."""
    visitors = []

    def visit(*arguments, **options) -> Visitor:
        visitors.append(Visitor(app, *arguments, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors[::-1]:
        visitor.leave()
    wait_until(lambda: not processes(app.process.pid) and not folders(app))


def wait_until(is_true, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def folders(app) -> list[Path]:
    """The folders of the runs."""
    return [path.parent for path in app.log.parent.glob("gradio/*/own-*/files.json")]


def test_who_waits_sees_his_place_and_who_vanishes_frees_his_within_ten_seconds(app, visit):
    first = visit("train", OURS)
    first.wait_for("reading")
    second, third = visit("train", OURS), visit("train", OURS)
    third.wait_for("waiting")
    assert (second.value["ahead"], third.value["ahead"]) == (1, 2)
    assert 0 < second.value["wait"] <= 60 < third.value["wait"] <= 120
    [process], own = processes(app.process.pid), len(folders(app))
    first.leave()
    second.wait_for("reading", seconds=10)
    assert processes(app.process.pid) != [process] and len(folders(app)) == own - 1 == 2
    second.leave()
    third.wait_for("reading", seconds=10)


def test_the_line_has_ten_places_and_a_client_five(app, visit):
    visitors = [visit("train", OURS, address="10.0.0.0") for _ in range(5)]
    for visitor in visitors[1:]:
        visitor.wait_for("waiting")
    said = visit("train", OURS, address="10.0.0.0").wait_for_error()
    assert said == "5 visitors of your address are training or waiting already: try again in a few minutes"
    for _ in range(5):
        visit("train", OURS, address="10.0.0.1").wait_for("waiting")
    said = visit("train", OURS, address="10.0.0.2").wait_for_error()
    assert said == "10 visitors are training or waiting already: try again in a few minutes"
    assert len(processes(app.process.pid)) == 1


def test_seventy_files_that_are_no_images_are_one_sentence(app, visit):
    with httpx.Client(base_url=app.url, timeout=60) as client:
        files = [("files", (f"a{i:02}.jpg", b"no image")) for i in range(71)]
        paths = client.post("/gradio_api/upload", files=files).json()
    uploads = [{"path": path, "orig_name": Path(path).name, "meta": {"_type": "gradio.FileData"}} for path in paths]
    assert visit("train", ["mine", uploads]).wait_for_error() == "Choose 10 to 70 images, got 71."
    visitor = visit("train", ["mine", uploads[:70]])
    visitor.wait_for("failed")
    assert visitor.value["message"] == (
        "0 of 70 files could be read, and at least 10 images are needed. a00.jpg: not an image in a format that we "
        "read, whatever its name says"
    )


def test_a_process_that_is_killed_is_a_sentence_and_the_page_goes_on(app, visit):
    visitor = visit("train", OURS)
    visitor.wait_for("reading")
    os.kill(processes(app.process.pid)[0], signal.SIGKILL)
    visitor.wait_for("failed")
    assert visitor.value["message"].startswith("The training process has ended before its time; this page goes on.")
    said = visit("resume", [], session=visitor.session).wait_for_error()
    assert said.startswith("There is nothing to go on with")


def test_the_variable_turns_the_tab_off(model, tmp_path):
    """In processes of their own: a page that is built changes what Pillow opens, and malloc."""
    code = "import sys; from lotus_gan.ui import page; built = page.build([sys.argv[1]], sys.argv[1])\n"
    code += "print(*(function['api_name'] for function in built.config['dependencies']))"

    def names(seconds):
        environment = os.environ | {"GRADIO_TEMP_DIR": str(tmp_path), "LOTUS_GAN_LIVE_TRAINING": seconds}
        command = [sys.executable, "-c", code, str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
        return set(done.stdout.split())

    assert names("30") - names("0") == {"train", "resume", "end", "show_files"}
