"""What reaches an experiment tracker: real event files of TensorBoard, read with its own reader."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lotus_gan.training import tracking

ROOT = Path(__file__).resolve().parents[2]


def train(*arguments):
    command = [sys.executable, str(ROOT / "train.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_tensorboard_gets_the_lines_of_metrics_and_the_previews(image_folder, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    quick = ["--width", 1, "--batch-size", 2, "--n-critic", 1, "--upsampler-warmup", 2]
    quick += ["--device", "cpu", "--log-every", 1]
    done = train("--data", image_folder, "--output", tmp_path, *quick, "--steps", 3, "--log-with", "tensorboard")
    assert done.returncode == 0, done.stderr
    events = EventAccumulator(str(tmp_path / "tracking" / tmp_path.name))
    events.Reload()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    for name in ("wasserstein", "penalty", "score_train"):
        sent = [(event.step, event.value) for event in events.Scalars(name)]
        assert sent == [(line["step"], pytest.approx(line[name], rel=1e-6, abs=1e-9)) for line in lines]
    previews = events.Images("preview")
    assert [preview.step for preview in previews] == [1, 2, 3]  # 1 and 2 by the plan, 3 as the last
    assert previews[0].encoded_image_string.startswith(b"\x89PNG")
    with Image.open(tmp_path / "previews/step_0000001.webp") as preview:
        assert (previews[0].width, previews[0].height) == preview.size


@pytest.mark.parametrize("missing", ["accelerate", "tensorboard"])
def test_a_missing_library_is_named_before_anything_is_read(missing, image_folder, tmp_path, monkeypatch, capsys):
    sys.path.insert(0, str(ROOT))
    import train as script

    find = tracking.importlib.util.find_spec
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    code = script.main(["--data", str(image_folder), "--output", str(tmp_path / "run"), "--log-with", "tensorboard"])
    assert code == 2 and not (tmp_path / "run").exists()
    assert capsys.readouterr().err == (
        f"train.py: error: --log-with tensorboard needs what is not installed: pip install {missing}\n"
    )
