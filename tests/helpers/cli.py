"""`python -m lotus_gan` as people call it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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
