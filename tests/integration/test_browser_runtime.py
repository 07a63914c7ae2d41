"""The build step that fetches ONNX Runtime for browsers, and what the page serves of it."""

import gzip
import hashlib
import shutil

import httpx
import pytest
from helpers.app_server import ROOT, running_app

from lotus_gan.errors import MissingDependency
from lotus_gan.models.hub import matching_onnx
from lotus_gan.publishing import browser_runtime
from lotus_gan.sampling.browser import SCRIPT, WASM

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="npm is not here")


@pytest.mark.slow
def test_npm_brings_two_files_and_another_archive_is_refused(tmp_path, monkeypatch):
    browser_runtime.fill(tmp_path / "runtime")
    assert {path.name for path in (tmp_path / "runtime").iterdir()} == {SCRIPT, WASM}
    assert b"ONNX Runtime Web v1.30.0" in (tmp_path / "runtime" / SCRIPT).read_bytes()[:200]
    assert len(gzip.decompress((tmp_path / "runtime" / WASM).read_bytes())) == 14_239_897
    monkeypatch.setattr(shutil, "which", lambda name: None)
    browser_runtime.fill(tmp_path / "runtime")  # it is there: npm is not needed
    with pytest.raises(MissingDependency, match=r"install Node\.js"):
        browser_runtime.fill(tmp_path / "other")
    monkeypatch.undo()
    monkeypatch.setattr(browser_runtime, "SHA256", "0" * 64)
    with pytest.raises(MissingDependency, match="another onnxruntime-web"):
        browser_runtime.fill(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_an_onnx_file_of_other_weights_is_not_used(tmp_path):
    for name in ("model.onnx", "model.safetensors", "config.json"):
        shutil.copy(ROOT / "weights/lotus" / name, tmp_path)
    assert matching_onnx(tmp_path) == tmp_path / "model.onnx"
    shutil.copy(ROOT / "weights/lotus-68/model.safetensors", tmp_path)
    assert matching_onnx(tmp_path) is None and matching_onnx(None) is None


def test_what_the_page_serves_for_a_browser(tmp_path):
    """Of the shipped model, by addresses that are hashes; nothing else lies under that path; calls are not recorded."""
    browser_runtime.fill()
    with running_app(tmp_path, ROOT / "weights/lotus") as app, httpx.Client(base_url=app.url) as client:
        config = client.get("/config").json()
        [line] = [c["props"] for c in config["components"] if c["props"].get("elem_id") == "browser-generator"]
        answer = client.get(line["value"]["description"])
        description = answer.json()
        assert (description["name"], description["zDim"], len(description["directions"])) == ("lotus", 100, 24)
        assert "immutable" in answer.headers["cache-control"]
        model = client.get(f"/browser/{description['files']['model']['url']}").content
        expected = (ROOT / "weights/lotus/model.onnx").read_bytes()
        assert hashlib.sha256(model).digest() == hashlib.sha256(expected).digest()
        script = client.get(f"{line['props']['scripts']}/generator.js")
        assert script.headers["content-type"].startswith("text/javascript")
        for path in ("nothing.onnx", "../app.py", "..%2F..%2Fapp.py", "/etc/passwd"):
            assert client.get(f"/browser/{path}").status_code in (400, 404)
        assert config["run_history"] is False


def test_without_the_files_the_page_starts_and_the_server_generates(tmp_path, monkeypatch):
    from lotus_gan.ui import browser

    monkeypatch.setattr("lotus_gan.sampling.browser.RUNTIME", tmp_path)
    assert browser.description(None) is None
