"""The cascade: what each level sees, that none learns from another's pictures, and that enlarging is learnt."""

from dataclasses import replace

import torch

from lotus_gan import Critic, Generator, TrainConfig, lotus
from lotus_gan.draws import Look
from lotus_gan.game import Game, _pull

NO_GRAIN = torch.zeros(2, 3, 32, 32)
NOBODY = torch.zeros(2, dtype=torch.bool)
CONFIG = TrainConfig(architecture="lotus", width=2, z_dim=8, batch_size=4, n_critic=1, device="cpu", lr_critic=1e-3)


def pictures(count=2):
    return torch.rand(count, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1


def generator():
    torch.manual_seed(0)
    return Generator("lotus", z_dim=8, width=2)


def lesson(place=(0.0, 0.0), grain=NO_GRAIN, own=NOBODY, whole=True, network=None):
    look = Look(torch.tensor(place), grain, own)
    return (network or generator()).lesson(torch.ones(2, 8), pictures(), look, whole)


def weights(layers):
    return torch.cat([value.detach().flatten() for value in layers.parameters()])


def test_a_small_picture_is_made_of_means():
    picture = torch.zeros(1, 3, 128, 128)
    picture[..., :8, :4] = 1  # half of the first pixel at 16 px, the left two of four at 32 px
    small, middle, large = lotus.pyramid(picture)
    assert [p.shape[-1] for p in (small, middle, large)] == [16, 32, 128]
    assert small[0, 0, 0, :2].tolist() == [0.5, 0] and middle[0, 0, :3, :3].tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]


def test_three_levels_and_what_they_see():
    pairs = lesson()
    assert [real.shape[1:] for real, _ in pairs] == [(3, 16, 16), (6, 32, 32), (6, 64, 64)]
    assert all(real.shape == painted.shape for real, painted in pairs)
    for real, painted in pairs[1:]:
        assert torch.equal(real[:, 3:], painted[:, 3:]), "both beside the same small picture"
    assert len(lesson(whole=False)) == 1


def test_the_last_level_looks_through_a_window():
    """At the least place the top left 64 px, at the greatest the bottom right ones."""
    for place, rows in (((0.0, 0.0), slice(0, 64)), ((0.999, 0.999), slice(64, 128))):
        real, _ = lesson(place)[2]
        assert torch.equal(real[:, :3], pictures()[..., rows, rows])


def test_grain_is_on_the_small_picture_only():
    clean, grainy = lesson()[1][0], lesson(grain=torch.ones(2, 3, 32, 32))[1][0]
    assert torch.equal(clean[:, :3], grainy[:, :3])
    torch.testing.assert_close(grainy[:, 3:], clean[:, 3:] + lotus.GRAIN)


def test_an_enlarger_begins_as_a_smooth_enlargement():
    for _, painted in lesson()[1:]:
        assert torch.equal(painted[:, :3], painted[:, 3:])


def test_softening_by_hand():
    """A point becomes 1 2 1 in both directions; what is even stays; a mesh vanishes."""
    point = torch.zeros(1, 1, 5, 5)
    point[..., 2, 2] = 16
    soften = lotus.Soften()
    assert soften(point)[0, 0, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert torch.equal(soften(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))
    mesh = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    assert not soften(mesh[None, None])[..., 1:-1, 1:-1].any()


def test_who_enlarges_its_own_picture_gets_what_the_levels_before_have_painted():
    """The first row enlarges the sketch, and then what has become of it; the second a real picture made small."""
    network, own = generator(), torch.tensor([True, False])
    (small, sketch), (_, middle), (_, large) = lesson(own=own, network=network)
    first, second = lotus.enlargers(network.layers)
    windows = middle[:, :3, :16, :16], lotus.pyramid(pictures())[1][..., :16, :16]  # of more than 16 px the top left
    for enlarger, painted, given, real in ((first, middle, sketch, small), (second, large, *windows)):
        torch.testing.assert_close(painted[:, :3], enlarger(torch.stack([given[0], real[1]])))


def test_a_critic_sees_the_small_picture_only_where_it_is_a_real_one():
    small, middle, _ = lotus.pyramid(pictures())
    for (real, painted), given in zip(lesson(own=torch.tensor([True, False]))[1:], (small, middle), strict=True):
        for view in (real, painted):
            assert not view[0, 3:].any()
            assert torch.equal(view[1, 3:], lotus.beside(view[:, :3], given[..., :16, :16])[1, 3:])


def test_what_each_level_teaches():
    """From real pictures each enlarger learns its own part; from their own the second teaches the first, too, and none
    the sketch, which has a critic of its own."""
    for own, learns in ((False, [[0], [1], [2]]), (True, [[0], [1], [1, 2]])):
        network = generator()
        owners = [network.layers[:-3], *lotus.enlargers(network.layers)]
        for enlarger in owners[1:]:
            for value in enlarger.parameters():  # at 0 it would pass nothing on
                torch.nn.init.normal_(value, std=0.1)
        for level, (_, painted) in enumerate(lesson(own=torch.full([2], own), network=network)):
            network.zero_grad()
            painted.sum().backward(retain_graph=True)
            taught = [i for i in range(3) if any(p.grad is not None and p.grad.any() for p in owners[i].parameters())]
            assert taught == learns[level]


def test_a_score_is_the_sum_of_the_levels():
    """The last level has seen windows of 64 px, and a whole picture is four of those."""
    critic = Critic("lotus", width=2)
    small, middle, large = lotus.pyramid(pictures())
    halves = slice(0, 64), slice(64, 128)
    quarters = [lotus.beside(large, middle)[..., rows, columns] for rows in halves for columns in halves]
    with torch.no_grad():
        sketch, fold, line = critic.levels
        expected = sketch(small) + fold(lotus.beside(middle, small)) + sum(map(line, quarters)) / 4
        torch.testing.assert_close(critic(pictures()), expected)


def test_the_answer_pulls_as_hard_as_a_critic_of_slope_one():
    """Whatever the size: the gradient of each picture is 1 long. What it stands beside is not asked to move."""
    for side in (2, 32):
        painted = torch.rand(3, 6, side, side, requires_grad=True)
        (gradient,) = torch.autograd.grad(_pull(torch.zeros(3, 6, side, side), painted).sum(), painted)
        torch.testing.assert_close(gradient.flatten(1).norm(dim=1), torch.ones(3))
        assert not gradient[:, 3:].any()


def stripes():
    """Pictures whose stripes of 8 px turn with where they are: what is lost at 32 px can be guessed."""
    x = torch.arange(128).float()
    waves = [(torch.sin((x[:, None] * a + x[None] * b) * 0.4) > 0) * 255 for a, b in ((1, 0), (0, 1), (0.7, 0.7))]
    return torch.stack(waves).byte()[:, None].repeat(1, 3, 1, 1)


def error(game):
    look = Look(torch.zeros(2), torch.zeros(3, 3, 32, 32), torch.zeros(3, dtype=torch.bool))
    with torch.no_grad():
        pairs = lotus.enlarging(game.generator.layers, stripes().float() / 127.5 - 1, look)
    return [float((real - painted).abs().mean()) for real, painted in pairs]


def test_warming_up_teaches_the_enlargers_and_nobody_else():
    game = Game(replace(CONFIG, enlarger_warmup=60, width=4), stripes())
    sketch, before = weights(game.generator.layers[:-3]), error(game)
    game.warm_up()
    assert all(after < 0.95 * at_first for after, at_first in zip(error(game), before, strict=True))
    assert torch.equal(sketch, weights(game.generator.layers[:-3]))
    assert torch.equal(weights(game.ema), weights(game.generator))


def test_warming_up_stops_when_asked_and_is_not_for_learnt_weights():
    config = replace(CONFIG, enlarger_warmup=60)
    asked = iter([False, True])
    game = Game(config, stripes())
    game.warm_up(lambda: next(asked))
    assert next(asked, "asked no more") == "asked no more"
    assert Game(config, stripes(), initial=[game.generator]).enlarger_warmup == 0


def test_while_the_sketch_is_young_the_enlargers_learn_in_every_fourth_step_and_from_real_pictures():
    """Four pictures a step: after four steps 16 have been shown, and from then on half of the rows are their own."""
    game = Game(replace(CONFIG, sketch_kimg=0.016), stripes())
    moved, own = [], []
    for _ in range(6):
        before = weights(lotus.enlargers(game.generator.layers)[1])
        own.append(any(game.next_batch().look.own.any() for _ in range(9)))
        game.step()
        moved.append(not torch.equal(before, weights(lotus.enlargers(game.generator.layers)[1])))
    assert own == [False] * 4 + [True] * 2
    assert moved == [True, False, False, False, True, True]
