"""The device of a run: which one, how a card names it, and how its memory is kept."""

import ctypes
import platform
import re
from pathlib import Path

import torch

from lotus_gan.errors import UsageError


def pick_device(name: str) -> torch.device:
    """The device of that name; auto takes CUDA, then Apple's MPS, then the CPU. UsageError if it is not here."""
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, present in here.items() if present)
    if not here[name]:
        raise UsageError("no_device", name=name, available=" or ".join(device for device in here if here[device]))
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """The processor or GPU in words, and torch's version."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{_processor()}, {torch.get_num_threads()} threads, no GPU used"
        name = f"{device.type}: {name}"
    return f"{name}; torch {torch.__version__}"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed. On a CPU torch says so in the message of a RuntimeError only."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def tune_malloc() -> None:
    """Let glibc keep the memory that it frees: asking the system anew for every batch costs an eighth of a step."""
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        m_mmap_threshold, m_trim_threshold, m_top_pad = -3, -1, -2  # malloc.h
        for option, value in ((m_mmap_threshold, 2**30), (m_trim_threshold, 2**31 - 1), (m_top_pad, 2**26)):
            mallopt(option, value)
