"""From training to another computer: the lines that a pushed model's card prints, run in fresh environments."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.hub_stand_in import HubStandIn
from huggingface_hub import ModelCard
from PIL import Image

from lotus_gan import Generator, latents
from lotus_gan.sampling import media

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hub():
    with HubStandIn() as hub:
        yield hub


@pytest.fixture(scope="module")
def run_folder(hub, tmp_path_factory):
    """A model that train.py has trained and pushed, once during training and once at the end."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "images").mkdir()
    for path in sorted((ROOT / "data/lotus-68").glob("*.webp"))[:4]:
        (folder / "images" / path.name).write_bytes(path.read_bytes())
    options = "--steps 2 --batch-size 2 --width 2 --n-critic 1 --upsampler-warmup 2 --device cpu "
    options += "--push-to-hub user/mine --push-every 1"
    declared = ["--data-license", "cc0-1.0", "--data-source", "Rendered for this project, which owns them."]
    command = [sys.executable, str(ROOT / "train.py"), "--data", "images", "--output", "mine", *options.split()]
    environment = os.environ | hub.environment(folder / "home")
    done = subprocess.run(
        [*command, *declared], cwd=folder, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert f"pushed to {hub.url}/user/mine\n" in done.stdout and "has not been pushed" not in done.stderr
    return folder / "mine"


def environment_in(folder: Path) -> Path:
    """A new virtual environment; its Python."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def run_printed(hub, card: Path, python: Path, needle: str, folder: Path) -> None:
    """Install and run, word for word, the two blocks of a card of which the second names `needle`."""
    blocks = re.findall(r"```bash\n(.*?)```\n\n```python\n(.*?)```", card.read_text(), re.DOTALL)
    ((install, code),) = (pair for pair in blocks if needle in pair[1])
    environment = os.environ | hub.environment(folder / "home", token=None)
    environment.pop("PYTHONPATH", None)
    for words in (["-m", *shlex.split(install)], ["-c", code]):
        done = subprocess.run(
            [str(python), *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=500
        )
        assert done.returncode == 0, done.stderr


def test_training_pushes_during_training_and_at_the_end(hub, run_folder):
    commits = [request for request in hub.requests if "/commit/" in request]
    assert len(commits) == 2
    uploaded = hub.repos["model", "user/mine"].branches["main"]
    kept = [path for path in run_folder.rglob("*") if path.is_file() and path.parent.name != "checkpoint"]
    local = {path.relative_to(run_folder).as_posix(): path.read_bytes() for path in kept}
    assert uploaded == local | {".gitattributes": b""}
    card = ModelCard.load(run_folder / "README.md")
    assert card.data.license == "cc0-1.0" and "Rendered for this project, which owns them." in card.text


def test_the_lines_with_pytorch(hub, run_folder, tmp_path):
    """The environment sees this one's packages, so that PyTorch's gigabytes are not installed again, but no gradio and
    not this checkout: the package comes from the wheel in the model's folder."""
    python = environment_in(tmp_path / "env")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    (site / "present.pth").write_text(sysconfig.get_path("purelib"))
    (site / "gradio.py").write_text("raise ImportError('not installed')")
    run_printed(hub, run_folder / "README.md", python, "import Generator", tmp_path)
    assert (site / "lotus_gan/models/pretrained.py").is_file()
    generator = Generator.from_pretrained(run_folder)
    images = media.sample_images(generator, latents.from_seeds(range(16), generator.z_dim))
    with Image.open(tmp_path / "samples.png") as found:
        difference = np.asarray(found, dtype=int) - np.asarray(media.grid(images, columns=4), dtype=int)
    assert abs(difference).max() <= 1


def test_the_lines_without_pytorch(hub, run_folder, tmp_path):
    python = environment_in(tmp_path / "env")
    run_printed(hub, run_folder / "README.md", python, "onnxruntime", tmp_path)
    generator = Generator.from_pretrained(run_folder)
    z = np.random.default_rng(0).standard_normal((16, generator.z_dim), dtype="float32")
    expected = np.hstack(
        [np.asarray(image, dtype=int) for image in media.sample_images(generator, torch.from_numpy(z))]
    )
    with Image.open(tmp_path / "strip.png") as found:
        assert found.size == (16 * 128, 128)
        assert abs(np.asarray(found, dtype=int) - expected).max() <= 2
