"""STAND-IN, replaced by the branch `directions`: directions in latent space along which a picture changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from . import latents

REACH = 3.0
NAMES = ("colour", "openness")


@dataclass(frozen=True)
class Direction:
    name: str
    vector: torch.Tensor
    rho: float | None


def closed_form(generator: torch.nn.Module, count: int) -> list[Direction]:
    weight = generator.layers[0].weight.flatten(1)
    _, vectors = torch.linalg.eigh(weight @ weight.T)
    return [Direction("", vector, None) for vector in vectors.flip(1).T[:count].contiguous()]


@torch.inference_mode()
def principal(generator: torch.nn.Module, count: int, samples: int = 512) -> list[Direction]:
    z = latents.from_seeds(range(samples), generator.z_dim)
    early = generator.layers[:3](z[:, :, None, None]).flatten(1)
    early = early - early.mean(0)
    _, _, components = torch.pca_lowrank(early, count + 4, center=False)
    vectors = torch.linalg.lstsq(z, early @ components[:, :count]).solution
    return [Direction("", vector / vector.norm(), None) for vector in vectors.T]


def read(folder: Path | None) -> list[Direction]:
    path = None if folder is None else Path(folder) / "directions.json"
    if path is None or not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Direction(row["name"], torch.tensor(row["vector"]), row["rho"]) for row in rows]


def move(z: torch.Tensor, directions: Sequence[Direction], amounts: Sequence[float]) -> torch.Tensor:
    for direction, amount in zip(directions, amounts, strict=True):
        z = z + amount * direction.vector
    return z
