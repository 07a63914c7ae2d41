"""The exponential moving average of a network's weights: the model that a run makes.

update_average(average, network, shown / half_life)
"""

from itertools import compress

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, half_lives: float) -> None:
    """The average keeps 0.5 ** half_lives of itself; the rest is the network's. Parameters and BatchNorm's moments; its
    counts of batches are copied."""
    averages, values = list(average.state_dict().values()), list(network.state_dict().values())
    floats = [value.is_floating_point() for value in values]
    torch._foreach_lerp_(list(compress(averages, floats)), list(compress(values, floats)), 1 - 0.5**half_lives)
    for kept, value in zip(averages, values, strict=True):
        if not value.is_floating_point():
            kept.copy_(value)
