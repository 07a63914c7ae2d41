"""A training step on a GPU as one graph, recorded once and then replayed.

    graphs = CUDAGraphs(compute)
    figures = graphs(updates)           # what compute(updates, len(updates)) would return

Our networks are small. A step of `lotus` starts 1,900 kernels, and to start them from Python one by one takes the host
longer than the GPU takes to run them. A graph (Gray, "Getting started with CUDA graphs", 2019) starts them at once. It
holds addresses and not values: what changes from step to step is copied to where the recorded step read it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch

from lotus_gan.training.batch import CriticUpdate

PLAIN_CALLS = 3  # before a graph is recorded: libraries choose their algorithms, optimizers make their state

Compute = Callable[[Iterable[CriticUpdate], int], torch.Tensor]


class CUDAGraphs:
    """compute(updates, number of updates) -> figures; a graph for each kind of step (stage, penalties)."""

    def __init__(self, compute: Compute):
        self.compute = compute
        self.calls: Counter[Any] = Counter()
        self.recorded: dict[Any, tuple[torch.cuda.CUDAGraph, list[torch.Tensor], torch.Tensor]] = {}
        self.pool: Any = None  # of memory, which all graphs share: only one runs at a time

    def __call__(self, updates: Sequence[CriticUpdate]) -> torch.Tensor:
        """The same as `compute`, of which nothing may depend on values that are not tensors of the updates."""
        inputs = [tensor for update in updates for tensor in _inputs(update)]
        kind = (*(update.penalty_scale for update in updates), *(tensor.shape for tensor in inputs))
        if kind not in self.recorded:
            self.calls[kind] += 1
            if self.calls[kind] <= PLAIN_CALLS:
                return self._plain(updates)
            self.recorded[kind] = self._record(updates)
        graph, static, figures = self.recorded[kind]
        torch._foreach_copy_(static, inputs)
        graph.replay()
        return figures.clone()

    def _plain(self, updates: Sequence[CriticUpdate]) -> torch.Tensor:
        """On another stream, as PyTorch asks for before a recording."""
        here, stream = torch.cuda.current_stream(), torch.cuda.Stream()
        stream.wait_stream(here)
        with torch.cuda.stream(stream):
            figures = self.compute(updates, len(updates))
        here.wait_stream(stream)
        return figures

    def _record(self, updates: Sequence[CriticUpdate]) -> tuple[torch.cuda.CUDAGraph, list[torch.Tensor], torch.Tensor]:
        """-> (graph, the tensors that it reads, the tensor that it writes). Nothing is computed yet."""
        static = [_copy(update) for update in updates]
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            figures = self.compute(static, len(static))
        self.pool = graph.pool()
        return graph, [tensor for update in static for tensor in _inputs(update)], figures


def _inputs(update: CriticUpdate) -> list[torch.Tensor]:
    """What of an update is read after it has been drawn."""
    return [update.batch.z, update.batch.points, *update.real]


def _copy(update: CriticUpdate) -> CriticUpdate:
    batch = replace(update.batch, z=update.batch.z.clone(), points=update.batch.points.clone())
    return replace(update, batch=batch, real=[view.clone() for view in update.real])
