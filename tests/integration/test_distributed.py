"""Several processes and several parts: the same training as one process with the whole batch. Real processes, Gloo.

This file is also what those processes run: `accelerate launch ... test_distributed.py FOLDER` trains and saves.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
import torch
from safetensors.torch import load_file, save_file

from lotus_gan import TrainConfig
from lotus_gan.errors import MissingDependency
from lotus_gan.models import lotus
from lotus_gan.training import checkpoint
from lotus_gan.training.distributed import Distributed
from lotus_gan.training.step import WGANGPStep

ROOT = Path(__file__).resolve().parents[2]
SMALL = TrainConfig(
    architecture="lotus",
    width=1,
    z_dim=8,
    batch_size=4,
    n_critic=1,
    mirror=True,
    augment="color,translation,cutout",
    lr_critic=1e-12,  # the weights stay, so that both gradients are taken where both runs are the same
    lr_generator=1e-12,
    device="cpu",
    upsampler_warmup=0,
    base_steps=0,
    critic_warmup=0,
    beta2=0.9,
    ema_kimg=2.0,
)
LEARNING = SMALL.replace(n_critic=2, lr_critic=1e-3, lr_generator=1e-3)
# --cpu would start a single process unless there is MPI; --multi_gpu starts two, and --device cpu keeps them there
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
LAUNCH += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]


def images_of(count):
    return torch.randint(0, 256, (count, 3, 128, 128), generator=torch.Generator().manual_seed(0)).byte()


def train_evenly(config, steps):
    """`train` with a bilateral filter that takes all pixels alike. An untrained generator's image is noise, whose
    roundings the real filter magnifies, to 4e-4 of the gradient."""
    with mock.patch.object(lotus, "BILATERAL_SIGMA", 10.0):
        return train(config, steps)


def train(config, steps):
    """Both gradients after the last step, as vectors, and all weights and moments of the three networks."""
    step = WGANGPStep(config, images_of(5))
    with torch.no_grad():
        for network in (step.generator, step.critic):  # DCGAN's start is so flat that every gradient is nearly 0
            for parameter in network.parameters():
                parameter.mul_(5 if parameter.ndim > 1 else 1)
    for _ in range(steps):
        step()
    networks = {"generator": step.generator, "critic": step.critic}
    result = {
        f"gradient.{name}": torch.cat([p.grad.flatten() for p in network.parameters()])
        for name, network in networks.items()
    }
    for name, network in (networks | {"ema": step.ema}).items():
        result[f"weights.{name}"] = torch.cat([value.flatten().float() for value in network.state_dict().values()])
    result["random"] = step.rng.get_state()
    result["figures"] = torch.tensor([float(value) for value in step.totals.values()])
    return result


def distance(one, other):
    return float((one - other).norm() / one.norm())


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """What two processes hold after one step and after four: {name: [process 0's, process 1's]}."""
    folder = tmp_path_factory.mktemp("two")
    command = [*LAUNCH, str(Path(__file__)), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment())
    assert done.returncode == 0, done.stderr
    return {name: [load_file(folder / f"{name}-{rank}.safetensors") for rank in (0, 1)] for name in ("one", "four")}


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one(launched):
    """Half a batch each; penalty, augmentation and BatchNorm included."""
    whole = train_evenly(SMALL, 1)
    for name in ("gradient.critic", "gradient.generator"):
        assert whole[name].norm() > 1e-3
        assert distance(whole[name], launched["one"][0][name]) < 1e-5, name
    assert torch.equal(whole["random"], launched["one"][0]["random"])
    torch.testing.assert_close(whole["figures"], launched["one"][0]["figures"], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_two_processes_train_as_one(launched):
    """After four steps at a rate of 1e-3. Adam divides by the gradient's size, so rounding is magnified."""
    whole = train(LEARNING, 4)
    for name in ("weights.generator", "weights.critic", "weights.ema"):
        assert distance(whole[name], launched["four"][0][name]) < 1e-3, name


@pytest.mark.slow
def test_both_processes_hold_the_same_to_the_bit(launched):
    for first, second in launched.values():
        for name, tensor in first.items():
            assert torch.equal(tensor, second[name]), name


def test_a_critic_learns_the_same_from_a_batch_in_parts():
    whole, parts = train(SMALL, 1), train(SMALL.replace(accumulate=2), 1)
    assert distance(whole["gradient.critic"], parts["gradient.critic"]) < 1e-5
    assert torch.equal(whole["random"], parts["random"])
    # the generator's pass goes through BatchNorm with the moments of two images instead of four
    assert distance(whole["gradient.generator"], parts["gradient.generator"]) > 1e-3


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match=r"batch_size is 4, .* choose a multiple of 3"):
        WGANGPStep(SMALL.replace(accumulate=3), images_of(5))


def test_a_launcher_that_asks_for_another_precision_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp16")
    with pytest.raises(ValueError, match="the launcher asks for mixed precision fp16 and the run for bf16"):
        Distributed("cpu", "bf16")


def test_one_process_needs_no_accelerate_and_several_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)  # as if it were not installed
    WGANGPStep(SMALL, images_of(5))()
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(MissingDependency, match="several processes need Accelerate: pip install accelerate"):
        WGANGPStep(SMALL, images_of(5))


# --- the whole script ------------------------------------------------------------------------------------------------

QUICK = ["--width", "1", "--batch-size", "4", "--n-critic", "1", "--upsampler-warmup", "2"]
QUICK += ["--device", "cpu", "--checkpoint-every", "2"]


def step_of(folder):
    path = folder / "checkpoint/latest.safetensors"
    return checkpoint.load(path)[1]["step"] if path.is_file() else 0


def wait_for(condition, process):
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)


def workers(launcher):
    """The process ids of the two training processes, rank 0 first."""
    found = {}
    for status in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((status / "stat").read_text().rpartition(")")[2].split()[1])
            variables = (status / "environ").read_bytes().split(b"\0")
            command = (status / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        rank = [int(v[5:]) for v in variables if v.startswith(b"RANK=")]
        if rank and b"train.py" in command and parent == launcher:
            found[rank[0]] = int(status.name)
    return [found[rank] for rank in sorted(found)]


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])  # the main one, which writes, and another
@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="finds the processes in Linux's /proc")
def test_a_process_that_dies_ends_the_run_and_another_number_goes_on(image_folder, tmp_path, rank):
    # at low rates, because rounding is magnified at each step and the processes may get far before they are stopped
    arguments = [str(ROOT / "train.py"), "--data", str(image_folder), *QUICK]
    arguments += ["--lr-generator", "1e-5", "--lr-critic", "1e-5"]
    process = subprocess.Popen(
        [*LAUNCH, *arguments, "--output", str(tmp_path / "broken"), "--steps", "100000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    try:
        wait_for(lambda: step_of(tmp_path / "broken") >= 2, process)
        os.kill(workers(process.pid)[rank], signal.SIGKILL)
        errors = process.communicate(timeout=120)[1]
    finally:
        process.kill()
    assert process.returncode != 0
    kept = step_of(tmp_path / "broken")
    assert "another process of this run has ended" in errors and f"the checkpoint of step {kept} is kept" in errors
    goal = ["--steps", str(kept + 2)]
    for name in ("broken", "whole"):
        command = [sys.executable, *arguments, "--output", str(tmp_path / name), *goal]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment())
        assert done.returncode == 0, done.stderr
        assert (f"resumed at step {kept}\n" in done.stdout) == (name == "broken")
    broken, whole = (load_file(tmp_path / name / "checkpoint/latest.safetensors") for name in ("broken", "whole"))
    for name in ("rng", "order"):
        assert torch.equal(broken[name], whole[name])
    for prefix in ("generator.", "critic.", "ema."):
        one, other = (
            torch.cat([v.flatten().float() for k, v in sorted(t.items()) if k.startswith(prefix)])
            for t in (whole, broken)
        )
        assert distance(one, other) < 1e-2, prefix


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="finds the processes in Linux's /proc")
def test_a_signal_to_one_process_stops_both_at_the_same_step(image_folder, tmp_path):
    command = [*LAUNCH, str(ROOT / "train.py"), "--data", str(image_folder), *QUICK]
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path), "--steps", "100000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    try:
        wait_for(lambda: step_of(tmp_path) >= 2, process)
        os.kill(workers(process.pid)[1], signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert f"stopped at step {step_of(tmp_path)} of 100000" in output
    assert output.count("training on cpu, 2 processes, for 100000 steps") == 1, output


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, trained in {"one": train_evenly(SMALL, 1), "four": train(LEARNING, 4)}.items():
        rank = os.environ["RANK"]
        save_file({k: v.contiguous() for k, v in trained.items()}, Path(sys.argv[1]) / f"{name}-{rank}.safetensors")
    torch.distributed.destroy_process_group()
