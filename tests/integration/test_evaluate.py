"""`lotus-gan evaluate`: one line of JSON, the same for a model and for its files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.app_server import ROOT, save_colourful_model
from helpers.cli import run
from helpers.features import save_random_features
from PIL import Image

from lotus_gan.cli.main import main


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_colourful_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The feature network's architecture with random weights: the real ones are not in the repository."""
    return str(save_random_features(tmp_path_factory.mktemp("features") / "random.safetensors"))


@pytest.fixture
def lotuses(tmp_path):
    """Two folders of five images: `real` and `train`."""
    for i, path in enumerate(sorted((ROOT / "data/lotus-68").glob("*.webp"))[:10]):
        folder = tmp_path / ("real", "train")[i % 2]
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder)
    return tmp_path


def test_evaluate_a_model_is_one_line_of_json(model, weights, lotuses):
    arguments = ["--model", model, "--real", "real", "--train", "train", "--seeds", "0-3,9", "--truncation", "0.7"]
    done = run("evaluate", *arguments, cwd=lotuses, LOTUS_GAN_FEATURES=weights)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1 and done.stderr == ""
    report = json.loads(done.stdout)
    expected = {"model": Path(model).name, "real": "real", "n_real": 5, "n_fake": 5}
    expected |= {"copied_percent_if_perfect": 5, "seeds": "0-3,9", "truncation": 0.7}
    assert report.items() >= expected.items()
    figures = ("kid", "kid_std", "kid_real_halves_std", "precision", "recall", "density", "coverage", "copied_percent")
    assert all(np.isfinite(report[name]) for name in (*figures, "smoothness"))
    assert report["kid"] > 0 and 1 <= report["smoothness"] <= 32
    assert report["features"].startswith("file ")
    assert len(report) == 4 + len(figures) + 1 + 4


def test_evaluate_a_folder_finds_copies_and_names_what_was_left_out(weights, lotuses, capsys):
    (lotuses / "real" / "empty.png").touch()
    real, train = str(lotuses / "real"), str(lotuses / "train")
    assert main(["evaluate", "--fake", train, "--real", real, "--train", train, "--features", weights]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["fake"], report["n_real"], report["copied_percent"]) == ("train", 5, 100)
    assert not report.keys() & {"model", "smoothness", "seeds", "truncation"}
    assert "5 images read, 1 left out" in err and "the file is empty: empty.png" in err


def test_evaluate_warns_when_the_real_images_were_trained_on(weights, lotuses, capsys):
    real = str(lotuses / "real")
    assert main(["evaluate", "--fake", real, "--real", real, "--train", real, "--features", weights]) == 0
    assert "5 images of --real are in --train too" in capsys.readouterr().err


def test_evaluate_the_images_of_a_model_or_their_files_is_the_same(model, weights, lotuses, capsys):
    common = ["--real", str(lotuses / "real"), "--features", weights]
    assert main(["sample", "--model", model, "--seeds", "0-4", "--output", str(lotuses / "samples")]) == 0
    assert main(["evaluate", "--fake", str(lotuses / "samples"), *common]) == 0
    assert main(["evaluate", "--model", model, "--seeds", "0-4", *common]) == 0
    files, sampled = map(json.loads, capsys.readouterr().out.splitlines())
    for name in ("kid", "kid_std", "precision", "recall", "density", "coverage"):
        assert files[name] == pytest.approx(sampled[name], rel=1e-4), name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--features": "nowhere.safetensors"}, "there is no feature file 'nowhere.safetensors'"),
        ({"--features": "one/a.png"}, "not a safetensors file"),
        ({"--real": "nowhere"}, "there is no folder 'nowhere'"),
        ({"--train": "nowhere"}, "there is no folder 'nowhere'"),
        ({"--real": "empty"}, "no image could be read in 'empty'"),
        ({"--real": "one"}, "'one' has 1 image, and at least 2 are needed"),
        ({"--fake": "one"}, "'one' has 1 image"),
        ({"--train": "empty"}, "no image could be read in 'empty'"),
        ({"--fake": None, "--model": "no/such/folder"}, "there is no folder 'no/such/folder'"),
    ],
)
def test_evaluate_says_what_is_missing(weights, lotuses, monkeypatch, capsys, changes, message):
    monkeypatch.chdir(lotuses)
    for name in ("empty", "one"):
        (lotuses / name).mkdir()
    Image.new("RGB", (9, 9)).save(lotuses / "one" / "a.png")
    options = {"--real": "real", "--fake": "train", "--train": "train", "--features": weights} | changes
    arguments = [word for name, value in options.items() if value for word in (name, value)]
    assert main(["evaluate", *arguments]) == 2
    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in err and out == ""
