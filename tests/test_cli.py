import os
import subprocess
import sys

import av
import numpy as np
import pytest
from app_server import ROOT, save_colourful_model
from PIL import Image

from lotus_gan.__main__ import main, seed_list


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_colourful_model(tmp_path_factory.mktemp("model")))


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


def test_a_problem_is_one_message_and_exit_code_2(model, tmp_path):
    done = run("sample", "--model", "no/such/folder", "--seeds", "1", "--output", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "no/such/folder" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_help_names_commands_and_defaults(capsys):
    for arguments, wanted in ((["--help"], "interpolate"), (["interpolate", "--help"], "(default: 64)")):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0
        assert wanted in capsys.readouterr().out


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


def test_seed_lists():
    assert seed_list("0-3,70") == [0, 1, 2, 3, 70]
    assert seed_list("5, 5") == [5, 5]
    assert seed_list("4294967295") == [2**32 - 1]
