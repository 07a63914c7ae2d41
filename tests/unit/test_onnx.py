"""model.onnx generates what the PyTorch model generates."""

import os
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lotus_gan import Generator, latents
from lotus_gan.errors import MissingDependency
from lotus_gan.publishing.onnx import write_onnx


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "dtype"), [("article", torch.float32), ("article", torch.float16), ("lotus", torch.float32)]
)
def test_any_batch_is_equal_to_two_levels_of_255(tmp_path, architecture, dtype):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = Generator(architecture, z_dim=16, width=4)
        with torch.no_grad():
            for parameter in generator.parameters():  # untrained, all images are nearly the same grey
                parameter.mul_(3)
        generator.eval().to(dtype).save_pretrained(tmp_path)
    generator = Generator.from_pretrained(tmp_path)
    session = onnxruntime.InferenceSession(write_onnx(tmp_path))
    for count in (1, 5):
        z = latents.from_seeds(range(count), 16)
        (images,) = session.run(["images"], {"z": z.numpy()})
        with torch.inference_mode():
            expected = generator(z).numpy()
        assert images.dtype == np.float32 and images.shape == (count, 3, 128, 128) and expected.std() > 0.05
        assert np.abs(images - expected).max() * 127.5 <= 2
    assert [path.name for path in tmp_path.glob("*onnx*")] == ["model.onnx"]
    assert b".py" not in (tmp_path / "model.onnx").read_bytes()  # the exporter notes where its code lies
    kinds = {
        onnx.numpy_helper.to_array(weight).dtype for weight in onnx.load(tmp_path / "model.onnx").graph.initializer
    }
    assert kinds - {np.dtype("int64")} == {torch.empty(0, dtype=dtype).numpy().dtype}


def test_a_file_newer_than_the_weights_is_left_and_an_older_one_never_stays(model_folder, tmp_path, monkeypatch):
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).write_bytes((model_folder / name).read_bytes())
    path = tmp_path / "model.onnx"
    path.write_bytes(b"new")
    assert write_onnx(tmp_path) == path and path.read_bytes() == b"new"
    os.utime(path, (1, 1))
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingDependency, match="pip install onnx onnxscript"):
        write_onnx(tmp_path)
    assert not path.exists()
