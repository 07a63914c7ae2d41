"""Where a model's distance to real images comes from: its 16 px base, or its upsamplers.

    python -m benchmarks.upsampling [--model weights/lotus] [--real data/lotus-val]

Half of the real images are reduced and upsampled again, by the model's own upsamplers or bilinearly, and compared with
the other half; so are generated images. Prints a Markdown table: what the upsamplers make of reduced real images, and
how the model's base compares with reduced real images when both are upsampled bilinearly. (Reduced real images come
without the features that the upsamplers were trained with: they are at a disadvantage.)
"""

import argparse
from pathlib import Path

import torch
from torch.nn import functional as F

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import compute_metrics
from lotus_gan.models.lotus import LotusGenerator, pyramid
from lotus_gan.sampling.media import from_uint8, to_pil


def bilinear(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) -> (N, 3, 128, 128)."""
    return F.interpolate(images, size=128, mode="bilinear", align_corners=False)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="weights/lotus", help="a folder or a Hub id, of the architecture lotus")
    parser.add_argument("--real", type=Path, default=Path("data/lotus-val"), help="images that it was not trained on")
    options = parser.parse_args()
    features, generator = Features(), Generator.from_pretrained(options.model)
    if not isinstance(generator.network, LotusGenerator):
        parser.error(f"--model {options.model} is not of the architecture lotus")
    first, second = generator.network.upsamplers
    half, other = load_folder(options.real).images.tensor_split(2)

    def features_of(images: torch.Tensor) -> torch.Tensor:
        return features.of_images(to_pil(images))

    real = features_of(from_uint8(half))

    def row(name: str, images: torch.Tensor, real: torch.Tensor = real) -> None:
        metrics = compute_metrics(real, features_of(images))
        print(f"| {name} | {metrics.kid:.0f} | {metrics.kid_std:.0f} | {metrics.coverage:.2f} |", flush=True)

    with torch.no_grad():
        fake = generator(latents.from_seeds(range(len(other)), generator.z_dim))
        small, middle, large = pyramid(from_uint8(other))
        print(f"{len(other)} images against {len(half)}; features from {features.source}\n")
        print("| images | KID x 1000 | spread | coverage |\n| --- | --- | --- | --- |")
        row("real", large)
        row("real at 32 px, upsampled bilinearly", bilinear(middle))
        row("real at 32 px, upsampled by the model", second(middle)[0])
        row("real at 16 px, upsampled bilinearly", bilinear(small))
        row("real at 16 px, upsampled by the model", second(first(small)[0])[0])
        row("generated", fake)
        fake_base, real_base = (bilinear(pyramid(images)[0]) for images in (fake, from_uint8(half)))
        row("generated and real, both at 16 px", fake_base, features_of(real_base))


if __name__ == "__main__":
    main()
