import pytest
import torch
from helpers.features import ROOT, save_random_features
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file

from lotus_gan.cli.terminal import print_log
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.nearest import NUMBERS, SHEET, TrainingIndex, write_index
from lotus_gan.sampling import media
from lotus_gan.ui.components.copy_check import find_index


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


def image_of(lotuses, i) -> Image.Image:
    return media.to_pil(media.from_uint8(lotuses[i : i + 1]))[0]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_copy_is_found_and_is_nearer_than_any_real_image(index, lotuses, network, mirrored):
    image = ImageOps.mirror(image_of(lotuses, 43)) if mirrored else image_of(lotuses, 43)
    found = index.nearest_neighbours(image, network)
    assert found.indices[0] == 43 and found.mirrored[0] is mirrored and found.percentiles[0] == 0
    assert found.by_features is (network is not None)
    assert len(found.images) == len(set(found.indices)) == 3
    assert found.percentiles == sorted(found.percentiles)


def test_what_is_like_no_training_image_is_far(index, network):
    stripes = Image.new("RGB", (128, 128), "white")
    for x in range(0, 128, 32):
        stripes.paste("magenta", (x, 0, x + 16, 128))
    assert index.nearest_neighbours(stripes, network).percentiles[0] > 95


def test_a_real_image_is_as_far_as_real_images_are(index, network):
    """The 18 that are not in the index: somewhere in the middle, neither all near nor all far."""
    others = load_folder(ROOT / "data/lotus-68").images[50:]
    nearness = [index.nearest_neighbours(image_of(others, i), network).percentiles[0] for i in range(18)]
    assert 20 < sum(nearness) / len(nearness) < 90


def test_thumbnails_are_the_images(index, lotuses):
    assert len(index) == 50
    for i in (0, 39, 40, 49):
        small = image_of(lotuses, i).resize((64, 64), Image.Resampling.BOX)
        difference = (
            torch.tensor(list(index.thumbnail(i).tobytes())).float() - torch.tensor(list(small.tobytes())).float()
        )
        assert difference.abs().mean() < 6  # what WebP changes; another image differs by 30 and more


def broken(folder, what: str) -> None:
    numbers, sheet = folder / NUMBERS, folder / SHEET
    tensors = load_file(numbers)
    if what == "a half":
        numbers.write_bytes(numbers.read_bytes()[: numbers.stat().st_size // 2])
    elif what == "other names":
        save_file({"weights": tensors["mean"]}, numbers)
    elif what == "not finite":
        save_file(tensors | {"mean": tensors["mean"] * float("nan")}, numbers)
    elif what == "more images":
        save_file(tensors | {"features": tensors["features"].repeat(1, 3, 1)}, numbers)
    elif what == "other features":
        save_file(tensors | {"directions": tensors["directions"][:, :-1].contiguous()}, numbers)
    elif what == "one side":
        save_file(tensors | {"features": tensors["features"][0]}, numbers)
    elif what == "half a sheet":
        sheet.write_bytes(sheet.read_bytes()[:2000])
    elif what == "a larger sheet":
        Image.new("RGB", (16383, 2 * 64)).save(sheet, quality=0, method=0)
    elif what == "a PNG":
        Image.new("RGB", (40 * 64, 2 * 64)).save(sheet, format="PNG")


BROKEN = ["a half", "other names", "not finite", "more images", "other features", "one side"]


@pytest.mark.parametrize("what", [*BROKEN, "half a sheet", "a larger sheet", "a PNG"])
def test_what_is_no_index_is_refused_in_one_way(lotuses, features, tmp_path, what, capsys):
    print_log()
    write_index(tmp_path, lotuses, features)
    broken(tmp_path, what)
    with pytest.raises(ValueError, match="index of training images that cannot be read"):
        TrainingIndex(tmp_path)
    assert find_index(tmp_path) is None  # the page has a sentence for that
    assert "left out" in capsys.readouterr().err


def test_a_model_without_an_index(tmp_path):
    with pytest.raises(FileNotFoundError):
        TrainingIndex(tmp_path)
