"""Figures against numbers worked out by hand, and whether copies, other images of the source and noise differ in them.

CI has no network and the ImageNet weights are not in the repository, so the feature network here is the same
architecture with random weights; only the last test needs the real ones.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.features import column
from PIL import Image
from torch import nn

from lotus_gan.cli.main import main
from lotus_gan.data.images import load_folder
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation import metrics
from lotus_gan.evaluation.metrics import compute_metrics, copied_percent, kid, prdc
from lotus_gan.evaluation.nearest import nearest_neighbours, percentile
from lotus_gan.sampling import media

ROOT = Path(__file__).resolve().parents[2]
EVAL = ROOT.parent / "shared" / "eval"


@pytest.fixture(scope="module")
def trained(features, lotuses):
    """Features of 20 training images, (2, 20, 1280), and of 20 held-out ones of the same source, (20, 1280)."""
    return features.of_training(lotuses[:20]), features.of_images(lotuses[20:40])


# --- KID -----------------------------------------------------------------------------------------------------------


def test_kid_is_the_double_loop():
    x = torch.tensor([[0.0, 1.0], [2.0, 0.5], [-1.0, 3.0]], dtype=torch.float64)
    y = torch.tensor([[1.0, 1.0], [0.0, 0.0], [2.0, -1.0], [0.5, 4.0]], dtype=torch.float64)

    def k(a, b):
        return (sum(float(p) * float(q) for p, q in zip(a, b, strict=True)) / 2 + 1) ** 3

    def within(rows):
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return sum(k(rows[i], rows[j]) for i, j in pairs) / len(pairs)

    between = sum(k(a, b) for a in x for b in y) / 12
    assert kid(x, y) == pytest.approx(1000 * (within(x) + within(y) - 2 * between), rel=1e-12)


def test_kid_of_constant_sets():
    """All (1, 1) against all (3, 3): kernels (1 + 1)^3 = 8, (9 + 1)^3 = 1000 and, between them, (3 + 1)^3 = 64."""
    ones, threes = (torch.full((n, 2), v, dtype=torch.float64) for n, v in ((5, 1), (7, 3)))
    assert kid(ones, threes) == pytest.approx(1000 * (8 + 1000 - 2 * 64))
    assert kid(threes, threes) == pytest.approx(0, abs=1e-6)


def test_two_halves_of_one_set_are_within_their_spread():
    x = torch.randn(400, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    figures = compute_metrics(x[:200], x[200:])
    assert abs(figures.kid) < 3 * figures.kid_real_halves_std
    shifted = compute_metrics(x[:200], x[200:] + 1)
    assert shifted.kid > 20 * shifted.kid_real_halves_std and shifted.kid_std > 0


def test_the_same_figures_every_time():
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    first = compute_metrics(x[:20], x[20:])
    torch.rand(1)  # torch's global state has no influence
    assert compute_metrics(x[:20], x[20:]) == first


# --- precision, recall, density, coverage --------------------------------------------------------------------------


def test_prdc_by_hand():
    """With k = 1 a ball reaches to the nearest other image of its own set.

    real     -10    0    1    3    7    31         fake      0.5  3.5   10   20   60   61   62
    radius    10    1    1    2    4    24         radius      3    3  6.5   10    1    1    1
    fakes in   0    1    1    1    2     2         reals in    3    1    1    0    0    0    0
    """
    figures = prdc(column(-10, 0, 1, 3, 7, 31), column(0.5, 3.5, 10, 20, 60, 61, 62), k=1)
    assert figures["precision"] == pytest.approx(4 / 7)  # all but 60, 61, 62
    assert figures["recall"] == pytest.approx(4 / 6)  # 0, 1, 3 and 7
    assert figures["density"] == pytest.approx((0 + 1 + 1 + 1 + 2 + 2) / 7)
    assert figures["coverage"] == pytest.approx(5 / 6)  # all but -10


def test_k_is_the_kth_other_image():
    """k = 2: the balls of 0, 1, 4 reach to 4, 3, 4; a fake at 4.5 is in two of them, one at -3.5 in one."""
    figures = prdc(column(0, 1, 4), column(4.5, 3.5, -3.5), k=2)
    assert figures["precision"] == 1
    assert figures["density"] == pytest.approx((1 + 3 + 1) / 3 / 2)
    assert figures["coverage"] == 1


def test_k_is_at_most_what_a_small_set_has():
    assert prdc(column(0, 1), column(0, 1), k=5) == {"precision": 1, "recall": 1, "density": 1, "coverage": 1}


# --- copies --------------------------------------------------------------------------------------------------------


def test_nearest_by_hand():
    """13 is 1 from image 1's mirror image (14), 7 from image 2 (20), 12 from image 0's mirror image (1)."""
    train = torch.stack([column(0, 10, 20), column(1, 14, 26)])
    found = nearest_neighbours(column(13, 20), train, k=3)
    assert found.index.tolist() == [[1, 2, 0], [2, 1, 0]]
    assert found.mirrored.tolist() == [[True, False, True], [False, True, True]]
    assert found.distance.tolist() == [[1, 7, 12], [0, 6, 19]]
    assert nearest_neighbours(column(13), train).index.tolist() == [[1]]
    assert nearest_neighbours(column(13), train, k=9).index.shape == (1, 3)  # there are no more


def test_percentile_and_copied_percent_by_hand():
    assert percentile(column(0.5, 2.5, 9), torch.tensor([4.0, 2, 3, 1]).double()).tolist() == [[0], [50], [100]]
    held_out = torch.arange(101, dtype=torch.float64)  # 5 % of them are below 5
    assert copied_percent(torch.tensor([1, 4.9, 5, 80], dtype=torch.float64), held_out) == 50
    ordinary = torch.arange(100, dtype=torch.float64)
    assert copied_percent(ordinary, ordinary) == pytest.approx(metrics.COPIED_IF_PERFECT)


def test_copies_are_called_copies(features, lotuses, trained, tmp_path):
    """The training images as PNG files, every other one mirrored."""
    train, held_out = trained
    for i, array in enumerate(lotuses[:20].permute(0, 2, 3, 1).numpy()):
        Image.fromarray(array[:, ::-1] if i % 2 else array).save(tmp_path / f"{i:02}.png")
    copies = features.of_images(load_folder(tmp_path).images)
    figures = compute_metrics(held_out, copies, train)
    assert figures.copied_percent == 100 and figures.copied_percent_if_perfect == 5
    found = nearest_neighbours(copies, train)
    assert found.index[:, 0].tolist() == list(range(20))
    assert found.mirrored[:, 0].tolist() == [False, True] * 10


def test_other_images_of_the_source_are_not_copies_and_noise_is_far(features, lotuses, trained):
    train, held_out = trained
    others = compute_metrics(held_out, features.of_images(lotuses[40:60]), train)
    assert others.copied_percent <= 50  # twenty held-out images tell only roughly what is near
    assert others.coverage > 0.7 and others.precision > 0.7
    pixels = torch.randint(0, 256, (8, 3, 128, 128), generator=torch.Generator().manual_seed(0))
    noise = compute_metrics(held_out, features.of_images(pixels.byte()), train)
    assert noise.kid > 10 * abs(others.kid)
    assert (noise.coverage, noise.precision, noise.copied_percent) == (0, 0, 0)


# --- features ------------------------------------------------------------------------------------------------------


def test_the_figures_keep_their_names_and_their_order():
    """As `evaluate` prints them and quality.jsonl holds them."""
    columns = [column(0, 1, 3, 7), column(0, 2, 3, 9)]
    names = ["n_real", "n_fake", "kid", "kid_std", "kid_real_halves_std", "precision", "recall", "density", "coverage"]
    assert list(compute_metrics(*columns).to_dict()) == names
    with_copies = compute_metrics(*columns, torch.stack([column(1, 2), column(3, 4)]))
    names += ["copied_percent", "copied_percent_if_perfect"]
    assert list(with_copies.to_dict()) == names
    assert list(replace(with_copies, smoothness=1.0).to_dict()) == [*names, "smoothness"]


def test_two_images_a_side_are_enough():
    figures = compute_metrics(column(0, 1), column(0, 2))
    assert "kid_real_halves_std" not in figures.to_dict()  # a half of one has no spread
    assert all(torch.isfinite(torch.tensor(float(value))) for value in figures.to_dict().values())


# --- interpolations -------------------------------------------------------------------------------------------------


def test_step_ratio():
    assert metrics.step_ratio(torch.linspace(0, 1, 33).double()[:, None] * torch.tensor([3.0, 4.0])) == pytest.approx(1)
    assert metrics.step_ratio(column(0, 0, 0, 5, 5, 5)) == pytest.approx(5)  # one step of five
    assert metrics.step_ratio(column(0, 1, 3, 4)) == pytest.approx(2 / (4 / 3))
    assert metrics.step_ratio(column(7, 7, 7)) == 1


class Fader(nn.Module):
    """Fades from one image to another with z's first value, or switches between them where it changes its sign."""

    def __init__(self, images, switch):
        super().__init__()
        self.ends = nn.Parameter(media.from_uint8(images))
        self.switch = switch

    def forward(self, z):
        share = (z[:, 0] > 0).float() if self.switch else (z[:, 0] + 1) / 2
        return torch.lerp(*self.ends, share[:, None, None, None])


def test_smoothness_of_a_jump_and_of_a_fade(features, lotuses):
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.2], [-1.0, 0.1], [1.0, 0.3], [5.0, 5.0]])  # two pairs, and one left over
    jump, fade = (metrics.smoothness(features, Fader(lotuses[:2], switch), z, frames=9) for switch in (True, False))
    assert jump == pytest.approx(8, rel=1e-3)  # the whole change in one of eight steps
    assert 1 < fade < 3
    with pytest.raises(EvaluationError, match="2 latents"):
        metrics.smoothness(features, Fader(lotuses[:2], True), z[:1])


# --- the real weights ----------------------------------------------------------------------------------------------


def test_agrees_with_the_reference(tmp_path, monkeypatch, capsys):
    """Our figures and the reference script's, on the same PNG files: KID to 0.1, the rest to rounding."""
    script = EVAL / "score.py"
    weights = Path(os.environ.get("LOTUS_GAN_FEATURES") or EVAL / "mobilenet_v2_features.safetensors")
    if not (weights.is_file() and script.is_file()):
        pytest.skip("needs the reference script and the ImageNet weights, which are not in the repository")
    folders = []
    for name in ("lotus-val", "lotus-68"):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        for path in sorted((ROOT / "data" / name).glob("*.webp"))[:24]:
            with Image.open(path) as image:
                image.save(folders[-1] / f"{path.stem}.png")
    real, fake = map(str, folders)
    monkeypatch.setenv("LOTUS_GAN_FEATURES", str(weights))
    assert main(["evaluate", "--real", real, "--fake", fake, "--train", fake]) == 0
    ours = json.loads(capsys.readouterr().out)
    command = [sys.executable, str(script), "--real", real, "--fake", fake, "--train", fake]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    for name, value in json.loads(done.stdout).items():
        assert ours[name] == pytest.approx(value, abs=0.1 if name.startswith("kid") else 1e-3), name
    assert ours["copied_percent"] == 100
