"""Every number that a model or a run is made of: the one source of flags, help texts, config.json and model card.

    TrainConfig(batch_size=8)                  # the preset `lotus` with one change
    TrainConfig(**PRESETS["article"])          # the French article's

A value out of its range is a UsageError that names the field, what it got and what is allowed.
"""

import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from lotus_gan.errors import UsageError

RESOLUTION = 128  # px, of every image inside

# Fewer images than these start from our model (what it knows of petals they need not teach again) and are translated
# (`augment` auto): 68 are memorised without that, 2,000 are not, and a step costs less. The border itself is a guess.
FEW = 1_000
# What few images that start from a trained model train with: twice as many updates a minute, and colours that vary (40
# photographs, 20 minutes: KID 27.9; 32.1 without color, 37.8 with neither; docs/recipes.md).
FEW_PRETRAINED = {"batch_size": 8, "augment": "color,translation"}

AUGMENTATIONS = ("color", "translation", "cutout")  # DiffAugment's names

# what settings were called in version 0.1
RENAMED = {
    "enlarger_warmup": "upsampler_warmup",
    "sketch_steps": "base_steps",
    "sketch_n_critic": "base_n_critic",
    "judge_every": "evaluate_every",
}
OLD_AUGMENTATIONS = ("brightness", "saturation", "contrast")  # and what `color` is made of


C = TypeVar("C", bound="_Config")


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def __init__(self, **values: Any):
        for old in values.keys() & RENAMED.keys():
            raise UsageError("renamed", old=old, new=RENAMED[old])
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _usage_error(type(self), error) from None

    def replace(self: C, **changes: Any) -> C:
        """The same with some values changed, and checked. What nobody has given still counts as not given."""
        return type(self)(**(self.model_dump(exclude_unset=True) | changes))


Architecture = Annotated[Literal["article", "lotus"], Field(description="which networks")]
ZDim = Annotated[int, Field(ge=1, le=1024, description="length of the latent vector")]
Width = Annotated[
    int, Field(ge=1, le=128, description="channels of the critic's first layer; 64 is the article's full size")
]


class ModelConfig(_Config):
    """What it takes to build a generator and its critic; stored as config.json beside the weights."""

    architecture: Architecture
    z_dim: ZDim
    width: Width


class TrainConfig(ModelConfig):
    """A training run; the defaults are the preset `lotus`. One step is one update of the generator."""

    architecture: Architecture = "lotus"
    z_dim: ZDim = 100
    width: Width = 16

    # how long
    steps: Annotated[int, Field(ge=1, description="generator updates in all")] = 10_000
    max_minutes: Annotated[float | None, Field(gt=0, description="stop cleanly after so many minutes of this call")] = (
        None
    )

    # the WGAN-GP step (Gulrajani et al. 2017)
    batch_size: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="images an update, over all processes and parts together; not given, it is "
            f"{FEW_PRETRAINED['batch_size']} where fewer than {FEW:,} images start from a trained model",
        ),
    ] = 16
    n_critic: Annotated[int, Field(ge=1, le=100, description="critic updates a generator update")] = 1
    lambda_gp: Annotated[float, Field(ge=0, description="weight of the gradient penalty")] = 10.0
    penalty_every: Annotated[
        int,
        Field(ge=1, le=64, description="a penalty in every so many critic updates only, so many times as heavy (lazy)"),
    ] = 4
    critic_width: Annotated[
        int | None, Field(ge=1, le=128, description="the critic's width, if it is not the generator's")
    ] = None
    lr_generator: Annotated[float, Field(gt=0, description="Adam's rate for the generator")] = 2e-4
    lr_critic: Annotated[float, Field(gt=0, description="Adam's rate for the critic")] = 4e-4
    lr_decay_kimg: Annotated[
        float,
        Field(
            ge=0,
            description="after so many thousand real images both rates fall with the inverse square root of the images "
            "shown (EDM2); 0: never",
        ),
    ] = 200.0
    beta1: Annotated[float, Field(ge=0, le=0.9999, description="Adam's first decay")] = 0.0
    beta2: Annotated[float, Field(ge=0, le=0.9999, description="Adam's second decay")] = 0.99
    critic_boost_epoch: Annotated[int | None, Field(ge=0, description="from this epoch on n_critic doubles")] = None

    # stages (lotus)
    critic_warmup: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            description="critic updates in a step with new heads, before the generator's first update with them: in "
            "the first step, and in the first one of the joint stage",
        ),
    ] = 150
    upsampler_warmup: Annotated[
        int, Field(ge=0, le=100_000, description="updates of the upsamplers alone, before the first step (lotus)")
    ] = 2000
    base_steps: Annotated[
        int,
        Field(ge=0, description="steps of the 16 px base alone, which are quick; the rest is the joint stage (lotus)"),
    ] = 3000
    base_n_critic: Annotated[
        int, Field(ge=1, le=100, description="critic updates a generator update while the base trains alone (lotus)")
    ] = 2

    # few images
    mirror: Annotated[bool, Field(description="show each image mirrored half of the time")] = True
    # without translation the critic memorises 68 images after 80 kimg; with color as well it gains nothing more
    augment: Annotated[
        str,
        Field(
            description="differentiable augmentation: a comma list of color, translation, cutout; "
            f"auto is translation for fewer than {FEW:,} images, {FEW_PRETRAINED['augment']} where those start from a "
            "trained model, and nothing for more"
        ),
    ] = "auto"
    ema_kimg: Annotated[
        float, Field(gt=0, description="half-life of the generator's moving average, in thousand real images")
    ] = 20.0

    # the device
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="seed of everything random in the run")] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"],
        Field(description="where to train: auto takes CUDA, then Apple's MPS, then the CPU"),
    ] = "auto"
    precision: Annotated[
        Literal["fp32", "bf16"], Field(description="bf16 is about twice as quick where the processor has it")
    ] = "fp32"
    weights: Annotated[
        Literal["float32", "float16"],
        Field(description="type of the weights in model.safetensors; float16 halves it"),
    ] = "float32"
    accumulate: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="take a batch in so many parts, for little memory; BatchNorm's moments are then a part's in "
            "the generator's updates",
        ),
    ] = 1

    # what is written, in steps
    log_every: Annotated[int, Field(ge=1, description="a line in metrics.jsonl every so many steps")] = 50
    evaluate_every: Annotated[
        int,
        Field(
            ge=0,
            description="metrics of quality every so many steps, where there are validation images; 0: only at the end",
        ),
    ] = 500
    checkpoint_every: Annotated[
        int, Field(ge=0, description="a checkpoint every so many steps; 0: only at the end")
    ] = 200
    preview_every: Annotated[
        int | None,
        Field(
            ge=0, description="a preview every so many steps; 0: only at the end; unset: steps 1, 2, 5, 10, 20, 50 ..."
        ),
    ] = None

    def __init__(self, **values: Any):
        super().__init__(**values)
        for name in filter(None, map(str.strip, self.augment.split(","))):
            if name in OLD_AUGMENTATIONS:
                raise UsageError("old_augment", name=name)
            if self.augment != "auto" and name not in AUGMENTATIONS:
                raise UsageError("unknown_augment", name=name, known=", ".join(AUGMENTATIONS))

    def for_images(self, count: int, pretrained: bool = False) -> "TrainConfig":
        """The same, with what depends on the number of images decided for `count` of them: `augment` auto, and
        `batch_size`, where none was given. pretrained: whether the run starts from a trained model."""
        decided: dict[str, Any] = {"augment": "translation" if count < FEW else ""}
        if pretrained and count < FEW:
            decided = FEW_PRETRAINED
        given = self.model_fields_set - ({"augment"} if self.augment == "auto" else set())
        return self.replace(**{name: value for name, value in decided.items() if name not in given})


PRESETS: dict[str, dict[str, Any]] = {
    "lotus": {},
    "article": {
        "architecture": "article",
        "width": 64,
        "steps": 2125,  # 3,000 epochs of 68 images: 1,700 steps of 80 images, then 425 of 160
        "batch_size": 16,
        "n_critic": 5,
        "penalty_every": 1,
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
    },
}


# --- fields in words -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """A field for a command line or a table. type: int, float, str or bool. allowed: its values in words, or ""."""

    name: str
    type: type
    description: str
    choices: tuple[str, ...]
    allowed: str
    default: Any

    @property
    def flag(self) -> str:
        """As it is written on a command line."""
        return "--" + self.name.replace("_", "-")


def settings(config: type[_Config]) -> list[Setting]:
    """Every field of a config, in its order."""
    return [_setting(name, field) for name, field in config.model_fields.items()]


def _setting(name: str, field: FieldInfo) -> Setting:
    kind, choices = _type_and_choices(field.annotation)
    bounds = {limit: getattr(m, limit) for m in field.metadata for limit in ("gt", "ge", "le") if hasattr(m, limit)}
    words = {"gt": "above", "ge": "at least", "le": "at most"}
    allowed = " or ".join(choices) or ", ".join(f"{words[limit]} {value}" for limit, value in bounds.items())
    return Setting(name, kind, field.description or "", choices, allowed, field.default)


def _type_and_choices(annotation: Any) -> tuple[type, tuple[str, ...]]:
    """`int | None` -> (int, ()); `Literal["a", "b"]` -> (str, ("a", "b"))."""
    if get_origin(annotation) is Literal:
        return str, get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation, ()


def _usage_error(config: type[_Config], error: ValidationError) -> UsageError:
    """The first thing that is wrong, in a sentence."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    setting = next((setting for setting in settings(config) if setting.name == name), None)
    if setting is None:
        return UsageError("unknown_setting", name=name, known=", ".join(config.model_fields))
    if first["type"] == "missing":
        return UsageError("missing_setting", name=name)
    kind = (
        ""
        if setting.choices
        else {int: "an integer", float: "a number", str: "text", bool: "true or false"}[setting.type]
    )
    allowed = " ".join(filter(None, [kind, setting.allowed]))
    return UsageError("out_of_range", name=name, allowed=allowed, got=first["input"])
