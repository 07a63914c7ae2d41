"""Where a model's distance to real pictures comes from: its sketch of 16 px, or what it makes of a sketch.

    python -m benchmarks.enlarging [--model weights/lotus] [--real data/lotus-val]

Half of the real pictures are shrunk and enlarged again, by the model's own enlargers or smoothly, and compared with the
other half; so are the model's own pictures. Prints a Markdown table: what the model makes of real sketches, and what
its sketches read when everything is looked at in 16 px. (Real sketches come without the features that enlargers have
learnt to go by: they are worse off than the model's own.)
"""

import argparse
from pathlib import Path

import torch
from torch.nn import functional as F

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.metrics import quality
from lotus_gan.models import lotus
from lotus_gan.sampling.media import from_uint8, to_pil


def smooth(pictures: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) -> (N, 3, 128, 128)."""
    return F.interpolate(pictures, size=128, mode="bilinear", align_corners=False)


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="weights/lotus", help="a folder or a Hub id, of the architecture lotus")
    parser.add_argument("--real", type=Path, default=Path("data/lotus-val"), help="pictures that it has not seen")
    options = parser.parse_args()
    features, generator = Features(), Generator.from_pretrained(options.model)
    first, second = lotus.enlargers(generator.layers)
    half, other = load_folder(options.real).images.tensor_split(2)

    def features_of(pictures: torch.Tensor) -> torch.Tensor:
        return features.of_images(to_pil(pictures))

    real = features_of(from_uint8(half))

    def row(name: str, pictures: torch.Tensor, real: torch.Tensor = real) -> None:
        figures = quality(real, features_of(pictures))
        print(f"| {name} | {figures['kid']:.0f} | {figures['kid_std']:.0f} | {figures['coverage']:.2f} |", flush=True)

    with torch.no_grad():
        painted = generator(latents.from_seeds(range(len(other)), generator.z_dim))
        small, middle, large = lotus.pyramid(from_uint8(other))
        print(f"{len(other)} pictures against {len(half)}; features from {features.source}\n")
        print("| pictures | KID x 1000 | spread | coverage |\n| --- | --- | --- | --- |")
        row("real", large)
        row("real at 32 px, enlarged smoothly", smooth(middle))
        row("real at 32 px, enlarged by the model", second(middle)[0])
        row("real at 16 px, enlarged smoothly", smooth(small))
        row("real at 16 px, enlarged by the model", second(first(small)[0])[0])
        row("the model", painted)
        sketches, real_sketches = (smooth(lotus.pyramid(p)[0]) for p in (painted, from_uint8(half)))
        row("the model and the real, both at 16 px", sketches, features_of(real_sketches))


if __name__ == "__main__":
    main()
