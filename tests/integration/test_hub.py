"""Loading models by name, with the real huggingface_hub client against the stand-in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.hub_repo import DROP, WRITE

from lotus_gan import Generator
from lotus_gan.errors import ModelError
from lotus_gan.models import hub as models
from lotus_gan.models import pretrained
from lotus_gan.models.hub import fetch_sidecar_files, load_generator

ROOT = Path(__file__).resolve().parents[2]


def test_a_hub_id_loads_silently_and_equals_the_folder(hub, model_folder, tmp_path):
    hub.add_model("user/model", model_folder)
    code = "import sys, lotus_gan; lotus_gan.Generator.from_pretrained('user/model').save_pretrained(sys.argv[1])"
    command, environment = [sys.executable, "-c", code, str(tmp_path / "got")], hub.environment(tmp_path / "home")
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "got/model.safetensors").read_bytes() == (model_folder / "model.safetensors").read_bytes()


def test_a_branch_is_loaded_by_its_name(hub, model_folder, tmp_path, monkeypatch):
    repo = hub.add_model("user/model", model_folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        Generator(width=1).save_pretrained(tmp_path / "other")
    repo.branches["small"] = {path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()}
    hub.capture(monkeypatch, tmp_path)
    assert Generator.from_pretrained("user/model").config.width == 2
    assert Generator.from_pretrained("user/model", revision="small").config.width == 1


def test_a_private_model_needs_a_token(hub, model_folder, tmp_path, monkeypatch):
    hub.add_model("user/model", model_folder, private=True)
    hub.capture(monkeypatch, tmp_path, token=None)
    with pytest.raises(ModelError, match=r"nor a model on the Hub \(a private one needs HF_TOKEN"):
        load_generator("user/model")
    monkeypatch.setenv("HF_TOKEN", WRITE)
    load_generator("user/model")


def test_a_model_that_was_fetched_once_is_there_without_network(hub, model_folder, tmp_path, monkeypatch):
    hub.add_model("user/model", model_folder)
    hub.capture(monkeypatch, tmp_path)
    load_generator("user/model")
    hub.fail(r"GET|HEAD", 500, times=2)
    load_generator("user/model")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_what_is_too_large_is_not_fetched(hub, model_folder, tmp_path, monkeypatch, name):
    hub.add_model("user/model", model_folder)
    home = hub.capture(monkeypatch, tmp_path)
    monkeypatch.setitem(pretrained.MAX_BYTES, name, 10)
    for model in ("user/model", model_folder):
        with pytest.raises(ModelError, match=f"{name} is larger than 1e-05 MB, and so no model of this project"):
            load_generator(model)
    assert not [path for path in tmp_path.rglob(name) if path.is_file()], home


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "could not be fetched"), (500, "could not be fetched"), (429, "could not be fetched"), (DROP, "fetched")],
)
def test_what_the_hub_does_not_give_is_named(hub, model_folder, tmp_path, monkeypatch, status, message):
    hub.add_model("user/model", model_folder)
    hub.capture(monkeypatch, tmp_path)
    hub.fail("HEAD .*config.json", status, times=10)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client tries again for 23 s
    with pytest.raises(ModelError, match=f"'user/model' .*{message}"):
        load_generator("user/model")


@pytest.fixture
def with_sidecar_files(hub, model_folder, tmp_path, monkeypatch):
    """A model on the Hub with sidecar files, loaded; the Hub's copy of its files."""
    folder = tmp_path / "with_sidecar_files"
    shutil.copytree(model_folder, folder)
    names = ["training.webp", "training.safetensors", "metrics.jsonl", "notes.txt", "timeline/notes.webp"]
    names += [f"timeline/step_{step:07d}.webp" for step in range(200)]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(f"this is {name}".encode())
    files = hub.add_model("user/model", folder).branches["main"]
    hub.capture(monkeypatch, tmp_path)
    load_generator("user/model")
    return files


def test_sidecar_files_come_from_the_commit_of_its_weights(hub, with_sidecar_files):
    loaded = dict(with_sidecar_files)
    with_sidecar_files["training.webp"] = b"of a later commit"
    hub.repos["model", "user/model"].branches["old"] = loaded  # the Hub forgets no commit
    folder = fetch_sidecar_files("user/model")
    assert (folder / "training.webp").read_bytes() == b"this is training.webp"
    assert (folder / "model.safetensors").is_file() and (folder / "metrics.jsonl").is_file()
    assert not (folder / "notes.txt").exists() and not (folder / "timeline/notes.webp").exists()
    stages = sorted(path.name for path in (folder / "timeline").iterdir())
    assert len(stages) == 50 and stages[-1] == "step_0000199.webp"  # every fourth one, with the last


def test_a_sidecar_file_that_is_too_large_is_not_fetched(with_sidecar_files, monkeypatch):
    monkeypatch.setitem(models.SIDECAR_FILES, "training.webp", 10)
    folder = fetch_sidecar_files("user/model")
    assert not (folder / "training.webp").exists() and (folder / "training.safetensors").is_file()


@pytest.mark.parametrize("request_line", ["GET .*/tree/", "(GET|HEAD) .*/resolve/.*/training.webp"])
@pytest.mark.parametrize("status", [500, 404, DROP])
def test_a_sidecar_file_that_cannot_be_fetched_is_no_error(hub, with_sidecar_files, monkeypatch, request_line, status):
    hub.fail(request_line, status, times=100)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client tries again for 23 s
    folder = fetch_sidecar_files("user/model")
    assert (folder / "model.safetensors").is_file() and not (folder / "training.webp").exists()


def test_an_error_has_a_code_and_values_for_other_languages(model_folder, tmp_path):
    with pytest.raises(ModelError) as error:
        load_generator("a/b/c")
    assert (error.value.code, error.value.values) == ("no_folder", {"model": "a/b/c"})
    shutil.copy(model_folder / "config.json", tmp_path)
    with pytest.raises(ModelError) as error:
        load_generator(tmp_path)
    assert error.value.code == "incomplete" and error.value.values["name"] == "model.safetensors"


def test_an_unknown_id(hub, tmp_path, monkeypatch):
    hub.capture(monkeypatch, tmp_path)
    with pytest.raises(ModelError, match="'user/none' is neither a folder here nor a model on the Hub"):
        load_generator("user/none")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("", "no model given"),
        ("nowhere", "there is no folder 'nowhere'"),
        ("/nowhere/at/all", "there is no folder"),
        ("a/b/c", "there is no folder"),
        ("us er/mo del", "neither a folder here nor a model on the Hub"),
    ],
)
def test_names_that_cannot_be_models(model, message):
    with pytest.raises(ModelError, match=message):
        load_generator(model)


def test_a_folder_without_weights(model_folder, tmp_path):
    shutil.copy(model_folder / "config.json", tmp_path)
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        load_generator(tmp_path)
