"""The cascade: what each level sees, that none learns from another's pictures, and that enlarging is learnt."""

from dataclasses import replace

import torch

from lotus_gan import Critic, Generator, TrainConfig, lotus
from lotus_gan.draws import Look
from lotus_gan.game import ENLARGE_EVERY, Game

NO_GRAIN = torch.zeros(2, 3, 32, 32)
CONFIG = TrainConfig(architecture="lotus", width=2, z_dim=8, batch_size=4, n_critic=1, device="cpu", lr_critic=1e-3)


def pictures(count=2):
    return torch.rand(count, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1


def generator():
    torch.manual_seed(0)
    return Generator("lotus", z_dim=8, width=2)


def lesson(place=(0.0, 0.0), grain=NO_GRAIN, whole=True, network=None):
    look = Look(torch.tensor(place), grain)
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


def test_each_level_teaches_its_own_layers_only():
    network = generator()
    owners = [network.layers[:-3], *lotus.enlargers(network.layers)]
    for level, (_, painted) in enumerate(lesson(network=network)):
        network.zero_grad()
        painted.sum().backward()
        taught = [any(p.grad is not None and p.grad.any() for p in owner.parameters()) for owner in owners]
        assert taught == [level == other for other in range(3)]


def test_a_score_is_the_sum_of_the_levels():
    critic = Critic("lotus", width=2)
    small, middle, large = lotus.pyramid(pictures())
    views = small, lotus.beside(middle, small), lotus.beside(large, middle)
    with torch.no_grad():
        levels = [score(view) for score, view in zip(critic.levels, views, strict=True)]
        torch.testing.assert_close(critic(pictures()), levels[0] + levels[1] + levels[2])


def stripes():
    """Pictures whose stripes of 8 px turn with where they are: what is lost at 32 px can be guessed."""
    x = torch.arange(128).float()
    waves = [(torch.sin((x[:, None] * a + x[None] * b) * 0.4) > 0) * 255 for a, b in ((1, 0), (0, 1), (0.7, 0.7))]
    return torch.stack(waves).byte()[:, None].repeat(1, 3, 1, 1)


def error(game):
    look = Look(torch.zeros(2), torch.zeros(3, 3, 32, 32))
    with torch.no_grad():
        pairs = lotus.enlarging(game.generator.layers, stripes().float() / 127.5 - 1, look)
    return [float((real - painted).abs().mean()) for real, painted in pairs]


def test_warming_up_teaches_the_enlargers_and_nobody_else():
    game = Game(replace(CONFIG, enlarger_warmup=60), stripes())
    sketch, before = weights(game.generator.layers[:-3]), error(game)
    game.warm_up()
    assert all(after < 0.9 * at_first for after, at_first in zip(error(game), before, strict=True))
    assert torch.equal(sketch, weights(game.generator.layers[:-3]))
    assert torch.equal(weights(game.ema), weights(game.generator))


def test_warming_up_stops_when_asked_and_is_not_for_learnt_weights():
    config = replace(CONFIG, enlarger_warmup=60)
    asked = iter([False, True])
    game = Game(config, stripes())
    game.warm_up(lambda: next(asked))
    assert next(asked, "asked no more") == "asked no more"
    assert Game(config, stripes(), initial=[game.generator]).enlarger_warmup == 0


def test_the_enlargers_learn_in_every_fourth_step():
    game = Game(CONFIG, stripes())
    moved = []
    for _ in range(ENLARGE_EVERY + 1):
        before = weights(lotus.enlargers(game.generator.layers)[1])
        game.step()
        moved.append(not torch.equal(before, weights(lotus.enlargers(game.generator.layers)[1])))
    assert moved == [True, False, False, False, True]
