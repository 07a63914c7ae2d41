"""What the tests of the tab Train it yourself read: grids of images, and how near they are to the real ones."""

import base64
import io

import numpy as np
import torch
from PIL import Image

from helpers.app_server import ROOT
from lotus_gan.data.images import load_folder

SIDE = 32


def real_images() -> np.ndarray:
    """(68, 32, 32, 3) in [-1, 1]: ours, as the small critic sees them."""
    images = load_folder(ROOT / "data/lotus-68").images.float()
    small = torch.nn.functional.interpolate(images, (SIDE, SIDE), mode="area")
    return small.permute(0, 2, 3, 1).numpy() / 127.5 - 1


def images_of(data_url: str) -> np.ndarray:
    """The images of a grid: (N, 32, 32, 3) in [-1, 1]."""
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))) as image:
        sheet = np.asarray(image.convert("RGB"), dtype=float) / 127.5 - 1
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    return sheet.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)


def distances(fake: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Root mean square distances of the mean image and of the image of standard deviations, where the range is 2."""
    return rms(fake.mean(0) - real.mean(0)), rms(fake.std(0) - real.std(0))


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.square(values).mean()))
