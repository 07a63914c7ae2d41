"""A trained generator for programs without PyTorch: model.onnx, in the model's folder.

write_onnx("runs/mine")     # needs the extra `onnx`: pip install onnx onnxscript
"""

import warnings
from importlib.util import find_spec
from pathlib import Path

import torch

from lotus_gan import latents
from lotus_gan.errors import MissingDependency
from lotus_gan.files import atomic_write
from lotus_gan.models.hub import load_generator

NAME = "model.onnx"


def write_onnx(folder: Path | str) -> Path:
    """Write the model of a folder as float32 ONNX: z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1], any N.

    Returns the path of the file. A file newer than the weights is left as it is. MissingDependency where the exporter
    cannot run: an older file is then removed, because it would not match the weights.
    """
    folder = Path(folder)
    path, weights = folder / NAME, folder / "model.safetensors"
    if path.is_file() and path.stat().st_mtime_ns >= weights.stat().st_mtime_ns:
        return path
    path.unlink(missing_ok=True)
    if not (find_spec("onnx") and find_spec("onnxscript")):
        raise MissingDependency("no_onnx", name=NAME)
    generator = load_generator(folder)
    z = latents.from_seeds(range(2), generator.z_dim)
    with atomic_write(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the exporter's internals
        torch.onnx.export(
            generator,
            (z,),
            part,
            input_names=["z"],
            output_names=["images"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            external_data=False,
            verbose=False,
        )
    return path
