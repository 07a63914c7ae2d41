"""A factor on the latents: how it changes the metrics.

    python -m benchmarks.variety --model runs/lotus

Truncation draws latents from a narrower distribution than training did: more typical images, less variety. A factor
above 1 does the opposite. Prints a Markdown table for the validation images, with the harmonic mean of precision and
recall.
"""

import argparse
from pathlib import Path

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import compute_metrics
from lotus_gan.training.callbacks import VALIDATION_SEEDS

FACTORS = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("weights/lotus"), help="the folder of a model")
    parser.add_argument("--real", type=Path, default=Path("data/lotus-val"), help="images that it was not trained on")
    options = parser.parse_args()
    generator = Generator.from_pretrained(options.model)
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
