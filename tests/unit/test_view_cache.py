"""Real images' feature maps: each computed once, rounded once, and the run is that of the plain step."""

import pytest
import torch
from helpers.tiny import JOINT, random_images

from lotus_gan import Critic
from lotus_gan.training import view_cache as module
from lotus_gan.training.step import WGANGPStep
from lotus_gan.training.trainer import Trainer
from lotus_gan.training.view_cache import view_cache

CPU = torch.device("cpu")
CONFIG = JOINT.replace(steps=6, base_steps=1, augment="", checkpoint_every=3, preview_every=0)


def test_each_image_is_seen_once_and_kept_to_a_rounding():
    """Image 1, its mirror image, and image 0: three calls, whatever comes how often."""
    step = WGANGPStep(CONFIG, random_images()[:3])
    calls = []

    def compute(indices, flips):
        calls.append((int(indices), bool(flips)))
        return step._views(step._real_images(indices, flips), [])

    indices, flips = torch.tensor([1, 0, 1, 1]), torch.tensor([False, False, True, False])
    first, second = (step.view_cache(indices, flips, compute) for _ in range(2))
    assert sorted(calls) == [(0, False), (1, False), (1, True)]
    plain = step._views(step._real_images(indices, flips), [])
    assert len(first) == len(plain) == 6
    for one, other, wanted in zip(first, second, plain, strict=True):
        assert torch.equal(one, other) and torch.equal(one[0], one[3]) and one.dtype == torch.float32
        assert float((one - wanted).norm() / wanted.norm()) < 2**-11


def test_it_is_off_with_augmentation_and_where_there_is_nothing_frozen():
    assert WGANGPStep(CONFIG.replace(augment="translation"), random_images()[:3]).view_cache is None
    assert view_cache(Critic("article", width=1), 3, CPU) is None


def test_it_stays_within_its_bound_and_says_so(monkeypatch, caplog):
    """190,176 values an image in 2 bytes, and its mirror image: 760,704 bytes each."""
    critic = Critic("lotus", width=1)
    caplog.set_level("INFO")
    monkeypatch.setattr(module, "MAX_BYTES", 3 * 760_704)
    cache = view_cache(critic, 3, CPU)
    assert sum(view.nbytes for view in cache.views) == 3 * 760_704
    assert view_cache(critic, 4, CPU) is None
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "feature maps of real images are cached",
        "feature maps of real images are not cached",
    ]


def test_twenty_steps_end_where_those_without_it_end():
    """To 2e-3 of all weights: what the rounding to float16 may do."""
    with_cache, without = (WGANGPStep(CONFIG, random_images()) for _ in range(2))
    without.view_cache = None
    for _ in range(20):
        with_cache()
        without()
    weights = [torch.cat([p.detach().flatten() for p in step.generator.parameters()]) for step in (with_cache, without)]
    assert not torch.equal(*weights)
    assert float((weights[0] - weights[1]).norm() / weights[1].norm()) < 2e-3


def test_a_resumed_run_is_exact_to_the_bit(tmp_path):
    """The cache is empty after a stop; what it then holds is the same."""
    images = random_images()
    whole = Trainer(CONFIG, images, tmp_path / "whole")
    whole.train()
    Trainer(CONFIG.replace(steps=3), images, tmp_path / "stopped").train()
    resumed = Trainer(CONFIG, images, tmp_path / "stopped")
    resumed.train()
    for one, other in zip(whole.step.critic.parameters(), resumed.step.critic.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("every", "scales"), [(1, [1, 1, 1, 1]), (2, [2, 0, 2, 0]), (4, [4, 0, 0, 0])])
def test_a_lazy_penalty_comes_seldom_and_counts_more(every, scales):
    """Over four updates its weights add up to four."""
    step = WGANGPStep(CONFIG.replace(penalty_every=every, base_steps=0), random_images()[:3])
    found = []
    for _ in range(4):
        found.append(step._penalty_scale)
        before = float(step.totals["penalty"])
        step()
        assert (float(step.totals["penalty"]) > before) == bool(found[-1])
    assert found == scales


def test_a_critic_of_its_own_width(tmp_path):
    """Four times the width is what its heads' layers have; the generator keeps the run's width."""
    trainer = Trainer(CONFIG.replace(critic_width=2, steps=1), random_images()[:3], tmp_path)
    assert (trainer.step.generator.config.width, trainer.step.critic.config.width) == (1, 2)
    assert trainer.step.critic.heads[1][0].out_channels == 8
    trainer.train()
    assert Trainer(CONFIG.replace(critic_width=2, steps=1), random_images()[:3], tmp_path).step_number == 1
