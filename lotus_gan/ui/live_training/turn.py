"""How long a visitor may train at a time: what LOTUS_GAN_LIVE_TRAINING says, else by where the page runs.

LOTUS_GAN_LIVE_TRAINING=60 python app.py        # a minute each; 0: no such tab
"""

import os
from pathlib import Path

VARIABLE = "LOTUS_GAN_LIVE_TRAINING"
TURN, LONGEST = 180, 3600  # s
CORES = 2  # of a Space: one for who trains, one for everybody else


def seconds() -> int:
    """The seconds of a turn, 0 if nobody may train. SystemExit with a sentence for what is no such number."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return TURN if "SPACE_ID" not in os.environ or cores() >= CORES else 0
    if not (given.isascii() and given.isdecimal() and int(given[:9]) <= LONGEST):
        raise SystemExit(f"{VARIABLE} must be a whole number of seconds from 0 (off) to {LONGEST}, got {given!r}")
    return int(given)


def cores(cgroup: Path = Path("/sys/fs/cgroup")) -> float:
    """How many cores this process may use: those it is bound to, or the share that its container has of them."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="utf-8").split()
        return min(bound, int(quota) / int(period))
    except (OSError, ValueError):  # no container, or "max": no limit
        return bound
