"""Seeds, arcs and truncation, by numbers."""

import numpy as np
import pytest
import torch

from lotus_gan import latents


def test_golden_values():
    """Seeds are a promise: the same image in every release and on every device."""
    z = latents.from_seeds([0, 1, 2**32 - 1], 100)
    torch.testing.assert_close(z[:, :3], torch.tensor(GOLDEN), rtol=0, atol=1e-5)


GOLDEN = [
    [-1.12584, -1.15236, -0.250579],
    [-1.525596, -0.750232, -0.653981],
    [-2.664298, -1.091049, 0.451447],
]


def test_a_row_depends_on_its_own_seed_alone():
    together = latents.from_seeds([7, 3, 7], 100)
    assert together.shape == (3, 100) and together.dtype == torch.float32
    assert torch.equal(together[0], together[2])
    assert torch.equal(together[1], latents.from_seeds([3], 100)[0])


def test_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = latents.from_seeds([5], 100)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(first, latents.from_seeds([5], 100))


def test_numpy_integers_are_seeds():
    assert torch.equal(latents.from_seeds(np.array([4], dtype=np.uint32), 8), latents.from_seeds([4], 8))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, float("nan"), "1", None, True])
def test_anything_else_is_an_error(seed):
    with pytest.raises(ValueError, match="from 0 to 4294967295"):
        latents.from_seeds([seed], 4)


def test_no_seeds_no_rows():
    assert latents.from_seeds([], 4).shape == (0, 4)


def test_seeds_of_a_batch_wrap():
    assert latents.consecutive_seeds(2**32 - 2, 4) == [2**32 - 2, 2**32 - 1, 0, 1]


def test_an_encoded_latent_by_hand():
    """One byte a value: 1 is 28 steps (0x1c), -1 is 0xe4, and three bytes are four letters of base64."""
    assert latents.encode(torch.tensor([1.0, -1.0, 0.0])) == "~HOQA"
    assert torch.equal(latents.decode("~HOQA", 3), torch.tensor([1.0, -1.0, 0.0]))


@pytest.mark.parametrize("z_dim", [1, 2, 3, 100])
def test_decoding_gives_the_latent_back(z_dim):
    z = latents.from_seeds([5], z_dim)[0]
    code = latents.encode(z)
    back = latents.decode(code, z_dim)
    assert (back - z).abs().max() <= latents.CODE_STEP / 2 + 1e-6
    assert latents.encode(back) == code
    assert not set(code) & set("=+/, %")


def test_an_encoded_latent_stops_at_four_and_a_half():
    assert latents.decode(latents.encode(torch.tensor([100.0, -9.0])), 2).tolist() == pytest.approx(
        [4.536, -4.536], abs=1e-3
    )


@pytest.mark.parametrize("code", ["", "~", "HOQA", "~HOQ", "~HOQAA", "~HO A", "~HOQÄ", "~HOQA=", "3"])
def test_other_text_is_not_decoded(code):
    with pytest.raises(ValueError, match="no code of a latent with 3 values"):
        latents.decode(code, 3)


def test_latent_ids_are_seeds_and_encoded_latents():
    z = latents.from_ids([7, "~HOQA", 7], 3)
    assert torch.equal(z[0], latents.from_seeds([7], 3)[0]) and torch.equal(z[0], z[2])
    assert z[1].tolist() == [1, -1, 0]
    assert latents.from_ids([], 3).shape == (0, 3)
    with pytest.raises(ValueError, match="from 0 to 4294967295"):
        latents.from_ids([-1], 3)


def test_slerp_of_perpendicular_vectors():
    """A quarter circle: half-way is (1, 1) / sqrt 2, and the norm is 1 all the way."""
    a, b = torch.eye(2)
    torch.testing.assert_close(latents.slerp(a, b, 0.5), torch.full((2,), 0.5**0.5))
    path = latents.slerp(a, b, torch.linspace(0, 1, 11))
    torch.testing.assert_close(path.norm(dim=1), torch.ones(11))
    angles = torch.atan2(path[:, 1], path[:, 0])
    torch.testing.assert_close(angles.diff(), torch.full((10,), torch.pi / 20))  # constant speed


def test_slerp_shapes_and_ends():
    a, b = latents.from_seeds([0, 1], 100)
    assert latents.slerp(a, b, 0.3).shape == (100,)
    path = latents.slerp(a, b, torch.tensor([0.0, 0.3, 1.0]))
    assert path.shape == (3, 100)
    torch.testing.assert_close(path[0], a)
    torch.testing.assert_close(path[2], b)
    torch.testing.assert_close(path[1], latents.slerp(a, b, 0.3))


def test_slerp_keeps_the_norm_where_a_line_dips():
    a, b = latents.from_seeds([0, 1], 100)
    middle = latents.slerp(a, b, 0.5).norm()
    assert min(a.norm(), b.norm()) * 0.99 < middle < max(a.norm(), b.norm()) * 1.01
    assert torch.lerp(a, b, 0.5).norm() < 0.8 * middle


@pytest.mark.parametrize("scale", [1.0, -1.0, 1 + 1e-7, -1 - 1e-7, 2.0, -2.0, 0.0])
def test_slerp_is_finite_for_equal_and_opposite_ends(scale):
    a = latents.from_seeds([0], 100)[0]
    path = latents.slerp(a, scale * a, torch.linspace(0, 1, 9))
    assert path.isfinite().all()
    torch.testing.assert_close(path[0], a, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(path[-1], scale * a, rtol=1e-4, atol=1e-4)
    if scale == 1:
        torch.testing.assert_close(path, a.expand(9, 100))
    if scale == -1:
        torch.testing.assert_close(path.norm(dim=1), a.norm().expand(9))


def test_slerp_of_two_zeros():
    assert torch.equal(latents.slerp(torch.zeros(3), torch.zeros(3), 0.5), torch.zeros(3))


def test_truncation():
    z = torch.ones(2, 3)
    assert torch.equal(latents.truncate(z, 0.5), torch.full((2, 3), 0.5))
    assert torch.equal(latents.truncate(z, 1), z)
    for psi in (0.29, 1.01, float("nan")):
        with pytest.raises(ValueError, match=r"between 0\.3 and 1"):
            latents.truncate(z, psi)
