"""Recipes against each other: equal minutes, equal data, one change at a time, KID over time.

    python -m benchmarks.recipes --minutes 5 --output runs/recipes > benchmarks/recipes.md
    python -m benchmarks.recipes --only "as it is,batch 8" --size 64 --minutes 20 --output runs/recipes-64

Each recipe is the preset `lotus` with what its row says, and plays at one size of picture from the start; the
validation pictures are shrunk to that size as well, so that a figure says how good the play is and not how large the
pictures are. Early figures are far from a finished run's: they tell what learns quicker, not what ends up better.
Prints a Markdown table. A run that was interrupted goes on where it stopped.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from lotus_gan import PRESETS, TrainConfig
from lotus_gan.callbacks import Judge
from lotus_gan.config import SIZES
from lotus_gan.data import load_folder
from lotus_gan.machine import describe_machine, keep_memory
from lotus_gan.media import from_uint8, to_uint8
from lotus_gan.metrics import Features
from lotus_gan.training import Trainer

RECIPES = {
    "as it is": {},
    "penalty in every update": {"penalty_every": 1},
    "3 critic updates to 1": {"n_critic": 3},
    "half the rates": {"lr_generator": 5e-4, "lr_critic": 5e-4},
    "batch 8": {"batch_size": 8},
    "batch 32": {"batch_size": 32},
    "betas of the article, rates 2e-4": {"beta2": 0.9, "lr_generator": 2e-4, "lr_critic": 2e-4},
    "no drift term": {"drift": 0.0},
}
FOREVER = 10**6  # kimg


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/lotus-2000"), help="training pictures")
    parser.add_argument("--val", type=Path, default=Path("data/lotus-val"), help="what figures are taken against")
    parser.add_argument("--only", default=",".join(RECIPES), help="comma list of recipes")
    parser.add_argument("--size", type=int, choices=SIZES, default=SIZES[0], help="px of the pictures played with")
    parser.add_argument("--minutes", type=float, default=5, help="of training, for each recipe")
    parser.add_argument("--points", type=int, default=2, help="how often figures are taken on the way")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    options = parser.parse_args()
    keep_memory()
    torch.set_num_threads(options.threads)
    images = load_folder(options.data).images
    validation = shrink(load_folder(options.val).images, options.size)
    features = Features()
    ends = [options.minutes * (i + 1) / options.points for i in range(options.points)]
    machine = describe_machine(torch.device("cpu"))
    print(f"{len(images)} pictures at {options.size} px, n = {len(validation)} against 256; {machine}\n")
    print("| recipe | kimg | " + " | ".join(f"KID, {end:g} min" for end in ends) + " | precision | recall |")
    print("| --- | --- | " + "--- | " * (len(ends) + 2), flush=True)
    for name in options.only.split(","):
        grow = f"{options.size}:{FOREVER}" if options.size != SIZES[-1] else ""
        config = TrainConfig(**PRESETS["lotus"] | {"grow": grow, "augment": "", "device": "cpu"} | RECIPES[name])
        trainer = Trainer(config, images, options.output / name.replace(" ", "-"), validation)
        judge = Judge(trainer, features)
        for end in ends:
            left = end - trainer.seconds / 60
            if left > 0:
                trainer.config = replace(config, max_minutes=left)
                trainer.train()
                judge.judge()
        lines = judge.lines[-len(ends) :]
        kids = " | ".join(f"{line['kid']:.0f}" for line in lines)
        last = lines[-1]
        print(f"| {name} | {last['kimg']:.1f} | {kids} | {last['precision']:.2f} | {last['recall']:.2f} |", flush=True)


def shrink(images: torch.Tensor, size: int) -> torch.Tensor:
    """(N, 3, 128, 128) uint8 -> the same pictures with the detail of `size` px only, enlarged as our network does."""
    small = F.avg_pool2d(from_uint8(images), SIZES[-1] // size)
    large = F.interpolate(small, size=SIZES[-1], mode="bilinear", align_corners=False)
    return to_uint8(large).permute(0, 3, 1, 2).contiguous()


if __name__ == "__main__":
    main()
