"""What the page shows of a training run, from its files alone."""

import json
from itertools import pairwise
from pathlib import Path

from gradio.data_classes import _StaticFiles
from PIL import Image

from lotus_gan.ui.tabs import training_history

ROOT = Path(__file__).resolve().parents[2]


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_stages_and_curves_of_a_run(tmp_path):
    (tmp_path / "previews").mkdir()
    for step in (1, 50, 120, 200):
        Image.new("RGB", (8, 8)).save(tmp_path / "previews" / f"step_{step:07d}.webp")
    write_lines(
        tmp_path / "metrics.jsonl",
        [
            {"step": 50, "kimg": 2.5, "minutes": 3, "wasserstein": 9},
            {"step": 100, "kimg": 5, "minutes": 4, "wasserstein": 4},
        ],
    )
    write_lines(tmp_path / "quality.jsonl", [{"step": 100, "kimg": 5, "kid": 300}])
    shown = training_history.history(tmp_path)
    # step 1 of the 50 that show 2,500 images has shown 50, step 120 6,000; long after the last line nothing is known
    assert [(s["step"], s["kimg"]) for s in shown["stages"]] == [(1, 0.05), (50, 2.5), (120, 6), (200, None)]
    assert [stage["minutes"] for stage in shown["stages"]] == [3, 3, 4, None]  # of the line that comes next
    assert all(Path(stage["file"]["path"]).is_file() for stage in shown["stages"])
    assert shown["curves"] == [{"name": "wasserstein", "points": [(2.5, 9), (5, 4)]}]  # one point is no curve


def test_stages_add_no_static_paths(tmp_path):
    """Gradio compares each image that it sends with all of them."""
    folder = training_history.served_folder()
    before = len(_StaticFiles.all_paths)
    (tmp_path / "previews").mkdir()
    for step in range(1, 21):
        Image.new("RGB", (8, 8)).save(tmp_path / "previews" / f"step_{step:07d}.webp")
    stages = training_history.history(tmp_path)["stages"]
    assert len(stages) == 20 and all(folder in Path(stage["file"]["path"]).parents for stage in stages)
    assert len(_StaticFiles.all_paths) == before


def test_a_timeline_goes_before_previews(tmp_path):
    for kind, step in (("timeline", 2), ("previews", 3)):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / kind / f"step_{step:07d}.webp")
    assert [stage["step"] for stage in training_history.history(tmp_path)["stages"]] == [2]


def test_a_model_without_a_run_has_an_empty_history(tmp_path):
    assert training_history.history(None) == training_history.history(tmp_path) == {"stages": [], "curves": []}


def test_what_no_run_writes_is_passed_over(tmp_path):
    """Of a log the numbers of lines that are objects; of the stages the WebP images that a browser can show."""
    good = [{"step": 50, "kimg": 2.5, "wasserstein": 9}, {"step": 100, "kimg": 5, "wasserstein": 4}]
    lines = ["", "{", "[1, 2]", "null", '{"step": "x", "kimg": NaN, "wasserstein": 1e999}', '{"step": -5, "kimg": 1}']
    lines += ['{"step": 0, "kimg": 0}', '{"kimg": 1' + "0" * 400 + ', "wasserstein": 1}', "[" * 100_000]
    lines += [json.dumps(line) for line in good] + ['{"step": 150, "kim']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    (tmp_path / "quality.jsonl").write_bytes(b"\xff\xfe\x00" * 100)
    stages = tmp_path / "timeline"
    stages.mkdir()
    for name in ("step_0000050", "step_x", "step_-1", "step_" + "9" * 200):
        Image.new("RGB", (8, 8)).save(stages / f"{name}.webp")
    Image.new("RGB", (8, 8)).save(stages / "step_0000060.webp", format="PNG")
    Image.new("RGB", (16000, 8)).save(stages / "step_0000070.webp")
    (stages / "step_0000080.webp").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (stages / "step_0000090.webp").mkdir()
    whole = (stages / "step_0000050.webp").read_bytes()
    (stages / "step_0000100.webp").write_bytes(whole[: len(whole) // 2])
    shown = training_history.history(tmp_path)
    assert [(stage["step"], stage["kimg"]) for stage in shown["stages"]] == [(50, 2.5)]
    assert shown["curves"] == [{"name": "wasserstein", "points": [(2.5, 9), (5, 4)]}]


def test_a_long_curve_is_thinned_and_keeps_its_last_point():
    lines = [{"kimg": i, "kid": -i} for i in range(1001)]
    points = training_history.curve(lines, "kid")
    assert len(points) <= training_history.POINTS and points[-1] == (1000, -1000)
    assert {b[0] - a[0] for a, b in pairwise(points)} == {6}  # 1001 / 200, rounded up


def test_the_shipped_model_has_a_history():
    shown = training_history.history(ROOT / "weights/lotus")
    assert len(shown["stages"]) >= 10 and shown["curves"][0]["name"] == "wasserstein"
