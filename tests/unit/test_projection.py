import statistics

import pytest
import torch
from helpers.app_server import save_colourful_model
from helpers.features import ROOT

from benchmarks.projection import best_of_random
from lotus_gan import Generator, latents
from lotus_gan.data.images import load_folder
from lotus_gan.sampling import media
from lotus_gan.sampling.projection import DAMAGES, STEPS, project, psnr


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    model = save_colourful_model(tmp_path_factory.mktemp("model"))
    return Generator.from_pretrained(model).requires_grad_(False)


@pytest.fixture(scope="module")
def lotus():
    return Generator.from_pretrained(ROOT / "weights/lotus").requires_grad_(False)


def test_psnr_by_hand():
    """An error of 0.2 in [-1, 1] is a tenth of the range: 20 dB. Equal images are capped at 100 dB."""
    zeros = torch.zeros(1, 3, 4, 4)
    assert psnr(zeros, zeros + 0.2) == pytest.approx(20, abs=1e-4)
    assert psnr(zeros, zeros) == 100
    assert psnr(zeros + 5, zeros + 1) == 100  # what is out of range is white


def test_a_generated_image_is_found_again_and_the_same_way_twice(generator):
    target = generator(latents.from_seeds([5], generator.z_dim))
    steps = []
    first = project(generator, target, on_step=lambda done, of: steps.append((done, of)))
    assert first.z.shape == (generator.z_dim,) and first.image.shape == target.shape
    assert first.psnr > 25 and first.psnr == pytest.approx(psnr(first.image, target), abs=1e-4)
    assert torch.equal(generator(first.z[None]), first.image)
    assert torch.equal(latents.decode(latents.encode(first.z), generator.z_dim), first.z)  # it is encoded without loss
    assert steps == [(i + 1, sum(STEPS)) for i in range(sum(STEPS))]
    assert torch.equal(project(generator, target).z, first.z)
    assert all(parameter.grad is None for parameter in generator.parameters())


def test_what_a_damage_removes():
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    grey, hole = DAMAGES["grey"](image), DAMAGES["hole"](image)
    assert torch.equal(grey[:, 0], grey[:, 1]) and torch.equal(grey[:, 1], grey[:, 2])
    white = torch.ones(1, 3, 128, 128)
    torch.testing.assert_close(DAMAGES["grey"](white), white)  # the weights add up to one
    assert (hole[:, :, 32:96, 32:96] == 0).all() and (hole == image).float().mean() == 0.75


@pytest.mark.parametrize("name", ["grey", "hole"])
def test_a_repair_is_nearer_to_the_undamaged_image_than_the_damaged_one(generator, name):
    target = generator(latents.from_seeds([6], generator.z_dim))
    damaged = DAMAGES[name](target)
    repaired = project(generator, damaged, DAMAGES[name])
    assert psnr(repaired.image, target) > psnr(damaged, target) + 3
    assert repaired.psnr > 25  # both damaged


def test_another_shape_is_an_error(generator):
    with pytest.raises(ValueError, match=r"must have shape \(1, 3, 128, 128\), got \(2, 3, 128, 128\)"):
        project(generator, torch.zeros(2, 3, 128, 128))


# benchmarks/projection.py does the next two with 32 images, and 4,096 random ones; a search takes 6 s on a core


@pytest.mark.slow
def test_the_shipped_model_finds_its_own_images(lotus):
    targets = lotus(latents.from_seeds(range(6), lotus.z_dim)).split(1)
    assert statistics.median(project(lotus, target).psnr for target in targets) >= 25


@pytest.mark.slow
def test_the_search_beats_the_best_of_512_random_latents_on_held_out_images(lotus):
    targets = media.from_uint8(load_folder(ROOT / "data/lotus-val").images[:6])
    best = best_of_random(lotus, targets, 512)
    found = [project(lotus, target).psnr for target in targets.split(1)]
    assert len(best) == 6 and all(f > b for f, b in zip(found, best, strict=True))
