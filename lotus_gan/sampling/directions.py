"""Directions in latent space: moving z along one changes the image in one respect.

    directions = read(Path("weights/lotus"))                     # those with names, measured: benchmarks/directions.py
    directions = closed_form(generator, 8)                       # of any model, from its weights alone
    z = move(z, directions, [1.5, 0, -3, 0, 0, 0, 0, 0])         # one amount each, from -REACH to REACH

A direction is a unit vector with a fixed sign, so a model always has the same ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from lotus_gan.errors import ModelError, UsageError, shortened
from lotus_gan.files import atomic_write, read_json
from lotus_gan.models.hub import sidecar_files
from lotus_gan.models.pretrained import Generator, read_config

FILE = "directions.json"
# the names that a file may give, each with a label on the page; the amount grows towards the second
NAMES = (
    "colour",  # petals pale .. deep pink
    "warmth",  # petals lilac .. salmon
    "openness",  # bud .. open
    "camera_height",  # from the side .. from above
    "size",  # flower small .. large
    "lean",  # flower leans to the left .. to the right
    "light",  # sun low .. high
    "leaves",  # dark blue-green .. bright yellowish green
)
REACH = 3.0  # a value of z is rarely further from 0, so an image at the end of a slider is still a typical one
SAMPLES = 1000  # of z, for principal components
UNNAMED = 8  # directions of each kind that people are shown
DIGITS = 4  # of a value in a file
KEYS = {"name", "rho", "vector"}


@dataclass(frozen=True)
class Direction:
    """A direction of z.

    name: one of NAMES, or "" without one. vector: (z_dim,) float32 of length 1. rho: Spearman's rank correlation of the
    amount with what was measured for the name, 0 to 1; None without a name.
    """

    name: str
    vector: torch.Tensor
    rho: float | None = None


def closed_form(generator: Generator, count: int) -> list[Direction]:
    """The `count` orthogonal directions that the first layer scales most, largest first (SeFa, Shen & Zhou 2021).

    They are eigenvectors of A^T A, A being its weights. UsageError (a ValueError) unless count is from 1 to z_dim.
    """
    weight = generator.stem[0].get_parameter("weight").detach().cpu().double().flatten(1)  # A^T, (z_dim, C * 16)
    return _unnamed(torch.linalg.eigh(weight @ weight.T).eigenvectors.flip(1).T[: _checked(generator, count)])


@torch.no_grad()
def principal(generator: Generator, count: int, samples: int = SAMPLES) -> list[Direction]:
    """The `count` directions of z along which the early activations vary most, largest first.

    GANSpace (Härkönen et al. 2020): the principal components of the activations of `samples` random latents in the
    first stage, at 4 px, mapped back to z by least squares. The same model gives the same ones. UsageError (a
    ValueError) unless count is from 1 to z_dim and below `samples`.
    """
    count = _checked(generator, count)
    if samples <= count:
        raise UsageError("too_few_samples", count=count, samples=samples)
    z = torch.randn(samples, generator.z_dim, generator=torch.Generator().manual_seed(0))
    device = next(generator.parameters()).device
    activations = generator.stem(z[:, :, None, None].to(device)).flatten(1).cpu()  # (samples, C * 4 * 4)
    centred = (activations - activations.mean(0)).double()
    # the samples are far fewer than the values, so their products are the smaller matrix; its eigenvectors are the
    # samples' coordinates along each component, which are orthogonal: least squares is one product
    coordinates = torch.linalg.eigh(centred @ centred.T).eigenvectors.flip(1)[:, :count]
    return _unnamed(coordinates.T @ z.double())


def groups(generator: Generator, named: Sequence[Direction]) -> dict[str, list[Direction]]:
    """Those that people are shown: "named" as given, then eight of "closed" (closed form) and of "principal"."""
    count = min(UNNAMED, generator.z_dim)
    return {
        "named": list(named),
        "closed": closed_form(generator, count),
        "principal": principal(generator, count),
    }


def _checked(generator: Generator, count: int) -> int:
    if not 1 <= count <= generator.z_dim:
        raise UsageError("bad_count", z_dim=generator.z_dim, count=count)
    return count


def _unnamed(rows: torch.Tensor) -> list[Direction]:
    """(count, z_dim) -> directions of length 1; the value that is largest in size becomes positive."""
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return [Direction("", row) for row in (rows * largest.sign() / rows.norm(dim=1, keepdim=True)).float()]


def move(z: torch.Tensor, directions: Sequence[Direction], amounts: Sequence[float]) -> torch.Tensor:
    """z (z_dim,) plus each direction times its amount: (z_dim,).

    UsageError (a ValueError) unless there is one amount for each direction.
    """
    # The norm of z is not preserved: one slider at its end turns 10 into 10.4, and random latents have 9.3 to 10.7.
    # Eight at once make 12 to 14, and even then the image hardly differs from that at the old norm. A sum keeps the
    # effects of the sliders independent.
    if len(amounts) != len(directions):
        raise UsageError("amounts_differ", directions=len(directions), amounts=len(amounts))
    for direction, amount in zip(directions, amounts, strict=True):
        z = z + amount * direction.vector.to(z)
    return z


# --- in a model's folder ---------------------------------------------------------------------------------------------


def write(directions: Sequence[Direction], folder: Path | str) -> None:
    """Write named directions into a model's folder: directions.json, a JSON object a line.

    UsageError (a ValueError) if one has no rho; an older file then stays.
    """
    rows = [
        {"name": d.name, "rho": round(_rho(d), 3), "vector": [round(value, DIGITS) for value in d.vector.tolist()]}
        for d in directions
    ]
    text = "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"
    with atomic_write(Path(folder) / FILE) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _rho(direction: Direction) -> float:
    if direction.rho is None:
        raise UsageError("no_rho")
    return direction.rho


def read(folder: Path | str | None) -> list[Direction]:
    """The directions in a model's folder; [] where there are none, or no folder (a model from the Hub).

    ModelError (a ValueError) that names the file and its fault, if it is not what `write` writes for this model.
    """
    path = next(iter(sidecar_files(Path(folder), FILE)), None) if folder else None
    if path is None:
        return []
    z_dim = read_config(path.with_name("config.json")).z_dim
    try:
        directions = [_direction(row, z_dim) for row in read_json(path)]
        names = [direction.name for direction in directions]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")
        return directions
    except (TypeError, ValueError, OverflowError) as error:  # not JSON, no list, no numbers, too large ones
        raise ModelError("directions_unreadable", path=path, detail=shortened(error)) from None


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
