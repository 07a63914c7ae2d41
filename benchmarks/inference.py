"""How much each step of `InferenceGenerator` saves, on one core, and ONNX Runtime in its place.

    python -m benchmarks.inference [--rounds 20]

Prints a Markdown table: 16 images by the network alone, in the plainest way (one after the other, the network as it was
trained) and with each step, in turn; a ratio is taken within a round. ONNX Runtime has one thread, too. About a minute.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.page import Plain, compare, head, spread
from lotus_gan import Generator, latents
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.publishing.onnx import write_onnx
from lotus_gan.sampling.media import BATCH
from lotus_gan.training.device import describe_device, pick_device

COUNT = 16


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often each pair is measured")
    options = parser.parse_args()
    torch.set_num_threads(1)
    variants = {**networks("lotus"), **networks("article")}
    head(f"{COUNT} images", "plain", "so", "ratio", "n")
    matrix = compare(variants, options.rounds)
    print(f"\nmatrix product on one core: {spread(matrix, 'GFLOP/s')}")
    print(describe_device(pick_device("cpu")))


def networks(name: str) -> dict[str, tuple[Callable, Callable]]:
    """For each way of computing the images: the plain way, and that one."""
    plain = Plain(f"weights/{name}").generator
    z = latents.from_seeds(range(COUNT), plain.z_dim)
    folded, whole = InferenceGenerator(plain), InferenceGenerator(Generator.from_pretrained(f"weights/{name}"))
    onnx = onnx_runtime(f"weights/{name}")

    def by(network: Callable, batch: int) -> Callable:
        return torch.inference_mode()(lambda: [network(part) for part in z.split(batch)])

    ways = {
        "BatchNorm folded, all convolutions oneDNN's": by(folded, 1),
        "and the quicker blur": by(whole, 1),
        **{f"and {batch} images at once": by(whole, batch) for batch in (2, 4, BATCH, COUNT)},
        "ONNX Runtime": by(onnx, 1),
        f"ONNX Runtime, {BATCH} images at once": by(onnx, BATCH),
    }
    if name == "article":  # it has no blur
        del ways["and the quicker blur"]
    return {f"`{name}`: {way}": (by(plain, 1), function) for way, function in ways.items()}


def onnx_runtime(model: str) -> Callable:
    """The network of a folder by ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        copied = shutil.copytree(model, Path(folder) / "model", ignore=shutil.ignore_patterns("*.webp"))
        session = onnxruntime.InferenceSession(write_onnx(copied), options, providers=["CPUExecutionProvider"])
    return lambda z: session.run(None, {"z": z.numpy()})


if __name__ == "__main__":
    main()
