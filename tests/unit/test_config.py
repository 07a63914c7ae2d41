"""Every number has a range, and an error says which."""

import math

import pytest

from lotus_gan.config import AUGMENTATIONS, PRESETS, ModelConfig, TrainConfig, settings
from lotus_gan.errors import UsageError
from lotus_gan.training.augment import POLICIES

LOTUS = {
    "architecture": "lotus",
    "z_dim": 100,
    "width": 16,
    "steps": 10_000,
    "max_minutes": None,
    "batch_size": 16,
    "n_critic": 1,
    "lambda_gp": 10.0,
    "penalty_every": 4,
    "critic_width": None,
    "lr_generator": 2e-4,
    "lr_critic": 4e-4,
    "lr_decay_kimg": 200.0,
    "beta1": 0.0,
    "beta2": 0.99,
    "critic_warmup": 150,
    "upsampler_warmup": 2000,
    "base_steps": 3000,
    "base_n_critic": 2,
    "critic_boost_epoch": None,
    "mirror": True,
    "augment": "auto",
    "ema_kimg": 20.0,
    "seed": 0,
    "device": "auto",
    "precision": "fp32",
    "weights": "float32",
    "accumulate": 1,
    "log_every": 50,
    "evaluate_every": 500,
    "checkpoint_every": 200,
    "preview_every": None,
}
ARTICLE = LOTUS | {
    "architecture": "article",
    "width": 64,
    "steps": 2125,
    "penalty_every": 1,
    "n_critic": 5,
    "critic_boost_epoch": 2000,
    "lr_generator": 1e-4,
    "lr_critic": 1e-4,
    "lr_decay_kimg": 0.0,
    "beta2": 0.9,
    "critic_warmup": 0,
    "upsampler_warmup": 0,
    "base_steps": 0,
    "mirror": False,
    "augment": "",
    "ema_kimg": 2.0,
}


def test_the_defaults_are_the_preset_lotus():
    assert TrainConfig().model_dump() == LOTUS and PRESETS["lotus"] == {}


def test_the_preset_article():
    assert TrainConfig(**PRESETS["article"]).model_dump() == ARTICLE


def test_article_preset_is_gulrajanis():
    config = TrainConfig(**PRESETS["article"])
    assert (config.architecture, config.z_dim, config.width) == ("article", 100, 64)
    assert (config.lambda_gp, config.n_critic, config.lr_generator, config.lr_critic) == (10, 5, 1e-4, 1e-4)
    assert (config.beta1, config.beta2) == (0, 0.9)
    shown = config.n_critic * config.batch_size  # real images a step, twice as many from epoch 2,000 on
    assert config.steps == 2000 * 68 / shown + 1000 * 68 / (2 * shown)  # the article's 3,000 epochs of 68 images


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("batch_size", True),
        ("batch_size", "2"),
        ("lr_critic", 0),
        ("lr_critic", True),
        ("lr_critic", "1e-4"),
        ("lr_critic", math.nan),
        ("lr_critic", math.inf),
        ("beta2", 1),
        ("seed", -1),
        ("seed", 2**32),
        ("max_minutes", 0),
        ("max_minutes", True),
        ("mirror", 1),
        ("device", "tpu"),
        ("augment", 3),
        ("steps", None),
        ("architecture", "stylegan"),
    ],
)
def test_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*got {value!r}"):
        TrainConfig(**{name: value})
    with pytest.raises(UsageError, match=rf"^{name} must be .*got {value!r}"):
        TrainConfig().replace(**{name: value})


def test_what_is_allowed_is_said():
    for values, message in (
        ({"batch_size": 0}, "batch_size must be an integer at least 1, at most 4096, got 0"),
        ({"seed": -1}, "seed must be an integer at least 0, at most 4294967295, got -1"),
        ({"lr_critic": -1.0}, "lr_critic must be a number above 0, got -1.0"),
        ({"device": "tpu"}, "device must be auto or cpu or cuda or mps, got 'tpu'"),
        ({"mirror": 1}, "mirror must be true or false, got 1"),
    ):
        with pytest.raises(UsageError) as error:
            TrainConfig(**values)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("enlarger_warmup", "upsampler_warmup"),
        ("sketch_steps", "base_steps"),
        ("sketch_n_critic", "base_n_critic"),
        ("judge_every", "evaluate_every"),
    ],
)
def test_an_old_name_is_answered_with_the_new_one(old, new):
    with pytest.raises(UsageError, match=f"{old} is called {new} now"):
        TrainConfig(**{old: 1})


@pytest.mark.parametrize("name", ["brightness", "saturation", "contrast"])
def test_old_augmentations_are_answered_with_color(name):
    with pytest.raises(UsageError, match=f"augment has no '{name}' any more: it is a part of color"):
        TrainConfig(augment=f"translation,{name}")


def test_the_names_of_augmentations_are_those_of_their_functions():
    assert tuple(POLICIES) == AUGMENTATIONS
    with pytest.raises(UsageError, match="augment has no 'colour': choose from color, translation, cutout"):
        TrainConfig(augment="translation,colour")


def test_unknown_and_missing_names():
    with pytest.raises(UsageError, match="there is no setting depth: choose from architecture, z_dim, width"):
        ModelConfig(architecture="lotus", z_dim=100, width=16, depth=3)
    with pytest.raises(UsageError, match="width is missing"):
        ModelConfig(architecture="lotus", z_dim=100)


def test_a_config_cannot_be_changed_and_replace_makes_another():
    config = TrainConfig()
    with pytest.raises(ValueError, match="frozen"):
        config.steps = 3
    assert config.replace(steps=3).steps == 3 and config.steps == 10_000


@pytest.mark.parametrize(("count", "augment"), [(1, "translation"), (999, "translation"), (1000, "")])
def test_augmentation_is_for_few_images(count, augment):
    assert TrainConfig(**PRESETS["lotus"]).for_images(count).augment == augment
    for given in ("", "cutout"):
        assert TrainConfig(augment=given).for_images(count).augment == given


@pytest.mark.parametrize(
    ("count", "pretrained", "batch_size", "augment"),
    [(999, False, 16, "translation"), (999, True, 8, "color,translation"), (1000, False, 16, ""), (1000, True, 16, "")],
)
def test_few_images_that_start_from_a_model_take_small_batches_of_many_colours(count, pretrained, batch_size, augment):
    decided = TrainConfig().for_images(count, pretrained)
    assert (decided.batch_size, decided.augment) == (batch_size, augment)
    assert decided.for_images(count) == decided  # once decided it stays


def test_what_is_given_is_not_decided_anew():
    given = TrainConfig(batch_size=16, augment="cutout").replace(steps=3)
    assert given.for_images(40, pretrained=True) == given
    article = TrainConfig(**PRESETS["article"])
    assert article.for_images(40, pretrained=True) == article
    copy = TrainConfig().replace(steps=3)  # still not given
    assert copy.for_images(40, pretrained=True).batch_size == 8


def test_every_field_has_a_help_text_and_a_type():
    assert {setting.name for setting in settings(TrainConfig)} == LOTUS.keys()
    for setting in settings(TrainConfig):
        assert len(setting.description) > 10, setting.name
        assert setting.type in (int, float, str, bool)
        assert setting.flag == "--" + setting.name.replace("_", "-")
