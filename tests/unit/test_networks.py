"""The architectures layer by layer, and how they travel: strictly, without pickle, without a word."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lotus_gan import Critic, Generator, TrainConfig, latents
from lotus_gan.models import lotus

ROOT = Path(__file__).resolve().parents[2]


def layers(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def test_article_generator_is_the_articles():
    generator = Generator()
    transposed = layers(generator, nn.ConvTranspose2d)
    assert [(t.in_channels, t.out_channels) for t in transposed] == [
        (100, 1024), (1024, 512), (512, 256), (256, 128), (128, 3),
    ]  # fmt: skip
    assert [t.kernel_size for t in transposed] == [(4, 4)] * 5
    assert [t.stride[0] for t in transposed] == [1, 2, 2, 4, 2]
    assert len(layers(generator, nn.BatchNorm2d)) == len(layers(generator, nn.ReLU)) == 4
    assert isinstance(generator.network.layers[-1], nn.Tanh)
    sides, x = [], torch.zeros(1, 100, 1, 1)
    generator.eval()
    for layer in generator.network.layers:
        x = layer(x)
        if isinstance(layer, nn.ConvTranspose2d):
            sides.append(x.shape[-1])
    assert sides == [4, 8, 16, 64, 128]


def test_article_critic_is_the_mirror():
    critic = Critic()
    assert [(c.in_channels, c.out_channels) for c in layers(critic, nn.Conv2d)] == [
        (3, 64), (64, 128), (128, 256), (256, 512), (512, 1024),
    ]  # fmt: skip
    assert all(c.kernel_size == (4, 4) and c.stride == (2, 2) for c in layers(critic, nn.Conv2d))
    assert [r.negative_slope for r in layers(critic, nn.LeakyReLU)] == [0.2] * 5
    assert [(linear.in_features, linear.out_features) for linear in layers(critic, nn.Linear)] == [(1024 * 16, 1)]


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_shapes_and_ranges(architecture):
    generator, critic = (kind(architecture, z_dim=7, width=2) for kind in (Generator, Critic))
    images = generator(latents.from_seeds(range(3), 7))
    assert images.shape == (3, 3, 128, 128) and images.dtype == torch.float32
    assert images.min() >= -1 and images.max() <= 1
    assert critic(images).shape == (3,)
    assert not layers(critic, nn.modules.batchnorm._BatchNorm), "the penalty is a statement about each sample alone"


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_an_image_does_not_depend_on_its_batch(architecture):
    generator = Generator(architecture, width=4).eval()
    z = latents.from_seeds(range(8), 100)
    with torch.no_grad():
        whole, alone = generator(z), torch.cat([generator(row[None]) for row in z])
    assert (whole - alone).abs().max() * 127.5 <= 1


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_a_score_does_not_depend_on_its_batch(architecture):
    critic = Critic(architecture, width=4)
    images = torch.rand(5, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(critic(images), torch.cat([critic(image[None]) for image in images]))


def test_the_shipped_model_has_no_checkerboard(monkeypatch):
    """How much the steps from pixel to pixel change, over the steps: 2 in a checkerboard, 1.2 in real images (the first
    16 of lotus-val). It is 1.4 and more if the last upsampler's residual is not blurred."""
    generator = Generator.from_pretrained(ROOT / "weights/lotus")

    def changes_over_steps() -> float:
        with torch.no_grad():
            images = generator(latents.from_seeds(range(16), generator.z_dim))
        return (images.diff(n=2).abs().mean() / images.diff().abs().mean()).item()

    assert changes_over_steps() < 1.2
    monkeypatch.setattr(lotus.Blur, "forward", lambda self, x: x)
    assert changes_over_steps() > 1.3


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 100\), got \(1, 99\)"):
        Generator(width=1)(torch.zeros(1, 99))
    with pytest.raises(ValueError, match="128"):
        Critic(width=1)(torch.zeros(1, 3, 64, 64))


def test_round_trip_is_exact_and_silent(model_folder, tmp_path, capfd):
    first = Generator.from_pretrained(model_folder)
    first.save_pretrained(tmp_path)
    second = Generator.from_pretrained(str(tmp_path))
    assert not second.training
    assert {p.name for p in tmp_path.iterdir()} >= {"model.safetensors", "config.json"}
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
    assert capfd.readouterr() == ("", "")


def test_half_precision_weights_load_as_float32(model_folder, tmp_path):
    shutil.copytree(model_folder, tmp_path, dirs_exist_ok=True)
    half = {k: v.half() if v.is_floating_point() else v for k, v in load_file(tmp_path / "model.safetensors").items()}
    save_file(half, tmp_path / "model.safetensors")
    assert {p.dtype for p in Generator.from_pretrained(tmp_path).parameters()} == {torch.float32}


@pytest.fixture
def broken(model_folder, tmp_path):
    """A copy of the model that a test may spoil."""
    return shutil.copytree(model_folder, tmp_path / "model")


def test_loading_is_strict(broken):
    state = load_file(broken / "model.safetensors")
    state.pop("network.layers.0.weight")
    save_file(state, broken / "model.safetensors")
    with pytest.raises(ValueError, match=r"network\.layers\.0\.weight"):
        Generator.from_pretrained(broken)


@pytest.mark.parametrize(
    ("name", "version"), [("layers.0.weight", "0.1"), ("network.upsamplers.0.body.7.weight", "0.2")]
)
def test_weights_of_an_older_version_are_refused_by_its_number(broken, name, version):
    save_file({name: torch.zeros(1)}, broken / "model.safetensors")
    with pytest.raises(ValueError, match=f"is of version {version}, .* or load it with version {version}"):
        Generator.from_pretrained(broken)


def test_a_pickle_is_not_looked_at(broken):
    (broken / "model.safetensors").unlink()
    torch.save({}, broken / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match=r"no model\.safetensors"):
        Generator.from_pretrained(broken)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "{",
        '{"width": -1}',
        '{"width": 1e9}',
        '{"architecture": "stylegan"}',
        '{"depth": 3}',
        '{"width": "a"}',
    ],
)
def test_a_foreign_config_is_refused(broken, config):
    (broken / "config.json").write_text(config)
    with pytest.raises(ValueError, match=r"config\.json is not the config of a Lotus GAN model"):
        Generator.from_pretrained(broken)


def test_broken_weights_are_refused(broken):
    (broken / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ValueError, match="does not fit"):
        Generator.from_pretrained(broken)


def test_config_of_another_size_is_refused(broken):
    (broken / "config.json").write_text(json.dumps({"architecture": "article", "z_dim": 100, "width": 3}))
    with pytest.raises(ValueError, match="size mismatch"):
        Generator.from_pretrained(broken)


def test_the_recipe_stays_small_enough_to_ship():
    """At most 8 MB and 0.3 GFLOP an image (a multiply and an add are two)."""
    generator = Generator("lotus", TrainConfig().z_dim, TrainConfig().width).eval()
    with FlopCounterMode(display=False) as counter:
        generator(torch.zeros(1, generator.z_dim))
    assert counter.get_total_flops() <= 0.3e9
    assert sum(v.numel() * v.element_size() for v in generator.state_dict().values()) <= 8e6


def test_the_stem_is_the_first_stage():
    for architecture, width in (("article", 16), ("lotus", 8)):
        generator = Generator(architecture, z_dim=7, width=2)
        assert generator.stem(torch.zeros(3, 7, 1, 1)).shape == (3, 2 * width, 4, 4)
        assert generator.stem[0].weight.shape[0] == 7


def test_the_article_has_one_head_and_no_base():
    critic, images = Critic(width=2), torch.rand(2, 3, 128, 128)
    [view] = critic.views(images)
    assert view is images and torch.equal(critic.score([view])[0], critic(images))
    assert not Generator(width=2).has_warmup_stages
    with pytest.raises(ValueError, match="article has no base"):
        Generator(width=2).base(torch.zeros(1, 100))
    with pytest.raises(ValueError, match="128"):
        critic.views(torch.zeros(1, 3, 16, 16))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1j, 3])
def test_weights_that_are_not_finite_real_numbers_are_refused(broken, value):
    state = load_file(broken / "model.safetensors")
    state["network.layers.0.weight"] = torch.full(state["network.layers.0.weight"].shape, value)
    save_file(state, broken / "model.safetensors")
    with pytest.raises(ValueError, match=r"not finite numbers \(network\.layers\.0\.weight\)"):
        Generator.from_pretrained(broken)


@pytest.mark.parametrize("config", ["[" * 90_000, '{"width": ' + "9" * 4000 + "}", '{"' + "a" * 90_000 + '": 1}'])
def test_a_hostile_config_is_refused_in_a_sentence(broken, config):
    (broken / "config.json").write_text(config)
    with pytest.raises(ValueError, match=r"config\.json is not the config of a Lotus GAN model") as error:
        Generator.from_pretrained(broken)
    assert len(str(error.value)) < 500 + len(str(broken))
