"""`deploy --static` against the stand-in for the Hub: what is uploaded, and what is refused."""

import shutil

import pytest
from helpers.app_server import ROOT
from helpers.hub_repo import Repo

from lotus_gan.cli.main import main

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="npm is not here")


@pytest.fixture
def hub(hub, tmp_path, monkeypatch):
    hub.capture(monkeypatch, tmp_path / "home")
    model = tmp_path / "model"
    model.mkdir()
    for name in ("model.safetensors", "config.json", "model.onnx"):
        shutil.copy(ROOT / "weights/article" / name, model)
    hub.add_model("user/mine", model)
    hub.add_model("user/secret", model, private=True)
    return hub


def run(*arguments):
    return main(["deploy", *arguments, "--static"])


def test_the_same_files_are_uploaded_as_written(hub, tmp_path, capsys):
    assert run("user/page", "--model", "user/mine", "--dry-run", str(tmp_path / "page")) == 0
    assert ("space", "user/page") not in hub.repos
    assert run("user/page", "--model", "user/mine") == 0
    assert f"{hub.url}/spaces/user/page" in capsys.readouterr().out
    space = hub.repos["space", "user/page"]
    local = {path.name: path.read_bytes() for path in (tmp_path / "page").iterdir()}
    uploaded = {name: content for name, content in space.branches["main"].items() if name != ".gitattributes"}
    assert uploaded == local and b"sdk: static" in uploaded["README.md"]
    assert space.variables == {} and space.secrets == {}
    assert run("user/page", "--model", "user/mine") == 0  # again: it is ours


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["user/page", "--model", "user/secret"], "a static Space holds the model itself: --private hides the Space"),
        (["user/page", "--model", "user/mine", "--cpu"], "--static makes one without"),
        (["user/taken", "--model", "user/mine"], "the name user/taken is taken by another Space"),
        (["space", "--model", "user/mine"], "'space' cannot be a name on the Hub"),
    ],
)
def test_what_cannot_be_deployed_is_said(hub, capsys, arguments, message):
    hub.repos["space", "user/taken"] = Repo(branches={"main": {"app.py": b"mine"}})
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err
    assert hub.repos["space", "user/taken"].branches["main"] == {"app.py": b"mine"}
