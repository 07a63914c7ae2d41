"""Latent vectors: from seeds, along arcs, round loops, nearer to the mean.

    z = from_seeds([3, 7], z_dim=100)        # (2, 100)
    path = slerp(z[0], z[1], torch.linspace(0, 1, 65))   # (65, 100)

A seed is an integer from 0 to 2^32 - 1 and stands for one picture of a model, whatever batch or device draws it.
A latent that comes from no seed (a search or a slider found it) has a code instead, a short text such as "~AB3x":

    code = encode(z[0])                      # "~" and 134 letters for z_dim 100
    from_ids([3, code], z_dim=100)          # (2, 100): a key is a seed or a code
"""

import base64
import hashlib
import operator
from collections.abc import Iterable

import torch

SEEDS = 2**32
CODE = "~"  # what a code begins with: no seed does, and an address takes it as it is
CODE_STEP = 1 / 28  # one byte a value, so up to 4.5; rounding moves a pixel by under 1 of 255 in the mean
MIN_TRUNCATION, MAX_TRUNCATION = 0.3, 1.0


def check_seed(seed) -> int:
    """The seed as an int; ValueError unless it is an integer from 0 to 2^32 - 1."""
    try:
        value = operator.index(seed)
    except TypeError:
        value = None
    if value is None or isinstance(seed, bool) or not 0 <= value < SEEDS:
        raise ValueError(f"seed must be an integer from 0 to {SEEDS - 1}, got {seed!r}")
    return value


def consecutive_seeds(first: int, count: int) -> list[int]:
    """The seeds of a batch of `count` pictures that starts at `first`; after 2^32 - 1 comes 0."""
    first = check_seed(first)
    return [(first + i) % SEEDS for i in range(count)]


def from_seeds(seeds: Iterable[int], z_dim: int) -> torch.Tensor:
    """Standard normal latents, one row a seed: (N, z_dim) float32 on the CPU.

    Each row is drawn by its own CPU generator, so it depends on its seed alone: not on its neighbours, not on the
    device it is moved to afterwards, not on torch's global state. ValueError for anything that is no seed.
    """
    rows = [torch.randn(z_dim, generator=torch.Generator().manual_seed(check_seed(seed))) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def encode(z: torch.Tensor) -> str:
    """A latent (D,) as a text that fits into an address or a file's name, one byte a value: what lies beyond 4.5, which
    a normal draw does once in 150,000, comes back as 4.5."""
    steps = (z.cpu().double() / CODE_STEP).round().clamp(-127, 127).to(torch.int8)
    return CODE + base64.urlsafe_b64encode(bytes(steps.view(torch.uint8).tolist())).decode().rstrip("=")


def decode(code: str, z_dim: int) -> torch.Tensor:
    """The latent (z_dim,) of a code; ValueError for what `encode` has not written for as many values."""
    try:
        text = code.removeprefix(CODE)[: 2 * z_dim]  # however long it is: more than that is refused below
        values = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # not ASCII, or a length that no bytes have
        values = b""
    if len(values) == z_dim:
        z = torch.tensor(list(values), dtype=torch.uint8).view(torch.int8).float() * CODE_STEP
        if encode(z) == code:  # one latent, one code: other spellings of it are refused too
            return z
    raise ValueError(f"no code of a latent with {z_dim} values: {code[:20]!r}")


def from_ids(keys: Iterable[int | str], z_dim: int) -> torch.Tensor:
    """Latents (N, z_dim) of keys, each a seed or a code. ValueError for anything else."""
    rows = [decode(key, z_dim) if isinstance(key, str) else from_seeds([key], z_dim)[0] for key in keys]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def info(key: int | str) -> dict[str, int | str]:
    """A key as a picture's file says it: {"seed": 42} or {"latent": "~AB3x"}."""
    return {"latent": key} if isinstance(key, str) else {"seed": key}


def file_stem(key: int | str) -> str:
    """A key as a part of a file's name: `seed-000042`, or `latent-` and 12 digits that no other code is likely to have,
    since a code may be longer than a name."""
    if isinstance(key, str):
        return f"latent-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    return f"seed-{key:06d}"


def truncate(z: torch.Tensor, psi: float) -> torch.Tensor:
    """Pull latents towards the mean: psi z, psi in [0.3, 1]. Smaller is more typical and less varied.

    Below 0.3 every picture is nearly the same one, so that is a ValueError, as is anything above 1 or not a number.
    """
    if not MIN_TRUNCATION <= psi <= MAX_TRUNCATION:
        raise ValueError(f"truncation must be between {MIN_TRUNCATION} and {MAX_TRUNCATION:g}, got {psi}")
    return z * psi


def slerp(a: torch.Tensor, b: torch.Tensor, t) -> torch.Tensor:
    """Spherical interpolation from `a` (D,) at t = 0 to `b` (D,) at t = 1 (Shoemake 1985).

    t is a number -> (D,), or a tensor (T,) -> (T, D). The generator only ever saw latents of norm about sqrt(D);
    a straight line dips to 0.7 of that half-way, an arc does not. Equal ends give a constant path. Opposite ends leave
    the arc open, so it goes through a fixed perpendicular direction: always finite.
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
