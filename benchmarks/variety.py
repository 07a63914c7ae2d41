"""A factor on the latents: how it changes the metrics, and how to fold one into a model.

    python -m benchmarks.variety --model runs/lotus
    python -m benchmarks.variety --model runs/lotus --fold 1.2

Truncation draws latents from a narrower distribution than training did: more typical images, less variety. A factor
above 1 does the opposite. Prints a Markdown table for the validation images, with the harmonic mean of precision and
recall; a factor that gains recall and costs no KID is worth using. --fold multiplies the first layer's weights by the
factor, in place, so that truncation 1 then means this factor.
"""

import argparse
import math
from pathlib import Path

import torch

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import compute_metrics
from lotus_gan.training.callbacks import VALIDATION_SEEDS

FACTORS = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


@torch.no_grad()
def fold(generator: Generator, factor: float) -> None:
    """Make latents z give what factor * z gave before: the first layer is linear and has no bias."""
    generator.stem[0].get_parameter("weight").mul_(factor)


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("weights/lotus"), help="the folder of a model")
    parser.add_argument("--real", type=Path, default=Path("data/lotus-val"), help="images that it was not trained on")
    parser.add_argument("--fold", type=float, metavar="FACTOR", help="write it into the model and end")
    options = parser.parse_args()
    if options.fold is not None and not 0 < options.fold < math.inf:
        parser.error(f"--fold must be a number above 0, got {options.fold}")
    generator = Generator.from_pretrained(options.model)
    if options.fold is not None:
        fold(generator, options.fold)
        generator.save_pretrained(options.model)
        return
    features = Features()
    real = features.of_images(load_folder(options.real).images)
    z = latents.from_seeds(VALIDATION_SEEDS, generator.z_dim)
    print(f"{len(z)} images against {len(real)}; features from {features.source}\n")
    print(
        "| factor | KID x 1000 | precision | recall | harmonic mean | coverage |\n| --- | --- | --- | --- | --- | --- |"
    )
    for factor in FACTORS:
        metrics = compute_metrics(real, features.of_generator(generator, factor * z))
        precision, recall = metrics.precision, metrics.recall
        mean = 2 * precision * recall / max(precision + recall, 1e-9)
        row = [precision, recall, mean, metrics.coverage]
        print(f"| {factor} | {metrics.kid:.1f} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


if __name__ == "__main__":
    main()
