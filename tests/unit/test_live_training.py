"""What the tab Train it yourself trains, and for how long: no server, no process."""

import asyncio
import contextlib
from types import SimpleNamespace

import gradio as gr
import pytest
import torch
from helpers.coroutines import run_coroutine
from safetensors.torch import load_file

from lotus_gan.errors import UsageError
from lotus_gan.models.small import SmallCritic, SmallGenerator, load_small_generator, save_small_generator
from lotus_gan.ui.live_training import turn
from lotus_gan.ui.live_training.runs import Runs
from lotus_gan.ui.live_training.small_step import SmallStep
from lotus_gan.ui.visitor_queue import VisitorQueue


@pytest.fixture
def images():
    return torch.rand(12, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_small_networks_have_the_article_shapes(tmp_path):
    generator = SmallGenerator(z_dim=8, width=2).eval()
    fake = generator(torch.zeros(3, 8))
    assert fake.shape == (3, 3, 32, 32) and SmallCritic(width=2)(fake).shape == (3,)
    convolutions = [layer for layer in generator.layers if isinstance(layer, torch.nn.ConvTranspose2d)]
    assert [layer.kernel_size for layer in convolutions] == [(4, 4)] * 4
    save_small_generator(generator, tmp_path / "small.safetensors")
    assert torch.equal(
        load_small_generator(tmp_path / "small.safetensors")(torch.ones(1, 8)), generator(torch.ones(1, 8))
    )


def test_a_run_that_stops_and_goes_on_learns_what_it_would_have_learned(images, tmp_path):
    without, first, second = SmallStep(images), SmallStep(images), SmallStep(images)
    for _ in range(4):
        expected = without()
    for _ in range(2):
        first()
    first.save(tmp_path / "state.safetensors")
    second.load(tmp_path / "state.safetensors")
    figures = [second() for _ in range(2)]
    assert figures[-1] == expected and second.steps == 4
    assert all(map(torch.equal, second.average.state_dict().values(), without.average.state_dict().values()))
    without.save(tmp_path / "without.safetensors")
    second.save(tmp_path / "second.safetensors")
    a, b = (load_file(tmp_path / f"{name}.safetensors") for name in ("without", "second"))
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_new_critic_holds_real_and_fake_together_and_its_slope_is_far_from_one(images):
    """Weights of 0.02: the scores differ by next to nothing, and (0 - 1)^2 is 1."""
    wasserstein, penalty = SmallStep(images)._update_critic().tolist()
    assert abs(wasserstein) < 0.01 and penalty == pytest.approx(1, abs=0.05)


def test_a_line_has_ten_places_five_for_a_client_and_one_for_a_visitor():
    runs = Runs(180)
    with contextlib.ExitStack() as places:
        for i in range(10):
            places.enter_context(runs.place(f"visitor {i}", f"client {i // 5}"))
        assert [runs.ahead(f"visitor {i}") for i in range(10)] == list(range(10))
        with pytest.raises(UsageError, match="10 visitors are training"):
            runs.place("visitor 10", "client 2")
        places.pop_all().close()
    with runs.place("visitor", "client"), pytest.raises(UsageError, match="a place in the line already"):
        runs.place("visitor", "client")
    assert not runs._line


def test_the_files_of_a_run_are_deleted_after_an_hour(monkeypatch, tmp_path):
    """Here: after a tenth of a second, but not while it trains; and a new run takes the place of the last one."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr("lotus_gan.ui.live_training.runs.KEPT", 0.1)

    async def visits():
        runs = Runs(seconds=0.1)
        with runs.place("session", "client"):
            first, run = (runs.new("session", "mine", [("a.jpg", "/a.jpg")]) for _ in range(2))
            assert not first.folder.exists()
            await asyncio.sleep(0.15)
            assert run.folder.is_dir() and runs.get("session") is run
        await asyncio.sleep(0.15)
        assert not run.folder.exists() and runs.get("session") is None

    run_coroutine(visits())


@pytest.mark.parametrize(("given", "expected"), [("", 180), ("0", 0), (" 60 ", 60), ("3600", 3600)])
def test_a_variable_says_how_long_a_turn_is(monkeypatch, given, expected):
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv(turn.VARIABLE, given)
    assert turn.seconds() == expected


@pytest.mark.parametrize("given", ["yes", "-1", "3601", "1.5", "9" * 5000])
def test_another_value_is_refused(monkeypatch, given):
    monkeypatch.setenv(turn.VARIABLE, given)
    with pytest.raises(SystemExit, match="must be a whole number of seconds from 0 \\(off\\) to 3600"):
        turn.seconds()


@pytest.mark.parametrize(("cores", "expected"), [(1, 0), (1.5, 0), (2, 180), (8, 180)])
def test_a_space_needs_two_cores(monkeypatch, cores, expected):
    monkeypatch.delenv(turn.VARIABLE, raising=False)
    monkeypatch.setenv("SPACE_ID", "user/space")
    monkeypatch.setattr(turn, "cores", lambda: cores)
    assert turn.seconds() == expected


@pytest.mark.parametrize(("limit", "expected"), [("50000 100000", 0.5), ("max 100000", None), ("", None)])
def test_the_share_of_a_container_counts(tmp_path, limit, expected):
    (tmp_path / "cpu.max").write_text(limit)
    assert turn.cores(tmp_path) == (expected or turn.cores(tmp_path / "nothing"))


def test_a_visitor_who_reads_what_a_run_says_is_not_taken_for_gone():
    """A run says something every second: at each look a message may lie there, but it is another one."""
    queue = VisitorQueue(False, 40, [], None, gr.Blocks())
    queue.active_jobs = [[SimpleNamespace(session_hash=name)] for name in ("reads", "deaf")]
    said = {name: asyncio.Queue() for name in ("reads", "deaf")}
    queue.pending_messages_per_session.update(said)
    for second in range(12):
        for messages in said.values():
            messages.put_nowait(object())
        gone = queue.unheard(second)
        assert gone == ({"deaf"} if second > 10 else set())
        said["reads"].get_nowait()
