"""train.py as people call it: a process of its own."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--width", "1", "--batch-size", "2", "--n-critic", "1", "--upsampler-warmup", "2", "--device", "cpu"]


def train(*arguments, timeout=300, **options):
    command = [sys.executable, str(ROOT / "train.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
