"""The two players: `Generator` paints, `Critic` scores.

    generator = Generator.from_pretrained("weights/lotus")   # a folder or a Hub id
    images = generator(latents.from_seeds(range(16), generator.z_dim))      # (16, 3, 128, 128) in [-1, 1]

Two architectures: "article" is the French article's network (DCGAN's, Radford et al. 2016, with one stride of 4);
"lotus" is ours, and can play its game at 32 and 64 px before it does at 128. Both are described in full by a
`ModelConfig`, which is what config.json holds.
"""

import json
import math
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin, constants, hf_hub_download
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from .config import RESOLUTION, SIZES, ModelConfig

MAX_WEIGHTS_BYTES = 256 * 2**20  # the article at full width has 12.7 M values; anything far larger is not one of ours


class _HubModule(nn.Module, PyTorchModelHubMixin):
    """What both networks share: they are built from a ModelConfig and travel as model.safetensors + config.json.

    The mixin as it stands loads non-strictly, accepts pickles and prints; this one does none of the three.
    """

    def __init__(self, architecture: str, z_dim: int, width: int, players: dict[str, type[nn.Module]]):
        super().__init__()
        self.config = ModelConfig(architecture=architecture, z_dim=z_dim, width=width)
        self.layers = players[architecture](self.config)

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
        if weights.stat().st_size > MAX_WEIGHTS_BYTES:
            raise ValueError(f"{weights} is larger than {MAX_WEIGHTS_BYTES // 2**20} MB")
        network = cls(**asdict(config))
        try:
            network.load_state_dict(load_file(weights))
        except (SafetensorError, RuntimeError) as error:
            raise ValueError(f"{weights} does not fit its config.json ({error})") from None
        return network.to(map_location).eval()


def _locate(model: str | Path, name: str, download: dict) -> Path:
    """The path of one of a model's files, fetched into the Hub's cache if `model` is not a folder."""
    if not Path(model).is_dir():
        return Path(hf_hub_download(str(model), name, **download))
    if not (Path(model) / name).is_file():
        raise FileNotFoundError(f"{model} has no {name}: a model folder holds model.safetensors and config.json")
    return Path(model) / name


def read_config(path: Path) -> ModelConfig:
    """config.json -> ModelConfig; ValueError that names the file for anything that is not one of ours."""
    try:
        return ModelConfig(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:  # not JSON, not text, unknown names, values out of range
        raise ValueError(f"{path} is not the config of a Lotus GAN model: {error}") from None


class Generator(_HubModule):
    """Latents (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1]. `width` 64 is the article's full size, 16 ours."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width, {"article": _ArticleGenerator, "lotus": _LotusGenerator})

    def forward(self, z: torch.Tensor, size: int = RESOLUTION) -> torch.Tensor:
        """`size` is the side of the images; "lotus" can stop at 32 or 64, as it does while it grows."""
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"latents must have shape (N, {self.z_dim}), got {tuple(z.shape)}")
        _check_size(self.config, size)
        return self.layers(z, size)


class Critic(_HubModule):
    """Images (N, 3, 128, 128) -> scores (N,), unbounded: higher means more like a real picture. "lotus" takes images
    of 32 and 64 px as well. Nothing looks across the batch, because the penalty is a statement about each sample."""

    def __init__(self, architecture: str = "article", z_dim: int = 100, width: int = 64):
        super().__init__(architecture, z_dim, width, {"article": _ArticleCritic, "lotus": _LotusCritic})

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
            raise ValueError(f"images must have shape (N, 3, {RESOLUTION}, {RESOLUTION}), got {tuple(images.shape)}")
        _check_size(self.config, images.shape[3])
        return self.layers(images).squeeze(1)


def _check_size(config: ModelConfig, size: int) -> None:
    sizes = SIZES if config.architecture == "lotus" else (RESOLUTION,)
    if size not in sizes:
        raise ValueError(f"{config.architecture} plays at {', '.join(map(str, sizes))} px, not at {size}")


# --- article: five transposed convolutions of 4 x 4, 1 -> 4 -> 8 -> 16 -> 64 -> 128 -------------------------------


def _init_weights(module: nn.Module) -> None:
    """DCGAN's start: N(0, 0.02) for convolutions, scales of 1 for normalisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)


class _ArticleGenerator(nn.Sequential):
    def __init__(self, config: ModelConfig):
        w = config.width
        channels = [config.z_dim, 16 * w, 8 * w, 4 * w, 2 * w]
        # (stride, padding): five 4 x 4 layers reach 128 only if one of them multiplies by four
        steps = [(1, 0), (2, 1), (2, 1), (4, 0)]
        layers = []
        for (stride, padding), c_in, c_out in zip(steps, channels, channels[1:], strict=False):
            conv = nn.ConvTranspose2d(c_in, c_out, 4, stride, padding, bias=False)
            layers += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
        super().__init__(*layers, nn.ConvTranspose2d(2 * w, 3, 4, 2, 1), nn.Tanh())
        self.apply(_init_weights)

    def forward(self, z: torch.Tensor, size: int) -> torch.Tensor:
        return super().forward(z[:, :, None, None])


class _ArticleCritic(nn.Sequential):
    def __init__(self, config: ModelConfig):
        channels = [3, *(config.width * 2**i for i in range(5))]
        layers = []
        for c_in, c_out in pairwise(channels):
            layers += [nn.Conv2d(c_in, c_out, 4, 2, 1), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(channels[-1] * 4 * 4, 1))
        self.apply(_init_weights)


# --- lotus: the same game with the arithmetic spent at 4 to 32 px --------------------------------------------------
#
# Both players carry the picture along at every size (Karras et al. 2020, skip and input connections): the generator
# adds what each size knows to the enlarged picture of the size below, the critic looks at the picture at every size.
# What is above 32 px starts at zero, so that the step to a larger size changes neither player at all.


class _Conv(nn.Conv2d):
    """A convolution whose weights are stored with variance 1 and scaled when used, so that Adam's rate means the same
    in every layer (Karras et al. 2018, "equalised learning rate")."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1, gain: float = math.sqrt(2), **options):
        super().__init__(c_in, c_out, kernel, stride, padding=(kernel - 1) // 2, **options)
        self.scale = gain / math.sqrt(c_in * kernel**2)
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(x, self.weight * self.scale, self.bias)


class _Linear(nn.Linear):
    """A fully connected layer of the same kind."""

    def __init__(self, c_in: int, c_out: int, gain: float = 1.0, **options):
        super().__init__(c_in, c_out, **options)
        self.scale = gain / math.sqrt(c_in)
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)


def _act(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, 0.2)


def _double(x: torch.Tensor) -> torch.Tensor:
    """Twice the side. Not by a transposed convolution or by copying pixels: both leave a mesh that figures punish."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class _Paint(nn.Sequential):
    """Convolution 3 x 3, BatchNorm, LeakyReLU: (N, C, H, W) -> (N, C', H, W)."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__(_Conv(c_in, c_out, 3, bias=False), nn.BatchNorm2d(c_out), nn.LeakyReLU(0.2))


def _show(c_in: int, size: int) -> nn.Sequential:
    """Features (N, C, H, W) -> three colours (N, 3, 2 H, 2 W). Pictures of the largest size are bent after they are
    enlarged: with nothing but linear layers at their own size, edges stay as wavy as the enlarging made them."""
    double = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    if size < RESOLUTION:
        return nn.Sequential(double, _Conv(c_in, 3, 3, gain=1.0))
    hidden = -(-c_in // 2)
    return nn.Sequential(_Conv(c_in, hidden, 3), double, nn.LeakyReLU(0.2), _Conv(hidden, 3, 3, gain=1.0))


class _LotusGenerator(nn.Module):
    """z -> 4 x 4 -> 8 -> ... -> 64 px of features, enlarged once more for the last picture. At each size from 8 to
    128 px a picture is read off the enlarged features and added to the one below."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        w = config.width
        channels = {4: 8 * w, 8: 8 * w, 16: 6 * w, 32: 3 * w, 64: -(-3 * w // 2)}
        self.first = _Linear(config.z_dim, channels[4] * 16, bias=False)
        self.first_norm = nn.BatchNorm2d(channels[4])
        self.enter, self.refine, self.show = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for size, c in channels.items():
            if size > 4:  # convolve at half the size and enlarge: a quarter of the arithmetic
                self.enter[str(size)] = _Paint(channels[size // 2], c)
            self.refine[str(size)] = _Paint(c, c)
            self.show[str(2 * size)] = _show(c, 2 * size)
            if 2 * size > SIZES[0]:
                nn.init.zeros_(self.refine[str(size)][1].weight)
                nn.init.zeros_(self.show[str(2 * size)][-1].weight)

    def forward(self, z: torch.Tensor, size: int) -> torch.Tensor:
        x = _act(self.first_norm(self.first(z).view(len(z), -1, 4, 4)))
        picture, side = 0, 4
        while True:
            refined = self.refine[str(side)](x)
            x = refined if 2 * side <= SIZES[0] else x + refined
            side *= 2
            picture = picture + self.show[str(side)](x)
            if side == size:
                return torch.tanh(picture)
            x, picture = _double(self.enter[str(side)](x)), _double(picture)


class _LotusCritic(nn.Module):
    """Strided convolutions from the picture's size down to 4 x 4; at each size the picture itself comes in again."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        w = config.width
        channels = {64: w, 32: 2 * w, 16: 4 * w, 8: 8 * w, 4: 8 * w}
        self.look, self.shrink = nn.ModuleDict(), nn.ModuleDict()
        for size, c in channels.items():
            # each 2 x 2 pixels as 12 channels: the largest picture costs one convolution 1 x 1 at 64 px
            self.look[str(size)] = _Conv(12, c, 1)
            if size > 4:
                self.shrink[str(size)] = _Conv(c, channels[size // 2], 4, stride=2)
            if 2 * size > SIZES[0]:
                nn.init.zeros_(self.shrink[str(size)].weight)
        self.last = _Conv(8 * w, 8 * w, 3)
        self.judge = nn.Sequential(
            nn.Flatten(), _Linear(8 * w * 16, 8 * w, gain=math.sqrt(2)), nn.LeakyReLU(0.2), _Linear(8 * w, 1)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        side = images.shape[3] // 2
        x = self._look(images, side)
        while side > 4:
            x = _act(self.shrink[str(side)](x))
            side, images = side // 2, F.avg_pool2d(images, 2)
            x = x + self._look(images, side)
        return self.judge(_act(self.last(x)))

    def _look(self, images: torch.Tensor, side: int) -> torch.Tensor:
        return _act(self.look[str(side)](F.pixel_unshuffle(images, 2)))
