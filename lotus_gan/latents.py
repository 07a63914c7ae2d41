"""Latent vectors z: from seeds, spherical interpolation, truncation, and their encoding as text.

    z = from_seeds([3, 7], z_dim=100)        # (2, 100)
    path = slerp(z[0], z[1], torch.linspace(0, 1, 65))   # (65, 100)

A seed is an integer from 0 to 2^32 - 1 and stands for one image of a model, whatever the batch or the device.
A latent that comes from no seed (found by projection, or by moving along directions) is encoded as text, "~AB3x":

    code = encode(z[0])                      # "~" and 134 letters for z_dim 100
    from_ids([3, code], z_dim=100)           # (2, 100): a latent id is a seed or an encoded latent
"""

import base64
import hashlib
import operator
from collections.abc import Iterable
from typing import Any

import torch

from lotus_gan.errors import UsageError

SEEDS = 2**32
CODE = "~"  # the first letter of an encoded latent: no seed begins with it, and a URL holds it unescaped
CODE_STEP = 1 / 28  # one byte a value, so up to 4.5; rounding moves a pixel by under 1 of 255 in the mean
MIN_TRUNCATION, MAX_TRUNCATION = 0.3, 1.0


def check_seed(seed: Any) -> int:
    """The seed as an int. UsageError (a ValueError) unless it is an integer from 0 to 2^32 - 1."""
    try:
        value = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        value = -1
    if not 0 <= value < SEEDS:
        raise UsageError("bad_seed", last=SEEDS - 1, seed=seed)
    return value


def consecutive_seeds(first: int, count: int) -> list[int]:
    """The seeds of a batch of `count` images that starts at seed `first`; after 2^32 - 1 comes 0."""
    first = check_seed(first)
    return [(first + i) % SEEDS for i in range(count)]


def from_seeds(seeds: Iterable[int], z_dim: int) -> torch.Tensor:
    """Standard normal latents, one row a seed: (N, z_dim) float32 on the CPU.

    Each row is drawn by its own CPU generator, so it depends on its seed alone: not on the other rows, not on the
    device it is moved to afterwards, not on torch's global state. UsageError (a ValueError) for anything that is no
    seed.
    """
    rows = [torch.randn(z_dim, generator=torch.Generator().manual_seed(check_seed(seed))) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def encode(z: torch.Tensor) -> str:
    """A latent (D,) as text for a URL or a command line, one byte a value.

    Values are rounded to multiples of 1/28 and clipped to +-4.5, which a normal draw exceeds once in 150,000.
    """
    steps = (z.cpu().double() / CODE_STEP).round().clamp(-127, 127).to(torch.int8)
    return CODE + base64.urlsafe_b64encode(bytes(steps.view(torch.uint8).tolist())).decode().rstrip("=")


def decode(code: str, z_dim: int) -> torch.Tensor:
    """The latent (z_dim,) that `encode` made this text from. UsageError (a ValueError) for any other text."""
    try:
        text = code.removeprefix(CODE)[: 2 * z_dim]  # a longer text is an error below
        values = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # not ASCII, or a length that no bytes have
        values = b""
    if len(values) == z_dim:
        z = torch.tensor(list(values), dtype=torch.uint8).view(torch.int8).float() * CODE_STEP
        if encode(z) == code:  # one latent, one text: other spellings of it are errors too
            return z
    raise UsageError("bad_latent", z_dim=z_dim, start=code[:20])


def from_ids(latent_ids: Iterable[int | str], z_dim: int) -> torch.Tensor:
    """Latents (N, z_dim) of N latent ids, each a seed or an encoded latent. UsageError (a ValueError) for others."""
    rows = [decode(id_, z_dim) if isinstance(id_, str) else from_seeds([id_], z_dim)[0] for id_ in latent_ids]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def info(latent_id: int | str) -> dict[str, int | str]:
    """A latent id as an image file's metadata: {"seed": 42} or {"latent": "~AB3x"}."""
    return {"latent": latent_id} if isinstance(latent_id, str) else {"seed": latent_id}


def file_stem(latent_id: int | str) -> str:
    """A latent id as a part of a file name: `seed-000042`, or `latent-` and 12 digits of a hash.

    An encoded latent may be longer than a file name.
    """
    if isinstance(latent_id, str):
        return f"latent-{hashlib.sha256(latent_id.encode()).hexdigest()[:12]}"
    return f"seed-{latent_id:06d}"


def truncate(z: torch.Tensor, psi: float) -> torch.Tensor:
    """Truncation (Brock et al. 2019): latents z (N, z_dim) -> psi z, psi in [0.3, 1].

    Smaller is more typical and less varied; below 0.3 all images are nearly the same. UsageError (a ValueError) for
    another psi.
    """
    if not MIN_TRUNCATION <= psi <= MAX_TRUNCATION:
        raise UsageError("bad_truncation", low=MIN_TRUNCATION, high=MAX_TRUNCATION, psi=psi)
    return z * psi


def slerp(a: torch.Tensor, b: torch.Tensor, t: float | torch.Tensor) -> torch.Tensor:
    """Spherical interpolation from `a` (D,) at t = 0 to `b` (D,) at t = 1 (Shoemake 1985).

    t is a number -> (D,), or a tensor (T,) -> (T, D). The generator was trained on latents of norm about sqrt(D);
    half-way along a straight line the norm is 0.7 of that, along an arc it is not smaller. Equal ends give a constant
    path. Between opposite ends every arc is as short, so a fixed perpendicular direction is chosen: always finite.
    """
    t = torch.as_tensor(t, dtype=torch.float64).cpu()
    # float32 cannot tell nearly opposite ends apart, and not every device has float64
    path = _arc(a.cpu().double(), b.cpu().double(), t.reshape(-1, 1)).to(a)
    return path[0] if t.ndim == 0 else path


def _arc(a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The points t (T, 1) of the arc from a to b (D,): (T, D)."""
    norms = a.norm() * b.norm()
    cos = (torch.dot(a, b) / norms).clamp(-1, 1) if norms > 0 else torch.ones_like(norms)
    omega = torch.arccos(cos)
    if torch.sin(omega) > 1e-6:
        return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)
    return (1 - t) * a + t * b if cos > 0 else _half_circle(a, b, t)


def _half_circle(a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """From `a` to its opposite `b` by way of the coordinate axis that is most perpendicular to `a`: (T, D)."""
    unit = a / a.norm()
    side = torch.zeros_like(a)
    side[unit.abs().argmin()] = 1
    side = side - torch.dot(side, unit) * unit
    side = side / side.norm() if side.norm() > 0 else side  # one dimension has no perpendicular
    radius = (1 - t) * a.norm() + t * b.norm()
    return radius * (torch.cos(torch.pi * t) * unit + torch.sin(torch.pi * t) * side)
