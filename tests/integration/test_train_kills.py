"""A run of the preset `lotus` that is killed at any moment costs not a bit: the same command ends in the same model."""

import os
import random
import subprocess
import sys
import time

from helpers.train import ROOT, train

KILLS = int(os.environ.get("LOTUS_GAN_KILLS", "1"))  # 20 take a few minutes
# small, but of all three stages and with everything that the preset has; a checkpoint at every step
SMALL = ["--preset", "lotus", "--width", "1", "--batch-size", "2", "--n-critic", "1", "--critic-warmup", "1"]
SMALL += ["--upsampler-warmup", "2", "--base-steps", "2", "--device", "cpu", "--preview-every", "0"]
SMALL += ["--checkpoint-every", "1", "--log-every", "1"]
LONGEST = 0.5  # s after a step, which takes about as long


def test_kills_at_random_moments_cost_not_a_bit(image_folder, tmp_path):
    rng = random.Random(0)
    steps = 4 + 2 * KILLS
    whole = train("--data", image_folder, "--output", tmp_path / "whole", *SMALL, "--steps", steps, timeout=1800)
    assert whole.returncode == 0, whole.stderr
    command = ["--data", str(image_folder), "--output", str(tmp_path / "out"), *SMALL, "--steps", str(steps)]
    for _ in range(KILLS):
        killed(command, tmp_path / "out/checkpoint", rng)
    last = train(*command, timeout=1800)
    assert last.returncode == 0, last.stderr
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert [path for path in (tmp_path / "out").rglob(".*") if ".part" in path.name] == []


def killed(command, checkpoints, rng):
    """Start, wait for one to three checkpoints and for a part of a step, and kill."""
    process = subprocess.Popen([sys.executable, str(ROOT / "train.py"), *command], stdout=subprocess.PIPE, text=True)
    assert any("training on cpu" in line for line in process.stdout)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        before = written(checkpoints)
        while written(checkpoints) == before and process.poll() is None:
            time.sleep(0.002)
    time.sleep(rng.uniform(0, LONGEST))
    process.kill()
    process.communicate()


def written(folder):
    """When the last checkpoint was."""
    try:
        return (folder / "latest.safetensors").stat().st_mtime_ns
    except FileNotFoundError:
        return None
