"""Every number that a model or a run is made of. The one source of train.py's flags, config.json and the model card.

A field's help text, range and choices live in its metadata; `PRESETS` holds what each preset changes.
"""

import math
from dataclasses import Field, dataclass, field, fields, replace

RESOLUTION = 128  # px, of every picture inside

ARCHITECTURES = ("article", "lotus")

# ImageSet from which on `augment` auto leaves them alone: 68 are learnt by heart without it, 2,000 are no worse with
# it. The border itself is a guess.
MANY = 10_000


def _option(default, help: str, *, low=None, high=None, choices=None, above=None) -> Field:
    """A dataclass field that knows its help text and its allowed values: [low, high], or (above, high]."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices, "above": above})


def allowed(option: Field) -> str:
    """The allowed values of a field in words, for messages and help texts; empty where any value goes."""
    meta = option.metadata
    if meta["choices"]:
        return " or ".join(map(str, meta["choices"]))
    bounds = [
        f"above {meta['above']:g}" if meta["above"] is not None else "",
        f"at least {meta['low']:g}" if meta["low"] is not None else "",
    ]
    bounds.append(f"at most {meta['high']:g}" if meta["high"] is not None else "")
    return ", ".join(filter(None, bounds))


class _Checked:
    """Checks every field when the dataclass is made; ValueError names the field, what it got and what is allowed."""

    def __post_init__(self):
        for option in fields(self):
            value = getattr(self, option.name)
            if not self._fits(option, value):
                raise ValueError(
                    f"{option.name} must be {_kind(option)} {allowed(option)}".rstrip() + f", got {value!r}"
                )

    @staticmethod
    def _fits(option: Field, value) -> bool:
        meta = option.metadata
        if value is None:
            return option.default is None
        if meta["choices"]:
            return value in meta["choices"]
        kind = option_type(option)
        if isinstance(value, bool) != (kind is bool) or not isinstance(value, (int, float) if kind is float else kind):
            return False
        if kind in (bool, str):
            return True
        return (
            math.isfinite(value)
            and (meta["low"] is None or value >= meta["low"])
            and (meta["above"] is None or value > meta["above"])
            and (meta["high"] is None or value <= meta["high"])
        )


def option_type(option: Field) -> type:
    """int, float, str or bool of a field that may be annotated `int | None`."""
    kind = option.type
    return kind if isinstance(kind, type) else next(k for k in kind.__args__ if k is not type(None))


def _kind(option: Field) -> str:
    if option.metadata["choices"]:
        return ""
    return {int: "an integer", float: "a number", str: "text", bool: "true or false"}[option_type(option)]


@dataclass(frozen=True)
class ModelConfig(_Checked):
    """What it takes to build a generator and its critic; stored as config.json beside the weights."""

    architecture: str = _option("article", "which networks", choices=ARCHITECTURES)
    z_dim: int = _option(100, "length of the latent vector", low=1, high=1024)
    width: int = _option(64, "channels of the critic's first layer; 64 is the article's full size", low=1, high=128)


@dataclass(frozen=True)
class TrainConfig(ModelConfig):
    """A training run. The defaults are nearly the preset `article`; one step is one update of the generator."""

    # how long
    steps: int = _option(3000, "generator updates in all", low=1)
    max_minutes: float | None = _option(None, "stop cleanly after so many minutes of this call", above=0)
    # the game (Gulrajani et al. 2017)
    batch_size: int = _option(16, "pictures an update, over all processes and parts together", low=1, high=4096)
    n_critic: int = _option(5, "critic updates a generator update", low=1, high=100)
    lambda_gp: float = _option(10.0, "weight of the gradient penalty", low=0)
    lr_generator: float = _option(1e-4, "Adam's rate for the generator", above=0)
    lr_critic: float = _option(1e-4, "Adam's rate for the critic", above=0)
    beta1: float = _option(0.0, "Adam's first decay", low=0, high=0.9999)
    beta2: float = _option(0.9, "Adam's second decay", low=0, high=0.9999)
    critic_warmup: int = _option(
        0,
        "critic updates before the generator listens to a critic for the first time: in its first step, and in the "
        "first one about whole pictures",
        low=0,
        high=10_000,
    )
    upsampler_warmup: int = _option(
        0, "updates of the layers that enlarge, alone, before all else (lotus)", low=0, high=100_000
    )
    base_steps: int = _option(
        0, "so many steps are about the sketch of 16 px only, which is quick; the rest about all levels (lotus)", low=0
    )
    base_n_critic: int = _option(
        2, "critic updates a generator update while the sketch learns alone (lotus)", low=1, high=100
    )
    critic_boost_epoch: int | None = _option(None, "from this epoch on n_critic doubles", low=0)
    # few pictures
    mirror: bool = _option(False, "show each picture mirrored half of the time")
    augment: str = _option(
        "",
        "differentiable augmentation: a comma list of brightness, saturation, contrast, translation, cutout; "
        f"auto is translation for fewer than {MANY:,} pictures and nothing for more",
    )
    ema_kimg: float = _option(2.0, "half-life of the generator's moving average, in thousand real pictures", above=0)
    # the machine
    seed: int = _option(0, "seed of everything random in the run", low=0, high=2**32 - 1)
    device: str = _option(
        "auto",
        "where to train: auto takes CUDA, then Apple's MPS, then the CPU",
        choices=("auto", "cpu", "cuda", "mps"),
    )
    precision: str = _option(
        "fp32", "bf16 is about twice as quick where the processor has it", choices=("fp32", "bf16")
    )
    accumulate: int = _option(
        1,
        "take a batch in so many parts, for little memory; BatchNorm's moments are then a part's in the generator's "
        "updates",
        low=1,
        high=4096,
    )
    # what is written, in steps
    log_every: int = _option(50, "a line in metrics.jsonl every so many steps", low=1)
    evaluate_every: int = _option(
        500, "figures of quality every so many steps, where --val is given; 0: only at the end", low=0
    )
    checkpoint_every: int = _option(200, "a checkpoint every so many steps; 0: only at the end", low=0)
    preview_every: int | None = _option(
        None, "a preview every so many steps; 0: only at the end; unset: steps 1, 2, 5, 10, 20, 50 ...", low=0
    )

    @property
    def model(self) -> ModelConfig:
        return ModelConfig(**{option.name: getattr(self, option.name) for option in fields(ModelConfig)})

    def for_images(self, count: int) -> "TrainConfig":
        """The same, with what is left to the data decided for `count` pictures: `augment` auto."""
        if self.augment != "auto":
            return self
        return replace(self, augment="translation" if count < MANY else "")


PRESETS = {
    "article": {"critic_boost_epoch": 2000},
    "lotus": {
        "architecture": "lotus",
        "width": 16,
        "steps": 12_000,
        "n_critic": 1,
        "beta2": 0.99,
        "critic_warmup": 150,
        "upsampler_warmup": 2000,
        "base_steps": 3000,
        "lr_generator": 2e-4,
        "lr_critic": 4e-4,
        "mirror": True,
        # without translation the critic knows 68 pictures by heart after 80 kimg; with colours as well it learns
        # nothing more
        "augment": "auto",
        "ema_kimg": 5.0,
    },
}
