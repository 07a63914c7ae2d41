"""What to know of a set of images before training on it: in words, and as two sheets.

print(describe(images, "folders"))
save_sheets(images.images, config, "runs/mine")      # data.webp, augmented.webp
"""

from pathlib import Path

import torch

from lotus_gan.config import FEW, RESOLUTION, TrainConfig
from lotus_gan.data.duplicates import near
from lotus_gan.data.images import ImageSet, examples
from lotus_gan.sampling.media import from_uint8, grid, save_atomically, to_pil
from lotus_gan.training.augment import augment, flip, random_flips

LONG = 2.0  # a longer side of more than twice the shorter one: more than half of the image is cropped away
CROPPED = 1.45  # and of more than this, about a third: a camera's 3 to 2
SHEET = 64
ROWS = 8  # images on the sheet of augmented ones, and columns: the image, then seven draws
# thousand images shown until there are flower shapes, and recognisable flowers, on our 68 images
EXPECTED = {"lotus": (6, 10), "article": (16, 80)}
# the same with a base stage, whose steps are quick and whose flowers are blurs
EXPECTED_BASE = EXPECTED | {"lotus": (6, 32)}


def describe(images: ImageSet, groups: str = "folders") -> str:
    """The report on the terminal, a line for each thing worth knowing and a handful of names in it."""
    lines = [images.report()]
    count = len({Path(name).parent for name in images.names})
    if count > 1:
        lines.append(f"  {count} {groups}, read as one set")
    by_side = sorted(images.sizes, key=min)
    smallest, median, largest = ("{} x {}".format(*by_side[i]) for i in (0, len(by_side) // 2, -1))
    lines.append(f"  sizes by the shorter side: smallest {smallest} px, median {median}, largest {largest}")
    sized = list(zip(images.names, images.sizes, strict=True))
    alike = [f"{images.names[later]} and {images.names[earlier]}" for earlier, later in near(images.images)]
    small = [f"{name} ({w} x {h})" for name, (w, h) in sized if min(w, h) < RESOLUTION]
    long = [f"{name} ({1 - min(s) / max(s):.0%} of it)" for name, s in sized if max(s) > LONG * min(s)]
    cut = [f"{name} ({1 - min(s) / max(s):.0%} of it)" for name, s in sized if CROPPED < max(s) / min(s) <= LONG]
    for found, text in (
        (alike, "nearly the same as an earlier one, and kept"),
        (small, f"shorter than {RESOLUTION} px on a side, so enlarged and soft"),
        (cut, "of 3 to 2 or longer, a third or more of which is cropped away"),
        (long, f"longer than {LONG:g} to 1, so much is cropped away"),
    ):
        if found:
            lines.append(f"  {len(found)} {text}: {examples(found)}")
    return "\n".join(lines)


def decided(config: TrainConfig, resolved: TrainConfig, count: int) -> list[str]:
    """What `TrainConfig.for_images` has made of a config, and why: a line each."""
    few, many = f"fewer than {FEW:,} images are soon memorised", f"{FEW:,} images or more do without"
    lines = {
        "augment": f"{resolved.augment or 'none'}, because {few if count < FEW else many} (here {count:,})",
        "batch_size": f"{resolved.batch_size}, quicker for few images that start from a trained model",
    }
    return [f"{name}: {line}" for name, line in lines.items() if getattr(config, name) != getattr(resolved, name)]


def expectations(config: TrainConfig, pretrained: bool = False) -> str:
    """The stages, and after how many steps to expect what: a line each. The minutes follow once the pace is known
    (`forecast`)."""
    both = ", and in the first joint one" if config.base_steps else ""
    stages = (
        (config.upsampler_warmup, "upsampler warm-up: {:,} updates before the first step"),
        (config.critic_warmup, "critic warm-up: {:,} updates in the first step" + both),
        (
            config.base_steps,
            "base stage at 16 px until step {:,}, then the joint stage at 128 px, each step several times as long",
        ),
    )
    lines = [line.format(count) for count, line in stages if count]
    if pretrained:
        lines.append("training starts from a trained model: previews/ shows what the images change")
    else:
        (shapes, first), (recognisable, second) = ((kimg, _step_of(config, kimg)) for kimg in _expected(config))
        lines.append(
            f"with our 68 images the preset {config.architecture} made flower shapes after {shapes} thousand images "
            f"shown (step {first:,.0f}), recognisable flowers after {recognisable} thousand (step {second:,.0f})"
        )
    return "\n".join(lines)


def _expected(config: TrainConfig) -> tuple[int, int]:
    return (EXPECTED_BASE if config.base_steps else EXPECTED)[config.architecture]


def _step_of(config: TrainConfig, kimg: float) -> float:
    """After how many generator steps so many thousand images have been shown to the critic, its warm-up included."""
    batches = max(0, kimg * 1000 / config.batch_size - config.critic_warmup)
    base = min(batches / config.base_n_critic, config.base_steps)
    return base + (batches - base * config.base_n_critic) / config.n_critic


def forecast(config: TrainConfig, rate: float) -> str:
    """After how many minutes to look, at `rate` images a second."""
    shapes, recognisable = (f"{max(1, round(k * 1000 / rate / 60)):,}" for k in _expected(config))
    return (
        f"at {rate:.0f} images a second, expect flower shapes {shapes} min after the first step, "
        f"recognisable flowers after {recognisable}"
    )


def save_sheets(images: torch.Tensor, config: TrainConfig, output: Path) -> list[Path]:
    """Two sheets of images (N, 3, 128, 128) uint8, spread over all of them; returns where they are.

    data.webp: up to 64 crops as training reads them. augmented.webp: rows of one image each, first as it is, then as
    the critic sees it in seven draws.
    """
    rows = from_uint8(_spread(images, ROWS))
    generator = torch.Generator().manual_seed(config.seed)
    draws = [
        augment(
            flip(rows, random_flips(len(rows), generator)) if config.mirror else rows,
            config.augment,
            generator=generator,
        )
        for _ in range(ROWS - 1)
    ]
    augmented = torch.stack([rows, *draws], 1).flatten(0, 1)
    sheets = {"data.webp": from_uint8(_spread(images, SHEET)), "augmented.webp": augmented}
    return [
        save_atomically(grid(to_pil(sheet), columns=ROWS), output / name, quality=90) for name, sheet in sheets.items()
    ]


def _spread(images: torch.Tensor, count: int) -> torch.Tensor:
    """Up to `count` of them at even distances."""
    return images[torch.linspace(0, len(images) - 1, min(count, len(images))).round().long()]
