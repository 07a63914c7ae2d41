"""Folding a factor on latents into a model is exact."""

import pytest
import torch

from benchmarks.variety import fold
from lotus_gan import Generator, latents


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_a_folded_factor_is_a_factor_on_the_latents(architecture):
    generator = Generator(architecture, z_dim=8, width=2).eval()
    z = latents.from_seeds(range(3), 8)
    with torch.no_grad():
        wider = generator(2 * z)
        fold(generator, 2)
        torch.testing.assert_close(generator(z), wider)
