"""The generator that the page and the command line sample with, against the plain one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lotus_gan import Generator, latents
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.sampling import media
from lotus_gan.ui.loaded_model import LoadedModel

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.parent for path in (ROOT / "weights").glob("*/config.json"))


@torch.no_grad()
def trained(architecture: str) -> Generator:
    """A small network whose BatchNorms have statistics that are not those of the start."""
    torch.manual_seed(0)
    model = Generator(architecture=architecture, width=4)
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.weight.uniform_(0.5, 2)
        norm.bias.normal_()
    model(latents.from_seeds(range(37), model.z_dim))
    return model.eval()


def test_three_models_are_shipped():
    assert [path.name for path in SHIPPED] == ["article", "lotus", "lotus-68"]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_the_page_shows_the_images_of_the_model(folder):
    """64 seeds of each model: no value of a pixel is off by more than 2 of 255 from the plain network's."""
    model, seeds = LoadedModel(folder), range(64)
    paths = model.images(seeds)
    shown = np.stack([np.asarray(media.Image.open(path), dtype=int) for path in paths])
    with torch.no_grad():
        plain = media.to_uint8(Generator.from_pretrained(folder)(latents.from_seeds(seeds, model.generator.z_dim)))
    assert shown.shape == (64, 128, 128, 3) and shown.std() > 30
    assert abs(shown - plain.numpy().astype(int)).max() <= 2


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.parametrize(("architecture", "before", "after"), [("article", 4, 0), ("lotus", 6, 1)])
def test_a_batchnorm_goes_into_the_convolution_before_it(architecture, before, after):
    """`lotus` keeps the one that follows a residual sum. The plain generator stays as it was, and shares the rest."""
    plain = trained(architecture)
    state = {name: value.clone() for name, value in plain.state_dict().items()}
    quick, z = InferenceGenerator(plain), latents.from_seeds(range(5), plain.z_dim)
    with torch.no_grad():
        assert torch.allclose(quick(z), plain(z), atol=1e-4) and plain(z).std() > 0.05
    assert (norms(plain), norms(quick)) == (before, after)
    assert all(torch.equal(state[name], value) for name, value in plain.state_dict().items())
    shared = {id(value) for value in plain.parameters()} & {id(value) for value in quick.parameters()}
    # not the weight of a convolution into which a BatchNorm went, nor that one's scale and shift
    assert len(shared) == len(list(plain.parameters())) - 3 * (before - after)


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_an_image_is_the_same_to_the_byte_in_any_batch(architecture):
    quick = InferenceGenerator(trained(architecture))
    z = latents.from_seeds(range(37), quick.z_dim)
    together = [image.tobytes() for image in media.sample_images(quick, z)]
    assert together == [media.sample_images(quick, row)[0].tobytes() for row in z.split(1)]
    assert len(set(together)) == 37


def test_latents_of_another_length_are_refused():
    quick = InferenceGenerator(Generator(width=1).eval())
    with pytest.raises(ValueError, match=r"latents must have shape \(N, 100\), got \(2, 99\)"):
        quick(torch.zeros(2, 99))


def test_no_latents_are_no_images():
    assert media.sample_images(InferenceGenerator(Generator(width=1).eval()), torch.zeros(0, 100)) == []


def test_as_many_images_at_once_as_torch_leaves_cores_idle(monkeypatch):
    monkeypatch.setattr(media.os, "cpu_count", lambda: 64)
    assert media.threads() == 4  # torch has one thread in these tests
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert media.threads() == 1
