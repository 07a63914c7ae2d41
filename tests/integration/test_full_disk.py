"""A disk that is full: hours of training survive it, and the message says which file and how much room."""

import json
import os
import subprocess
import sys

import pytest
from helpers.train import QUICK, ROOT, train

from lotus_gan.training import checkpoint
from lotus_gan.training.trainer import CHECKPOINT

MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2"'
FILL = f"""{MOUNT} || exit 99
shift
cd "$1"
errors="$OLDPWD/stderr"
"${{@:2}}" >/dev/null 2>"$errors" &
run=$!
while [ ! -f out/checkpoint/previous.safetensors ]; do sleep 0.1; kill -0 $run || break; done
# again and again: a checkpoint that was half written while the disk filled frees the room of the oldest one
for _ in $(seq 300); do
  cat /dev/zero >> filled 2>/dev/null
  grep -q "latest.safetensors could not be written" "$errors" && break
  sleep 0.1
done
kill -TERM $run
wait $run
code=$?
rm filled
cp -r . "$OLDPWD/kept"
exit $code
"""


def small_disk(script, size, folder, cwd, *command):
    """Run a script with a disk of that size in `folder`, which it alone sees: a user's own namespace."""
    try:
        allowed = subprocess.run(["unshare", "-rm", "bash", "-c", MOUNT, "bash", "1m", folder], capture_output=True)
    except FileNotFoundError:
        pytest.skip("no unshare")
    if allowed.returncode:
        pytest.skip("this system lets nobody mount a small disk")
    words = ["unshare", "-rm", "bash", "-c", script, "bash", size, folder, *map(str, command)]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=200)


def test_a_disk_that_fills_up_costs_a_warning_and_no_checkpoint(image_folder, tmp_path):
    """Real processes on a real disk of 4 MB: what cannot be written is said once, and training goes on until it is
    stopped; then the last checkpoint has no room either, and the one before stays whole."""
    disk = tmp_path / "disk"
    disk.mkdir()
    settings = ["--steps", 10**6, "--checkpoint-every", 2, "--preview-every", 1, "--log-every", 1]
    command = [sys.executable, ROOT / "train.py", "--data", image_folder, "--output", "out", *QUICK, *settings]
    done = small_disk(FILL, "4m", disk, tmp_path, *command)
    kept = tmp_path / "kept"
    errors = (tmp_path / "stderr").read_text()
    assert done.returncode == 2, errors + done.stderr
    assert "Traceback" not in errors
    assert errors.count(f"{CHECKPOINT} could not be written") >= 2
    assert "No space left on device (os error 28)); training goes on" in errors
    last = errors.splitlines()[-1]
    assert f"{CHECKPOINT} could not be written" in last and "MB (" in last and "os error 28" in last
    step = checkpoint.load(kept / "out" / CHECKPOINT)[1]["step"]
    done = train("--data", image_folder, "--output", kept / "out", *QUICK, "--steps", step + 1)
    assert done.returncode == 0 and f"resumed at step {step}\n" in done.stdout, done.stderr


def test_room_is_checked_before_training_starts(image_folder, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [sys.executable, ROOT / "train.py", "--data", image_folder, "--output", disk / "out", *QUICK]
    script = f'{MOUNT} || exit 99; "${{@:3}}"'
    done = small_disk(script, "200k", disk, tmp_path, *command, "--steps", 3)
    assert done.returncode == 2, done.stderr
    assert f"{disk}/out/checkpoint has room for 0." in done.stderr and "of this run need 1.6: make room" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has other errors for these")
def test_previews_logs_and_trackers_that_cannot_be_written_warn_once(image_folder, tmp_path):
    """A file where a folder should be, and the other way round, fail as a full disk does."""
    out = tmp_path / "out"
    (out / "metrics.jsonl").mkdir(parents=True)
    (out / "previews").touch()
    every = ["--steps", 4, "--preview-every", 1, "--log-every", 1, "--log-with", "tensorboard"]
    done = train("--data", image_folder, "--output", out, *QUICK, *every)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "training goes on" in line]
    assert len(warnings) == 2
    assert any(f"{out / 'metrics.jsonl'}: Is a directory" in line for line in warnings)
    assert any(str(out / "previews") in line for line in warnings)
    assert checkpoint.load(out / CHECKPOINT)[1]["step"] == 4
    assert json.loads((out / "config.json").read_text())
