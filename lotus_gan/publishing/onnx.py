"""A trained generator for programs without PyTorch, such as browsers: model.onnx, in the model's folder.

    python -m lotus_gan.publishing.onnx weights/lotus runs/mine

write_onnx("runs/mine")     # needs the extra `onnx`: pip install onnx onnxscript

The file names the SHA-256 of the weights it was written from, so that nobody takes it for another model's
(`matching_onnx` in lotus_gan/models/hub.py).
"""

import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from lotus_gan import latents
from lotus_gan.errors import MissingDependency
from lotus_gan.files import atomic_write
from lotus_gan.models.hub import ONNX as NAME
from lotus_gan.models.hub import load_generator, matching_onnx, sha256


def write_onnx(folder: Path | str) -> Path:
    """Write the model of a folder as ONNX: z (N, z_dim) -> images (N, 3, 128, 128) in [-1, 1], any N, all float32.

    Weights that are stored in float16 are so here, too. Returns the path of the file. A file newer than the weights is
    left as it is. MissingDependency where the exporter cannot run: an older file is then removed, because it would not
    match the weights.
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
        program = torch.onnx.export(
            generator,
            (z,),
            input_names=["z"],
            output_names=["images"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            optimize=False,  # it would fold each BatchNorm into its convolution, whose weights float16 does not hold
            verbose=False,
        )
        assert program is not None  # only the exporter before this one returns None
        program.model.metadata_props["weights"] = sha256(weights)
        model = program.model_proto
        for node in model.graph.node:
            node.ClearField("metadata_props")  # where in the source it comes from: 1 MB of paths on this computer
        if is_float16(weights):
            halve(model)
        part.write_bytes(model.SerializeToString())
    return path


def is_float16(path: Path) -> bool:
    """Whether weights were stored in float16."""
    with safe_open(path, "pt") as file:
        return all(file.get_slice(name).get_dtype() in ("F16", "I64") for name in sorted(file.keys()))


def halve(model: Any) -> None:
    """Store the weights of an onnx.ModelProto in float16. It computes in float32: they are cast when it is opened."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32:
            name, half = weight.name, f"{weight.name}.half"
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
            casts.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def rewrite(folders: list[str]) -> None:
    """Write the file of each folder again whose weights are no longer those it was written from."""
    for folder in map(Path, folders):
        if not matching_onnx(folder):
            (folder / NAME).unlink(missing_ok=True)
            write_onnx(folder)


if __name__ == "__main__":
    rewrite(sys.argv[1:])
