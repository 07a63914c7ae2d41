"""What a training step takes on a GPU: its kernels started one by one, and as one graph.

    python -m benchmarks.cuda_graphs [--steps 40]

A Markdown table: milliseconds a step both ways, how long the GPU itself is busy with one, and how many kernels it has.
Needs a CUDA GPU; about a minute.
"""

import argparse
import sys
import time

import torch
from torch.profiler import ProfilerActivity, profile

from lotus_gan import PRESETS, TrainConfig
from lotus_gan.training.device import describe_device
from lotus_gan.training.step import WGANGPStep

GPU = torch.device("cuda")
JOINT = TrainConfig(device="cuda", critic_warmup=0, base_steps=0, upsampler_warmup=0, augment="")
CONFIGS = {
    "`lotus`, batch 16": JOINT,
    "`lotus`, batch 64": JOINT.replace(batch_size=64),
    "`lotus`, batch 64, base stage": JOINT.replace(batch_size=64, base_steps=10_000),
    "`article`": TrainConfig(**PRESETS["article"]).replace(device="cuda"),
}
FIRST = 12  # steps before the clock: every kind of step has its graph by then


def milliseconds(step: WGANGPStep, steps: int) -> float:
    """Of one step, on average."""
    for _ in range(FIRST):
        step()
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started) / steps


def kernels(step: WGANGPStep, steps: int = 4) -> tuple[float, int]:
    """-> (milliseconds in which the GPU is busy with one step, number of kernels of one)."""
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        for _ in range(steps):
            step()
        torch.cuda.synchronize()
    events = [event for event in profiler.key_averages() if event.self_device_time_total]
    busy = sum(event.self_device_time_total for event in events) / 1000  # from microseconds
    return busy / steps, sum(event.count for event in events) // steps


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--steps", type=int, default=40, help="steps that are timed")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("benchmarks.cuda_graphs: needs a CUDA GPU, and torch sees none here")
    images = torch.randint(0, 256, (64, 3, 128, 128), dtype=torch.uint8)
    print(describe_device(GPU), "\n\n| step | one by one, ms | as a graph, ms | GPU busy, ms | kernels |")
    print("| --- | --- | --- | --- | --- |")
    for name, config in CONFIGS.items():
        graph, plain = WGANGPStep(config, images), WGANGPStep(config, images)
        plain.graphs = None
        one_by_one, (busy, count) = milliseconds(plain, options.steps), kernels(plain)
        print(f"| {name} | {one_by_one:.1f} | {milliseconds(graph, options.steps):.1f} | {busy:.1f} | {count:,} |")


if __name__ == "__main__":
    main()
