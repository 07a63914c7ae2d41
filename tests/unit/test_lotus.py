"""The architecture `lotus`: what each head of its critic sees, what each stage trains, that upsampling is learned."""

import math

import torch

from lotus_gan import Critic, Generator, TrainConfig
from lotus_gan.models import lotus
from lotus_gan.models.feature_network import FEATURE_SHAPES, feature_network
from lotus_gan.models.losses import upsampling_error
from lotus_gan.training.augment import augment
from lotus_gan.training.step import WGANGPStep

CPU = torch.device("cpu")
CONFIG = TrainConfig(
    architecture="lotus",
    width=2,
    z_dim=8,
    steps=3000,
    batch_size=4,
    n_critic=1,
    base_n_critic=2,
    critic_warmup=0,
    upsampler_warmup=0,
    base_steps=0,
    lr_generator=1e-4,
    lr_critic=1e-3,
    beta2=0.9,
    mirror=False,
    augment="",
    ema_kimg=2.0,
    device="cpu",
)


def images(count=2):
    return torch.rand(count, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1


def generator():
    torch.manual_seed(0)
    return Generator("lotus", z_dim=8, width=2)


def upsampling_pairs(crop=(0.0, 0.0), noise=0.0):
    """(target, upsampled) of both upsamplers at initialisation."""
    return generator().network.upsampling_pairs(images(), torch.tensor(crop), torch.full([2, 3, 32, 32], noise))


def weights(layers):
    return torch.cat([value.detach().flatten() for value in layers.parameters()])


def base_layers(network):
    """The layers that the 16 px image comes from."""
    return torch.nn.ModuleList([network.network.trunk, network.network.to_rgb])


def test_a_downsampled_image_is_made_of_means():
    image = torch.zeros(1, 3, 128, 128)
    image[..., :8, :4] = 1  # half of the first pixel at 16 px, the left two of four at 32 px
    small, middle, large = lotus.pyramid(image)
    assert [p.shape[-1] for p in (small, middle, large)] == [16, 32, 128]
    assert small[0, 0, 0, :2].tolist() == [0.5, 0] and middle[0, 0, :3, :3].tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]


def test_six_heads_and_what_they_see():
    """The image at 16 px, the four feature maps of the whole image, their statistics; of the base alone the first."""
    shapes = [(3, 16, 16), *((channels, side, side) for channels, side in FEATURE_SHAPES), (992,)]
    critic = Critic("lotus", width=2)
    real, fake = critic.views(images()), critic.views(generator()(torch.ones(2, 8)))
    for real_view, fake_view, shape in zip(real, fake, shapes, strict=True):
        assert real_view.shape[1:] == fake_view.shape[1:] == shape
    (alone,) = critic.views(lotus.pyramid(images())[0])
    assert torch.equal(alone, lotus.pyramid(images())[0])
    assert torch.equal(real[0], alone)
    assert len(critic.head_weights) == len(shapes) == len(critic.heads)


def test_real_and_fake_images_are_augmented_before_the_critic_sees_them():
    """With cutout, a view is what the critic sees of the image after the same cutout."""
    step = WGANGPStep(CONFIG.replace(augment="cutout"), torch.zeros(4, 3, 128, 128, dtype=torch.uint8))
    batch = step.draw_batch()
    for x, draws in ((images(4), batch.augment_real), (step.generator(batch.z), batch.augment_fake)):
        expected = step.critic.views(augment(x, "cutout", draws=draws))
        for view, wanted in zip(step._views(x, draws), expected, strict=True):
            torch.testing.assert_close(view, wanted)
        assert not torch.equal(expected[0], step.critic.views(x)[0])


def test_the_feature_network_belongs_to_the_critic_and_not_to_its_weights():
    critic = Critic("lotus", width=2)
    assert critic.network.feature_network is feature_network(CPU)
    assert not any("feature_network" in name for name in critic.state_dict())
    assert not [module for module in generator().modules() if module is feature_network(CPU)]


def test_an_upsampler_trains_on_a_crop():
    """At the least position the top left 64 px, at the greatest the bottom right ones."""
    for position, rows in (((0.0, 0.0), slice(0, 64)), ((0.999, 0.999), slice(64, 128))):
        target, _ = upsampling_pairs(position)[1]
        assert torch.equal(target, images()[..., rows, rows])


def test_noise_is_on_the_downsampled_image_only():
    """An upsampler starts as a bilinear one, so noise of 1 everywhere makes its image lighter by NOISE."""
    for (target, clean), (same, noisy) in zip(upsampling_pairs(), upsampling_pairs(noise=1.0), strict=True):
        assert torch.equal(target, same)
        torch.testing.assert_close(noisy, clean + lotus.NOISE)


def test_an_upsampler_starts_as_a_bilinear_one():
    small, middle, _ = lotus.pyramid(images())
    for (_, upsampled), given in zip(upsampling_pairs(), (small, middle[..., :16, :16]), strict=True):
        assert torch.equal(upsampled, lotus.upsample(given, upsampled.shape[-1] // 16))


def test_an_upsampler_uses_the_features_once_it_has_learned_to():
    """At first they change nothing; then the same small image becomes another large one."""
    upsampler, small = generator().network.upsamplers[0], images()[..., :16, :16]
    torch.nn.init.normal_(upsampler.to_residual[-1].weight)
    features = torch.ones(2, upsampler.feature_conv.in_channels, 16, 16)
    assert torch.equal(upsampler(small, features)[0], upsampler(small)[0])
    torch.nn.init.normal_(upsampler.feature_conv.weight)
    assert not torch.equal(upsampler(small, features)[0], upsampler(small)[0])


def test_blur_by_hand():
    """A point becomes 1 2 1 in both directions; what is even stays; a checkerboard vanishes."""
    point = torch.zeros(1, 1, 5, 5)
    point[..., 2, 2] = 16
    blur = lotus.Blur()
    assert blur(point)[0, 0, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert torch.equal(blur(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))
    checkerboard = (torch.arange(6)[:, None] + torch.arange(6)) % 2 * 2.0 - 1
    assert not blur(checkerboard[None, None])[..., 1:-1, 1:-1].any()


def test_a_checkerboard_does_not_leave_the_shuffle_to_64_px():
    """Its four weights a pixel may be as different as 1 and -1: the features behind it are even."""
    body = generator().network.upsamplers[1].body
    convolution = body[4]
    torch.nn.init.zeros_(convolution.weight)
    convolution.bias.data.copy_(torch.tensor([1.0, -1, -1, 1]).repeat(len(convolution.bias) // 4))
    features = torch.zeros(1, convolution.in_channels, 32, 32)
    assert body[4:6](features).abs().min() == 1  # the shuffle alone
    assert not body[4:7](features)[..., 1:-1, 1:-1].any()


def test_bilateral_filter_by_hand():
    """Of what differs by far more than sigma nothing is taken; an outlier by sigma in all colours comes down to the
    weighted mean: 1 for itself, exp(-1/2) for each of eight neighbours."""
    bilateral, sigma = lotus.BilateralFilter(), lotus.BILATERAL_SIGMA
    edge = (torch.arange(8) >= 4).float().expand(1, 3, 8, 8)
    torch.testing.assert_close(bilateral(edge), edge)
    point = torch.zeros(1, 3, 5, 5)
    point[..., 2, 2] = sigma
    torch.testing.assert_close(bilateral(point)[0, :, 2, 2], torch.full([3], sigma / (1 + 8 * math.exp(-0.5))))
    red = point * torch.tensor([1, 0, 0])[:, None, None]  # a third of the squared difference
    torch.testing.assert_close(bilateral(red)[0, 0, 2, 2].item(), sigma / (1 + 8 * math.exp(-1 / 6)))


def test_every_head_trains_every_layer():
    """In the joint stage each view has a gradient in every part of the generator; in the base stage in the base."""
    network, critic, z = generator(), Critic("lotus", width=2), torch.ones(2, 8)
    parts = [base_layers(network), *network.network.upsamplers]
    for upsampler in parts[1:]:
        for value in upsampler.parameters():  # at 0 it would pass nothing on
            torch.nn.init.normal_(value, std=0.1)

    def reached(view):
        network.zero_grad()
        view.square().sum().backward(retain_graph=True)
        return [any(value.grad is not None and value.grad.any() for value in part.parameters()) for part in parts]

    assert all(reached(view) == [True, True, True] for view in critic.views(network(z)))
    assert reached(critic.views(network.base(z))[0]) == [True, False, False]


def test_a_score_is_the_sum_of_the_heads():
    critic = Critic("lotus", width=2)
    with torch.no_grad():
        alone = [head(view) for head, view in zip(critic.heads, critic.views(images()), strict=True)]
        torch.testing.assert_close(critic(images()), sum(alone))
        for scores, expected in zip(critic.score(critic.views(images())), alone, strict=True):
            assert torch.equal(scores, expected) and scores.shape == (2,)


def test_an_upsampling_error_pulls_as_hard_as_a_critic_of_slope_one():
    """Whatever the size: the gradient of each image has length 1 (and a batch's error is the mean)."""
    for side in (2, 32):
        upsampled = torch.rand(3, 3, side, side, requires_grad=True)
        error = 3 * upsampling_error(torch.zeros(3, 3, side, side), upsampled)
        (gradient,) = torch.autograd.grad(error, upsampled)
        torch.testing.assert_close(gradient.flatten(1).norm(dim=1), torch.ones(3))


def stripes():
    """Images whose stripes of 8 px turn with where they are: what is lost at 32 px can be guessed."""
    x = torch.arange(128).float()
    waves = [(torch.sin((x[:, None] * a + x[None] * b) * 0.4) > 0) * 255 for a, b in ((1, 0), (0, 1), (0.7, 0.7))]
    return torch.stack(waves).byte()[:, None].repeat(1, 3, 1, 1)


def errors(step):
    real = stripes().float() / 127.5 - 1
    with torch.no_grad():
        pairs = step.generator.network.upsampling_pairs(real, torch.zeros(2), torch.zeros(3, 3, 32, 32))
    return [float((target - upsampled).abs().mean()) for target, upsampled in pairs]


def test_the_warmup_trains_the_upsamplers_and_nothing_else():
    step = WGANGPStep(CONFIG.replace(upsampler_warmup=60, width=4), stripes())
    base, before = weights(base_layers(step.generator)), errors(step)
    step.warm_up()
    assert all(after < 0.95 * at_first for after, at_first in zip(errors(step), before, strict=True))
    assert torch.equal(base, weights(base_layers(step.generator)))
    assert torch.equal(weights(step.ema), weights(step.generator))


def test_the_warmup_stops_when_asked_and_is_not_for_pretrained_weights():
    config = CONFIG.replace(upsampler_warmup=60)
    asked = iter([False, True])
    step = WGANGPStep(config, stripes())
    step.warm_up(lambda: next(asked))
    assert next(asked, "asked no more") == "asked no more"
    assert WGANGPStep(config, stripes(), initial=[step.generator]).upsampler_warmup == 0


def test_the_base_trains_alone_first_and_then_everything():
    """After `base_steps` the upsamplers move, too, and the heads of the feature maps, which get a warm-up."""
    step = WGANGPStep(CONFIG.replace(base_steps=2, critic_warmup=3), stripes())
    parts = [base_layers(step.generator), step.generator.network.upsamplers[1], *step.critic.heads[:2]]
    moved, updates = [], []
    for _ in range(4):
        before, shown = [weights(part) for part in parts], step.images_shown
        step()
        moved.append([not torch.equal(a, weights(b)) for a, b in zip(before, parts, strict=True)])
        updates.append((step.images_shown - shown) // CONFIG.batch_size)
    assert moved == [[True, False, True, False]] * 2 + [[True] * 4] * 2
    assert updates == [3, 2, 3, 1]  # of the base alone 2 to 1
