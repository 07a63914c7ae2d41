"""Pushing with the real client, in real processes where something is killed, against the stand-in for the Hub."""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.hub_repo import DROP, READ, Repo

import lotus_gan
import lotus_gan.publishing.push as push_module
from lotus_gan import Generator
from lotus_gan.errors import HubError, ModelError
from lotus_gan.publishing.push import PushCallback, push

ROOT = Path(__file__).resolve().parents[2]
VERSION = lotus_gan.__version__
QUICK = ["--width", "1", "--batch-size", "2", "--n-critic", "1", "--upsampler-warmup", "2", "--device", "cpu"]
LATER = "This pushes it later:\npython -m lotus_gan push --model"


@pytest.fixture
def folder(model_folder, tmp_path):
    """A run's folder: what is pushed, and what stays (checkpoints, the last model). The ONNX file is newer than the
    weights, so that no test waits for the exporter."""
    folder = tmp_path / "my run"
    shutil.copytree(model_folder, folder)
    pushed = ("metrics.jsonl", "directions.json", "previews/step_0000001.webp")
    for name in (*pushed, "checkpoint/latest.safetensors", "last/config.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(f"this is {name}\n".encode() * 1000)
    (folder / "model.onnx").write_bytes(b"an ONNX file" * 1000)
    return folder


@pytest.fixture
def hub(hub, tmp_path, monkeypatch):
    hub.capture(monkeypatch, tmp_path / "home")
    return hub


@pytest.fixture
def caplog(caplog, monkeypatch):
    """The log, also where another test of this process has called a command, which sends it to the terminal."""
    logger = logging.getLogger("lotus_gan")
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "handlers", [])
    return caplog


@pytest.fixture
def no_wheel(monkeypatch):
    """For tests that do not check the wheel, which takes seconds to build."""
    monkeypatch.setattr(push_module, "write_wheel", lambda folder: None)


def files(hub, name="user/mine", branch="main"):
    return {path: content for path, content in hub.repos["model", name].branches[branch].items() if path[0] != "."}


def local(folder):
    kept = [path for path in folder.rglob("*") if path.is_file() and path.parent.name not in ("checkpoint", "last")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


def command(hub, folder, tmp_path, *options):
    words = [sys.executable, "-m", "lotus_gan", "push", "--model", str(folder), "user/mine", *options]
    return words, {"cwd": ROOT, "env": os.environ | hub.environment(tmp_path / "home"), "text": True}


def test_a_push_that_is_killed_in_the_middle_is_completed_by_the_next(hub, folder, tmp_path):
    """The kill comes when half of a file has arrived. Then every byte is there, and nothing that should stay here."""
    words, options = command(hub, folder, tmp_path)
    hub.stall("PUT /lfs/")
    process = subprocess.Popen(words, **options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert hub.stalled.wait(120)
    finally:
        process.kill()
        process.wait()
    assert files(hub) == {}
    done = subprocess.run(words, **options, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"pushed to {hub.url}/user/mine\n"
    assert files(hub) == local(folder)
    assert {"model.safetensors", "config.json", "README.md", "directions.json", "model.onnx"} < set(files(hub))
    assert not [path for path in files(hub) if path.startswith(("checkpoint", "last"))]


@pytest.mark.parametrize(
    ("token", "fault", "message"),
    [
        (None, None, "the Hub does not know you: log in with `hf auth login`, or set HF_TOKEN"),
        ("hf_old", None, "does not accept the token (401)"),
        (READ, None, "may not write to user/mine (403): take a name under your account, or a token with the role"),
        ("hf_write", (409, "Cannot do two things at once"), "(409)"),
        ("hf_write", (429, ""), "too many requests from here (429): try again in a few minutes"),
        ("hf_write", (500, ""), "the Hub has a problem (500): try again later"),
        ("hf_write", (DROP, ""), "the Hub cannot be reached"),
    ],
)
def test_an_error_of_the_hub_is_explained_and_can_be_pushed_later(
    hub, folder, tmp_path, monkeypatch, no_wheel, token, fault, message
):
    hub.capture(monkeypatch, tmp_path / "home", token)
    if fault:
        where = "POST .*/commit/" if fault[0] == 409 else "POST /api/repos/create"
        hub.fail(where, *fault)
    before = local(folder)
    with pytest.raises(HubError) as caught:
        push(folder, "user/mine", private=True, branch="dev")
    assert message in str(caught.value)
    assert f"The model is safe in {folder}. {LATER} '{folder}' user/mine --private --branch dev" in str(caught.value)
    assert local(folder).items() >= {k: v for k, v in before.items() if k != "README.md"}.items()


def test_without_network_nothing_is_lost(folder, monkeypatch, hub):
    """Nothing listens on the discard port."""
    hub.url = "http://127.0.0.1:9"
    hub.capture(monkeypatch, folder)
    with pytest.raises(HubError, match=r"the Hub cannot be reached \(.*\): look at the network"):
        push(folder, "user/mine")


def test_a_name_of_somebody_else_or_of_something_else_is_left_alone(hub, folder, no_wheel):
    with pytest.raises(HubError, match=r"may not write to other/mine \(403\): take a name under your account"):
        push(folder, "other/mine")
    hub.repos["model", "user/bert"] = Repo(branches={"main": {"config.json": b'{"hidden_size": 768}'}})
    hub.repos["model", "user/notes"] = Repo(branches={"main": {"README.md": b"", "notes.txt": b"mine"}})
    for name in ("user/bert", "user/notes"):
        before = dict(hub.repos["model", name].branches["main"])
        with pytest.raises(HubError, match=f"the name {name} is taken by something that this project has not made"):
            push(folder, name)
        assert hub.repos["model", name].branches["main"] == before


def test_before_training_it_is_said_whether_a_push_would_do(hub, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "lotus_gan")
    push_module.ensure_repo("user/mine", private=True)
    assert caplog.messages == [f"the model will be pushed to {hub.url}/user/mine"]
    assert hub.repos["model", "user/mine"].private and files(hub) == {}
    hub.capture(monkeypatch, tmp_path, READ)
    push_module.ensure_repo("user/new")
    line = "training starts, but a push would fail now: the token may not write to user/new"
    assert caplog.messages[-1].startswith(line) and caplog.records[-1].levelname == "WARNING"


def test_private_means_private(hub, folder, no_wheel):
    push(folder, "user/mine", private=True)
    assert hub.repos["model", "user/mine"].private
    hub.repos["model", "user/shown"] = Repo()
    with pytest.raises(HubError, match="user/shown is there and public"):
        push(folder, "user/shown", private=True)
    assert files(hub, "user/shown") == {}


def test_a_branch_is_made_and_main_stays_as_it_is(hub, folder, no_wheel):
    assert push(folder, "user/mine", branch="dev/2") == f"{hub.url}/user/mine/tree/dev/2"
    assert files(hub) == {} and files(hub, branch="dev/2") == local(folder)
    assert "from_pretrained(\"user/mine\", revision='dev/2')" in (folder / "README.md").read_text()
    push(folder, "user/mine", branch="dev/2")  # it is there by now
    assert "dev/2" in hub.repos["model", "user/mine"].branches


def test_what_is_gone_here_goes_there(hub, folder, no_wheel):
    push(folder, "user/mine")
    shutil.rmtree(folder / "previews")
    push(folder, "user/mine")
    assert files(hub) == local(folder) and not [path for path in files(hub) if path.startswith("previews")]


def test_an_upload_survives_what_the_client_tries_again(hub, folder, no_wheel):
    hub.fail("PUT /lfs/", DROP)
    hub.fail("POST .*/preupload/", 500)
    push(folder, "user/mine")
    assert files(hub) == local(folder)


def test_without_the_sources_the_rest_is_pushed(hub, folder, monkeypatch, caplog):
    """As it is where this package was installed from a wheel."""
    monkeypatch.setattr(push_module, "ROOT", folder)
    (folder / "lotus_gan-0.0.9-py3-none-any.whl").touch()
    push(folder, "user/mine")
    assert "pushed without this package: its sources are not at hand" in caplog.text
    assert files(hub) == local(folder) and not [path for path in files(hub) if path.endswith(".whl")]


def test_without_the_exporter_the_rest_is_pushed_and_no_old_file_stays(hub, folder, no_wheel, monkeypatch, caplog):
    push(folder, "user/mine")
    assert "model.onnx" in files(hub) and "onnxruntime" in (folder / "README.md").read_text()
    (folder / "model.safetensors").touch()  # newer than the ONNX file
    monkeypatch.setitem(sys.modules, "onnx", None)
    push(folder, "user/mine")
    assert "no model.onnx has been written: pip install onnx onnxscript" in caplog.text
    assert files(hub) == local(folder) and "model.onnx" not in files(hub)
    assert "onnxruntime" not in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["mine", "a/b/c", "us er/mine", "user/", "user/mine.git"])
def test_impossible_names(folder, name, hub):
    with pytest.raises(HubError, match="cannot be a name on the Hub"):
        push(folder, name)
    with pytest.raises(HubError, match="cannot be a name on the Hub"):
        push_module.ensure_repo(name)  # which is what train.py asks first
    assert hub.requests == []


def test_what_is_no_model_is_not_pushed(tmp_path, hub):
    with pytest.raises(ModelError, match=r"has no config\.json"):
        push(tmp_path, "user/mine")
    assert hub.requests == []


# --- while training goes on ------------------------------------------------------------------------------------------


@pytest.fixture
def trainer(folder):
    """What PushCallback reads of a trainer."""
    saved = []
    return SimpleNamespace(
        step_number=0, output=folder, last_folder=folder, config=SimpleNamespace(steps=9), save_model=saved.append
    )


def test_a_push_in_the_background_is_a_copy_of_that_moment(hub, folder, trainer, no_wheel):
    """The upload is held up, the folder changes, training steps on; what arrives is what was there when it was due."""
    hub.stall("POST .*/preupload/")  # a request that the client makes again when it gets no answer
    cards = []
    pushes = PushCallback(trainer, 2, lambda: cards.append(trainer.step_number), repo_id="user/mine")
    for trainer.step_number in (1, 2):
        pushes.on_step()
    assert hub.stalled.wait(30)
    before, began = (folder / "metrics.jsonl").read_bytes(), time.monotonic()
    (folder / "metrics.jsonl").write_bytes(b"later")
    for trainer.step_number in (3, 4, 5, 6):
        pushes.on_step()  # one is under way: left out, without waiting
    assert pushes.thread.is_alive() and cards == [2] and time.monotonic() - began < 5
    hub.drop_stalled()
    pushes.finish()
    assert files(hub)["metrics.jsonl"] == before
    trainer.step_number = 8
    pushes.on_step()
    pushes.finish()
    assert cards == [2, 8] and files(hub)["metrics.jsonl"] == b"later"
    assert "model.onnx" not in files(hub)  # which would be of other weights


def test_a_failed_push_is_one_line_and_training_goes_on(hub, trainer, no_wheel, caplog):
    hub.fail("POST .*/commit/", 500)
    pushes = PushCallback(trainer, 2, lambda: None, repo_id="user/mine")
    trainer.step_number = 2
    pushes.on_step()
    pushes.finish()
    assert caplog.messages == ["step 2 has not been pushed: the Hub has a problem (500): try again later."]


def train(hub, tmp_path, *arguments, token="hf_write"):
    words = [sys.executable, str(ROOT / "train.py"), *map(str, arguments), *QUICK]
    environment = os.environ | hub.environment(tmp_path / "home", token)
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)


def test_a_failed_push_loses_no_training(hub, image_folder, tmp_path):
    out = tmp_path / "out"
    command = ["--data", image_folder, "--output", out, "--steps", 1, "--push-to-hub", "user/mine", "--push-every", 1]
    done = train(hub, tmp_path, *command, token="hf_old")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "training starts, but a push would fail now: the Hub does not accept the token (401)" in done.stderr
    assert f"The model is safe in {out}. {LATER} {out} user/mine" in done.stderr
    Generator.from_pretrained(out)
    assert json.loads((out / "metrics.jsonl").read_text())["step"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--private"], "--private needs --push-to-hub"),
        (["--push-every", "5"], "--push-every needs --push-to-hub"),
        (["--push-to-hub", "user/mine", "--push-every", "-5"], "--push-every must be an integer at least 0, got -5"),
        (["--data-license", "mine"], "the Hub has no licence 'mine': choose one of cc0-1.0"),
        (["--data-source", " "], "the source of the images takes a sentence of 1 to 500 characters"),
    ],
)
def test_wrong_options_are_named_before_training(hub, image_folder, tmp_path, arguments, message):
    done = train(hub, tmp_path, "--data", image_folder, "--output", tmp_path / "out", "--steps", 1, *arguments)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
