"""Many visitors, and for long: no errors, and memory and disk stay flat. The long form: `python -m benchmarks.soak`."""

import os
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest
from helpers.app_server import ROOT, running_app, running_app_without_traceback, save_colourful_model
from helpers.calls import call, functions
from helpers.coroutines import run_coroutine

from benchmarks import soak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

SECONDS = float(os.environ.get("LOTUS_GAN_SOAK_SECONDS", "30"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("lotus"))


@pytest.fixture(scope="module")
def app(tmp_path_factory, model):
    with running_app_without_traceback(tmp_path_factory.mktemp("app"), model) as app:
        yield app


@pytest.fixture(scope="module")
def ids(app):
    return {function["api_name"]: function["id"] for function in functions(app.url)}


def test_sessions_cost_no_memory(app):
    """One call each of 300 sessions: Gradio keeps 170 kB of a session, of the last hundred."""
    assert run_coroutine(soak.come_and_go(app.process.pid, app.url, 300)) < 5  # MB for 150 of them, once 25


def test_sixteen_visitors_do_everything_at_once(app, model, tmp_path):
    """After a first round, in which libraries are loaded and eight visitors get models of their own."""
    models = soak.copies(model, tmp_path)
    settled, first = run_coroutine(twice(app, models))
    assert soak.errors(settled) == soak.errors(first) == []
    warm, end = settled["memory"]
    assert all(settled["answers"].values()) and end < 1.05 * warm, soak.report(settled)


async def twice(app, models):
    first = await soak.soak(app.process.pid, app.url, SECONDS, 16, models)
    return await soak.soak(app.process.pid, app.url, SECONDS, 16, models), first


# --- listeners


def test_a_running_job_ends_when_its_listener_goes(app, ids, model):
    """A projection would leave its images in a folder with a random name."""
    picture = next((ROOT / "data/lotus-val").glob("*.webp"))
    with httpx.Client(base_url=app.url, timeout=60) as client:
        [path] = client.post("/gradio_api/upload", files={"files": (picture.name, picture.read_bytes())}).json()
        data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, "nothing", model.name]
        body = {"data": data, "fn_index": ids["find"], "session_hash": "gone"}
        found = set(Path(path).parents[1].rglob("own-*"))
        assert client.post("/gradio_api/queue/join", json=body).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "gone"}) as lines:
            next(line for line in lines.iter_lines() if '"progress"' in line)
        assert call(client, ids["find"], data)["error"] == ""  # begins when the other one has ended
        assert len(set(Path(path).parents[1].rglob("own-*")) - found) == 1


def test_slow_readers_keep_nobody_waiting(app, ids, model):
    """Thirty connections that ask for images and read nothing."""
    host, port = app.url.removeprefix("http://").split(":")
    image = call_for_image(app, ids)
    deaf = [socket.create_connection((host, int(port))) for _ in range(30)]
    try:
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(20 * f"GET {image} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        started = time.monotonic()
        with httpx.Client(base_url=app.url, timeout=60) as client:
            assert call(client, ids["fill"], [8, 1, 1, model.name])["error"] == ""
        assert time.monotonic() - started < 10
    finally:
        for connection in deaf:
            connection.close()


def call_for_image(app, ids):
    with httpx.Client(base_url=app.url, timeout=60) as client:
        data = call(client, ids["generate"], [1, 1, 1])["data"]
        return data[0][0]["image"]["url"].removeprefix(app.url)


# --- disk

LIMITED = """import runpy, sys
sys.path.insert(0, {root!r})
from lotus_gan.ui import temporary_files
temporary_files.LIMIT, temporary_files.EVERY = 3_000_000, 0.2
runpy.run_path({app!r}, run_name="__main__")
"""


def test_the_folder_of_files_has_a_bound(tmp_path, model):
    """3 MB here: uploads and images that nobody has looked at for long go, the opening images stay."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "app.py").write_text(LIMITED.format(root=str(ROOT), app=str(ROOT / "app.py")))
    with running_app(tmp_path, model, site) as app, httpx.Client(base_url=app.url, timeout=60) as client:
        opening = [item["image"]["url"] for item in gallery(app)]
        for i in range(10):
            files = {"files": (f"{i}.bin", os.urandom(1_000_000))}
            [path] = client.post("/gradio_api/upload", files=files).json()
        deadline = time.monotonic() + 20
        while size(tmp_path / "gradio") > 3_000_000 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert size(tmp_path / "gradio") <= 3_000_000 and Path(path).is_file()  # the newest one
        assert all(httpx.get(url).content.startswith(b"\x89PNG") for url in opening)
        ids = {function["api_name"]: function["id"] for function in functions(app.url)}
        assert call(client, ids["fill"], [8, 1, 1, model.name])["error"] == ""


def gallery(app):
    components = httpx.get(f"{app.url}/config").json()["components"]
    return next(part["props"]["value"] for part in components if part["props"].get("elem_id") == "gallery")


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
