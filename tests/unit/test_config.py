"""Every number has a range, and a refusal says which."""

import math
from dataclasses import fields

import pytest

from lotus_gan.config import PRESETS, ModelConfig, TrainConfig, option_type


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_valid(preset):
    TrainConfig(**PRESETS[preset])


def test_article_preset_is_gulrajanis():
    config = TrainConfig(**PRESETS["article"])
    assert config.model == ModelConfig("article", 100, 64)
    assert (config.lambda_gp, config.n_critic, config.lr_generator, config.lr_critic) == (10, 5, 1e-4, 1e-4)
    assert (config.beta1, config.beta2) == (0, 0.9)
    assert config.steps * config.n_critic * config.batch_size / 68 > 3000  # the article's epochs fit in


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("batch_size", True),
        ("lr_critic", 0),
        ("lr_critic", math.nan),
        ("lr_critic", math.inf),
        ("beta2", 1),
        ("seed", -1),
        ("seed", 2**32),
        ("max_minutes", 0),
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


@pytest.mark.parametrize(("count", "augment"), [(1, "translation"), (9999, "translation"), (10_000, "")])
def test_augmentation_is_for_few_pictures(count, augment):
    assert TrainConfig(**PRESETS["lotus"]).for_images(count).augment == augment
    for given in ("", "cutout"):
        assert TrainConfig(augment=given).for_images(count).augment == given


def test_every_field_has_a_help_text_and_a_type():
    for option in fields(TrainConfig):
        assert len(option.metadata["help"]) > 10, option.name
        assert option_type(option) in (int, float, str, bool)
