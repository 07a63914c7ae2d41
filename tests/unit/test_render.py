"""The drawn data sets: parameters are a function of the seed, and the folders hold exactly what they say.

Runs without Blender; the one test that renders is skipped where `bpy` cannot be imported.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from render import lotus_params as params
from render.render_lotus import parse_seeds, write_metadata

ROOT = Path(__file__).resolve().parents[2]

SETS = {
    "lotus-68": (range(68), 256),
    "lotus-2000": (range(100000, 102000), 128),
    "lotus-val": (range(10000, 10256), 128),
    "lotus-heldout": (range(20000, 20512), 128),
}


def rows_of(name):
    lines = (ROOT / "data" / name / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def run_script(*arguments, **environment):
    command = [sys.executable, "-m", "render.render_lotus", *arguments]
    options = {"cwd": ROOT, "env": os.environ | environment, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(command, **options)


def test_parameters_are_a_pure_function_of_the_seed():
    first = [params.draw_parameters(seed) for seed in range(30)]
    again = [params.draw_parameters(seed) for seed in reversed(range(30))][::-1]
    assert first == again
    assert len({str(p).split(",", 1)[1] for p in first}) == 30


@pytest.mark.parametrize(
    "name, low, high",
    [
        ("hue_shift", -8, 8),
        ("tip_colour", 0.3, 1),
        ("openness", 0, 1),
        ("whorls", 3, 5),
        ("petals_per_whorl", 5, 7),
        ("petal_width", 0.50, 0.66),
        ("petal_cup", 30, 55),
        ("vein_strength", 0.04, 0.16),
        ("stem_height", 0.5, 1.3),
        ("tilt", 0, 24),
        ("tilt_direction", -100, 100),
        ("floating_pads", 4, 9),
        ("standing_pads", 1, 5),
        ("ripple", 0.05, 0.3),
        ("sun_elevation", 14, 70),
        ("sun_azimuth", -150, 150),
        ("exposure", 0.45, 0.75),
        ("camera_height", 4, 76),
        ("lens", 55, 85),
        ("fill", 0.57, 0.88),
        ("aperture", 0.007, 0.015),
    ],
)
def test_ranges_hold_and_are_used(name, low, high):
    values = [getattr(params.draw_parameters(seed), name) for seed in range(2000)]
    assert low <= min(values) and max(values) <= high
    assert max(values) - min(values) > 0.8 * (high - low)


def test_named_parameters_take_every_name_and_fit_each_other():
    drawn = [params.draw_parameters(seed) for seed in range(2000)]
    assert {p.colour for p in drawn} == set(params.PETAL_COLOURS)
    assert {p.light for p in drawn} == set(params.LIGHTS)
    assert {p.leaf_colour for p in drawn} == set(params.LEAF_COLOURS)
    assert {p.backdrop for p in drawn} == set(params.BACKDROPS)
    for p in drawn:
        assert params.STAGES[p.stage][0] <= p.openness <= params.STAGES[p.stage][1]
        assert params.VIEWS[p.view][0] <= p.camera_height <= params.VIEWS[p.view][1]
        assert params.SUN_ELEVATION[p.light][0] <= p.sun_elevation <= params.SUN_ELEVATION[p.light][1]
        assert not (p.stage == "bud" and p.view == "above")


@pytest.mark.parametrize("name", SETS)
def test_metadata_says_what_the_code_draws(name):
    seeds, _ = SETS[name]
    rows = rows_of(name)
    assert [row["seed"] for row in rows] == list(seeds)
    for row in rows:
        assert list(row)[:2] == ["file_name", "seed"]
        assert row == params.metadata_row(row["seed"])


@pytest.mark.parametrize("name", SETS)
def test_every_listed_image_is_there_and_nothing_else(name):
    _, size = SETS[name]
    folder = ROOT / "data" / name
    assert {f.name for f in folder.iterdir()} == {row["file_name"] for row in rows_of(name)} | {"metadata.jsonl"}
    for path in folder.glob("*.webp"):
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("WEBP", "RGB", (size, size)), path.name
            image.load()


def test_sets_are_disjoint_and_no_two_images_are_the_same():
    seeds = [row["seed"] for name in SETS for row in rows_of(name)]
    assert len(set(seeds)) == len(seeds)
    images = [f for name in SETS for f in (ROOT / "data" / name).glob("*.webp")]
    assert len({hashlib.sha256(f.read_bytes()).digest() for f in images}) == len(images) == len(seeds)


def test_without_bpy_the_script_says_what_to_install(tmp_path):
    hide = (
        "import runpy, sys; sys.modules['bpy'] = None\n"
        "runpy.run_module('render.render_lotus', run_name='__main__', alter_sys=True)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", hide, "--output", str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 2
    assert "bpy is missing" in ran.stderr and "pip install -r render/requirements.txt" in ran.stderr
    assert "Traceback" not in ran.stderr and not (tmp_path / "out").exists()


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="shapes are numpy arrays")
def test_a_worker_process_imports_the_renderer(tmp_path):
    """As far as Blender itself, whose stand-in says that it was reached."""
    (tmp_path / "bpy.py").write_text("def __getattr__(name):\n    raise OSError(f'bpy.{name} was reached')\n")
    (tmp_path / "mathutils.py").write_text("Vector = None\n")
    options = ["--output", str(tmp_path / "out"), "--seeds", "5", "--workers", "1"]
    ran = run_script(*options, PYTHONPATH=str(tmp_path))
    assert ran.returncode == 2 and ran.stderr.startswith("render_lotus.py: bpy."), ran.stderr
    assert ran.stderr.endswith(" was reached\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seeds", "five"],
        ["--seeds", "9-3"],
        ["--seeds", "-1"],
        ["--seeds", "0-1000000"],
        ["--seeds", ""],
        ["--size", "8"],
        ["--size", "512"],
        ["--size", "big"],
        ["--workers", "0"],
        ["--colour", "blue"],
    ],
)
def test_wrong_arguments_are_errors(tmp_path, wrong):
    ran = run_script("--output", str(tmp_path / "out"), *wrong)
    assert ran.returncode == 2 and "error:" in ran.stderr
    assert "Traceback" not in ran.stderr and not (tmp_path / "out").exists()


def test_seeds_are_read_as_written():
    assert parse_seeds("3") == [3]
    assert parse_seeds("7,1-3, 2") == [1, 2, 3, 7]


def test_metadata_lists_what_is_in_the_folder_by_seed(tmp_path):
    for seed in (12, 3):
        (tmp_path / params.image_name(seed)).touch()
    assert write_metadata(tmp_path) == 2
    assert [json.loads(line)["seed"] for line in (tmp_path / "metadata.jsonl").read_text().splitlines()] == [3, 12]


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="shapes are numpy arrays")
def test_the_camera_frames_the_points():
    import numpy as np

    from render.lotus_shapes import frame_camera

    points = np.random.default_rng(0).uniform(-1, 1, (500, 3)) + np.array([0, 0, 2])
    for height in (5, 40, 75):
        position, target = frame_camera(points, height, 70, 0.8, (0, 0))
        forward = (target - position) / np.linalg.norm(target - position)
        right = np.array([1.0, 0, 0])
        up = np.cross(right, forward)
        depth = (points - position) @ forward
        visible = np.stack([(points - position) @ right, (points - position) @ up]) / depth * 70 / 18
        assert np.ptp(visible, axis=1).max() / 2 == pytest.approx(0.8, abs=0.01)
        assert np.abs(visible.max(axis=1) + visible.min(axis=1)).max() < 0.02


def test_one_seed_gives_one_file_whatever_was_drawn_before_and_however_many_threads(tmp_path):
    pytest.importorskip("bpy", reason="Blender (bpy) is installed only where images are rendered")
    code = (
        "import sys; from pathlib import Path; from render import render_lotus as r\n"
        "for seed in sys.argv[3:]:\n"
        "    r.draw_image(int(seed), 64, Path(sys.argv[1]) / f'{seed}.webp', int(sys.argv[2]))"
    )
    for name, threads, seeds in (("a", "1", ["5"]), ("b", "2", ["14", "5"])):
        (tmp_path / name).mkdir()
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / name), threads, *seeds],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=300,
        )
    assert (tmp_path / "a" / "5.webp").read_bytes() == (tmp_path / "b" / "5.webp").read_bytes()
