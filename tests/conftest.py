"""What every test file shares: a folder of small coloured images, and a model folder made in a moment."""

from pathlib import Path

import pytest
import torch
from helpers.hub_stand_in import HubStandIn
from PIL import Image

from lotus_gan import Generator

ROOT = Path(__file__).resolve().parent.parent

torch.set_num_threads(1)  # on networks this small a second thread costs more than it gives


@pytest.fixture
def image_folder(tmp_path) -> Path:
    """A folder of ten PNG files of 48 x 40 px, each of another colour with a gradient from left to right."""
    folder = tmp_path / "images"
    folder.mkdir()
    ramp = Image.linear_gradient("L").rotate(90).resize((48, 40))
    for i in range(10):
        red = Image.new("L", ramp.size, 25 * i)
        Image.merge("RGB", (red, ramp, Image.new("L", ramp.size, 250 - 25 * i))).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def hub():
    with HubStandIn() as hub:
        yield hub


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory) -> Path:
    """An untrained model of width 2 on disk: the right shapes and files, nothing to look at."""
    folder = tmp_path_factory.mktemp("model")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Generator(width=2).save_pretrained(folder)
    return folder
