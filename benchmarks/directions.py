"""Which directions of a model's latent space deserve a name, measured; writes directions.json into its folder.

    python -m benchmarks.directions --model weights/lotus --sheet sheet.png

The renderer's parameters are known for every training image, so a small regressor is fitted to predict them from an
image; what it cannot predict on held-out renders is not used. Then it is applied to generated images. For each name
four kinds of directions are compared (closed form, principal, fitted, fitted given the others), and the one that moves
its own parameter most, compared with the other parameters, is tested as a slider. Look at the sheet before you trust a
name: each row is a name, from one end of the slider to the other, for three seeds.

About ten minutes on one core, most of them for generating images. Prints Markdown: docs/directions.md has ours.
"""

import argparse
import colorsys
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from scipy.stats import spearmanr
from tqdm import tqdm

from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.sampling.directions import NAMES, REACH, Direction, closed_form, principal, write
from lotus_gan.sampling.media import grid, sample_images, save_atomically, to_uint8
from lotus_gan.training.device import describe_device
from render.lotus_params import LEAF_COLOURS, PETAL_COLOURS

# px of the regressor's input: small, so that generated images, which are softer than renders, are no different to it
# (held-out renders blurred by 2 px are predicted as well as sharp ones)
SIDE = 16
PENALTY, WIDTH = 0.03, 0.5  # of the kernel ridge regression, chosen on lotus-val
READABLE = 0.7  # Spearman's rho on held-out renders, below which a parameter is not used
NAMED = 0.5  # of a slider, below which it has no name
FITTED = 3000  # images from which directions are fitted
TESTED = 1000  # images of each slider
COMPONENTS = 12  # closed-form and principal directions that are considered
FIRST_SEEDS = (3 * 10**6, 4 * 10**6)  # of the fit and of the trial
SHOWN = (0, 2, 12)  # seeds on the sheet


# --- parameters -----------------------------------------------------------------------------------------------------


def tip(row: dict) -> tuple[float, ...]:
    """RGB in 0..1 of the petal's tip, with the image's hue shift."""
    hue, saturation, value = colorsys.rgb_to_hsv(*_rgb(PETAL_COLOURS[row["colour"]][2]))
    return colorsys.hsv_to_rgb((hue + row["hue_shift"] / 360) % 1, saturation, value)


def yellowness(rgb: tuple[float, ...]) -> float:
    """b* of CIELAB (D65): below 0 for what is bluish, such as magenta, above for what is yellowish."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
        for t in (
            0.2126 * red + 0.7152 * green + 0.0722 * blue,
            (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
        )
    )
    return 200 * (y - z)


def _rgb(code: str) -> tuple[float, ...]:
    return tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _leaf_warmth(row: dict) -> float:
    red, _, blue = _rgb(LEAF_COLOURS[row["leaf_colour"]])
    return red - blue


# a name, then the number that is meant and how it comes from a row of metadata.jsonl
PARAMETERS = {
    "colour": ("red minus green of the petal's tip", lambda row: tip(row)[0] - tip(row)[1]),
    "warmth": ("b* (CIELAB) of the petal's tip", lambda row: yellowness(tip(row))),
    "openness": ("openness", lambda row: row["openness"]),
    "camera_height": ("camera_height, degrees", lambda row: row["camera_height"]),
    "size": ("fill", lambda row: row["fill"]),
    "lean": (
        "tilt times sine of tilt_direction",
        lambda row: row["tilt"] * math.sin(math.radians(row["tilt_direction"])),
    ),
    "light": ("sun_elevation, degrees", lambda row: row["sun_elevation"]),
    "leaves": ("red minus blue of leaf_colour", _leaf_warmth),
}


def read_set(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """A rendered set -> the regressor's input (N, 768), and the parameters (N, P)."""
    data = load_folder(folder)
    lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["file_name"]: row for row in map(json.loads, lines)}
    values = [[number(rows[name]) for _, number in PARAMETERS.values()] for name in data.names]
    return shrunk(data.images), torch.tensor(values, dtype=torch.float64)


def shrunk(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, 128, 128) uint8 -> (N, 768), 0 to 1."""
    return F.interpolate(images.float() / 255, size=(SIDE, SIDE), mode="area").flatten(1).double()


@torch.inference_mode()
def generated(generator: Generator, z: torch.Tensor, what: str) -> torch.Tensor:
    """Latents (N, z_dim) -> the regressor's input (N, 768), rounded to 8 bits on the way."""
    rows = tqdm(z.split(1), desc=what, unit="image", leave=False)
    return torch.cat([shrunk(to_uint8(generator(row)).permute(0, 3, 1, 2)) for row in rows])


class Regressor:
    """Kernel ridge regression: images (N, 768) -> parameters (N, P)."""

    def __init__(self, images: torch.Tensor, values: torch.Tensor):
        self.images, self.mean, self.std = images, values.mean(0), values.std(0)
        distances = torch.cdist(images, images)
        self.gamma = WIDTH / distances.median() ** 2
        kernel = torch.exp(-self.gamma * distances**2)
        kernel.diagonal().add_(PENALTY)
        self.weights = torch.linalg.solve(kernel, (values - self.mean) / self.std)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 768) -> parameters (N, P)."""
        kernel = torch.exp(-self.gamma * torch.cdist(images, self.images) ** 2)
        return kernel @ self.weights * self.std + self.mean


def rho(a: torch.Tensor, b: torch.Tensor) -> float:
    """Spearman's rank correlation of two columns (N,)."""
    return float(spearmanr(a, b).statistic)


# --- directions ------------------------------------------------------------------------------------------------------


def candidates(generator: Generator, z: torch.Tensor, values: torch.Tensor) -> dict[str, list[torch.Tensor]]:
    """Of each kind the directions (count, z_dim) that may serve for each parameter. `values` (N, P) are those
    predicted from the images of z (N, z_dim)."""
    standard = (values - values.mean(0)) / values.std(0)
    slopes = torch.linalg.lstsq(z.double(), standard).solution  # (z_dim, P)
    # the pseudoinverse's rows are perpendicular to the slopes of all the others: to first order those stay as they are
    given = torch.linalg.pinv(slopes)
    weights_alone = {"closed form": closed_form(generator, COMPONENTS), "principal": principal(generator, COMPONENTS)}
    return {
        **{kind: [torch.stack([d.vector for d in found])] * len(given) for kind, found in weights_alone.items()},
        "fitted": list(F.normalize(slopes.T).float()[:, None]),
        "fitted given the others": list(F.normalize(given).float()[:, None]),
    }


def best(rows: torch.Tensor, z: torch.Tensor, values: torch.Tensor, i: int) -> tuple[torch.Tensor, float, float]:
    """Of directions (count, z_dim) the one that goes along most purely with parameter i among random latents, turned so
    that both grow; its rho, and the largest rho in size with any other parameter."""
    found = []
    for row in rows:
        along = [rho(z @ row, values[:, j]) for j in range(values.shape[1])]
        own = along.pop(i)
        found.append((row * math.copysign(1, own), abs(own), max(map(abs, along))))
    return max(found, key=purity)


def purity(found: tuple[torch.Tensor, float, float]) -> float:
    """Of what `best` gives: rho, less twice the largest with another parameter, since a slider that does two things
    has the wrong name."""
    _, own, other = found
    return own - 2 * other


def trial(generator: Generator, regressor: Regressor, vector: torch.Tensor, name: str) -> list[float]:
    """One slider, at random positions from random latents: its rho with each parameter."""
    z = latents.from_seeds(range(FIRST_SEEDS[1], FIRST_SEEDS[1] + TESTED), generator.z_dim)
    amounts = (2 * torch.rand(TESTED, generator=torch.Generator().manual_seed(NAMES.index(name))) - 1) * REACH
    values = regressor(generated(generator, z + amounts[:, None] * vector, name))
    return [rho(amounts, column) for column in values.T]


def sheet(generator: Generator, directions: list[Direction]) -> list:
    """The images of the sheet: a row a direction, seven positions of three seeds."""
    z = latents.from_seeds(SHOWN, generator.z_dim)
    steps = torch.linspace(-REACH, REACH, 7)[:, None]
    return [image for d in directions for row in z for image in sample_images(generator, row + steps * d.vector)]


# --- the tables ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Print the tables, write the sheet and directions.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("weights/lotus"), help="a folder (default: weights/lotus)")
    parser.add_argument("--data", type=Path, default=Path("data/lotus-2000"), help="(default: data/lotus-2000)")
    parser.add_argument(
        "--held-out",
        type=Path,
        nargs="+",
        default=[Path("data/lotus-val"), Path("data/lotus-heldout")],
        help="renders to check the regressor with (default: data/lotus-val data/lotus-heldout)",
    )
    parser.add_argument("--sheet", type=Path, required=True, help="where to write the sheet of images, a PNG")
    options = parser.parse_args()
    generator = Generator.from_pretrained(options.model)
    regressor = Regressor(*read_set(options.data))
    readable = check(regressor, options.held_out)
    z = latents.from_seeds(range(FIRST_SEEDS[0], FIRST_SEEDS[0] + FITTED), generator.z_dim)
    values = regressor(generated(generator, z, "generating"))[:, readable]
    names = [list(PARAMETERS)[i] for i in readable]
    chosen = choose(candidates(generator, z, values), z, values, names)
    named = try_all(generator, regressor, chosen)
    save_atomically(grid(sheet(generator, named), 7 * len(SHOWN)), options.sheet)
    write(named, options.model)
    print(f"\n{len(named)} directions have a name; {describe_device(torch.device('cpu'))}")


def head(caption: str, *columns: str) -> None:
    """Print the caption and the head of a table."""
    print(f"\n{caption}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")


def check(regressor: Regressor, folders: list[Path]) -> list[int]:
    """Print how well held-out renders are predicted; which parameters are predicted well enough in all sets."""
    sets = [read_set(folder) for folder in folders]
    titles = [f"{folder.name}, n = {len(images)}" for folder, (images, _) in zip(folders, sets, strict=True)]
    caption = f"Predicted from held-out renders: Spearman's rho. Under {READABLE} in any set, a parameter is not used."
    head(caption, "name", "parameter", *titles)
    readable = []
    predicted = [(regressor(images), values) for images, values in sets]
    for i, (name, (meaning, _)) in enumerate(PARAMETERS.items()):
        figures = [rho(guess[:, i], truth[:, i]) for guess, truth in predicted]
        print(f"| {name} | {meaning} |" + "".join(f" {figure:.2f} |" for figure in figures))
        if min(figures) >= READABLE:
            readable.append(i)
    return readable


def choose(
    kinds: dict[str, list[torch.Tensor]], z: torch.Tensor, values: torch.Tensor, names: list[str]
) -> dict[str, tuple[str, torch.Tensor]]:
    """Print each kind's purest direction for each name; the purest of all: {name: (kind, vector)}."""
    caption = (
        "The purest direction of each kind along random latents: rho with its own parameter, the largest with another"
    )
    head(f"{caption}; n = {len(z)}. The purest is tested: the first number less twice the second.", "name", *kinds)
    chosen = {}
    for i, name in enumerate(names):
        found = {kind: best(rows[i], z, values, i) for kind, rows in kinds.items()}
        print(f"| {name} |" + "".join(f" {along:.2f}, {other:.2f} |" for _, along, other in found.values()), flush=True)
        kind = max(found, key=lambda kind: purity(found[kind]))
        chosen[name] = kind, found[kind][0]
    return chosen


def try_all(generator: Generator, regressor: Regressor, chosen: dict[str, tuple[str, torch.Tensor]]) -> list[Direction]:
    """Print what each slider moves; those that move their own parameter enough."""
    caption = f"Sliders: rho of their position with the predictions; n = {TESTED} each. The name needs {NAMED}."
    head(caption, "slider", "kind", *PARAMETERS)
    named = []
    for name, (kind, vector) in chosen.items():
        figures = trial(generator, regressor, vector, name)
        cells = [f"**{f:.2f}**" if other == name else f"{f:.2f}" for other, f in zip(PARAMETERS, figures, strict=True)]
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)
        own = figures[list(PARAMETERS).index(name)]
        if own >= NAMED:
            named.append(Direction(name, vector, own))
    return named


if __name__ == "__main__":
    main()
