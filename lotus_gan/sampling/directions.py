"""Directions in latent space: ways to move z that change the picture in one respect.

    directions = read(Path("weights/lotus"))                     # those with names, measured: benchmarks/directions.py
    directions = closed_form(generator, 8)                       # of any model, from its weights alone
    z = move(z, directions, [1.5, 0, -3, 0, 0, 0, 0, 0])         # one amount each, from -REACH to REACH

A direction is a unit vector; which of its two ends is the positive one is fixed, so a model always has the same ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from lotus_gan.files import atomic_write
from lotus_gan.models.pretrained import Generator, read_config

FILE = "directions.json"
# what a direction of a file may be called, and so what the page has a word for; the amount grows towards the second
NAMES = (
    "colour",  # petals pale .. deep pink
    "warmth",  # petals lilac .. salmon
    "openness",  # bud .. open
    "camera_height",  # seen from the side .. from above
    "size",  # flower small .. large
    "lean",  # flower leans to the left .. to the right
    "light",  # sun low .. high
    "leaves",  # dark blue-green .. bright yellowish green
)
REACH = 3.0  # a value of z is rarely further from 0, so a picture at the end of a slider is still a usual one
SAMPLES = 1000  # of z, for principal components
DIGITS = 4  # of a value in a file
KEYS = {"name", "rho", "vector"}


@dataclass(frozen=True)
class Direction:
    """name: one of NAMES, or "" where nobody has named it. vector: (z_dim,) float32 of length 1.

    rho: Spearman's, between the amount and what was measured for the name, 0 to 1; None without a name.
    """

    name: str
    vector: torch.Tensor
    rho: float | None = None


def closed_form(generator: Generator, count: int) -> list[Direction]:
    """The directions that the first layer lengthens most, most first (SeFa, Shen & Zhou 2021), perpendicular to each
    other: eigenvectors of A^T A, A being its weights. `count` is from 1 to z_dim."""
    weight = generator.layers[0].weight.detach().cpu().double().flatten(1)  # (z_dim, C * 4 * 4), which is A^T
    return _unnamed(torch.linalg.eigh(weight @ weight.T).eigenvectors.flip(1).T[: _checked(generator, count)])


@torch.no_grad()
def principal(generator: Generator, count: int, samples: int = SAMPLES) -> list[Direction]:
    """The directions of z in which the early activations vary most, most first (GANSpace, Härkönen et al. 2020): the
    principal components of what `samples` random latents become in the first stage, at 4 px, carried back to z by least
    squares. The same model gives the same ones. `count` is from 1 to z_dim; `samples` must be more."""
    count = _checked(generator, count)
    if samples <= count:
        raise ValueError(f"more than {count} samples are needed for {count} directions, got {samples}")
    z = torch.randn(samples, generator.z_dim, generator=torch.Generator().manual_seed(0))
    device = next(generator.parameters()).device
    seen = generator.layers[:3](z[:, :, None, None].to(device)).flatten(1).cpu()  # (samples, C * 4 * 4)
    seen = (seen - seen.mean(0)).double()
    # the samples are far fewer than the values, so their products are the smaller matrix; its eigenvectors are the
    # samples' coordinates along each component, which are perpendicular: least squares is one product
    coordinates = torch.linalg.eigh(seen @ seen.T).eigenvectors.flip(1)[:, :count]
    return _unnamed(coordinates.T @ z.double())


def _checked(generator: Generator, count: int) -> int:
    if not 1 <= count <= generator.z_dim:
        raise ValueError(f"count must be from 1 to {generator.z_dim}, got {count}")
    return count


def _unnamed(rows: torch.Tensor) -> list[Direction]:
    """(count, z_dim) -> directions of length 1; the value that is largest in size becomes positive."""
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return [Direction("", row) for row in (rows * largest.sign() / rows.norm(dim=1, keepdim=True)).float()]


def move(z: torch.Tensor, directions: Sequence[Direction], amounts: Sequence[float]) -> torch.Tensor:
    """z (z_dim,) and one amount for each direction -> (z_dim,): their sum. ValueError for another number of
    amounts."""
    # The length of z is not kept: one slider at its end makes 10.4 of 10, and random latents have 9.3 to 10.7. Eight at
    # once make 12 to 14, and even then the picture is hardly another one than at the old length. A sum keeps each
    # slider's effect its own.
    if len(amounts) != len(directions):
        raise ValueError(f"{len(directions)} directions take as many amounts, got {len(amounts)}")
    for direction, amount in zip(directions, amounts, strict=True):
        z = z + amount * direction.vector.to(z)
    return z


# --- beside a model --------------------------------------------------------------------------------------------------


def write(directions: Sequence[Direction], folder: Path | str) -> None:
    """Write named directions into a model's folder: a list of objects, a line each."""
    rows = [
        {"name": d.name, "rho": round(d.rho, 3), "vector": [round(value, DIGITS) for value in d.vector.tolist()]}
        for d in directions
    ]
    text = "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"
    with atomic_write(Path(folder) / FILE) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path | str | None) -> list[Direction]:
    """The directions in a model's folder; [] where there are none, or no folder (a model from the Hub). ValueError that
    names the file, and what is wrong with it, if `write` has not written it for this model."""
    path = Path(folder) / FILE if folder else None
    if path is None or not path.is_file():
        return []
    z_dim = read_config(path.with_name("config.json")).z_dim
    try:
        directions = [_direction(row, z_dim) for row in json.loads(path.read_text(encoding="utf-8"))]
        names = [direction.name for direction in directions]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")
        return directions
    except (TypeError, ValueError) as error:  # not text, not JSON, no list
        raise ValueError(f"{path} does not hold the directions of this model: {error}") from None


def _direction(row: dict, z_dim: int) -> Direction:
    if not isinstance(row, dict) or row.keys() != KEYS:
        raise ValueError(f"each must be an object of {', '.join(sorted(KEYS))}")
    if row["name"] not in NAMES:
        raise ValueError(f"the name {row['name']!r} is not one of {', '.join(NAMES)}")
    vector = torch.tensor(row["vector"], dtype=torch.float32)
    if vector.shape != (z_dim,):
        raise ValueError(f"{row['name']} must have {z_dim} values, got {tuple(vector.shape)}")
    if not abs(vector.norm() - 1) < 1e-3:  # more than rounding makes of it
        raise ValueError(f"{row['name']} must have length 1, got {vector.norm():.3f}")
    if not 0 <= float(row["rho"]) <= 1:
        raise ValueError(f"rho of {row['name']} must be from 0 to 1, got {row['rho']}")
    return Direction(row["name"], vector / vector.norm(), row["rho"])
