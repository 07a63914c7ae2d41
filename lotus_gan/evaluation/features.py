"""What is measured with: the features of a MobileNetV2 that has learnt ImageNet.

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
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2
from torchvision.transforms.functional import pil_to_tensor, to_pil_image
from tqdm import tqdm

from lotus_gan.config import RESOLUTION
from lotus_gan.errors import EvaluationError
from lotus_gan.sampling import media

ENV = "LOTUS_GAN_FEATURES"
FEATURES = 1280  # values of MobileNetV2 an image
SIZE = 224  # px, what MobileNetV2 was trained on
BATCH = 4  # on a CPU larger ones are slower: their maps are asked of the system anew each time

Images = torch.Tensor | Sequence[Image.Image]


class Features:
    """ImageSet -> (N, 1280) float64: MobileNetV2's last feature map (Sandler et al. 2018), averaged over the picture.

    `path` is a safetensors file with the state of torchvision's `mobilenet_v2().features`; unset, the variable
    LOTUS_GAN_FEATURES; unset too, torchvision's IMAGENET1K_V1 weights, downloaded once (14 MB). EvaluationError for a
    file that is missing or another network's, and for a download that fails. `source` is what to write beside a
    figure: "file" and the start of its SHA-256, or "torchvision".
    """

    def __init__(self, path: Path | str | None = None):
        path = path or os.environ.get(ENV)
        state, self.source = _read_weights(Path(path)) if path else (_download_weights(), "torchvision")
        self.network = mobilenet_v2(weights=None).features
        try:
            self.network.load_state_dict(state)
        except RuntimeError:  # its text lists hundreds of names
            raise EvaluationError(
                "text", text=f"{path} does not hold the state of torchvision's mobilenet_v2().features"
            ) from None
        self.network.eval().requires_grad_(False)

    @torch.no_grad()
    def of_images(self, pictures: Images, mirror: bool = False) -> torch.Tensor:
        """(N, 3, H, W) uint8, or RGB pictures -> (N, 1280): the same as those of their PNG files.

        `mirror`: of the pictures with left and right exchanged. EvaluationError for none, and for tensors in [-1, 1]:
        those must pass `media.to_pil` first, because rounding to 256 levels is part of what people see.
        """
        if len(pictures) == 0:
            raise EvaluationError("text", text="no pictures to take features of")
        if isinstance(pictures, torch.Tensor) and (pictures.dtype != torch.uint8 or pictures.shape[1:2] != (3,)):
            raise EvaluationError(
                "text", text=f"pictures must be uint8 (N, 3, H, W), got {pictures.dtype} {tuple(pictures.shape)}"
            )
        starts = range(0, len(pictures), BATCH)
        if len(starts) > 1:
            starts = tqdm(starts, desc="features", unit="batch", leave=False, disable=None)
        parts = (torch.stack([_prepare(picture) for picture in pictures[i : i + BATCH]]) for i in starts)
        features = [self.network(part.flip(3) if mirror else part).mean((2, 3)) for part in parts]
        return torch.cat(features).double()

    def of_training(self, pictures: Images) -> torch.Tensor:
        """Training pictures -> (2, T, 1280): as they are, and mirrored. For `nearest` and `quality`."""
        return torch.stack([self.of_images(pictures), self.of_images(pictures, mirror=True)])

    def of_generator(self, generator: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
        """Latents (N, z_dim) -> (N, 1280) of what the generator paints; as little memory for 10,000 as for 10."""
        parts = tqdm(z.split(BATCH), desc="painting", unit="batch", leave=False, disable=None)
        return torch.cat([self.of_images(media.sample_images(generator, part)) for part in parts])


def _read_weights(path: Path) -> tuple[dict[str, torch.Tensor], str]:
    if not path.is_file():
        raise EvaluationError("text", text=f"there is no feature file {str(path)!r} (from --features or {ENV})")
    try:
        return load_file(path), f"file {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    except SafetensorError as error:
        raise EvaluationError("text", text=f"{path} is not a safetensors file ({error})") from None


def _download_weights() -> dict[str, torch.Tensor]:
    """torchvision's own weights, from its cache or the network; only the state of `features`."""
    weights = MobileNet_V2_Weights.IMAGENET1K_V1
    try:
        state = weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, HTTPException, RuntimeError) as error:  # no network or no room, half an answer, a wrong hash
        raise EvaluationError(
            "text",
            text=f"the feature network could not be downloaded from {weights.url} ({error}); --features FILE or {ENV}=FILE "
            "takes a local file: a safetensors of torchvision's mobilenet_v2().features",
        ) from None
    return {name.removeprefix("features."): value for name, value in state.items() if name.startswith("features.")}


def _prepare(picture: torch.Tensor | Image.Image) -> torch.Tensor:
    """One picture -> (3, 224, 224) as MobileNetV2 knows them, by way of 128 px: larger files are no advantage."""
    picture = to_pil_image(picture) if isinstance(picture, torch.Tensor) else picture.convert("RGB")
    picture = ImageOps.fit(picture, (RESOLUTION, RESOLUTION), Image.Resampling.LANCZOS)
    pixels = pil_to_tensor(picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)).float() / 255
    return (pixels - _MEAN) / _STD


_MEAN, _STD = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # ImageNet's
