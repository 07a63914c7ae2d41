"""How well can the generator reproduce an image? Projection of its own images, and of held-out real ones.

    python -m benchmarks.projection --count 32

For its own images the median should be 25 dB or more; for held-out images the search should beat the best of
4,096 random latents nearly always.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from tqdm import tqdm

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.sampling.media import from_uint8
from lotus_gan.sampling.projection import project, psnr
from lotus_gan.training.device import describe_device, pick_device

RANDOM = 4096


def main() -> None:
    """Print the PSNRs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="weights/lotus", help="(default: weights/lotus)")
    parser.add_argument("--held-out", type=Path, default=Path("data/lotus-val"), help="(default: data/lotus-val)")
    parser.add_argument("--count", type=int, default=32, help="images of each kind (default: 32)")
    options = parser.parse_args()
    generator = Generator.from_pretrained(options.model).requires_grad_(False)
    own = generator(latents.from_seeds(range(options.count), generator.z_dim))
    real = from_uint8(load_folder(options.held_out).images[: options.count])
    started = time.perf_counter()
    found_own, found_real = (
        [project(generator, target).psnr for target in tqdm(targets.split(1), unit="image")] for targets in (own, real)
    )
    seconds = (time.perf_counter() - started) / (2 * options.count)
    random = best_of_random(generator, real)
    beaten = sum(found > other for found, other in zip(found_real, random, strict=True))
    print(describe_device(pick_device("cpu")))
    print(f"{seconds:.1f} s an image, n = {2 * options.count}")
    for name, values in (("own images", found_own), ("held-out images", found_real), ("best random", random)):
        print(f"{name}: {statistics.median(values):.1f} dB in the median ({min(values):.1f} to {max(values):.1f})")
    print(f"held-out images where the search beats the best of {RANDOM} random latents: {beaten} of {options.count}")


@torch.no_grad()
def best_of_random(generator: Generator, targets: torch.Tensor, count: int = RANDOM) -> list[float]:
    """Of each target (N, 3, 128, 128) the PSNR of the most similar of `count` random images."""
    best = [-1.0] * len(targets)
    for seed in tqdm(range(count), unit="random"):
        image = generator(latents.from_seeds([2 * 10**6 + seed], generator.z_dim))
        best = [max(b, psnr(image, target)) for b, target in zip(best, targets.split(1), strict=True)]
    return best


if __name__ == "__main__":
    main()
