"""A step as one CUDA graph: that it reads new values, and, where there is a GPU, that it is the plain step."""

from contextlib import contextmanager, nullcontext

import pytest
import torch
from helpers.tiny import random_images

from lotus_gan.config import TrainConfig
from lotus_gan.training import cuda_graphs
from lotus_gan.training.batch import Batch, CriticUpdate, ShuffledIndices
from lotus_gan.training.cuda_graphs import PLAIN_CALLS, CUDAGraphs
from lotus_gan.training.step import WGANGPStep

CONFIG = TrainConfig(batch_size=2, z_dim=3, width=1, augment="")


def update(value: float, penalty_scale: int = 0) -> CriticUpdate:
    """Latents, points and a view that all hold one value."""
    rng = torch.Generator().manual_seed(0)
    batch = Batch.draw(rng, CONFIG, ShuffledIndices(4, rng), resolution=16, num_heads=1)
    batch.z.fill_(value)
    batch.points.fill_(value)
    return CriticUpdate(batch, [torch.full((2, 3, 4, 4), value)], penalty_scale)


def compute(updates, count: int) -> torch.Tensor:
    """The sums of all that a graph reads, and what it keeps: the number of updates, and their penalties."""
    updates = list(updates)
    tensors = [tensor for one in updates for tensor in (one.batch.z, one.batch.points, *one.real)]
    return torch.stack([sum(t.sum() for t in tensors), torch.tensor(count + sum(u.penalty_scale for u in updates))])


@pytest.fixture
def recordings(monkeypatch):
    """A stand-in for CUDA's graphs that computes anew, from the tensors that it was recorded with."""
    recorded = []

    class Graph:
        def pool(self):
            return "pool"

        def replay(self):
            static, figures = self.made
            figures.copy_(compute(static, len(static)))

    @contextmanager
    def record(graph, pool):
        assert pool == ("pool" if recorded else None)
        recorded.append(graph)
        yield

    class Recording(CUDAGraphs):
        def __init__(self):
            super().__init__(self.traced)

        def traced(self, updates, count):
            figures = compute(updates, count)
            if recorded and not hasattr(recorded[-1], "made"):
                recorded[-1].made = (updates, figures)
            return figures

    class Stream:
        def wait_stream(self, other):
            pass

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", record)
    for name in ("current_stream", "Stream"):
        monkeypatch.setattr(torch.cuda, name, Stream)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    return Recording(), recorded


def test_a_replayed_step_reads_the_values_of_its_own_update(recordings):
    """z has 6 values, points 2, the view 96: 104 in all. A replay does not change figures that were given before."""
    graphs, recorded = recordings
    results = [graphs([update(value)]) for value in range(1, 7)]
    assert [float(result[0]) for result in results] == [104.0 * value for value in range(1, 7)]
    assert len(recorded) == 1


def test_a_graph_is_recorded_after_some_plain_calls_for_each_kind_of_step(recordings):
    """Kinds differ in their penalties and in their number of updates; the number 4 is recorded once."""
    graphs, recorded = recordings
    kinds = {"plain": [0], "penalty": [4], "two updates": [0, 4]}
    for calls in range(1, PLAIN_CALLS + 3):
        for number, scales in enumerate(kinds.values()):
            figures = graphs([update(1, scale) for scale in scales])
            assert figures.tolist() == [104 * len(scales), len(scales) + sum(scales)]
            assert len(recorded) == (number + 1 if calls == PLAIN_CALLS + 1 else 3 * (calls > PLAIN_CALLS))


def test_there_are_no_graphs_on_a_cpu():
    assert WGANGPStep(CONFIG.replace(device="cpu"), random_images()).graphs is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("base_steps", [100, 0])
def test_a_step_as_a_graph_is_the_plain_step(base_steps):
    """16 steps of either stage end no further from those of the plain step than two runs of that end from each other,
    but for 2 % of how far they have come."""
    config = TrainConfig(
        batch_size=16, upsampler_warmup=0, critic_warmup=5, base_steps=base_steps, augment="", device="cuda"
    )

    def weights(steps: int, as_graph: bool) -> torch.Tensor:
        step = WGANGPStep(config, random_images())
        step.graphs = step.graphs if as_graph else None
        for _ in range(steps):
            step()
        if as_graph:
            assert step.graphs.recorded
        return torch.cat([p.detach().flatten() for p in [*step.generator.parameters(), *step.critic.parameters()]])

    start, plain, again, graph = weights(0, False), weights(16, False), weights(16, False), weights(16, True)
    noise, change = (again - plain).abs().mean(), (plain - start).abs().mean()
    assert (graph - plain).abs().mean() < 2 * noise + 0.02 * change


def test_what_is_read_is_copied_and_what_is_not_read_is_shared():
    one = update(1)
    copied = cuda_graphs._copy(one)
    assert all(torch.equal(a, b) and a is not b for a, b in zip(*map(cuda_graphs._inputs, (one, copied)), strict=True))
    assert copied.batch.noise is one.batch.noise
