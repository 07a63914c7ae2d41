"""Every command and every line of Python in README is run here on a small scale, or by CI word for word."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.app_server import running_app
from helpers.features import save_random_features

from lotus_gan import Generator
from lotus_gan.evaluation.nearest import TrainingIndex

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = ["--steps", "1", "--batch-size", "2", "--width", "1", "--n-critic", "1"]
SMALL += ["--upsampler-warmup", "2", "--device", "cpu"]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.splitlines()]
INSTALLING = [line for line in COMMANDS if line.startswith("pip install")]
TRAINING = [line for line in COMMANDS if line.startswith("python train.py")]
PUBLISHING = [line for line in COMMANDS if re.match(r"python -m lotus_gan (push|deploy) ", line)]
INDEXING = [line for line in COMMANDS if line.startswith("python -m lotus_gan index")]
PAINTING = [line for line in COMMANDS if line.startswith("python -m lotus_gan") and line not in PUBLISHING + INDEXING]
LAUNCHING = [line for line in COMMANDS if line.startswith("accelerate launch")]
SERVING = [line for line in COMMANDS if line.startswith("LOTUS_GAN_MODEL=")]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """A folder with what README's reader has: forty photographs (here: eight of ours) and a trained model."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "my-photos").mkdir()
    for path in sorted((ROOT / "data/lotus-68").glob("*.webp"))[:8]:
        (folder / "my-photos" / path.name).write_bytes(path.read_bytes())
    with torch.random.fork_rng():
        Generator(width=1).save_pretrained(folder / "runs/mine")
    return folder


def run(line, folder, extra=(), **environment):
    """A `python ...` line in `folder`, with this interpreter and this checkout."""
    words = shlex.split(line.replace("data/", f"{ROOT}/data/"))[1:]
    words[0] = str(ROOT / words[0]) if words[0].endswith(".py") else words[0]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, *words, *extra]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_has_its_test():
    assert sorted(COMMANDS) == sorted(INSTALLING + TRAINING + PAINTING + INDEXING + PUBLISHING + LAUNCHING + SERVING)
    assert (len(INSTALLING), len(TRAINING), len(PAINTING), len(SERVING)) == (2, 4, 4, 1)


def test_ci_runs_the_two_installing_lines_as_they_stand():
    """.ci/run takes them out of README by this rule, in this order: run it, test it."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "README.md | grep '^pip install' | head -n 2" in script
    assert INSTALLING[0].endswith("&& python app.py") and INSTALLING[1].endswith("&& python -m pytest")


@pytest.mark.parametrize("line", TRAINING)
def test_training_commands(workshop, line):
    output = Path(shlex.split(line)[shlex.split(line).index("--output") + 1])
    model = workshop / "trained" / output.name
    run(line.replace(str(output), str(model)), workshop, SMALL)
    Generator.from_pretrained(model)


def test_painting_commands(workshop):
    for line in PAINTING:
        run(line, workshop)
    assert len(list((workshop / "samples").glob("seed0000??.png"))) == 64
    first, again = (workshop / name / "seed000007.png" for name in ("samples", "again"))
    assert first.read_bytes() == again.read_bytes()
    assert (workshop / "loop.mp4").stat().st_size > 1000


@pytest.mark.slow
def test_launching_command(workshop):
    """With --multi_gpu, because Accelerate starts no second process on a machine without GPUs by itself."""
    [line] = LAUNCHING
    line = line.replace("accelerate launch", "python -m accelerate.commands.launch --multi_gpu --main_process_port 0")
    assert "2 processes" in run(line.replace("train.py", str(ROOT / "train.py")), workshop, SMALL)
    Generator.from_pretrained(workshop / "runs/two")


def test_indexing_command(workshop, tmp_path):
    [line] = INDEXING
    run(line, workshop, LOTUS_GAN_FEATURES=str(save_random_features(tmp_path / "random.safetensors")))
    assert len(TrainingIndex(workshop / "runs/mine")) == 8


def test_publishing_commands(workshop, hub, tmp_path):
    """One after the other, against the stand-in for the Hub: the Space shows the model that has been pushed."""
    for line in PUBLISHING:
        run(line, workshop, **hub.environment(tmp_path))
    assert len(hub.repos) == len(PUBLISHING)


def test_serving_command(workshop, tmp_path):
    (line,) = SERVING
    variable, *command = shlex.split(line)
    assert command == ["python", "app.py"]
    with running_app(tmp_path, workshop / variable.partition("=")[2]):
        pass  # it answered


def test_python_lines(monkeypatch):
    monkeypatch.chdir(ROOT)
    [block] = [block for block in blocks("python") if "gradio_client" not in block]
    names = {}
    exec(block, names)
    assert names["images"].shape == (1, 3, 128, 128)


def test_client_lines(workshop, tmp_path):
    [block] = [block for block in blocks("python") if "gradio_client" in block]
    names = {}
    with running_app(tmp_path, workshop / "runs/mine") as app:
        exec(block.replace("http://127.0.0.1:7860", app.url), names)
    assert [item["caption"] for item in names["flowers"]] == ["#42", "#43", "#44", "#45"]
    assert Path(names["middle"]).is_file()
