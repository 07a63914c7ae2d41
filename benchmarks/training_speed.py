"""How fast training is, as ratios: presets and precisions against each other, in turn, in one run.

    python -m benchmarks.training_speed [--rounds 5] [--threads 2]

Shared computers are noisy, so each round measures every variant once and ratios are taken within a round. Prints a
Markdown table: median images a second shown to the critic (generator updates included), the ratio to the first row with
its range over the rounds, and the rate of matrix products (torch.mm, 2048 cubed), measured in turn too.
"""

import argparse
import statistics
import tempfile
import time

import torch

from lotus_gan import PRESETS, TrainConfig
from lotus_gan.training.device import tune_malloc
from lotus_gan.training.trainer import Trainer

ARTICLE, LOTUS = (TrainConfig(**PRESETS[name]).replace(device="cpu") for name in ("article", "lotus"))
BASE_STAGE = LOTUS.replace(critic_warmup=0)
JOINT_STAGE = BASE_STAGE.replace(base_steps=0)
VARIANTS = {
    "article, full width, fp32": ARTICLE,
    "article, quarter width, fp32": ARTICLE.replace(width=16),
    "lotus, fp32, base stage": BASE_STAGE,
    "lotus, fp32": JOINT_STAGE,
    "lotus, bf16": JOINT_STAGE.replace(precision="bf16"),
}


def images_per_second(config: TrainConfig) -> float:
    """One step to warm up, four steps timed, on random images."""
    images = torch.randint(0, 256, (68, 3, 128, 128), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(config, images, folder)
        trainer.step()
        before, started = trainer.images_shown, time.perf_counter()
        for _ in range(4):
            trainer.step()
        return (trainer.images_shown - before) / (time.perf_counter() - started)


def matrix_gflops() -> float:
    a = torch.randn(2048, 2048)
    torch.mm(a, a)
    started = time.perf_counter()
    for _ in range(5):
        torch.mm(a, a)
    return 5 * 2 * 2048**3 / (time.perf_counter() - started) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant is measured")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of torch")
    options = parser.parse_args()
    tune_malloc()
    torch.set_num_threads(options.threads)
    rates = {name: [] for name in VARIANTS}
    matrix = []
    for _ in range(options.rounds):
        matrix.append(matrix_gflops())
        for name, config in VARIANTS.items():
            rates[name].append(images_per_second(config))
    first = next(iter(rates.values()))
    print(f"{options.rounds} rounds, {options.threads} threads, torch {torch.__version__}, ", end="")
    print(f"matrix product {statistics.median(matrix):.0f} GFLOP/s ({min(matrix):.0f} to {max(matrix):.0f})\n")
    print("| variant | images/s | ratio to the first row |\n| --- | --- | --- |")
    for name, values in rates.items():
        ratios = [a / b for a, b in zip(values, first, strict=True)]
        spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"| {name} | {statistics.median(values):.1f} | {spread} |")


if __name__ == "__main__":
    main()
