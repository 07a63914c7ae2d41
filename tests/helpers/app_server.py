"""The real app in a process of its own, for the tests of the page and of its API."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import torch

from lotus_gan import Generator, latents
from lotus_gan.publishing.space import copy_page

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 90  # s; a test computer may be busy, the README's promise is measured elsewhere


@dataclass
class App:
    url: str
    process: subprocess.Popen
    log: Path


@contextmanager
def running_app(
    folder: Path, model: Path | str | None, root: Path = ROOT, python: Path | str = sys.executable, **environment: str
) -> Iterator[App]:
    """`python app.py` of `root`, started from another folder, until it answers; its files go to `folder`."""
    port = environment.setdefault("GRADIO_SERVER_PORT", str(free_port()))
    env = os.environ | {"GRADIO_TEMP_DIR": str(folder / "gradio")}
    env |= {"LOTUS_GAN_MODEL": str(model or ""), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    env |= environment
    env.pop("PYTHONPATH", None)
    log = folder / "app.log"
    with log.open("wb") as sink:
        command = [str(python), str(root / "app.py")]
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=sink, stderr=subprocess.STDOUT)
    try:
        app = App(f"http://127.0.0.1:{port}", process, log)
        _wait(app)
        yield app
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def running_app_without_traceback(folder: Path, model: Path) -> Iterator[App]:
    """`running_app`; at its end it must still run, with no traceback in its log."""
    with running_app(folder, model) as app:
        yield app
        log = app.log.read_text()
        assert app.process.poll() is None and "Traceback" not in log, log


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(app: App) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        assert app.process.poll() is None, f"the app ended: {app.log.read_text()}"
        try:
            httpx.get(app.url, timeout=5).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the app did not answer within {START_LIMIT} s: {app.log.read_text()}")


def copy_of_the_app(folder: Path, **models: Path) -> Path:
    """What a Space needs and nothing else, with these models as its bundled weights."""
    site = folder / "site"
    copy_page(site)
    for name, model in models.items():
        shutil.copytree(model, site / "weights" / name)
    return site


def save_colourful_model(folder: Path, seed: int = 0) -> Path:
    """An untrained model whose images differ from each other as much as real ones do."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Generator(architecture="article", z_dim=16, width=4)
        with torch.no_grad():
            model.network.layers[-2].weight.mul_(40)
            for _ in range(20):  # in train mode, so that BatchNorm learns its statistics
                model(latents.from_seeds(range(32), 16))
        model.eval().save_pretrained(folder)
    return folder
