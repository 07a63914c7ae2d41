"""Where images come from: a folder here, a data set on the Hub, or torchvision's Flowers102.

load("my-photos")          # any folder; one that is there wins over the names below
load("user/dataset")       # the split `train` of a data set with a column of images: needs `datasets`
load("flowers102:lotus")   # one of its 102 classes; `flowers102` is all of them: needs SciPy
"""

import re
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import HTTPError

from lotus_gan.data.images import ImageSet, load_folder, read_images
from lotus_gan.errors import DataError

FLOWERS = "flowers102"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def load(source: str) -> ImageSet:
    """All images of a source, as `load_folder` reads them. DataError says what is missing and what to do."""
    name, colon, wanted = source.partition(":")
    if source and Path(source).is_dir():  # an empty one would be the current folder
        return load_folder(source)
    if Path(source).is_file():
        raise DataError("file_not_folder", source=source)
    if name == FLOWERS:
        return _flowers102(wanted if colon else None)
    if HUB_ID.fullmatch(source) and source[0] != ".":
        return _hub(source)
    raise DataError("no_source", source=source, flowers=FLOWERS)


def _hub(name: str) -> ImageSet:
    try:
        import datasets
    except ImportError:
        raise DataError("no_datasets", source=name) from None
    try:
        rows = datasets.load_dataset(name, split="train")
        image, label = _column(rows, datasets.Image), _column(rows, datasets.ClassLabel)
        if image is None:
            raise ValueError(f"no column holds images, only {', '.join(rows.features)}")
        # the files as they are: `read_images` decodes them, and gives the reason where it cannot
        rows = rows.cast_column(image, datasets.Image(decode=False))
    except (OSError, ValueError, RuntimeError, HTTPError, datasets.exceptions.DatasetsError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if isinstance(error, datasets.exceptions.DatasetNotFoundError):
            reason += " A private one needs `hf auth login`"
        raise DataError("no_data_set", source=name, detail=reason) from None
    return read_images(_files(rows, image, label), name, total=len(rows))


def _column(rows: Any, kind: type) -> str | None:
    return next((name for name, feature in rows.features.items() if isinstance(feature, kind)), None)


def _files(rows: Any, image: str, label: str | None) -> Iterator[tuple[str, Path | bytes]]:
    """Name and file of each row of a data set; the name begins with its class, as if that were a folder."""
    classes = rows.features[label].names if label else []
    for i, row in enumerate(rows.select_columns([image, *filter(None, [label])])):
        file = row[image] or {"bytes": b"", "path": ""}  # a row may lack its image
        path = Path(file["path"] or "")
        folder = f"{classes[row[label]]}/" if label and row[label] is not None else ""
        yield f"{folder}row {i} {path.name}".rstrip(), path if file["bytes"] is None else file["bytes"]


def _flowers102(wanted: str | None) -> ImageSet:
    try:
        import scipy  # noqa: F401  torchvision reads the labels with it
    except ImportError:
        raise DataError("no_scipy", source=FLOWERS) from None
    from torchvision.datasets import Flowers102  # two seconds to load, and few runs need it

    if wanted is not None and wanted not in Flowers102.classes:
        raise DataError("no_class", source=FLOWERS, name=wanted, names=", ".join(Flowers102.classes))
    root = Path(torch.hub.get_dir()) / "datasets"
    try:
        # its splits are for classification: all are used; `loader` keeps the images as files
        splits = [Flowers102(root, split, download=True, loader=Path) for split in ("train", "val", "test")]
    except (OSError, RuntimeError, HTTPException) as error:
        raise DataError("no_download", source=FLOWERS, folder=root, detail=error) from None
    labelled = sorted(split[i] for split in splits for i in range(len(split)))
    labels = [(path, Flowers102.classes[label]) for path, label in labelled]
    return read_images([(f"{c}/{p.name}", p) for p, c in labels if wanted in (None, c)], FLOWERS)
