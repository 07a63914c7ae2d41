"""One file that holds a whole run, written atomically: tensors in safetensors, everything else as JSON in its header.

    save("out/checkpoint/latest.safetensors", tensors, info)
    tensors, info = load("out/checkpoint/latest.safetensors")

No pickle: a checkpoint from a stranger can be wrong, but it cannot run code.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from lotus_gan.errors import CheckpointError
from lotus_gan.files import atomic_write


def save(path: Path | str, tensors: dict[str, torch.Tensor], info: dict) -> None:
    """Write tensors and JSON-able info, in full or not at all: a kill at any moment leaves the previous file."""
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_write(path) as part:
        save_file(flat, part, metadata={"info": json.dumps(info)})


def load(path: Path | str) -> tuple[dict[str, torch.Tensor], dict]:
    """-> (tensors on the CPU, info). CheckpointError if the file is not one that `save` wrote."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["info"])  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(
            "text", text=f"{path} is no checkpoint of this program ({error}); delete it to start anew"
        ) from None


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
    """Undo `optimizer_tensors`; the rates stay those that the optimizer was made with."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
