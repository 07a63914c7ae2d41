"""Is it a copy? The training pictures nearest to any picture, from an index that lies beside the model.

    write_index("weights/lotus", load_folder("data/lotus-68").images, Features())
    index = TrainingIndex("weights/lotus")
    answer = index.ask(picture, Features())         # or without the network: compared as pixels
    answer.pictures, answer.percentiles             # three PIL pictures, nearest first, and how near that is

Near to a training picture is what every good picture is: the question is whether it is nearer than real pictures are to
each other. So a distance is told as a percentile among those from each training picture to its nearest other one.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from PIL import Image, ImageOps
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torchvision.transforms.functional import pil_to_tensor

from lotus_gan.evaluation.features import FEATURES, Features
from lotus_gan.evaluation.metrics import nearest, percentile
from lotus_gan.files import atomic_write
from lotus_gan.sampling.media import grid, save_atomically

THUMBNAIL = 64  # px of a training picture in the index
COLUMNS = 40
PIXELS = 32  # px a side where pictures are compared as pixels
DIRECTIONS = 128  # of the features that are kept: the principal ones
SHEET, NUMBERS = "training.webp", "training.safetensors"
TENSORS = ("mean", "directions", "features")
TOGETHER = 256  # training pictures that are compared with all at once


def write_index(folder: Path | str, pictures: torch.Tensor, features: Features) -> None:
    """Write the index of training pictures (T, 3, H, W) uint8 into a model's folder: small copies of them, and their
    features along their principal directions."""
    folder = Path(folder)
    small = [_shrunk(Image.fromarray(picture.permute(1, 2, 0).numpy()), THUMBNAIL) for picture in pictures]
    save_atomically(grid(small, COLUMNS, gap=0), folder / SHEET, quality=85, method=6)
    values = features.of_training(pictures)  # (2, T, 1280)
    mean = values.mean((0, 1))
    directions = torch.linalg.svd((values - mean).flatten(0, 1), full_matrices=False).Vh[:DIRECTIONS]
    tensors = dict(zip(TENSORS, (mean, directions, (values - mean) @ directions.T), strict=True))
    with atomic_write(folder / NUMBERS) as part:
        save_file({name: value.half().contiguous() for name, value in tensors.items()}, part)


@dataclass(frozen=True)
class Answer:
    """The training pictures nearest to one, nearest first.

    mirrored: whether it is their mirror image that is so near. percentiles: what percent of the training pictures have
    another one nearer than this; about 50 for one more real picture, 0 for a copy. by_features: what was compared.
    """

    indices: list[int]
    pictures: list[Image.Image]
    mirrored: list[bool]
    percentiles: list[float]
    by_features: bool


class TrainingIndex:
    """The index in a model's folder. FileNotFoundError if it has none, ValueError if it is not what `write_index`
    writes."""

    def __init__(self, folder: Path | str):
        folder = Path(folder)
        try:
            tensors = load_file(folder / NUMBERS)
            # (F,), (D, F), (2, T, D): the features of the pictures as they are, and mirrored
            self.mean, self.directions, self.features = (tensors[name].double() for name in TENSORS)
            with Image.open(folder / SHEET, formats=["WEBP"]) as sheet:
                self._check(sheet.size)
                self.sheet = sheet.convert("RGB")
        except FileNotFoundError:
            raise
        except (SafetensorError, KeyError, OSError, RuntimeError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{folder} has an index of training pictures that cannot be read: {error}") from None
        self.pixels = _pixels([self.thumbnail(i) for i in range(len(self))])

    def _check(self, size: tuple[int, int]) -> None:
        """ValueError unless the numbers and the sheet, of that size, are of the same pictures."""
        if self.features.ndim != 3 or len(self.features) != 2 or len(self) < 2:
            raise ValueError(f"features of the shape {tuple(self.features.shape)}")
        if (*self.directions.shape, *self.mean.shape) != (self.features.shape[2], FEATURES, FEATURES):
            raise ValueError(f"directions of the shape {tuple(self.directions.shape)}")
        if not all(values.isfinite().all() for values in (self.mean, self.directions, self.features)):
            raise ValueError("values that are not finite")
        if size != (min(len(self), COLUMNS) * THUMBNAIL, -(-len(self) // COLUMNS) * THUMBNAIL):
            raise ValueError(f"{len(self)} pictures on a sheet of {size[0]} x {size[1]} px")

    def __len__(self) -> int:
        return self.features.shape[1]

    def thumbnail(self, i: int) -> Image.Image:
        """Training picture i at 64 px."""
        x, y = i % COLUMNS * THUMBNAIL, i // COLUMNS * THUMBNAIL
        return self.sheet.crop((x, y, x + THUMBNAIL, y + THUMBNAIL))

    # every training picture against every other: once, not for each question
    @cached_property
    def _others_by_features(self) -> torch.Tensor:
        return _to_others(self.features)

    @cached_property
    def _others_by_pixels(self) -> torch.Tensor:
        return _to_others(self.pixels)

    def ask(self, picture: Image.Image, features: Features | None = None, k: int = 3) -> Answer:
        """What `picture` is near to: by features where their network is given, else by its pixels at 32 px."""
        if features is None:
            asked, training = _pixels([_shrunk(picture, THUMBNAIL)])[0], self.pixels
            others = self._others_by_pixels
        else:
            asked, training = (features.of_images([picture]) - self.mean) @ self.directions.T, self.features
            others = self._others_by_features
        found = nearest(asked, training, k)
        nearness = percentile(found.distance[0], others)
        return Answer(
            indices=found.index[0].tolist(),
            pictures=[self.thumbnail(i) for i in found.index[0].tolist()],
            mirrored=found.mirrored[0].tolist(),
            percentiles=nearness.tolist(),
            by_features=features is not None,
        )


def _to_others(training: torch.Tensor) -> torch.Tensor:
    """(2, T, D) -> (T,): from each training picture to the nearest other one, or its mirror image."""
    return torch.cat([nearest(part, training, k=2).distance[:, 1] for part in training[0].split(TOGETHER)])


def _pixels(pictures: list[Image.Image]) -> torch.Tensor:
    """ImageSet -> (2, N, 3072): as they are, and mirrored, at 32 px."""
    small = torch.stack([pil_to_tensor(_shrunk(picture, PIXELS)) for picture in pictures]).double() / 255
    return torch.stack([small, small.flip(3)]).flatten(2)


def _shrunk(picture: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.BOX)
