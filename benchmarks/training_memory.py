"""How much memory training takes: against the batch, and whether it grows with the steps.

    python -m benchmarks.training_memory [--steps 2000]

Two Markdown tables. The most memory of a new process that takes three joint steps of `lotus`, by batch; and the memory
of one process that takes tiny steps, after each tenth of them. About two minutes.
"""

import argparse
import multiprocessing
import resource
from pathlib import Path

import torch

from lotus_gan import TrainConfig
from lotus_gan.training.device import tune_malloc
from lotus_gan.training.step import WGANGPStep

LOTUS = TrainConfig(device="cpu", critic_warmup=0, base_steps=0, augment="translation")
TINY = LOTUS.replace(width=1, z_dim=8, batch_size=2, augment="")  # its cache fills in the first steps


def images(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 128, 128), dtype=torch.uint8)


def peak_mb(config: TrainConfig) -> float:
    """The most memory that this process has had, after three steps."""
    tune_malloc()
    step = WGANGPStep(config, images(64))
    for _ in range(3):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_mb() -> float:
    """What this process has now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000, help="tiny steps in all")
    options = parser.parse_args()
    print("| images a batch | most memory, MB |\n| --- | --- |")
    for batch in (4, 8, 16, 32):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            peak = process.apply(peak_mb, (LOTUS.replace(batch_size=batch),))
        print(f"| {batch} | {peak:.0f} |", flush=True)
    step = WGANGPStep(TINY, images(8))
    print("\n| tiny steps | memory, MB |\n| --- | --- |")
    for number in range(1, options.steps + 1):
        step()
        if number % (options.steps // 10) == 0:
            print(f"| {number} | {memory_mb():.0f} |", flush=True)


if __name__ == "__main__":
    main()
