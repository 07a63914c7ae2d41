"""How quick training is, as ratios: presets and precisions against each other, in turn, in one run.

    python -m benchmarks.training_speed [--rounds 5] [--threads 2]

Machines that people share are noisy, so each round measures every variant once and ratios are taken within a round.
Prints a Markdown table: median pictures a second shown to the critic (generator steps included), the ratio to the first
row with its range over the rounds, and the machine's matrix-product rate (torch.mm, 2048 cubed) measured in turn too.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace

import torch

from lotus_gan import PRESETS, TrainConfig
from lotus_gan.training.device import tune_malloc
from lotus_gan.training.trainer import Trainer

ARTICLE, SKETCH = (TrainConfig(**PRESETS[name]) for name in ("article", "lotus"))
SKETCH = replace(SKETCH, critic_warmup=0)
LOTUS = replace(SKETCH, base_steps=0)
VARIANTS = {
    "article, full width, fp32": ARTICLE,
    "article, quarter width, fp32": replace(ARTICLE, width=16),
    "lotus, fp32, the sketch alone": SKETCH,
    "lotus, fp32": LOTUS,
    "lotus, bf16": replace(LOTUS, precision="bf16"),
}


def pictures_per_second(config: TrainConfig) -> float:
    """One step to warm up, four steps timed, on random pictures."""
    images = torch.randint(0, 256, (68, 3, 128, 128), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(replace(config, device="cpu"), images, folder)
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
            rates[name].append(pictures_per_second(config))
    first = next(iter(rates.values()))
    print(f"{options.rounds} rounds, {options.threads} threads, torch {torch.__version__}, ", end="")
    print(f"matrix product {statistics.median(matrix):.0f} GFLOP/s ({min(matrix):.0f} to {max(matrix):.0f})\n")
    print("| variant | pictures/s | ratio to the first row |\n| --- | --- | --- |")
    for name, values in rates.items():
        ratios = [a / b for a, b in zip(values, first, strict=True)]
        spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"| {name} | {statistics.median(values):.1f} | {spread} |")


if __name__ == "__main__":
    main()
