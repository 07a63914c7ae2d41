"""How fast a training step is, against the plain way to write it, and against what the machine could do.

    python -m benchmarks.training_speed [--rounds 5] [--threads 1 2] [--only lotus|article]

For each number of threads two Markdown tables: every way to train, in turn, with its ratio to the plain step of its
preset; then where a step of `lotus` spends its time. Shared computers are noisy, so each round measures every way once
and ratios are taken within a round. The machine's rate is that of matrix products (torch.mm, 2048 cubed), measured in
turn too; a step's arithmetic is counted (torch.utils.flop_counter), and at that rate it would take its `limit`. Batch
16; the plain steps are in benchmarks/plain.py. About twelve minutes on two cores.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.plain import PlainStep, plain_article_step
from lotus_gan import PRESETS, TrainConfig
from lotus_gan.training.device import describe_device, pick_device, tune_malloc
from lotus_gan.training.step import WGANGPStep

IMAGES = 32  # few, so that a cache is full after some steps
# with a penalty in every update, as the plain step has
LOTUS = TrainConfig(device="cpu", penalty_every=1, critic_warmup=0, base_steps=0, augment="translation")
STILL = LOTUS.replace(augment="")
ARTICLE = TrainConfig(**PRESETS["article"]).replace(device="cpu")

Steps = dict[str, Callable[[], None]]


def lotus_steps(images: torch.Tensor) -> Steps:
    """The joint stage of `lotus`; the first is the plain one."""
    return {
        "`lotus --penalty-every 1`, plain": PlainStep(LOTUS, images),
        "`lotus --penalty-every 1`": WGANGPStep(LOTUS, images),
        '`lotus --penalty-every 1 --augment ""`, plain': PlainStep(STILL, images),
        '`lotus --penalty-every 1 --augment ""`': filled(WGANGPStep(STILL, images)),
        "`lotus`": WGANGPStep(LOTUS.replace(penalty_every=4), images),
        "`lotus --penalty-every 1 --critic-width 8`": WGANGPStep(LOTUS.replace(critic_width=8), images),
        '`lotus --augment "" --critic-width 8`': filled(
            WGANGPStep(STILL.replace(penalty_every=4, critic_width=8), images)
        ),
        "`lotus --penalty-every 1 --precision bf16`": WGANGPStep(LOTUS.replace(precision="bf16"), images),
    }


def article_steps(images: torch.Tensor) -> Steps:
    """The article at full width: five updates of the critic and one of the generator; the first is the plain loop."""
    return {
        "`article`, plain": plain_article_step(ARTICLE, images),
        "`article`": WGANGPStep(ARTICLE, images),
        "`article --penalty-every 5`": WGANGPStep(ARTICLE.replace(penalty_every=5), images),
        "`article --precision bf16`": WGANGPStep(ARTICLE.replace(precision="bf16"), images),
    }


def filled(step: WGANGPStep) -> WGANGPStep:
    """With every image in its cache, as after the first epochs."""
    every = torch.arange(len(step.images))
    for flips in (torch.zeros(len(every), dtype=torch.bool), torch.ones(len(every), dtype=torch.bool)):
        with torch.no_grad():
            step.view_cache(every, flips, lambda *image: step._views(step._real_images(*image), []))
    return step


def seconds(function: Callable[[], object], times: int = 1) -> float:
    """Of one call, on average."""
    started = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - started) / times


def matrix_gflops() -> float:
    """Matrix products of 2048 x 2048, in GFLOP/s."""
    a = torch.randn(2048, 2048)
    torch.mm(a, a)
    return 2 * 2048**3 / seconds(lambda: torch.mm(a, a), 5) / 1e9


class FlopCounter(TorchDispatchMode):
    """torch's FlopCounterMode without its account of modules, which a gradient inside a gradient upsets."""

    flops = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        count = flop_registry.get(function._overloadpacket)
        self.flops += count(*args, **kwargs, out_val=result) if count else 0
        return result


def gflops_of(step: Callable[[], None], times: int) -> float:
    """The arithmetic of one step, counted, on average."""
    with FlopCounter() as counter:
        for _ in range(times):
            step()
    return counter.flops / times / 1e9


def speed_table(steps: Steps, rounds: int, times: int) -> None:
    """Each step's time, its ratio to the plain one before it, and how near it comes to the machine's rate.

    times: steps a measurement, as many as a lazy penalty needs to come once."""
    work = {name: gflops_of(step, times) for name, step in steps.items()}
    taken, rates = defaultdict(list), []
    for _ in range(rounds):
        rates.append(matrix_gflops())
        for name, step in steps.items():
            taken[name].append(seconds(step, times))
    rate, plain = statistics.median(rates), ""
    print(f"\nmatrix product {rate:.0f} GFLOP/s ({min(rates):.0f} to {max(rates):.0f}), {rounds} rounds\n")
    print("| step | seconds | times as quick as plain | GFLOP | limit, seconds |\n| --- | --- | --- | --- | --- |")
    for name, times in taken.items():
        plain = name if name.endswith("plain") else plain
        reference = plain if "three" not in name else next(iter(steps))
        ratios = [a / b for a, b in zip(taken[reference], times, strict=True)]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        row = (name, f"{statistics.median(times):.2f}", ratio, f"{work[name]:.0f}", f"{work[name] / rate:.2f}")
        print(f"| {' | '.join(row)} |", flush=True)


def parts_table(steps: Steps, rounds: int) -> None:
    """Where a step of `lotus` spends its time, plain and not."""
    columns = {name: parts(step, rounds) for name, step in list(steps.items())[:2]}
    print(f"\n| part, milliseconds | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for part in next(iter(columns.values())):
        print(f"| {part} | {' | '.join(f'{column[part]:.0f}' for column in columns.values())} |", flush=True)


def parts(step: WGANGPStep, rounds: int) -> dict[str, float]:
    """Medians, in milliseconds, of the parts of a step; what holds other parts is given without them."""
    taken: dict[str, list[float]] = defaultdict(list)

    def timed(name: str) -> None:
        function = getattr(step, name)

        def wrapper(*values, **named):
            started = time.perf_counter()
            try:
                return function(*values, **named)
            finally:
                taken[name].append(1000 * (time.perf_counter() - started))

        setattr(step, name, wrapper)

    names = ["_real_views", "_fake", "_views", "_critic_update", "_generator_update"]
    for name in names:
        timed(name)
    for _ in range(rounds):
        step()
    for name in names:
        delattr(step, name)
    per_step = {
        name: statistics.median(sum(values[i::rounds]) for i in range(rounds)) for name, values in taken.items()
    }
    views_of_fake = per_step["_views"] / 2  # one call is for real images
    heads = per_step["_critic_update"] - per_step["_fake"] - views_of_fake
    return {
        "feature network, real images": per_step["_real_views"],
        "generator, forward": per_step["_fake"],
        "feature network, fake images": views_of_fake,
        "heads and penalty, forward, backward, Adam": heads,
        "generator's update: heads, feature network and generator, backward": per_step["_generator_update"],
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="threads of torch")
    parser.add_argument("--only", choices=["lotus", "article"], help="one preset")
    options = parser.parse_args()
    tune_malloc()
    images = torch.randint(0, 256, (IMAGES, 3, 128, 128), dtype=torch.uint8)
    for preset, make in {"lotus": lotus_steps, "article": article_steps}.items():
        if options.only not in (None, preset):
            continue
        steps = make(images)
        for threads in options.threads:
            torch.set_num_threads(threads)
            print(f"\n{preset}, {threads} thread{'s'[: threads - 1]}; {describe_device(pick_device('cpu'))}")
            speed_table(steps, options.rounds, times=4 if preset == "lotus" else 1)
            if preset == "lotus":
                parts_table(steps, options.rounds)


if __name__ == "__main__":
    main()
