"""The two players: `Generator` paints, `Critic` scores.

    generator = Generator.from_pretrained("weights/lotus")   # a folder or a Hub id
    images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 128, 128) in [-1, 1]

Two architectures: "article" is the French article's network (lotus_gan/article.py), "lotus" is ours, a small picture
that is enlarged twice (lotus_gan/lotus.py). Both are described in full by a `ModelConfig`, which is what config.json
holds.
"""

import json
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import torch
from huggingface_hub import PyTorchModelHubMixin, constants, hf_hub_download
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from lotus_gan.config import RESOLUTION, ModelConfig
from lotus_gan.errors import ModelError, ModelFileNotFound
from lotus_gan.models import article, lotus
from lotus_gan.training.batch import Augmentation

Pair = tuple[torch.Tensor, torch.Tensor]  # real, painted

# the article at full width has 12.7 M values; anything far larger is not one of ours
MAX_BYTES = {constants.SAFETENSORS_SINGLE_FILE: 256_000_000, constants.CONFIG_NAME: 100_000}


class _HubModule(nn.Module, PyTorchModelHubMixin):
    """What both networks share: they are built from a ModelConfig and travel as model.safetensors + config.json.

    The mixin as it stands loads non-strictly, accepts pickles and prints; this one does none of the three.
    """

    def __init__(self, architecture: str, z_dim: int, width: int):
        super().__init__()
        self.config = ModelConfig(architecture=architecture, z_dim=z_dim, width=width)

    @property
    def architecture(self) -> ModuleType:
        """Who knows the layers: lotus_gan.article or lotus."""
        return {"article": article, "lotus": lotus}[self.config.architecture]

    @property
    def z_dim(self) -> int:
        return self.config.z_dim

    @classmethod
    def from_pretrained(cls, model: str | Path, *, map_location: str = "cpu", **download) -> "_HubModule":
        """A folder or a Hub id -> the network, in float32 and eval mode.

        `download` goes to `hf_hub_download`: revision, token, cache_dir, local_files_only, force_download.
        FileNotFoundError if a folder lacks one of the two files, ValueError if one is not what it should be,
        huggingface_hub's own errors if the Hub does not have it.
        """
        config = read_config(_locate(model, constants.CONFIG_NAME, download))
        weights = _locate(model, constants.SAFETENSORS_SINGLE_FILE, download)
        network = cls(**asdict(config))
        try:
            network.load_state_dict(load_file(weights))
        except (SafetensorError, RuntimeError) as error:
            raise ModelError("no_fit", path=weights, detail=error) from None
        # channels last: half as long again otherwise, for one picture on a processor
        return network.to(map_location, memory_format=torch.channels_last).eval()


def _locate(model: str | Path, name: str, download: dict) -> Path:
    """The path of one of a model's files, fetched into the Hub's cache if `model` is not a folder. ValueError, before
    anything is fetched, if it is too large to be one of ours."""
    path, here = Path(model) / name, Path(model).is_dir()
    if here and not path.is_file():
        raise ModelFileNotFound("incomplete", model=model, name=name)
    size = path.stat().st_size if here else hf_hub_download(str(model), name, dry_run=True, **download).file_size
    if size is not None and size > MAX_BYTES[name]:
        raise ModelError("too_large", path=path, megabytes=MAX_BYTES[name] / 1e6)
    return path if here else Path(hf_hub_download(str(model), name, **download))


def read_config(path: Path) -> ModelConfig:
    """config.json -> ModelConfig; ValueError that names the file for anything that is not one of ours."""
    try:
        return ModelConfig(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:  # not JSON, not text, unknown names, values out of range
        raise ModelError("no_config", path=path, detail=error) from None


class Generator(_HubModule):
    """Latents (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]. `width` 64 is the article's full size."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width)
        self.layers = self.architecture.generator_layers(self.config)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"latents must have shape (N, {self.z_dim}), got {tuple(z.shape)}")
        return self.layers(z[:, :, None, None])

    def lesson(self, z: torch.Tensor, real: torch.Tensor, seen: Augmentation, whole: bool = True) -> list[Pair]:
        """What the critic is to tell apart: a pair (real, painted) for each of its `levels`, of equal shapes.

        real: pictures (N, 3, 128, 128) in [-1, 1]; both are augmented by `seen`. Without `whole` only the first level.
        """
        return self.architecture.lesson(self.layers, z[:, :, None, None], real, seen, whole)


class Critic(_HubModule):
    """Images (N, 3, 128, 128) -> scores (N,), unbounded: higher means more like a real picture. No normalisation
    across the batch anywhere, because the gradient penalty is a statement about each sample alone."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width)
        self.layers = self.architecture.critic_layers(self.config)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.shape[1:] != (3, RESOLUTION, RESOLUTION):
            raise ValueError(f"images must have shape (N, 3, {RESOLUTION}, {RESOLUTION}), got {tuple(images.shape)}")
        return self.layers(images)

    @property
    def levels(self) -> list[nn.Module]:
        """The critics that score a lesson's pairs: (N, C, H, W) -> (N,) each."""
        return self.architecture.levels(self.layers)
