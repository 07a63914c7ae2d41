import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from helpers.app_server import ROOT, save_colourful_model
from helpers.features import save_random_features
from PIL import Image

from lotus_gan import Generator, latents
from lotus_gan.cli.main import id_list, main, seed_list
from lotus_gan.sampling import media


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_colourful_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The feature network's architecture with random weights: the real ones are not in the repository."""
    return str(save_random_features(tmp_path_factory.mktemp("features") / "random.safetensors"))


@pytest.fixture
def lotuses(tmp_path):
    """Two folders of five pictures: `real` and `train`."""
    for i, path in enumerate(sorted((ROOT / "data/lotus-68").glob("*.webp"))[:10]):
        folder = tmp_path / ("real", "train")[i % 2]
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder)
    return tmp_path


def run(*arguments, cwd, **env):
    """The real command in a process of its own, started from another folder."""
    return subprocess.run(
        [sys.executable, "-m", "lotus_gan", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"} | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_sample_writes_one_png_a_seed_and_the_same_bytes_twice(model, tmp_path):
    for name in ("a", "b"):
        done = run("sample", "--seeds", "0-3,70", "--output", name, cwd=tmp_path, LOTUS_GAN_MODEL=model)
        assert done.returncode == 0, done.stderr
    names = [f"seed{seed:06d}.png" for seed in (0, 1, 2, 3, 70)]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with Image.open(tmp_path / "a" / "seed000070.png") as picture:
        assert picture.size == (128, 128) and picture.mode == "RGB"
        assert picture.text["seed"] == "70" and picture.text["truncation"] == "1.0"


def test_sample_paints_a_picture_again_to_the_byte(model, tmp_path):
    again = ["sample", "--model", model, "--output", str(tmp_path / "again"), "--like"]
    assert main([*again[:-1], "--seeds", "9", "--truncation", "0.7"]) == 0
    first = (tmp_path / "again" / "seed000009.png").rename(tmp_path / "shared by somebody.png")
    assert main([*again, str(first)]) == 0
    assert (tmp_path / "again" / "seed000009.png").read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("foreign.png", "does not say what it was painted from"),
        ("text.png", "does not say what it was painted from"),
        ("other.png", "was painted by 'other', not by"),
        ("none.png", "none.png: No such file"),
    ],
)
def test_sample_refuses_pictures_that_it_cannot_paint_again(model, tmp_path, capsys, name, said):
    Image.new("RGB", (8, 8)).save(tmp_path / "foreign.png")
    (tmp_path / "text.png").write_text("no picture")
    media.save_png(Image.new("RGB", (8, 8)), tmp_path / "other.png", seed=1, truncation=1.0, model="other")
    assert main(["sample", "--model", model, "--output", str(tmp_path / "out"), "--like", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_project_paints_a_picture_of_the_models_own(model, tmp_path, capsys):
    assert main(["sample", "--model", model, "--seeds", "9", "--output", str(tmp_path)]) == 0
    shown, painted = tmp_path / "seed000009.png", tmp_path / "painted.png"
    assert main(["project", str(shown), "--model", model, "--damage", "hole", "--output", str(painted)]) == 0
    figures, said = capsys.readouterr().out.splitlines()
    whole, part = map(float, re.fullmatch(r"([\d.]+) dB to the whole picture, ([\d.]+) to what .*", figures).groups())
    assert part > 25 and whole > 15
    with Image.open(painted) as picture:
        assert picture.size == (128, 128) and picture.text["model"] == Path(model).name
        code = picture.text["latent"]
        assert said == f"its code, for interpolate --seeds and the page: {code}"
        assert main(["sample", "--model", model, "--like", str(painted), "--output", str(tmp_path / "again")]) == 0
        with Image.open(tmp_path / "again" / f"{latents.file_stem(code)}.png") as again:
            assert abs(np.asarray(again, dtype=int) - np.asarray(picture, dtype=int)).max() <= 1


def test_project_names_a_file_that_is_no_picture(model, tmp_path, capsys):
    (tmp_path / "a.png").write_text("no picture")
    arguments = ["project", str(tmp_path / "a.png"), "--model", model, "--output", str(tmp_path / "b.png")]
    assert main(arguments) == 2
    assert "a.png: not an image in a format that we read" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()


def test_a_problem_is_one_message_and_exit_code_2(model, tmp_path):
    done = run("sample", "--model", "no/such/folder", "--seeds", "1", "--output", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "no/such/folder" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_help_names_commands_and_defaults(capsys):
    cases = {"--help": "interpolate", "interpolate --help": "(default: 64)", "evaluate --help": "(default: 0-511)"}
    cases |= {"push --help": "--branch NAME", "deploy --help": "--dry-run DIR"}
    for arguments, wanted in cases.items():
        with pytest.raises(SystemExit) as end:
            main(arguments.split())
        assert end.value.code == 0
        out = capsys.readouterr().out
        assert wanted in out and "None" not in out


def test_truncation_changes_pictures_and_is_recorded(model, tmp_path):
    pictures = []
    for psi in ("0.5", "1"):
        assert main(["sample", "--model", model, "--seeds", "9", "--truncation", psi, "--output", str(tmp_path)]) == 0
        with Image.open(tmp_path / "seed000009.png") as picture:
            assert float(picture.text["truncation"]) == float(psi)
            pictures.append(np.asarray(picture, dtype=int))
    assert abs(pictures[0] - pictures[1]).max() > 5


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_interpolate_is_a_closed_walk(model, tmp_path, suffix):
    path = tmp_path / f"loop{suffix}"
    options = ["--frames-per-pair", "6", "--size", "128", "--output", str(path)]
    assert main(["interpolate", "--model", model, "--seeds", "3,7,9", *options]) == 0
    with Image.open(path) as moving:
        assert (moving.n_frames, moving.size, moving.info["loop"]) == (18, (128, 128), 0)
        frames = []
        for i in range(moving.n_frames):
            moving.seek(i)
            frames.append(np.asarray(moving.convert("RGB"), dtype=int))
    steps = [abs(a - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert steps[-1] < 3 * np.median(steps)  # from the last frame to the first is a step like the others
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_a_code_is_a_key_of_a_walk_as_its_seed_is(model, tmp_path):
    """The pictures of seed 3 and of its code differ by less than 1 of 255 in the mean, so do the walks."""
    code = latents.encode(latents.from_seeds([3], Generator.from_pretrained(model).z_dim)[0])
    frames = []
    for name, keys in (("a", "3,7"), ("b", f"{code},7")):
        path = tmp_path / f"{name}.webp"
        options = ["--frames-per-pair", "1", "--size", "128", "--output", str(path)]
        assert main(["interpolate", "--model", model, "--seeds", keys, *options]) == 0
        with Image.open(path) as moving:
            frames.append(np.asarray(moving.convert("RGB"), dtype=int))
    assert abs(frames[0] - frames[1]).mean() < 2


def test_a_code_that_is_not_the_models_is_named(model, tmp_path, capsys):
    path = tmp_path / "loop.gif"
    assert main(["interpolate", "--model", model, "--seeds", "3,~AB3x", "--output", str(path)]) == 2
    assert re.search(r"--seeds: no code of a latent with \d+ values: '~AB3x'", capsys.readouterr().err)
    assert not path.exists()


def test_interpolate_writes_mp4(model, tmp_path):
    path = tmp_path / "loop.mp4"
    options = ["--frames-per-pair", "5", "--fps", "10", "--output", str(path)]
    assert main(["interpolate", "--model", model, "--seeds", "3,7", *options]) == 0
    with av.open(str(path)) as container:
        assert [(frame.width, frame.height) for frame in container.decode(video=0)] == [(256, 256)] * 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "--output", "out", "--seeds", "3-1"], "ranges upwards"),
        (["sample", "--output", "out", "--seeds", "x"], "not a list of seeds such as 0-63,70"),
        (["sample", "--output", "out", "--seeds", "-1"], "--seeds"),
        (["sample", "--output", "out", "--seeds", ""], "not a list of seeds"),
        (["sample", "--output", "out", "--seeds", "4294967296"], "0 to 4294967295"),
        (["sample", "--output", "out", "--seeds", "1", "--truncation", "0.2"], "from 0.3 to 1"),
        (["sample", "--output", "out", "--seeds", "1", "--truncation", "nan"], "from 0.3 to 1"),
        (["sample", "--output", "file.txt", "--seeds", "1"], "a folder is needed"),
        (["sample", "--seeds", "1"], "--output"),
        (["interpolate", "--output", "loop.avi", "--seeds", "1,2"], ".gif, .webp, .mp4"),
        (["interpolate", "--output", "loop.mp4", "--seeds", "1"], "2 to 64 seeds"),
        (["interpolate", "--output", "loop.mp4", "--seeds", "1,2", "--size", "4000"], "from 16 to 512"),
        (["interpolate", "--output", "loop.mp4", "--seeds", "1,2", "--fps", "0"], "from 1 to 60"),
        (["interpolate", "--output", "loop.mp4", "--seeds", "1,2", "--frames-per-pair", "1.5"], "whole number from 1"),
        (["evaluate"], "--real"),
        (["evaluate", "--real", ".", "--seeds", "5"], "2 to 10000 seeds, got 1"),
        (["evaluate", "--real", ".", "--seeds", "0-10000"], "2 to 10000 seeds, got 10001"),
        (["evaluate", "--real", ".", "--fake", ".", "--model", "x"], "not allowed with"),
        (["paint"], "sample"),
        ([], "sample"),
    ],
)
def test_wrong_input_ends_with_code_2_and_names_what_is_allowed(
    model, tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOTUS_GAN_MODEL", model)
    (tmp_path / "file.txt").touch()
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_an_output_that_cannot_be_written_is_named(model, tmp_path, capsys):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "loop.gif"  # below a file
    options = ["--seeds", "1,2", "--frames-per-pair", "2", "--output", str(path)]
    assert main(["interpolate", "--model", model, *options]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "file") in error and "Traceback" not in error


def test_key_lists():
    assert id_list("3-5, ~A-B_3x") == [3, 4, 5, "~A-B_3x"]


def test_seed_lists():
    assert seed_list("0-3,70") == [0, 1, 2, 3, 70]
    assert seed_list("5, 5") == [5, 5]
    assert seed_list("4294967295") == [2**32 - 1]


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
    assert "5 pictures read, 1 left out" in err and "the file is empty: empty.png" in err


def test_evaluate_warns_when_the_real_pictures_were_trained_on(weights, lotuses, capsys):
    real = str(lotuses / "real")
    assert main(["evaluate", "--fake", real, "--real", real, "--train", real, "--features", weights]) == 0
    assert "5 pictures of --real are in --train too" in capsys.readouterr().err


def test_evaluate_the_pictures_of_a_model_or_their_files_is_the_same(model, weights, lotuses, capsys):
    common = ["--real", str(lotuses / "real"), "--features", weights]
    assert main(["sample", "--model", model, "--seeds", "0-4", "--output", str(lotuses / "samples")]) == 0
    assert main(["evaluate", "--fake", str(lotuses / "samples"), *common]) == 0
    assert main(["evaluate", "--model", model, "--seeds", "0-4", *common]) == 0
    files, painted = map(json.loads, capsys.readouterr().out.splitlines())
    for name in ("kid", "kid_std", "precision", "recall", "density", "coverage"):
        assert files[name] == pytest.approx(painted[name], rel=1e-4), name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--features": "nowhere.safetensors"}, "there is no feature file 'nowhere.safetensors'"),
        ({"--features": "one/a.png"}, "not a safetensors file"),
        ({"--real": "nowhere"}, "there is no folder 'nowhere'"),
        ({"--train": "nowhere"}, "there is no folder 'nowhere'"),
        ({"--real": "empty"}, "no picture could be read in 'empty'"),
        ({"--real": "one"}, "'one' has 1 picture, and at least 2 are needed"),
        ({"--fake": "one"}, "'one' has 1 picture"),
        ({"--train": "empty"}, "no picture could be read in 'empty'"),
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
