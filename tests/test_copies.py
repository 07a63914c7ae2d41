import pytest
import torch
from PIL import Image, ImageOps
from test_metrics import ROOT, save_random_features

from lotus_gan import media
from lotus_gan.copies import TrainingIndex, write_index
from lotus_gan.data import load_folder
from lotus_gan.metrics import Features


@pytest.fixture(scope="module")
def lotuses():
    """(50, 3, 128, 128) uint8: more than one row of thumbnails."""
    return load_folder(ROOT / "data/lotus-68").images[:50]


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    return Features(save_random_features(tmp_path_factory.mktemp("features") / "random.safetensors"))


@pytest.fixture(scope="module")
def index(lotuses, features, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write_index(folder, lotuses, features)
    return TrainingIndex(folder)


@pytest.fixture(params=[True, False], ids=["features", "pixels"])
def network(request, features):
    return features if request.param else None


def picture(lotuses, i) -> Image.Image:
    return media.to_pictures(media.from_uint8(lotuses[i : i + 1]))[0]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_copy_is_found_and_is_nearer_than_any_real_picture(index, lotuses, network, mirrored):
    asked = ImageOps.mirror(picture(lotuses, 43)) if mirrored else picture(lotuses, 43)
    answer = index.ask(asked, network)
    assert answer.indices[0] == 43 and answer.mirrored[0] is mirrored and answer.percentiles[0] == 0
    assert answer.by_features is (network is not None)
    assert len(answer.pictures) == len(set(answer.indices)) == 3
    assert answer.percentiles == sorted(answer.percentiles)


def test_what_is_like_no_training_picture_is_far(index, network):
    stripes = Image.new("RGB", (128, 128), "white")
    for x in range(0, 128, 32):
        stripes.paste("magenta", (x, 0, x + 16, 128))
    assert index.ask(stripes, network).percentiles[0] > 95


def test_a_real_picture_is_as_far_as_real_pictures_are(index, network):
    """The 18 that are not in the index: somewhere in the middle, neither all copies nor all strangers."""
    others = load_folder(ROOT / "data/lotus-68").images[50:]
    nearness = [index.ask(picture(others, i), network).percentiles[0] for i in range(18)]
    assert 20 < sum(nearness) / len(nearness) < 90


def test_thumbnails_are_the_pictures(index, lotuses):
    assert len(index) == 50
    for i in (0, 39, 40, 49):
        small = picture(lotuses, i).resize((64, 64), Image.Resampling.BOX)
        difference = (
            torch.tensor(list(index.thumbnail(i).tobytes())).float() - torch.tensor(list(small.tobytes())).float()
        )
        assert difference.abs().mean() < 6  # what WebP changes; another picture differs by 30 and more


def test_a_model_without_an_index(tmp_path):
    with pytest.raises(FileNotFoundError):
        TrainingIndex(tmp_path)
