"""One file that holds a whole run, written atomically: tensors in safetensors, everything else as JSON in its header.

    save("out/checkpoint/latest.safetensors", tensors, info)
    tensors, info = load("out/checkpoint/latest.safetensors")

The one before it stays beside it, as previous.safetensors. A checksum tells a file that has changed since. No pickle: a
checkpoint from a stranger can be wrong, but it cannot run code.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load as deserialize
from safetensors.torch import save_file

from lotus_gan.errors import CheckpointError, UsageError, WriteError, shortened
from lotus_gan.files import atomic_write

if TYPE_CHECKING:
    from lotus_gan.training.step import WGANGPStep

VERSION = 2  # of the file's format; 1 had neither this number nor a checksum
KEPT = 3  # files at most: the checkpoint, the one before it, and the one that is being written

Count = Annotated[int, Field(ge=0, lt=2**53)]


class RunInfo(BaseModel):
    """What the checkpoint of a run holds besides tensors.

    step, images_shown: so far. position: of the next image in the shuffled order. pretrained: whether it began with
    another run's generator. seconds: of training. data: the fingerprint of its images.
    config: the TrainConfig. changes: of settings between two calls, in words.
    """

    model_config = ConfigDict(strict=True)

    step: Count
    images_shown: Count
    position: Count
    pretrained: bool
    seconds: Annotated[FiniteFloat, Field(ge=0)]
    data: str
    config: dict[str, bool | int | FiniteFloat | str | None]
    changes: list[str]


def save(path: Path | str, tensors: dict[str, torch.Tensor], info: dict) -> None:
    """Write tensors and JSON-able info, in full or not at all: a kill at any moment leaves a whole file.

    The file that was there becomes the previous one. WriteError says how much room was needed."""
    path = Path(path)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(info)
    metadata = {"version": str(VERSION), "info": text, "checksum": checksum(flat, text)}
    try:
        with atomic_write(path) as part:
            save_file(flat, part, metadata=metadata)
            with part.open("rb+") as file:
                os.fsync(file.fileno())  # or a power cut may leave a new name with nothing in it
            if path.is_file():
                path.replace(previous(path))
    except (SafetensorError, OSError) as error:
        raise not_written(path, sum(tensor.nbytes for tensor in flat.values()), error) from None


def not_written(path: Path, size: int, error: Exception) -> WriteError:
    """The error for a file of so many bytes."""
    detail = getattr(error, "strerror", None) or error
    return WriteError("not_written", path=path, megabytes=size / 1e6, detail=detail)


def load(path: Path | str) -> tuple[dict[str, torch.Tensor], dict]:
    """-> (tensors on the CPU, info). CheckpointError if it is not as `save` wrote it: it says what to do."""
    try:
        return _read(Path(path))
    except CheckpointError as error:
        raise _with_advice(error) from None


def load_run(path: Path) -> tuple[dict[str, torch.Tensor], RunInfo]:
    """As `load`, for the checkpoint of a run: its info is checked."""
    tensors, info = load(path)
    try:
        return tensors, RunInfo.model_validate(info)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise damaged(path, f"{where}: {wrong['msg']}") from None


def damaged(path: Path, detail: object) -> CheckpointError:
    """The error for a file whose contents cannot be."""
    return _with_advice(CheckpointError("damaged_checkpoint", path=path, detail=detail, advice=""))


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    try:
        content = path.read_bytes()  # not mapped into memory: Windows cannot replace a file that is
    except OSError as error:
        raise CheckpointError("checkpoint_unread", path=path, detail=error.strerror or error) from None
    try:
        tensors = deserialize(content)
        metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        version, text = int(metadata.get("version", 1)), metadata["info"]
        if version > VERSION:
            raise CheckpointError("newer_checkpoint", path=path, version=version, known=VERSION)
        if version > 1 and metadata["checksum"] != checksum(tensors, text):
            raise CheckpointError("damaged_checkpoint", path=path, detail="its checksum is another", advice="")
        return tensors, json.loads(text)
    except CheckpointError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError("no_checkpoint", path=path, detail=shortened(error), advice="") from None


def _with_advice(error: CheckpointError) -> CheckpointError:
    """It, with what to do where the file is no use: the one before it may be whole."""
    before = previous(error.values["path"])
    advice = "delete it to start anew" if error.code == "no_checkpoint" else "move it away to start anew"
    try:
        step = _read(before)[1]["step"]
        advice = f"{before.name} beside it is whole: move it away, and the same command goes on from step {step}"
    except (CheckpointError, KeyError, TypeError):
        pass
    return CheckpointError(error.code, **error.values | {"advice": advice})


def checksum(tensors: dict[str, torch.Tensor], info: str) -> str:
    """The SHA-256 of every name, type, shape and value of contiguous tensors on the CPU, and of the info, in hex."""
    digest = hashlib.sha256(info.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def previous(path: Path) -> Path:
    """Where the checkpoint before this one is kept."""
    return path.with_name("previous.safetensors")


def find(path: Path) -> Path | None:
    """The checkpoint; the one before it where a kill came between two renamings; None if there is neither."""
    return next((found for found in (path, previous(path)) if found.is_file()), None)


def check_room(path: Path, step: "WGANGPStep") -> None:
    """UsageError if the disk has no room for the checkpoints that a run keeps."""
    kept = sum(file.stat().st_size for file in (path, previous(path)) if file.is_file())
    needed, free = KEPT * step_size(step) - kept, shutil.disk_usage(path.parent).free
    if free < needed:
        raise UsageError("no_room", path=path.parent, megabytes=needed / 1e6, free=free / 1e6)


def with_prefix(prefix: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """{"a": x} -> {"prefix.a": x}."""
    return {f"{prefix}.{name}": tensor for name, tensor in state.items()}


def without_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The part of `tensors` below `prefix`, with the prefix taken off."""
    return {name[len(prefix) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(prefix + ".")}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Adam's moments and step counts by parameter number: {"3.exp_avg": ...}."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": tensor for number, values in state.items() for name, tensor in values.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Undo `optimizer_tensors`; the rates stay those of the optimizer. ValueError if some do not fit."""
    parameters = optimizer.param_groups[0]["params"]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        if not (number.isdecimal() and int(number) < len(parameters) and name in ADAM):
            raise ValueError(f"Adam has no {key[:40]}")
        wanted = torch.Size() if name == "step" else parameters[int(number)].shape
        if tensor.shape != wanted or tensor.dtype != torch.float32:
            raise ValueError(f"Adam's {key} is {tensor.dtype} {tuple(tensor.shape)}")
        state.setdefault(int(number), {})[name] = tensor
    if any(len(values) < len(ADAM) for values in state.values()):
        raise ValueError("a part of Adam's state is missing")
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


# --- what of a step is stored ----------------------------------------------------------------------------------------

NETWORKS = ("generator", "critic", "ema")
OPTIMIZERS = ("adam_generator", "adam_critic")
ADAM = ("step", "exp_avg", "exp_avg_sq")


def step_tensors(step: "WGANGPStep") -> dict[str, torch.Tensor]:
    """Every tensor of a step's state: {"generator.network...": ..., "rng": ...}."""
    tensors = {"rng": step.rng.get_state(), "order": step.indices.order}
    for name in NETWORKS:
        tensors |= with_prefix(name, getattr(step, name).state_dict())
    for name in OPTIMIZERS:
        tensors |= with_prefix(name, optimizer_tensors(getattr(step, name)))
    return tensors | {f"total.{name}": torch.as_tensor(total) for name, total in step.totals.items()}


def step_info(step: "WGANGPStep") -> dict:
    """The rest of a step's state, JSON-able."""
    return {
        "step": step.step_number,
        "images_shown": step.images_shown,
        "position": step.indices.position,
        "pretrained": step.pretrained,
    }


def step_size(step: "WGANGPStep") -> int:
    """Bytes of a step's state, once Adam has its moments, which it makes at the first update."""
    networks = [tensor for name in NETWORKS for tensor in getattr(step, name).state_dict().values()]
    moments = [p for name in OPTIMIZERS for p in getattr(step, name).param_groups[0]["params"]]
    return sum(tensor.nbytes for tensor in networks) + 2 * sum(p.nbytes for p in moments)


def restore_step(step: "WGANGPStep", tensors: dict[str, torch.Tensor], info: RunInfo) -> None:
    """Undo `step_tensors` and `step_info`. RuntimeError or KeyError if they are of other networks, ValueError if they
    are none that a step has."""
    _check_step(step, tensors, info)
    for name in NETWORKS:
        getattr(step, name).load_state_dict(without_prefix(name, tensors))
    for name in OPTIMIZERS:
        load_optimizer(getattr(step, name), without_prefix(name, tensors))
    step.rng.set_state(tensors["rng"])
    step.indices.order, step.indices.position = tensors["order"], info.position
    step.totals |= {name: tensors[f"total.{name}"].to(step.device) for name in step.totals}
    step.step_number, step.images_shown = info.step, info.images_shown
    step.pretrained = info.pretrained  # the generator that it started from is not given again


def _check_step(step: "WGANGPStep", tensors: dict[str, torch.Tensor], info: RunInfo) -> None:
    """ValueError for a value that loads and then fails, or never ends. Names and shapes of networks are theirs to
    check."""
    wanted = {"rng": step.rng.get_state()} | {f"total.{name}": torch.tensor(0.0) for name in step.totals}
    for name, like in wanted.items():
        if tensors[name].shape != like.shape:
            raise ValueError(f"{name} has the shape {tuple(tensors[name].shape)}")
    for name in NETWORKS:
        wanted |= with_prefix(name, getattr(step, name).state_dict())
    for name in wanted.keys() & tensors.keys():
        if tensors[name].dtype != wanted[name].dtype:
            raise ValueError(f"{name} is {tensors[name].dtype}")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{name} holds what is not a finite number")
    order = tensors["order"]
    if not (len(order) == 0 or order.sort().values.equal(torch.arange(step.indices.count))):
        raise ValueError("its order is not one of these images")
    if info.position > len(order):
        raise ValueError(f"position {info.position} of {len(order)} images")
