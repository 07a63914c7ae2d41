"""How much of a model's KID is its enlarging: the same weights with the last 0 to 5 enlargements smooth.

    python -m benchmarks.enlarging [--model weights/lotus] [--count 128]

Smooth is bilinear; the others copy pixels. Nothing is trained. Prints a Markdown table.
"""

import argparse
from pathlib import Path

import torch

from lotus_gan import Generator, latents
from lotus_gan.data import load_folder
from lotus_gan.metrics import Features, quality


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="weights/lotus", help="a model of the architecture lotus")
    parser.add_argument("--val", type=Path, default=Path("data/lotus-val"), help="what figures are taken against")
    parser.add_argument("--count", type=int, default=128, help="seeds, from 0 on")
    options = parser.parse_args()
    generator, features = Generator.from_pretrained(options.model), Features()
    enlargements = [layer for layer in generator.modules() if isinstance(layer, torch.nn.Upsample)]
    real, z = (
        features.of_pictures(load_folder(options.val).images),
        latents.from_seeds(range(options.count), generator.z_dim),
    )
    print(f"{options.count} seeds against {len(real)} pictures; features from {features.source}\n")
    print("| smooth | KID x 1000 | spread |\n| --- | --- | --- |")
    for smooth in range(len(enlargements) + 1):
        for left, layer in zip(range(len(enlargements), 0, -1), enlargements, strict=True):
            layer.mode = "bilinear" if left <= smooth else "nearest"
        figures = quality(real, features.of_generator(generator, z))
        row = f"the last {smooth} of {len(enlargements)} | {figures['kid']:.0f} | {figures['kid_std']:.0f}"
        print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
