"""Adam, and how its rate changes.

adam = make_adam(network, 2e-4, betas=(0.0, 0.99))
set_rate(adam, 1e-4)
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from tqdm import tqdm

WARMUP_RATE = 2e-3  # falling to nothing


def make_adam(network: nn.Module, rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """For all parameters. On a GPU its rate and its count of steps are tensors: a CUDA graph would keep numbers."""
    device = next(network.parameters()).device
    on_gpu = device.type == "cuda"
    lr = torch.tensor(rate, device=device) if on_gpu else rate
    return torch.optim.Adam(network.parameters(), lr=lr, betas=betas, capturable=on_gpu)


def set_rate(adam: torch.optim.Adam, rate: float) -> None:
    """The rate from the next step on."""
    group = adam.param_groups[0]
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def minimise(
    parameters: Sequence[nn.Parameter],
    compute_gradients: Callable[[], None],
    updates: int,
    should_stop: Callable[[], bool],
    desc: str,
) -> None:
    """So many updates by Adam with a rate that falls along a cosine, behind a progress bar."""
    adam = torch.optim.Adam(parameters, lr=WARMUP_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, updates)
    for _ in tqdm(range(updates), desc=desc, unit="update", leave=False, disable=None):
        if should_stop():
            break
        adam.zero_grad(set_to_none=True)
        compute_gradients()
        adam.step()
        schedule.step()
