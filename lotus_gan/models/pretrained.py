"""The two networks as people load them: `Generator` and `Critic`, from a folder or the Hub.

    generator = Generator.from_pretrained("weights/lotus")   # a folder or a Hub id
    images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 128, 128) in [-1, 1]

A `ModelConfig`, which is what config.json holds, chooses the architecture: "article" is the French article's
(lotus_gan/models/article.py), "lotus" is ours (lotus_gan/models/lotus.py).
"""

import functools
import json
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import PyTorchModelHubMixin, constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from lotus_gan.config import RESOLUTION, ModelConfig
from lotus_gan.errors import ModelError, ModelFileNotFound, shortened
from lotus_gan.files import read_json
from lotus_gan.models.article import ArticleCritic, ArticleGenerator
from lotus_gan.models.lotus import BASE, LotusCritic, LotusGenerator

GENERATORS: dict[str, type[ArticleGenerator] | type[LotusGenerator]] = {
    "article": ArticleGenerator,
    "lotus": LotusGenerator,
}
CRITICS: dict[str, type[ArticleCritic] | type[LotusCritic]] = {"article": ArticleCritic, "lotus": LotusCritic}

CRITIC = "critic.safetensors"  # beside model.safetensors: only training reads it
# the article at full width has 12.7 M values; anything far larger is not one of ours
MAX_BYTES = {
    constants.SAFETENSORS_SINGLE_FILE: 256_000_000,
    CRITIC: 256_000_000,
    constants.CONFIG_NAME: 100_000,
}
MAX_TENSORS = 1000  # of weights; ours have less than a hundred
LARGEST = 1e6  # of a weight; ours, and their running variances, are below a thousand
# what a weight's name begins with in the last version that wrote it
OLD_NAMES = {"layers.": "0.1", "network.upsamplers.0.body.7.": "0.2"}


M = TypeVar("M", bound="_PretrainedModel")


class _PretrainedModel(nn.Module, PyTorchModelHubMixin):
    """What both networks share: they are built from a ModelConfig and stored as model.safetensors + config.json.

    The mixin as it stands loads non-strictly, accepts pickles and prints; this one does none of the three.
    """

    def __init__(self, architecture: str, z_dim: int, width: int):
        super().__init__()
        values: dict[str, Any] = {"architecture": architecture, "z_dim": z_dim, "width": width}
        self.config = ModelConfig(**values)

    @property
    def z_dim(self) -> int:
        return self.config.z_dim

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls: type[M], model: str | Path, *, map_location: str = "cpu", **download: Any
    ) -> M:
        """A folder or a Hub id -> the network, in float32 and eval mode.

        `download` goes to `hf_hub_download`: revision, token, cache_dir, local_files_only, force_download.
        ModelFileNotFound (a FileNotFoundError) if a folder lacks one of the two files, ModelError (a ValueError) if one
        is not what it should be, huggingface_hub's own errors if the Hub does not have it.
        """
        config = read_config(_locate(model, constants.CONFIG_NAME, download))
        weights = _locate(model, constants.SAFETENSORS_SINGLE_FILE, download)
        network = cls(config.architecture, config.z_dim, config.width)
        _load_state(network, weights)
        # channels last: half as long again otherwise, for one image on a processor
        return network.to(map_location).to(memory_format=torch.channels_last).eval()


class Generator(_PretrainedModel):
    """Latents z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]. `width` 64 is the article's full size.

    ValueError for latents of another shape.
    """

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width)
        self.network = GENERATORS[architecture](self.config)

    @property
    def has_warmup_stages(self) -> bool:
        """Whether parts of it train alone before all of it does: see lotus_gan/training/step.py."""
        return self.network.has_warmup_stages

    @property
    def stem(self) -> nn.Sequential:
        """The first stage: (N, z_dim, 1, 1) -> features (N, C, 4, 4), by one transposed convolution."""
        return self.network.stem

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.network(self._checked(z))

    def base(self, z: torch.Tensor) -> torch.Tensor:
        """What `lotus` generates before it upsamples: z (N, z_dim) -> (N, 3, 16, 16) in [-1, 1].

        ValueError for `article`, which has no base."""
        if not isinstance(self.network, LotusGenerator):
            raise ValueError(f"the architecture {self.config.architecture} has no base")
        return self.network.base(self._checked(z))

    def _checked(self, z: torch.Tensor) -> torch.Tensor:
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"latents must have shape (N, {self.z_dim}), got {tuple(z.shape)}")
        return z


class Critic(_PretrainedModel):
    """Images (N, 3, 128, 128) -> scores (N,), unbounded: higher means more like a real image.

    No normalisation across the batch anywhere, because the gradient penalty is a statement about each sample alone.
    """

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width)
        self.network = CRITICS[architecture](self.config)

    @property
    def heads(self) -> list[nn.Module]:
        """What scores the views: (N, ...) -> (N,) each, with a penalty of its own."""
        return list(self.network.heads)

    @property
    def head_weights(self) -> tuple[float, ...]:
        """What each head's score counts in the generator's loss."""
        return self.network.head_weights

    def views(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What the heads look at: images (N, 3, 128, 128) in [-1, 1] -> (N, C, H, W) or (N, C) each.

        `article` has one head, for the image; `lotus` six, for the image at 16 px, four feature maps and their
        statistics. Images of the 16 px base (N, 3, 16, 16) give the first alone. ValueError for other shapes.
        """
        sides = (RESOLUTION, BASE) if len(self.heads) > 1 else (RESOLUTION,)
        if images.shape[1:] not in [(3, side, side) for side in sides]:
            raise ValueError(f"images must have shape (N, 3, {RESOLUTION}, {RESOLUTION}), got {tuple(images.shape)}")
        return self.network.views(images)

    def score(self, views: list[torch.Tensor]) -> list[torch.Tensor]:
        """Views, as `views` gives them -> one (N,) a head."""
        return [head(view) for head, view in zip(self.heads[: len(views)], views, strict=True)]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functools.reduce(torch.add, self.score(self.views(images)))

    def save_beside(self, folder: Path) -> None:
        """Write critic.safetensors into the folder of its generator, in float16, which halves it."""
        state = {name: value.half().contiguous() for name, value in self.state_dict().items()}
        save_file(state, folder / CRITIC, metadata={"config": self.config.model_dump_json()})

    @classmethod
    def from_beside(cls, model: str | Path) -> "Critic | None":
        """The critic that a generator's folder or Hub id brings along; None where there is none.

        ModelError if critic.safetensors is not what it should be."""
        try:
            path = _locate(model, CRITIC, {})
        except (ModelFileNotFound, EntryNotFoundError):
            return None
        try:
            with safe_open(path, "pt") as file:
                config = ModelConfig(**json.loads(file.metadata()["config"]))
        except (SafetensorError, RecursionError, TypeError, ValueError, KeyError) as error:
            raise ModelError("no_fit", path=path, detail=shortened(error)) from None
        critic = cls(config.architecture, config.z_dim, config.width)
        try:
            _load_state(critic, path)
        except ModelError as error:
            raise ModelError("critic_no_fit", path=path) if error.code == "no_fit" else error from None
        return critic


def read_config(path: Path) -> ModelConfig:
    """config.json -> ModelConfig; ModelError that names the file for anything that is not one of ours."""
    try:
        return ModelConfig(**read_json(path))
    except (TypeError, ValueError) as error:  # not JSON, no object, unknown names, values out of range
        raise ModelError("no_config", path=path, detail=shortened(error)) from None


def _locate(model: str | Path, name: str, download: dict) -> Path:
    """The path of one of a model's files, fetched into the Hub's cache if `model` is not a folder. ModelError, before
    anything is fetched, if it is too large to be one of ours."""
    path, is_folder = Path(model) / name, Path(model).is_dir()
    if is_folder and not path.is_file():
        raise ModelFileNotFound("incomplete", model=model, name=name)
    size = path.stat().st_size if is_folder else hf_hub_download(str(model), name, dry_run=True, **download).file_size
    if size is not None and size > MAX_BYTES[name]:
        raise ModelError("too_large", path=path, megabytes=MAX_BYTES[name] / 1e6)
    return path if is_folder else Path(hf_hub_download(str(model), name, **download))


def _load_state(network: nn.Module, path: Path) -> None:
    """Fill a network from safetensors, strictly. ModelError if they are not its own, or not what they should be."""
    try:
        _check_count(path)
        network.load_state_dict(_checked(load_file(path), path))
    except (SafetensorError, RuntimeError) as error:
        raise ModelError("no_fit", path=path, detail=shortened(error)) from None


def _check_count(path: Path) -> None:
    """ModelError for more tensors than any model of ours has, before they are read: a million of them take minutes."""
    with safe_open(path, "pt") as file:
        count = len(file.keys())
    if count > MAX_TENSORS:
        raise ModelError("no_fit", path=path, detail=f"{count:,} tensors")


def _checked(state: dict[str, torch.Tensor], path: Path) -> dict[str, torch.Tensor]:
    """The state as it is; ModelError if an older version wrote it, or if its weights are not real numbers up to 1e6."""
    for start, version in OLD_NAMES.items():
        if any(name.startswith(start) for name in state):
            raise ModelError("old_weights", path=path, version=version)
    for name, value in state.items():
        is_count = name.endswith("num_batches_tracked")
        if value.is_complex() or not (value.is_floating_point() or is_count) or not value.isfinite().all():
            raise ModelError("not_finite", path=path, name=name)
        if not is_count and value.abs().max() > LARGEST:
            raise ModelError("no_fit", path=path, detail=f"{name} holds numbers above {LARGEST:,.0f}")
    return state
