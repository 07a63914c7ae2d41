"""How good the pictures are, and whether they are copies: figures from two sets of pictures.

    python -m lotus_gan evaluate --model runs/mine --real data/lotus-val --train data/lotus-68

    features = Features()                                     # or Features("mobilenet_v2_features.safetensors")
    real = features.of_images(load_folder("data/lotus-val").images)                         # (N, 1280)
    fake = features.of_generator(generator, latents.from_seeds(range(512), generator.z_dim))  # (512, 1280)
    quality(real, fake, features.of_training(load_folder("data/lotus-68").images))            # a dict of figures

Everything is measured between features of a MobileNetV2 that has learnt ImageNet, and always on the CPU, so that a
figure does not depend on the machine. Such figures say nothing beside Inception's KID or FID, nor beside figures from
other weights of the same network: `Features.source` names the weights. A figure without its number of pictures says
nothing either.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from lotus_gan import latents
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features

NEIGHBOURS = 5  # k of precision, recall, density and coverage
SPREAD_DRAWS = 20
COPIED_IF_PERFECT = 5.0  # percent; by the definition of `copied_percent`


# --- two sets against each other -----------------------------------------------------------------------------------


def quality(real: torch.Tensor, fake: torch.Tensor, train: torch.Tensor | None = None) -> dict[str, float | int]:
    """Features of held-out pictures (N, D) and of generated ones (M, D) -> every figure by name.

    With the training pictures' (2, T, D) from `Features.of_training` also the share of copies. `kid_std` is the spread
    over halves of the fakes, `kid_real_halves_std` that of one half of the real against the other (four or more).
    EvaluationError for fewer than two pictures on a side.
    """
    _check(real, fake)
    rr, ff, rf = _kernel(real, real), _kernel(fake, fake), _kernel(real, fake)
    draw = torch.Generator().manual_seed(0)
    halves = [torch.randperm(len(real), generator=draw).tensor_split([len(real) // 2]) for _ in range(SPREAD_DRAWS)]
    parts = [torch.randperm(len(fake), generator=draw)[: max(2, len(fake) // 2)] for _ in range(SPREAD_DRAWS)]
    figures = {
        "n_real": len(real),
        "n_fake": len(fake),
        "kid": _mmd(rr, ff, rf),
        "kid_std": _std(_mmd(rr, ff[i][:, i], rf[:, i]) for i in parts),
    }
    if len(real) >= 4:
        figures["kid_real_halves_std"] = _std(_mmd(rr[a][:, a], rr[b][:, b], rr[a][:, b]) for a, b in halves)
    figures |= prdc(real, fake)
    if train is not None:
        distances = (nearest(side, train).distance[:, 0] for side in (fake, real))
        figures |= {"copied_percent": copied_percent(*distances), "copied_percent_if_perfect": COPIED_IF_PERFECT}
    return figures


def kid(x: torch.Tensor, y: torch.Tensor) -> float:
    """Kernel inception distance times 1000 (Bińkowski et al. 2018) between features (N, D) and (M, D).

    The unbiased estimate of MMD^2 with the kernel (x.y / D + 1)^3: about 0 for two draws of one source, below it as
    often as above, larger for sets that differ more. EvaluationError for fewer than two rows.
    """
    # torchmetrics and torch-fidelity average over random subsets; sets this small can be taken whole, without noise
    _check(x, y)
    return _mmd(_kernel(x, x), _kernel(y, y), _kernel(x, y))


def prdc(real: torch.Tensor, fake: torch.Tensor, k: int = NEIGHBOURS) -> dict[str, float]:
    """How far two sets of features (N, D) and (M, D) cover each other, each picture with a ball to its k-th neighbour.

    precision: share of fakes in a real picture's ball; recall: of real ones in a fake's (Kynkäänniemi et al. 2019).
    density: real balls that a fake lies in, over k, so it may pass 1; coverage: share of real pictures with a fake in
    their ball (Naeem et al. 2020). Higher is better. k is at most one less than the smaller set.
    """
    _check(real, fake)
    k = min(k, len(real) - 1, len(fake) - 1)
    distance = torch.cdist(real, fake)  # (N, M)
    in_real = distance < _radius(real, k)[:, None]
    in_fake = distance < _radius(fake, k)[None, :]
    return {
        "precision": in_real.any(0).double().mean().item(),
        "recall": in_fake.any(1).double().mean().item(),
        "density": in_real.double().sum(0).mean().item() / k,
        "coverage": in_real.any(1).double().mean().item(),
    }


def _check(x: torch.Tensor, y: torch.Tensor) -> None:
    if min(len(x), len(y)) < 2:
        raise EvaluationError("text", text=f"at least 2 pictures are needed on each side, got {len(x)} and {len(y)}")


def _kernel(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(N, D), (M, D) -> (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mmd(xx: torch.Tensor, yy: torch.Tensor, xy: torch.Tensor) -> float:
    """1000 MMD^2 from the kernel within x (N, N), within y (M, M) and between them (N, M); no picture meets itself."""
    within = [(kernel.sum() - kernel.trace()) / (len(kernel) * (len(kernel) - 1)) for kernel in (xx, yy)]
    return 1000 * (within[0] + within[1] - 2 * xy.mean()).item()


def _std(values: Iterable[float]) -> float:
    return torch.tensor(list(values), dtype=torch.float64).std(correction=0).item()


def _radius(x: torch.Tensor, k: int) -> torch.Tensor:
    """(N, D) -> (N,): from each row to its k-th nearest other row; the nearest of all is the row itself."""
    return torch.cdist(x, x).kthvalue(k + 1, dim=1).values


# --- copies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Nearest:
    """The k training pictures nearest to each of N pictures, nearest first: (N, k) each.

    index: which training picture, int64; mirrored: whether it is its mirror image that is so near; distance: float64.
    """

    index: torch.Tensor
    mirrored: torch.Tensor
    distance: torch.Tensor


def nearest(features: torch.Tensor, train: torch.Tensor, k: int = 1) -> Nearest:
    """Features (N, D) and `Features.of_training`'s (2, T, D) -> the k nearest training pictures, none of them twice.

    For a page that asks about one picture at a time, `train` and the distances of held-out pictures (which `percentile`
    wants) can be computed once and kept.
    """
    if train.ndim != 3 or len(train) != 2:
        raise EvaluationError(
            "text", text=f"training features must be (2, T, D) as of_training gives them, got {tuple(train.shape)}"
        )
    distance, mirrored = torch.stack([torch.cdist(features, side) for side in train]).min(0)
    distance, index = distance.topk(min(k, train.shape[1]), dim=1, largest=False)
    return Nearest(index, mirrored.gather(1, index).bool(), distance)


def percentile(distance: torch.Tensor, held_out: torch.Tensor) -> torch.Tensor:
    """Of each distance to the training pictures (any shape): what percent of held-out pictures (H,) are nearer.

    About 50 for a picture that owes the training set no more than a new real one does, 0 for a copy.
    """
    return 100 * torch.searchsorted(held_out.sort().values, distance.contiguous()) / len(held_out)


def copied_percent(distance: torch.Tensor, held_out: torch.Tensor) -> float:
    """Percent of fakes (N,) that are nearer to a training picture than 95 % of held-out real pictures (H,) are.

    5 for a generator that has learnt what lotuses look like and no single picture by heart; 100 for copies.
    """
    return 100 * (distance < held_out.quantile(COPIED_IF_PERFECT / 100)).double().mean().item()


# --- walks ---------------------------------------------------------------------------------------------------------


def smoothness(
    features: Features, generator: torch.nn.Module, z: torch.Tensor, pairs: int = 8, frames: int = 33
) -> float:
    """Walks between latents (N, z_dim), 0 to 1, 2 to 3 and so on up to `pairs`: the mean of their `step_ratio`.

    1 would be a walk of equal steps. A generator that knows its training pictures by heart stays on one and then jumps
    to the next, as on stairs: a large figure, at most frames - 1.
    """
    if len(z) < 2:
        raise EvaluationError("text", text=f"a walk needs 2 latents, got {len(z)}")
    t = torch.linspace(0, 1, frames)
    ends = list(zip(z[::2], z[1::2], strict=False))[:pairs]
    ratios = [step_ratio(features.of_generator(generator, latents.slerp(a, b, t))) for a, b in ends]
    return sum(ratios) / len(ratios)


def step_ratio(path: torch.Tensor) -> float:
    """Points (T, D) of a walk -> its longest step over its mean step, from 1 to T - 1. A walk on the spot has 1."""
    steps = path.diff(dim=0).norm(dim=1)
    return (steps.max() / steps.mean()).item() if steps.max() > 0 else 1.0
