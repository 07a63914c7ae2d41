"""Files that are whole or not there, and never a pickle."""

import subprocess
from pathlib import Path

import pytest
import torch

from lotus_gan.training import checkpoint

ROOT = Path(__file__).resolve().parents[2]


def test_round_trip(tmp_path):
    tensors = {"a": torch.rand(3, 4).T, "n": torch.tensor(7), "random": torch.Generator().get_state()}
    checkpoint.save(tmp_path / "x" / "c.safetensors", tensors, {"step": 3, "nested": {"b": None}})
    loaded, info = checkpoint.load(tmp_path / "x" / "c.safetensors")
    assert info == {"step": 3, "nested": {"b": None}}
    assert loaded.keys() == tensors.keys() and all(torch.equal(loaded[k], tensors[k]) for k in tensors)
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["c.safetensors"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"a": torch.ones(1)}, {"step": 1})

    def disk_full(tensors, part, metadata):
        Path(part).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint, "save_file", disk_full)
    with pytest.raises(OSError, match="no space"):
        checkpoint.save(path, {"a": torch.zeros(1)}, {"step": 2})
    assert checkpoint.load(path)[1] == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04K\x01."])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "c.safetensors").write_bytes(content)
    with pytest.raises(checkpoint.CheckpointError, match=r"c\.safetensors is no checkpoint .* delete it"):
        checkpoint.load(tmp_path / "c.safetensors")


def test_no_pickle_in_the_code():
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.split():
        if not name.startswith("tests/"):
            text = (ROOT / name).read_text(encoding="utf-8")
            if (
                name == "lotus_gan/models/feature_network.py"
            ):  # a package's weights, and nothing but tensors is read from the file
                text = text.replace("torch.load(file, weights_only=True)", "")
            assert not any(word in text for word in ("import pickle", "torch.save(", "torch.load(")), name
