"""What the tests of features and metrics share."""

from pathlib import Path

import pytest
from helpers.features import save_random_features

from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_random_features(tmp_path_factory.mktemp("features") / "random.safetensors")


@pytest.fixture(scope="module")
def features(weights):
    return Features(weights)


@pytest.fixture(scope="module")
def lotuses():
    """(68, 3, 128, 128) uint8."""
    return load_folder(ROOT / "data/lotus-68").images
