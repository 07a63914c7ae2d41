"""The two players: `Generator` paints, `Critic` scores.

    generator = Generator.from_pretrained("weights/lotus")   # a folder or a Hub id
    images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 128, 128) in [-1, 1]

Two architectures: "article" is the French article's network (DCGAN's, Radford et al. 2016, with one stride of 4);
"lotus" is ours. Both are described in full by a `ModelConfig`, which is what config.json holds.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import torch
from huggingface_hub import PyTorchModelHubMixin, constants, hf_hub_download
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from .config import RESOLUTION, ModelConfig
from .refusals import refusal

# the article at full width has 12.7 M values; anything far larger is not one of ours
MAX_BYTES = {constants.SAFETENSORS_SINGLE_FILE: 256_000_000, constants.CONFIG_NAME: 100_000}


class _HubModule(nn.Module, PyTorchModelHubMixin):
    """What both networks share: they are built from a ModelConfig and travel as model.safetensors + config.json.

    The mixin as it stands loads non-strictly, accepts pickles and prints; this one does none of the three.
    """

    def __init__(self, architecture: str, z_dim: int, width: int, layers: dict[str, Callable]):
        super().__init__()
        self.config = ModelConfig(architecture=architecture, z_dim=z_dim, width=width)
        self.layers = layers[architecture](self.config)
        self.apply(_init_weights)

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
            raise refusal(ValueError, "no_fit", path=weights, detail=error) from None
        # channels last: half as long again otherwise, for one picture on a processor
        return network.to(map_location, memory_format=torch.channels_last).eval()


def _locate(model: str | Path, name: str, download: dict) -> Path:
    """The path of one of a model's files, fetched into the Hub's cache if `model` is not a folder. ValueError, before
    anything is fetched, if it is too large to be one of ours."""
    path, here = Path(model) / name, Path(model).is_dir()
    if here and not path.is_file():
        raise refusal(FileNotFoundError, "incomplete", model=model, name=name)
    size = path.stat().st_size if here else hf_hub_download(str(model), name, dry_run=True, **download).file_size
    if size is not None and size > MAX_BYTES[name]:
        raise refusal(ValueError, "too_large", path=path, megabytes=MAX_BYTES[name] / 1e6)
    return path if here else Path(hf_hub_download(str(model), name, **download))


def read_config(path: Path) -> ModelConfig:
    """config.json -> ModelConfig; ValueError that names the file for anything that is not one of ours."""
    try:
        return ModelConfig(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:  # not JSON, not text, unknown names, values out of range
        raise refusal(ValueError, "no_config", path=path, detail=error) from None


class Generator(_HubModule):
    """Latents (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]. `width` 64 is the article's full size."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width, {"article": _article_generator, "lotus": _lotus_generator})

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"latents must have shape (N, {self.z_dim}), got {tuple(z.shape)}")
        return self.layers(z[:, :, None, None])


class Critic(_HubModule):
    """Images (N, 3, 128, 128) -> scores (N,), unbounded: higher means more like a real picture. No normalisation
    across the batch anywhere, because the gradient penalty is a statement about each sample alone."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width, {"article": _article_critic, "lotus": _lotus_critic})

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.shape[1:] != (3, RESOLUTION, RESOLUTION):
            raise ValueError(f"images must have shape (N, 3, {RESOLUTION}, {RESOLUTION}), got {tuple(images.shape)}")
        return self.layers(images).squeeze(1)


def _init_weights(module: nn.Module) -> None:
    """DCGAN's start: N(0, 0.02) for convolutions, scales of 1 for normalisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)


# --- article: five transposed convolutions of 4 x 4, 1 -> 4 -> 8 -> 16 -> 64 -> 128 -------------------------------


def _article_generator(config: ModelConfig) -> nn.Sequential:
    w = config.width
    channels = [config.z_dim, 16 * w, 8 * w, 4 * w, 2 * w]
    # (stride, padding): five 4 x 4 layers reach 128 only if one of them multiplies by four
    steps = [(1, 0), (2, 1), (2, 1), (4, 0)]
    layers = []
    for (stride, padding), c_in, c_out in zip(steps, channels, channels[1:], strict=False):
        conv = nn.ConvTranspose2d(c_in, c_out, 4, stride, padding, bias=False)
        layers += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(2 * w, 3, 4, 2, 1), nn.Tanh())


def _article_critic(config: ModelConfig) -> nn.Sequential:
    channels = [3, *(config.width * 2**i for i in range(5))]
    layers = []
    for c_in, c_out in pairwise(channels):
        layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1))


# --- lotus: the same game with the arithmetic spent at 8 to 32 px --------------------------------------------------


class _Residual(nn.Module):
    """x + conv(act(norm(conv(x)))) at one resolution: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int, normalise: bool):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=not normalise),
            nn.BatchNorm2d(channels) if normalise else nn.Identity(),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, channels, 3, 1, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def _lotus_generator(config: ModelConfig) -> nn.Sequential:
    w = config.width
    channels = [16 * w, 8 * w, 4 * w, 2 * w, 2 * w]  # at 4, 8, 16, 32, 64 px
    layers = [
        nn.ConvTranspose2d(config.z_dim, channels[0], 4, bias=False),
        nn.BatchNorm2d(channels[0]),
        nn.LeakyReLU(0.2),
    ]
    for stage, (c_in, c_out) in enumerate(pairwise(channels)):
        layers += [_double(smooth=stage == 3), nn.Conv2d(c_in, c_out, 3, 1, 1, bias=False)]
        layers += [nn.BatchNorm2d(c_out), nn.LeakyReLU(0.2)]
        if stage < 2:
            layers += [_Residual(c_out, normalise=True)]
    return nn.Sequential(*layers, _double(smooth=True), nn.Conv2d(2 * w, 3, 3, 1, 1), nn.Tanh())


def _double(smooth: bool) -> nn.Upsample:
    """Resize, then convolve: a transposed convolution draws a checkerboard. Copied pixels (not `smooth`) still leave a
    fine mesh where no later layer can hide it, that is in the last two of five: KID 746 against 440, same weights."""
    return nn.Upsample(scale_factor=2, mode="bilinear" if smooth else "nearest")


def _lotus_critic(config: ModelConfig) -> nn.Sequential:
    channels = [3, *(config.width * 2**i for i in range(5))]
    layers = []
    for stage, (c_in, c_out) in enumerate(pairwise(channels)):
        layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
        if stage >= 3:
            layers += [_Residual(c_out, normalise=False)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1))
