"""How good the generated images are, and whether they are copies: figures from two sets of images.

    python -m lotus_gan evaluate --model runs/mine --real data/lotus-val --train data/lotus-68

    features = Features()                                     # or Features("mobilenet_v2_features.safetensors")
    real = features.of_images(load_folder("data/lotus-val").images)                         # (N, 1280)
    fake = features.of_generator(generator, latents.from_seeds(range(512), generator.z_dim))  # (512, 1280)
    compute_metrics(real, fake, features.of_training(load_folder("data/lotus-68").images))    # Metrics(n_real=256, ...)

All figures are computed from features of a MobileNetV2 trained on ImageNet, always on the CPU, so that they do not
depend on the device. They cannot be compared with KID or FID from Inception, nor with figures from other weights of the
same network: `Features.source` names the weights. They depend on the number of images, so state it with each.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import torch

from lotus_gan import latents
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.nearest import nearest_neighbours

NEIGHBOURS = 5  # k of precision, recall, density and coverage
SPREAD_DRAWS = 20
COPIED_IF_PERFECT = 5.0  # percent; by the definition of `copied_percent`


@dataclass(frozen=True)
class Metrics:
    """Figures of generated images (fake) against held-out real ones. None: not measured.

    n_real, n_fake: how many images. kid: see `kid`, lower is better. kid_std: its standard deviation over halves of the
    fakes. kid_real_halves_std: that between halves of the real images, from four of them on. precision, recall,
    density, coverage: see `prdc`, higher is better. copied_percent: see there; copied_percent_if_perfect: what it is
    for a generator that copies nothing. smoothness: see there, 1 is best.
    """

    n_real: int
    n_fake: int
    kid: float
    kid_std: float
    kid_real_halves_std: float | None
    precision: float
    recall: float
    density: float
    coverage: float
    copied_percent: float | None = None
    copied_percent_if_perfect: float | None = None
    smoothness: float | None = None

    def to_dict(self) -> dict[str, int | float]:
        """The figures by name, in the order of the fields, without those that were not measured."""
        return {name: value for name, value in asdict(self).items() if value is not None}


# --- two sets against each other -----------------------------------------------------------------------------------


def compute_metrics(real: torch.Tensor, fake: torch.Tensor, train: torch.Tensor | None = None) -> Metrics:
    """Features of held-out real images (N, D) and of generated ones (M, D) -> all figures but `smoothness`.

    `train`: those of the training images (2, T, D) from `Features.of_training`, for the share of copies.
    EvaluationError for fewer than two rows on a side.
    """
    _check(real, fake)
    rr, ff, rf = _kernel(real, real), _kernel(fake, fake), _kernel(real, fake)
    draw = torch.Generator().manual_seed(0)
    halves = [torch.randperm(len(real), generator=draw).tensor_split([len(real) // 2]) for _ in range(SPREAD_DRAWS)]
    parts = [torch.randperm(len(fake), generator=draw)[: max(2, len(fake) // 2)] for _ in range(SPREAD_DRAWS)]
    between_halves = (_mmd(rr[a][:, a], rr[b][:, b], rr[a][:, b]) for a, b in halves)
    copied = None
    if train is not None:
        copied = copied_percent(*(nearest_neighbours(side, train).distance[:, 0] for side in (fake, real)))
    return Metrics(
        n_real=len(real),
        n_fake=len(fake),
        kid=_mmd(rr, ff, rf),
        kid_std=_std(_mmd(rr, ff[i][:, i], rf[:, i]) for i in parts),
        kid_real_halves_std=_std(between_halves) if len(real) >= 4 else None,
        **prdc(real, fake),
        copied_percent=copied,
        copied_percent_if_perfect=None if train is None else COPIED_IF_PERFECT,
    )


def kid(x: torch.Tensor, y: torch.Tensor) -> float:
    """Kernel inception distance times 1000 (Bińkowski et al. 2018) between features (N, D) and (M, D).

    The unbiased estimate of MMD^2 with the kernel (x.y / D + 1)^3: about 0 for two draws of one source, below it as
    often as above, larger for sets that differ more. EvaluationError for fewer than two rows.
    """
    # torchmetrics and torch-fidelity average over random subsets; sets this small can be taken whole, without noise
    _check(x, y)
    return _mmd(_kernel(x, x), _kernel(y, y), _kernel(x, y))


def prdc(real: torch.Tensor, fake: torch.Tensor, k: int = NEIGHBOURS) -> dict[str, float]:
    """How far two sets of features (N, D) and (M, D) cover each other, each image with a ball to its k-th neighbour.

    precision: share of fakes in a real image's ball; recall: of real ones in a fake's (Kynkäänniemi et al. 2019).
    density: real balls that a fake lies in, over k, so it may pass 1; coverage: share of real images with a fake in
    their ball (Naeem et al. 2020). Higher is better. k is at most one less than the smaller set. EvaluationError for
    fewer than two rows.
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
        raise EvaluationError("too_few_images", n=len(x), m=len(y))


def _kernel(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(N, D), (M, D) -> (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mmd(xx: torch.Tensor, yy: torch.Tensor, xy: torch.Tensor) -> float:
    """1000 MMD^2 from the kernel within x (N, N), within y (M, M) and between them (N, M), without the diagonals."""
    within = [(kernel.sum() - kernel.trace()) / (len(kernel) * (len(kernel) - 1)) for kernel in (xx, yy)]
    return 1000 * (within[0] + within[1] - 2 * xy.mean()).item()


def _std(values: Iterable[float]) -> float:
    return torch.tensor(list(values), dtype=torch.float64).std(correction=0).item()


def _radius(x: torch.Tensor, k: int) -> torch.Tensor:
    """(N, D) -> (N,): from each row to its k-th nearest other row; the nearest of all is the row itself."""
    return torch.cdist(x, x).kthvalue(k + 1, dim=1).values


# --- copies and interpolations ---------------------------------------------------------------------------------------


def copied_percent(distance: torch.Tensor, held_out: torch.Tensor) -> float:
    """Percent of fakes that are nearer to a training image than 95 % of held-out real images are.

    Both arguments are distances to the nearest training image: of the fakes (N,), and of the held-out images (H,).
    5 for a generator that has learnt the distribution and memorised no single image; 100 for copies.
    """
    return 100 * (distance < held_out.quantile(COPIED_IF_PERFECT / 100)).double().mean().item()


def smoothness(
    features: Features, generator: torch.nn.Module, z: torch.Tensor, pairs: int = 8, frames: int = 33
) -> float:
    """Mean `step_ratio` of interpolations between latents (N, z_dim): 0 to 1, 2 to 3 and so on, up to `pairs`.

    1 for equal steps. A generator that has memorised its training images stays on one of them and then jumps to the
    next: a large figure, at most frames - 1. EvaluationError for fewer than two latents.
    """
    if len(z) < 2:
        raise EvaluationError("too_few_latents", n=len(z))
    t = torch.linspace(0, 1, frames)
    ends = list(zip(z[::2], z[1::2], strict=False))[:pairs]
    ratios = [step_ratio(features.of_generator(generator, latents.slerp(a, b, t))) for a, b in ends]
    return sum(ratios) / len(ratios)


def step_ratio(path: torch.Tensor) -> float:
    """Points (T, D) along a path -> its longest step over its mean step, from 1 to T - 1; 1 for a path that stays."""
    steps = path.diff(dim=0).norm(dim=1)
    return (steps.max() / steps.mean()).item() if steps.max() > 0 else 1.0
