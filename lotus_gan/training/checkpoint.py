"""One file that holds a whole run, written atomically: tensors in safetensors, everything else as JSON in its header.

    save("out/checkpoint/latest.safetensors", tensors, info)
    tensors, info = load("out/checkpoint/latest.safetensors")

No pickle: a checkpoint from a stranger can be wrong, but it cannot run code.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from lotus_gan.errors import CheckpointError
from lotus_gan.files import atomic_write

if TYPE_CHECKING:
    from lotus_gan.training.step import WGANGPStep


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
        raise CheckpointError("no_checkpoint", path=path, detail=error) from None


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


# --- what of a step is stored ----------------------------------------------------------------------------------------

NETWORKS = ("generator", "critic", "ema")
OPTIMIZERS = ("adam_generator", "adam_critic")


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


def restore_step(step: "WGANGPStep", tensors: dict[str, torch.Tensor], info: dict) -> None:
    """Undo `step_tensors` and `step_info`. RuntimeError or KeyError if they are of other networks."""
    for name in NETWORKS:
        getattr(step, name).load_state_dict(without_prefix(name, tensors))
    for name in OPTIMIZERS:
        load_optimizer(getattr(step, name), without_prefix(name, tensors))
    step.rng.set_state(tensors["rng"])
    step.indices.order, step.indices.position = tensors["order"], info["position"]
    step.totals = {name: tensors[f"total.{name}"].to(step.device) for name in step.totals}
    step.step_number, step.images_shown = info["step"], info["images_shown"]
    step.pretrained = info["pretrained"]  # the generator that it started from is not given again
