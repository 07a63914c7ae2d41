"""The features that images are compared by: those of a MobileNetV2 trained on ImageNet (Sandler et al. 2018).

features = Features()                                     # or Features("mobilenet_v2_features.safetensors")
real = features.of_images(load_folder("data/lotus-val").images)                           # (N, 1280)
"""

import hashlib
import os
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

import torch
from PIL import Image, ImageOps
from safetensors import SafetensorError
from safetensors.torch import load_file
from tqdm import tqdm

from lotus_gan.config import RESOLUTION
from lotus_gan.data.images import to_tensor
from lotus_gan.errors import EvaluationError
from lotus_gan.models.inference import fold_batchnorm
from lotus_gan.sampling import media

ENV = "LOTUS_GAN_FEATURES"
FEATURES = 1280  # values an image
SIZE = 224  # px, what MobileNetV2 was trained on
BATCH = 4  # larger ones are slower on a CPU: the memory of their feature maps is requested from the system each time

Images = torch.Tensor | Sequence[Image.Image]


class Features:
    """Images -> (N, 1280) float64: MobileNetV2's last feature map, averaged over its pixels.

    `path` is a safetensors file with the state of torchvision's `mobilenet_v2().features`; unset, the variable
    LOTUS_GAN_FEATURES; unset too, torchvision's IMAGENET1K_V1 weights, downloaded once (14 MB). EvaluationError for a
    missing file, for a file of another network, and for a failed download. `source` names the weights, to be stated
    with a figure: "file" and the first 12 digits of its SHA-256, or "torchvision".
    """

    def __init__(self, path: Path | str | None = None):
        from torchvision.models import mobilenet_v2  # more than a second to load, and few visitors of the page need it

        path = path or os.environ.get(ENV)
        state, self.source = _read_weights(Path(path)) if path else (_download_weights(), "torchvision")
        self.network = mobilenet_v2(weights=None).features
        try:
            self.network.load_state_dict(state)
        except RuntimeError:  # its text lists hundreds of names
            raise EvaluationError("features_no_fit", path=path) from None
        self.network.eval().requires_grad_(False)
        fold_batchnorm(self.network)
        self.network.to(memory_format=torch.channels_last)  # half the time: depthwise convolutions wait for memory

    @torch.no_grad()
    def of_images(self, images: Images, mirror: bool = False) -> torch.Tensor:
        """(N, 3, H, W) uint8, or N PIL images -> (N, 1280) float64; `mirror`: of the images flipped left to right.

        A tensor gives the same features as its PNG files. EvaluationError for no images, and for tensors in [-1, 1]:
        convert those with `media.to_pil` first, because rounding to 8 bits is part of what is measured.
        """
        if len(images) == 0:
            raise EvaluationError("no_images_to_measure")
        if isinstance(images, torch.Tensor) and (images.dtype != torch.uint8 or images.shape[1:2] != (3,)):
            raise EvaluationError("images_not_uint8", dtype=images.dtype, shape=tuple(images.shape))
        starts = range(0, len(images), BATCH)
        batches = tqdm(starts, desc="features", unit="batch", leave=False, disable=True if len(starts) == 1 else None)
        parts = (torch.stack([_prepare(image) for image in images[i : i + BATCH]]) for i in batches)
        features = [self.network(part.flip(3) if mirror else part).mean((2, 3)) for part in parts]
        return torch.cat(features).double()

    def of_training(self, images: Images) -> torch.Tensor:
        """Training images -> (2, T, 1280): as they are, and mirrored; for `compute_metrics`."""
        return torch.stack([self.of_images(images), self.of_images(images, mirror=True)])

    def of_generator(self, generator: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
        """Latents (N, z_dim) -> (N, 1280) of the images generated from them. Memory does not grow with N."""
        parts = tqdm(z.split(BATCH), desc="generating", unit="batch", leave=False, disable=None)
        return torch.cat([self.of_images(media.sample_images(generator, part)) for part in parts])


def _read_weights(path: Path) -> tuple[dict[str, torch.Tensor], str]:
    if not path.is_file():
        raise EvaluationError("no_features_file", path=str(path), variable=ENV)
    try:
        return load_file(path), f"file {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    except SafetensorError as error:
        raise EvaluationError("features_unreadable", path=path, detail=error) from None


def _download_weights() -> dict[str, torch.Tensor]:
    """torchvision's own weights, from its cache or the network; only the state of `features`."""
    from torchvision.models import MobileNet_V2_Weights

    weights = MobileNet_V2_Weights.IMAGENET1K_V1
    try:
        state = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, HTTPException, RuntimeError) as error:  # no network or no room, half an answer, a wrong hash
        raise EvaluationError("features_unreachable", url=weights.url, detail=error, variable=ENV) from None
    return {name.removeprefix("features."): value for name, value in state.items() if name.startswith("features.")}


def _prepare(image: torch.Tensor | Image.Image) -> torch.Tensor:
    """One image -> (3, 224, 224), normalised for MobileNetV2, by way of 128 px: larger files get no advantage."""
    if isinstance(image, torch.Tensor):
        image = Image.fromarray(image.permute(1, 2, 0).numpy())
    image = image.convert("RGB")
    image = ImageOps.fit(image, (RESOLUTION, RESOLUTION), Image.Resampling.LANCZOS)
    pixels = to_tensor(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)).float() / 255
    return (pixels - _MEAN) / _STD


_MEAN, _STD = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # ImageNet's
