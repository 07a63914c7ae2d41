"""Is it a copy? The training images nearest to any image, from an index in the model's folder.

    write_index("weights/lotus", load_folder("data/lotus-68").images, Features())
    index = TrainingIndex("weights/lotus")
    found = index.nearest_neighbours(image, Features())     # or without the network: compared as pixels
    found.images, found.percentiles                         # three PIL images, nearest first, and how near each is

Every good image is near to a training image: the question is whether it is nearer than real images are to each other.
So a distance is given as a percentile of the distances from each training image to its nearest other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from PIL import Image, ImageOps
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from lotus_gan.data.images import to_tensor
from lotus_gan.errors import EvaluationError, shortened
from lotus_gan.evaluation.features import FEATURES, Features
from lotus_gan.files import atomic_write
from lotus_gan.models.hub import sidecar_files
from lotus_gan.sampling.media import grid, save_atomically

THUMBNAIL = 64  # px of a training image in the index
COLUMNS = 40
PIXELS = 32  # px a side where images are compared as pixels
DIRECTIONS = 128  # principal directions along which features are stored
SHEET, NUMBERS = "training.webp", "training.safetensors"
TENSORS = ("mean", "directions", "features")
MAX_IMAGES = 5000  # in an index: the sheet has 20 megapixels then, and the page compares each with all others
ROWS = 256  # training images that are compared with all others at once


# --- by features or pixels -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbours:
    """The k training images nearest to each of N images, nearest first: (N, k) each.

    index: which training image, int64; mirrored: whether its mirror image is the near one, bool; distance: float64.
    """

    index: torch.Tensor
    mirrored: torch.Tensor
    distance: torch.Tensor


def nearest_neighbours(features: torch.Tensor, train: torch.Tensor, k: int = 1) -> Neighbours:
    """Features (N, D) and those of the training images (2, T, D) from `Features.of_training` -> the k nearest.

    No training image comes twice, though it counts as it is and mirrored. EvaluationError for another shape of `train`.
    """
    if train.ndim != 3 or len(train) != 2:
        raise EvaluationError("training_features_shape", shape=tuple(train.shape))
    distance, mirrored = torch.stack([torch.cdist(features, side) for side in train]).min(0)
    distance, index = distance.topk(min(k, train.shape[1]), dim=1, largest=False)
    return Neighbours(index, mirrored.gather(1, index).bool(), distance)


def percentile(distance: torch.Tensor, held_out: torch.Tensor) -> torch.Tensor:
    """Distances to the training images, any shape -> for each, the percent of held-out images' (H,) that are smaller.

    About 50 for an image that is no nearer to the training set than a new real one is, 0 for a copy.
    """
    return 100 * torch.searchsorted(held_out.sort().values, distance.contiguous()) / len(held_out)


# --- the index in a model's folder -----------------------------------------------------------------------------------


def write_index(folder: Path | str, images: torch.Tensor, features: Features) -> None:
    """Write the index of training images (T, 3, H, W) uint8 into a model's folder.

    It holds thumbnails of 64 px, and the features along their 128 principal directions, in half precision.
    EvaluationError for more than 5,000 images.
    """
    if len(images) > MAX_IMAGES:
        raise EvaluationError("index_too_large", count=len(images), most=MAX_IMAGES)
    folder = Path(folder)
    thumbnails = [_fit(Image.fromarray(image.permute(1, 2, 0).numpy()), THUMBNAIL) for image in images]
    save_atomically(grid(thumbnails, COLUMNS, gap=0), folder / SHEET, quality=85, method=6)
    values = features.of_training(images)  # (2, T, 1280)
    mean = values.mean((0, 1))
    directions = torch.linalg.svd((values - mean).flatten(0, 1), full_matrices=False).Vh[:DIRECTIONS]
    tensors = dict(zip(TENSORS, (mean, directions, (values - mean) @ directions.T), strict=True))
    with atomic_write(folder / NUMBERS) as part:
        save_file({name: value.half().contiguous() for name, value in tensors.items()}, part)


@dataclass(frozen=True)
class CopyCheck:
    """The k training images nearest to one image, nearest first: lists of length k.

    indices: which. images: their thumbnails. mirrored: whether the mirror image is the near one. percentiles: the
    percent of training images that have another one nearer than this; about 50 for one more real image, 0 for a copy.
    by_features: whether features were compared, or pixels.
    """

    indices: list[int]
    images: list[Image.Image]
    mirrored: list[bool]
    percentiles: list[float]
    by_features: bool


class TrainingIndex:
    """The index in a model's folder, as `write_index` writes it; its length is the number of training images.

    FileNotFoundError if there is none, EvaluationError (a ValueError) if it cannot be read.
    """

    def __init__(self, folder: Path | str):
        folder = Path(folder)
        try:
            if not all(sidecar_files(folder, name) for name in (NUMBERS, SHEET) if (folder / name).exists()):
                raise ValueError("a file of it is larger than an index can be, or no file")
            tensors = load_file(folder / NUMBERS)
            # (F,), (D, F), (2, T, D): the features of the images as they are, and mirrored
            self.mean, self.directions, self.features = (tensors[name].double() for name in TENSORS)
            with Image.open(folder / SHEET, formats=["WEBP"]) as sheet:
                self._check(sheet.size)
                self.sheet = sheet.convert("RGB")
        except FileNotFoundError:
            raise
        except (SafetensorError, KeyError, OSError, RuntimeError, ValueError, Image.DecompressionBombError) as error:
            raise EvaluationError("index_unreadable", folder=folder, detail=shortened(error)) from None

    def _check(self, size: tuple[int, int]) -> None:
        """ValueError unless the numbers and the sheet, of that size, are of the same images."""
        if self.features.ndim != 3 or len(self.features) != 2 or not 2 <= len(self) <= MAX_IMAGES:
            raise ValueError(f"features of the shape {tuple(self.features.shape)}")
        if (*self.directions.shape, *self.mean.shape) != (self.features.shape[2], FEATURES, FEATURES):
            raise ValueError(f"directions of the shape {tuple(self.directions.shape)}")
        if not all(values.isfinite().all() for values in (self.mean, self.directions, self.features)):
            raise ValueError("values that are not finite")
        if size != (min(len(self), COLUMNS) * THUMBNAIL, -(-len(self) // COLUMNS) * THUMBNAIL):
            raise ValueError(f"{len(self)} images on a sheet of {size[0]} x {size[1]} px")

    def __len__(self) -> int:
        return self.features.shape[1]

    def thumbnail(self, i: int) -> Image.Image:
        """Training image i at 64 px."""
        x, y = i % COLUMNS * THUMBNAIL, i // COLUMNS * THUMBNAIL
        return self.sheet.crop((x, y, x + THUMBNAIL, y + THUMBNAIL))

    @cached_property
    def pixels(self) -> torch.Tensor:
        """Of all training images (2, T, 3072), where there is no feature network."""
        return _pixels([self.thumbnail(i) for i in range(len(self))])

    # every training image against every other: once, not for each image that is checked
    @cached_property
    def _distances_by_features(self) -> torch.Tensor:
        return _to_others(self.features)

    @cached_property
    def _distances_by_pixels(self) -> torch.Tensor:
        return _to_others(self.pixels)

    def nearest_neighbours(self, image: Image.Image, features: Features | None = None, k: int = 3) -> CopyCheck:
        """The k training images nearest to `image`: by features where their network is given, else by 32 px pixels."""
        if features is None:
            query, training = _pixels([_fit(image, THUMBNAIL)])[0], self.pixels
            others = self._distances_by_pixels
        else:
            query, training = (features.of_images([image]) - self.mean) @ self.directions.T, self.features
            others = self._distances_by_features
        found = nearest_neighbours(query, training, k)
        indices = found.index[0].tolist()
        return CopyCheck(
            indices=indices,
            images=[self.thumbnail(i) for i in indices],
            mirrored=found.mirrored[0].tolist(),
            percentiles=percentile(found.distance[0], others).tolist(),
            by_features=features is not None,
        )


def _to_others(training: torch.Tensor) -> torch.Tensor:
    """(2, T, D) -> (T,): from each training image to the nearest other one, or its mirror image."""
    parts = training[0].split(ROWS)
    return torch.cat([nearest_neighbours(part, training, k=2).distance[:, 1] for part in parts])


def _pixels(images: Sequence[Image.Image]) -> torch.Tensor:
    """N images -> (2, N, 3072) in [0, 1]: as they are, and mirrored, at 32 px."""
    small = torch.stack([to_tensor(_fit(image, PIXELS)) for image in images]).double() / 255
    return torch.stack([small, small.flip(3)]).flatten(2)


def _fit(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BOX)
