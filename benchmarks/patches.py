"""How far a model's images are from real ones, without any network: sliced Wasserstein distances of patches.

    python -m benchmarks.patches weights/lotus weights/lotus-68 [--real data/lotus-val]

The critics of `lotus` and KID both use networks trained on ImageNet. This distance uses no trained network (Karras et
al. 2018): patches of 7 x 7 pixels out of a Laplacian pyramid, each
colour brought to mean 0 and spread 1, and the mean distance between their sorted projections on 512 random directions,
times 1000. Prints a Markdown table, a column for each size of the pyramid. The first rows are for scale.
"""

import argparse
from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.transforms.functional import pil_to_tensor

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.sampling.media import from_uint8, sample_images

SIDES = (128, 64, 32, 16)
PATCHES = 64  # of each image and size
DIRECTIONS = 512


def laplacian(images: torch.Tensor) -> list[torch.Tensor]:
    """(N, 3, 128, 128) -> what each of SIDES adds to the next smaller one, and the smallest."""
    bands = []
    for _ in SIDES[1:]:
        small = F.avg_pool2d(images, 2)
        bands.append(images - F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False))
        images = small
    return [*bands, images]


def patches(images: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """(N, 3, S, S) -> (N * PATCHES, 147), each colour with mean 0 and spread 1 over all of them."""
    windows = F.unfold(images, 7).transpose(1, 2)  # (N, places, 147)
    places = torch.randint(windows.shape[1], (len(windows), PATCHES), generator=draw)
    chosen = windows.gather(1, places[..., None].expand(-1, -1, windows.shape[2])).reshape(-1, 3, 49)
    return ((chosen - chosen.mean((0, 2), keepdim=True)) / chosen.std((0, 2), keepdim=True)).flatten(1)


def distances(first: torch.Tensor, second: torch.Tensor) -> list[float]:
    """Two sets of equally many images (N, 3, 128, 128) -> a distance for each of SIDES."""
    draw = torch.Generator().manual_seed(0)
    found = []
    for one, other in zip(laplacian(first), laplacian(second), strict=True):
        directions = F.normalize(torch.randn(147, DIRECTIONS, generator=draw), dim=0)
        along = [(patches(side, draw) @ directions).sort(0).values for side in (one, other)]
        found.append(1000 * float((along[0] - along[1]).abs().mean()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("models", nargs="+", help="folders or Hub ids")
    parser.add_argument("--real", type=Path, default=Path("data/lotus-val"), help="images that no model was trained on")
    options = parser.parse_args()
    real = from_uint8(load_folder(options.real).images)
    half, other = real[: len(real) // 2], real[len(real) // 2 : len(real) // 2 * 2]

    def row(name: str, images: torch.Tensor) -> None:
        found = distances(half, images)
        print(f"| {name} | " + " | ".join(f"{value:.0f}" for value in [*found, sum(found) / len(found)]) + " |")

    torch.set_grad_enabled(False)
    print(f"{len(half)} images against {len(other)}\n")
    print("| images | " + " | ".join(f"{side} px" for side in SIDES) + " | mean |")
    print("| --- |" + " --- |" * (len(SIDES) + 1))
    row("real", other)
    row("real, reduced to 64 px and back", F.interpolate(F.avg_pool2d(other, 2), scale_factor=2, mode="bilinear"))
    for name in options.models:
        model = Generator.from_pretrained(name)
        images = sample_images(model, latents.from_seeds(range(len(other)), model.z_dim))
        row(f"`{name}`", from_uint8(torch.stack([pil_to_tensor(image) for image in images])))


if __name__ == "__main__":
    main()
