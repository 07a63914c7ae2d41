"""Directions by hand: planted in the weights and found again, moved along, written and read, and the shipped ones."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch

from lotus_gan import Generator, latents
from lotus_gan.sampling.directions import FILE, NAMES, REACH, Direction, closed_form, move, principal, read, write

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = ["article", "lotus"]
SHIPPED = ROOT / "weights/lotus"


@pytest.fixture(params=ARCHITECTURES)
def generator(request):
    """A small untrained one: 5 values of z, 16 channels at 4 px."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Generator(request.param, z_dim=5, width=1).eval()


def vectors(directions):
    return torch.stack([direction.vector for direction in directions])


def first_weight(generator):
    return generator.stem[0].weight.data.flatten(1)  # (z_dim, C * 16), a view


# --- from the weights ------------------------------------------------------------------------------------------------


def test_closed_form_by_hand(generator):
    """Each value of z drives one activation of its own, with these weights: A^T A is diag(1, 49, 4, 25, 9)."""
    weight = first_weight(generator).zero_()
    weight[range(5), range(5)] = torch.tensor([1.0, -7, 2, 5, -3])
    found = closed_form(generator, 4)
    torch.testing.assert_close(vectors(found), torch.eye(5)[[1, 3, 4, 2]])
    assert {(direction.name, direction.rho) for direction in found} == {("", None)}


def test_closed_form_is_what_the_first_layer_lengthens_most(generator):
    """A^T A v = lambda v, lambda falling, v of length 1 and perpendicular to each other, its largest value positive."""
    found = vectors(closed_form(generator, 5))
    weight = first_weight(generator)
    torch.testing.assert_close(found @ found.T, torch.eye(5))
    stretched = found @ weight @ weight.T
    lengths = (found @ weight).square().sum(1)  # |A v|^2
    torch.testing.assert_close(stretched, lengths[:, None] * found)
    assert (lengths.diff() < 0).all()
    assert (found.abs().max(1).values == found.max(1).values).all()


@pytest.mark.parametrize("axis", [0, 3])
def test_principal_finds_a_planted_axis(generator, axis):
    first_weight(generator)[axis] *= 20
    (found,) = principal(generator, 1)
    assert found.vector.norm().item() == pytest.approx(1)
    assert found.vector[axis] > 0.99


def test_principal_is_the_same_each_time_and_leaves_global_random_state_alone(generator):
    before = torch.get_rng_state()
    first, second = principal(generator, 3), principal(generator, 3)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(vectors(first), vectors(second)) and vectors(first).shape == (3, 5)


@pytest.mark.parametrize("count", [0, 6])
@pytest.mark.parametrize("find", [closed_form, principal])
def test_there_are_as_many_as_z_has_values(generator, find, count):
    with pytest.raises(ValueError, match=f"count must be from 1 to 5, got {count}"):
        find(generator, count)


def test_principal_needs_samples(generator):
    with pytest.raises(ValueError, match="more than 3 samples are needed for 3 directions, got 3"):
        principal(generator, 3, samples=3)


# --- moving ----------------------------------------------------------------------------------------------------------


def test_moving_is_a_sum():
    directions = [Direction("", torch.tensor([0.6, 0.8, 0.0])), Direction("", torch.tensor([0.0, 0.0, 1.0]))]
    z = torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(move(z, directions, [2, -1]), torch.tensor([2.2, 3.6, 2.0]))
    assert torch.equal(move(z, directions, [0, 0]), z)
    assert torch.equal(move(z, [], []), z)
    assert z.tolist() == [1, 2, 3]


def test_each_direction_takes_one_amount():
    with pytest.raises(ValueError, match="1 directions take as many amounts, got 2"):
        move(torch.zeros(2), [Direction("", torch.tensor([0.0, 1.0]))], [1, 2])


# --- in a model's folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(model_folder, tmp_path):
    """A model with 100 values of z."""
    shutil.copyfile(model_folder / "config.json", tmp_path / "config.json")
    return tmp_path


def test_what_is_written_is_read(folder):
    unit = latents.from_seeds([0, 1], 100)
    unit = unit / unit.norm(dim=1, keepdim=True)
    write([Direction("size", unit[0], 0.71234), Direction("colour", unit[1], 0.5)], folder)
    found = read(folder)
    assert [(direction.name, direction.rho) for direction in found] == [("size", 0.712), ("colour", 0.5)]
    torch.testing.assert_close(vectors(found), unit, rtol=0, atol=1e-4)
    torch.testing.assert_close(vectors(found).norm(dim=1), torch.ones(2))
    first = (folder / FILE).read_text().splitlines()[1]  # a line each, short enough to be looked at
    assert first.startswith('{"name": "size", "rho": 0.712, "vector": [') and len(first) < 1000
    write(found, folder)
    torch.testing.assert_close(vectors(read(folder)), vectors(found), rtol=0, atol=1e-4)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", FILE]


def test_a_write_that_fails_leaves_the_old_file(folder):
    write([Direction("size", torch.eye(100)[0], 0.7)], folder)
    before = (folder / FILE).read_bytes()
    with pytest.raises(ValueError, match="measured rho"):
        write([Direction("colour", torch.eye(100)[1], None)], folder)
    assert (folder / FILE).read_bytes() == before


def test_a_model_without_directions(folder):
    assert read(folder) == [] and read(None) == []


ONE = {"name": "colour", "rho": 0.7, "vector": [1.0] + [0.0] * 99}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("\x00\xff", "Expecting value"),
        ("7", "not iterable"),
        ('{"colour": 1}', "each must be an object of name, rho, vector"),
        ([ONE | {"kind": "fitted"}], "each must be an object of name, rho, vector"),
        ([ONE | {"name": "beauty"}], "the name 'beauty' is not one of colour, warmth"),
        ([ONE | {"name": ""}], "the name '' is not one of"),
        ([ONE | {"name": ["colour"]}], r"the name \['colour'\] is not one of"),
        ([ONE, ONE], "colour is there twice"),
        ([ONE | {"vector": [1.0]}], r"colour must have 100 values, got \(1,\)"),
        ([ONE | {"vector": [1.0] * 100}], r"colour must have length 1, got 10\.000"),
        ([ONE | {"vector": [math.nan] * 100}], "colour must have length 1, got nan"),
        ([ONE | {"vector": ["a"] * 100}], "does not hold the directions"),
        ([ONE | {"rho": 1.2}], r"rho of colour must be from 0 to 1, got 1\.2"),
        ([ONE | {"rho": None}], "does not hold the directions"),
    ],
)
def test_a_broken_file_is_named(folder, text, message):
    (folder / FILE).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read(folder)
    assert str(folder / FILE) in str(caught.value)


# --- the shipped ones ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return Generator.from_pretrained(SHIPPED), read(SHIPPED)


def test_the_shipped_model_has_names_that_were_measured(shipped):
    _, directions = shipped
    names = [direction.name for direction in directions]
    assert 6 <= len(names) <= 10 and names == [name for name in NAMES if name in names]
    assert min(direction.rho for direction in directions) >= 0.5


MIDDLE, ABOVE = (..., slice(32, 96), slice(32, 96)), (..., slice(0, 32), slice(None))


@pytest.mark.parametrize(
    ("name", "where", "measure"),
    [
        ("colour", MIDDLE, lambda red, green, blue: red / green),
        ("light", (...,), lambda red, green, blue: red + green + blue),
        ("leaves", ABOVE, lambda red, green, blue: red - blue),
    ],
)
def test_a_shipped_slider_does_what_its_name_says(shipped, name, where, measure):
    """Measured by the mean colour of a part of the image, without the regressor that found it: both halves of the
    slider go the same way, for every flower."""
    generator, directions = shipped
    (direction,) = [direction for direction in directions if direction.name == name]
    for z in latents.from_seeds(range(6), generator.z_dim):
        steps = torch.stack([move(z, [direction], [amount]) for amount in (-REACH, 0, REACH)])
        with torch.inference_mode():
            colours = ((generator(steps) + 1) / 2)[where].mean((2, 3))  # (3 steps, RGB)
        low, middle, high = measure(*colours.T).tolist()
        assert low < middle < high
