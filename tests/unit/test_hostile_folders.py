"""A model's folder that a stranger has filled: refused or left out, in a sentence and in a moment."""

import json
import os
import threading
import time

import pytest
import torch
from helpers.files import png
from PIL import Image
from safetensors.torch import load_file, save_file

from lotus_gan import Generator
from lotus_gan.errors import ModelError
from lotus_gan.evaluation import nearest
from lotus_gan.models import hub
from lotus_gan.sampling import directions
from lotus_gan.ui import texts
from lotus_gan.ui.components import about, copy_check
from lotus_gan.ui.tabs import training_history

ONE = {"name": "colour", "rho": 0.7, "vector": [1.0] + [0.0] * 99}


@pytest.fixture
def folder(model_folder, tmp_path):
    """A model of its own to spoil."""
    Generator.from_pretrained(model_folder).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def refusal(folder) -> str:
    started = time.monotonic()
    with pytest.raises(ModelError) as caught:
        Generator.from_pretrained(folder)
    assert time.monotonic() - started < 5  # a second on an idle machine
    said = texts.why(caught.value, None)
    assert len(said) < 900 and str(folder) in said
    return said


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[" * 90_000, "nested too deeply"),
        ('{"a":' * 15_000, "nested too deeply"),
        (f'{{"architecture": "article", "z_dim": {"9" * 4000}, "width": 2}}', "z_dim must be an integer"),
        (f'{{"architecture": "article", "z_dim": {"9" * 5000}, "width": 2}}', "is not the config"),
        ('{"architecture": "article", "z_dim": 1e400, "width": 2}', "z_dim must be an integer"),
        (json.dumps({"architecture": "x" * 90_000, "z_dim": 1, "width": 2}), "architecture must be article or lotus"),
        ("7", "is not the config"),
    ],
)
def test_a_config_of_any_depth_and_length(folder, config, said):
    (folder / "config.json").write_text(config)
    assert said in refusal(folder)


def test_weights_of_an_absurd_size(folder):
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("weight"))
    weights[name][0] = 1e38
    save_file(weights, folder / "model.safetensors")
    assert f"{name} holds numbers above 1,000,000" in refusal(folder)


def test_more_tensors_than_any_model_has(folder):
    save_file({f"network.{i}": torch.zeros(1) for i in range(50_000)}, folder / "model.safetensors")
    assert "(50,000 tensors)" in refusal(folder)


def test_a_shape_with_a_long_list_of_complaints(folder):
    save_file({f"network.{i}.{'x' * 60}": torch.zeros(1) for i in range(900)}, folder / "model.safetensors")
    assert "does not fit its config.json" in refusal(folder)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 90_000,
        json.dumps([ONE]).replace("0.7", "9" * 400),
        json.dumps([ONE]).replace("1.0", "9" * 400),
        json.dumps([ONE | {"name": "x" * 90_000}]),
    ],
)
def test_directions_that_are_no_numbers(folder, text):
    (folder / directions.FILE).write_text(text)
    with pytest.raises(ModelError, match="does not hold the directions of this model") as caught:
        directions.read(folder)
    assert len(str(caught.value)) < 600


def test_files_that_are_too_large_are_left_out(folder):
    (folder / directions.FILE).write_text(json.dumps([ONE]) + " " * 1_000_000)
    line = json.dumps({"step": 1, "kimg": 1, "wasserstein": 1}) + "\n"
    (folder / "metrics.jsonl").write_text(line * 200_000)
    assert directions.read(folder) == []
    assert training_history.history(folder) == {"stages": [], "curves": []}


def test_of_400_stages_64_are_shown_spread_over_the_run(folder):
    (folder / "timeline").mkdir()
    for step in range(1, 401):
        Image.new("RGB", (8, 8)).save(folder / f"timeline/step_{step:07d}.webp")
    steps = [stage["step"] for stage in training_history.history(folder)["stages"]]
    assert steps == list(range(400, 0, -7))[::-1]  # 58 of them, the last one always
    assert len(hub.spread(list(range(64)))) == 64 and len(hub.spread(list(range(65)))) == 33


def test_an_index_of_too_many_images(folder):
    """It is not written, and one from elsewhere is not read: the page would compare each with all others."""
    images = torch.zeros(1, 3, 128, 128, dtype=torch.uint8).expand(5001, -1, -1, -1)
    with pytest.raises(ValueError, match="at most 5000 images, got 5001"):
        nearest.write_index(folder, images, None)
    (folder / nearest.NUMBERS).write_bytes(bytes(4_000_001))
    (folder / nearest.SHEET).write_bytes(png(8, 8, 8, 2))
    assert copy_check.find_index(folder) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("name", [*hub.SIDECAR_FILES, about.CARD])
def test_a_pipe_is_not_waited_for(folder, name):
    path = folder / name.replace("*", "0000001")
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    for index in {nearest.NUMBERS, nearest.SHEET} - {name}:
        (folder / index).write_bytes(b"x")
    model = type("Model", (), {"sidecar_folder": lambda self: folder})()
    results = []

    def read():
        found = copy_check.find_index(folder), training_history.history(folder), directions.read(folder)
        results.append((*found, about.card_of(model)))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)
    assert results and results[0][:3] == (None, {"stages": [], "curves": []}, [])
