"""Each augmentation by what it must do to simple images; gradients pass; every sample has its own draw."""

import pytest
import torch

from lotus_gan.training.augment import POLICIES, augment, draw, flip, parse_policy, random_flips


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    return torch.rand(8, 3, 16, 16, generator=rng()) * 2 - 1


def test_no_policy_changes_nothing(images):
    assert augment(images, "") is images


def test_flip_mirrors_some_and_leaves_the_rest():
    """Of 400, half less or more four standard deviations of a fair coin (10 each)."""
    images = torch.arange(400 * 3 * 4, dtype=torch.float32).view(400, 3, 1, 4)
    mirrored = flip(images, random_flips(len(images), rng()))
    turned = (mirrored == images.flip(3)).flatten(1).all(1)
    assert torch.equal(mirrored[~turned], images[~turned])
    assert 160 <= int(turned.sum()) <= 240
    assert torch.equal(mirrored, flip(images, random_flips(len(images), rng())))


@pytest.mark.parametrize("policy", POLICIES)
def test_shape_reproducibility_and_own_draws(images, policy):
    same = images[:1].expand(8, -1, -1, -1)
    first = augment(same, policy, generator=rng(1))
    assert first.shape == same.shape
    assert torch.equal(first, augment(same, policy, generator=rng(1)))
    assert not torch.equal(first[0], first[1]), "two samples shared a draw"


@pytest.mark.parametrize("policy", POLICIES)
def test_gradient_passes(policy):
    x = torch.rand(4, 3, 16, 16, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: augment(x, policy, generator=rng()), x, fast_mode=True)


def color(number, images):
    """Images after one of the three transforms of `color`."""
    transform, draw_for = POLICIES["color"][number]
    return transform(images, draw_for(len(images), images.shape[-1], rng()))


def test_brightness_adds_one_number_a_sample(images):
    added = color(0, images) - images
    shift = added.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(added, shift.expand_as(added), atol=1e-6, rtol=0)
    assert shift.abs().max() <= 0.5


def test_saturation_keeps_grey_and_contrast_keeps_the_mean(images):
    grey = images[:, :1].expand_as(images)
    torch.testing.assert_close(color(1, grey), grey)
    torch.testing.assert_close(color(2, images).mean((1, 2, 3)), images.mean((1, 2, 3)))


def test_translation_is_a_whole_shift_of_at_most_an_eighth():
    """An image of distinct values: every shifted pixel is found at one and the same offset; the rest is 0."""
    image = torch.arange(1.0, 257).view(1, 1, 16, 16)
    offsets_drawn = set()
    for seed in range(60):
        shifted = augment(image, "translation", generator=rng(seed))[0, 0]
        rows, columns = shifted.nonzero(as_tuple=True)
        value = shifted[rows, columns].long() - 1
        offsets = torch.stack([rows - value // 16, columns - value % 16], 1).unique(dim=0)
        assert len(offsets) == 1
        dy, dx = offsets[0].tolist()
        assert len(rows) == (16 - abs(dy)) * (16 - abs(dx))
        offsets_drawn.add((dy, dx))
    assert {abs(d) for offset in offsets_drawn for d in offset} == {0, 1, 2}


def test_cutout_blanks_a_square_of_half_the_side():
    ones = torch.ones(200, 3, 16, 16)
    cut = augment(ones, "cutout", generator=rng())
    assert set(cut.unique().tolist()) == {0.0, 1.0}
    holes = (cut[:, 0] == 0).sum((1, 2))
    assert holes.max() == 7 * 7  # |offset| < 4 from the centre
    assert holes.min() >= 4 * 4  # a centre in the corner leaves a quarter of it


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"no 'colour': choose from color, translation, cutout"):
        parse_policy("translation,colour")


@pytest.mark.parametrize("policy", [*POLICIES, "color,translation,cutout"])
def test_a_part_of_a_batch_gets_the_draws_that_it_has_in_the_batch(images, policy):
    draws = draw(policy, len(images), images.shape[-1], rng())
    whole = augment(images, policy, draws=draws)
    assert torch.equal(whole, augment(images, policy, generator=rng()))
    torch.testing.assert_close(whole[2:5], augment(images[2:5], policy, draws=[numbers[2:5] for numbers in draws]))


def test_color_is_brightness_saturation_and_contrast(images):
    generator, x = rng(), images
    for transform, draw_for in POLICIES["color"]:
        x = transform(x, draw_for(len(x), 16, generator))
    assert torch.equal(augment(images, "color", generator=rng()), x)
