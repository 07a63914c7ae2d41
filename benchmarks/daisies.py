"""Another flower than a lotus, drawn by a few lines: what a start from our model is worth for a subject of its own.

    python -m benchmarks.daisies --count 40 --output /tmp/daisies
    python -m benchmarks.daisies --count 28 --first 40 --output /tmp/other-daisies
    python train.py --data /tmp/daisies --val /tmp/other-daisies --evaluate-every 100

White petals in one or two whorls around a yellow disc, seen from above or aslant, on a blurred meadow. Image i is the
same whatever the count.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDE, SCALE = 256, 3  # px of a file, and how much larger it is drawn
GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle between two florets of a disc


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="of images (default: 40)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    parser.add_argument("--output", type=Path, required=True, help="folder for the files")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for i in range(options.first, options.first + options.count):
        daisy(i).save(options.output / f"daisy-{i:04}.png")


def daisy(seed: int) -> Image.Image:
    """One image, 256 x 256 px."""
    rng = np.random.default_rng(seed)
    side = SIDE * SCALE
    image = meadow(rng, side)
    x, y = side * rng.uniform(0.42, 0.58, 2)
    radius, flat, lean = side * rng.uniform(0.26, 0.4), rng.uniform(0.45, 1), rng.uniform(-0.6, 0.6)
    stem(image, rng, (x, y), radius)
    white = np.array([255, rng.uniform(246, 255), rng.uniform(238, 255)])
    for length, shade in ((1.0, 0.86), (0.88, 1.0))[rng.integers(2) :]:
        count = int(rng.integers(16, 26))
        for k in rng.permutation(count):
            angle = 2 * math.pi * (k + rng.uniform(-0.2, 0.2)) / count
            petal(image, (x, y), radius * length * rng.uniform(0.9, 1.05), angle, (flat, lean), white * shade)
    disc(image, rng, (x, y), radius * rng.uniform(0.24, 0.34), (flat, lean))
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def meadow(rng: np.random.Generator, side: int) -> Image.Image:
    """Grass, out of focus."""
    image = Image.new("RGB", (side, side), tuple(int(v) for v in rng.uniform((30, 80, 20), (90, 140, 50))))
    draw = ImageDraw.Draw(image)
    for _ in range(160):
        x, y = rng.uniform(0, side, 2)
        green = tuple(int(v) for v in rng.uniform((20, 70, 10), (150, 190, 80)))
        draw.line([(x, y), (x + rng.normal(0, side / 12), y - side * rng.uniform(0.1, 0.5))], green, side // 40)
    return image.filter(ImageFilter.GaussianBlur(side * rng.uniform(0.012, 0.03)))


def stem(image: Image.Image, rng: np.random.Generator, centre: tuple[float, float], radius: float) -> None:
    """From the flower to the lower edge."""
    x, y = centre
    ends = [(x, y), (x + rng.normal(0, radius / 3), image.height)]
    ImageDraw.Draw(image).line(ends, (70, 110, 40), max(2, int(radius / 11)))


def projected(points: np.ndarray, centre: tuple[float, float], view: tuple[float, float]) -> list[tuple[float, float]]:
    """Points (N, 2) in the plane of a flower -> in the image: flattened to `view[0]`, then turned by `view[1]`."""
    flat, lean = view
    x, y = points[:, 0], flat * points[:, 1]
    turned = np.stack([x * math.cos(lean) - y * math.sin(lean), x * math.sin(lean) + y * math.cos(lean)], 1)
    return [(float(x), float(y)) for x, y in turned + np.array(centre)]


def petal(
    image: Image.Image,
    centre: tuple[float, float],
    length: float,
    angle: float,
    view: tuple[float, float],
    colour: np.ndarray,
) -> None:
    """A long leaf, darker at its foot and along its edge."""
    t = np.linspace(0, math.pi, 24)
    along, across = 0.55 - 0.45 * np.cos(t), 0.085 * np.sin(t) ** 0.7
    for part, shade in ((1.0, 0.72), (0.82, 0.9), (0.6, 1.0)):
        width = np.concatenate([part * across, -part * across[::-1]])
        reach = np.concatenate([along, along[::-1]]) * (0.9 + 0.1 * part)
        flat = length * np.stack([reach, width], 1)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        fill = tuple(int(v) for v in (colour * shade).clip(0, 255))
        ImageDraw.Draw(image).polygon(projected(flat @ turn, centre, view), fill)


def disc(
    image: Image.Image,
    rng: np.random.Generator,
    centre: tuple[float, float],
    radius: float,
    view: tuple[float, float],
) -> None:
    """Florets in a spiral, lit from above, with a shadow on the petals."""
    shadow = Image.new("L", image.size, 255)
    circle = 1.15 * radius * np.stack([np.cos(np.linspace(0, 6.3, 40)), np.sin(np.linspace(0, 6.3, 40))], 1)
    ImageDraw.Draw(shadow).polygon(projected(circle, (centre[0], centre[1] + radius / 6), view), 150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(radius / 8))
    image.paste(ImageChops.multiply(image, Image.merge("RGB", [shadow] * 3)))
    draw = ImageDraw.Draw(image)
    for k in range(220):
        distance = radius * math.sqrt(k / 220)
        [(x, y)] = projected(distance * np.array([[math.cos(k * GOLDEN), math.sin(k * GOLDEN)]]), centre, view)
        light = 1.05 - 0.3 * (y - centre[1]) / radius - 0.25 * (k / 220) ** 3 + rng.normal(0, 0.05)
        fill = tuple(int(min(255, v * light)) for v in (235, 180, 30))
        dot = radius / 10
        draw.ellipse([x - dot, y - dot, x + dot, y + dot], fill)


if __name__ == "__main__":
    main()
