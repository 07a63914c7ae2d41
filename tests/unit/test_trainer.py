"""The loop by its invariants: exact resume, the average, the boost, what happens when it diverges."""

import pytest
import torch
from helpers.tiny import TINY, random_images

from lotus_gan import Critic, Generator, TrainConfig
from lotus_gan.errors import CheckpointError, ModelError, TrainingError
from lotus_gan.training import checkpoint
from lotus_gan.training.callbacks import MetricsLogger, Previews
from lotus_gan.training.device import pick_device
from lotus_gan.training.step import WGANGPStep
from lotus_gan.training.trainer import CHECKPOINT, Trainer


@pytest.fixture
def images():
    return random_images()


def state(path):
    """Everything in a checkpoint but the wall-clock time."""
    tensors, info = checkpoint.load(path / "checkpoint" / "latest.safetensors")
    return tensors, {k: v for k, v in info.items() if k not in ("seconds", "config")}


def assert_same_run(one, other):
    (tensors, info), (other_tensors, other_info) = state(one), state(other)
    assert info == other_info
    assert tensors.keys() == other_tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, other_tensors[name]), name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"architecture": "article", "precision": "bf16"},
    ],
)
def test_stop_and_resume_is_exact_to_the_bit(images, tmp_path, changes):
    """2 + 3 steps equal 5, with augmentation, mirroring, Adam, BatchNorm, the average and the order of images."""
    config = TINY.replace(**changes)
    Trainer(config.replace(steps=5), images, tmp_path / "whole").train()
    Trainer(config.replace(steps=2), images, tmp_path / "parts").train()
    resumed = Trainer(config.replace(steps=5), images, tmp_path / "parts")
    assert resumed.step_number == 2
    resumed.train()
    assert_same_run(tmp_path / "whole", tmp_path / "parts")
    assert (tmp_path / "whole/model.safetensors").read_bytes() == (tmp_path / "parts/model.safetensors").read_bytes()


def test_what_is_left_to_the_data_is_decided_once(images, tmp_path):
    """Five images are few. A resumed run finds in its checkpoint what was decided, and sees no change."""
    config = TINY.replace(augment="auto", steps=1)
    Trainer(config, images, tmp_path).train()
    assert checkpoint.load(tmp_path / CHECKPOINT)[1]["config"]["augment"] == "translation"
    assert Trainer(config, images, tmp_path).changes == []


def test_runs_depend_on_their_seed_and_leave_the_global_one_alone(images, tmp_path):
    before = torch.get_rng_state()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        Trainer(TINY.replace(steps=1, seed=seed), images, tmp_path / name).train()
    assert torch.equal(before, torch.get_rng_state())
    assert_same_run(tmp_path / "a", tmp_path / "b")
    with pytest.raises(AssertionError):
        assert_same_run(tmp_path / "a", tmp_path / "c")


def test_batch_larger_than_the_data_set(images, tmp_path):
    trainer = Trainer(TINY.replace(batch_size=12, steps=1), images, tmp_path)
    trainer.train()
    assert trainer.images_shown == 24 and trainer.epoch == 24 / 5


@pytest.mark.parametrize(("ema_kimg", "half_life"), [(TINY.ema_kimg, 0.05 * 6), (0.0002, 0.2)])
def test_average_is_the_plain_formula(images, tmp_path, ema_kimg, half_life):
    """After one step: start + weight (value - start), for parameters and for BatchNorm's running moments alike. Half
    remains after 5 % of the 6 images shown, or after `ema_kimg` where that is less."""
    trainer = Trainer(TINY.replace(ema_kimg=ema_kimg), images, tmp_path)
    start = {name: value.clone() for name, value in trainer.ema.state_dict().items()}
    trainer.step()
    weight = 1 - 0.5 ** (6 / half_life)
    names = [name for name, value in start.items() if value.is_floating_point()]
    assert any("running_var" in name for name in names)
    for name in names:
        value = trainer.step.generator.state_dict()[name]
        torch.testing.assert_close(trainer.ema.state_dict()[name], torch.lerp(start[name], value, weight), msg=name)


def test_a_run_remembers_that_it_began_with_a_pretrained_generator(images, tmp_path):
    """It goes on without being given it again, and trains neither the upsamplers nor the base alone."""
    config = TrainConfig(architecture="lotus", width=1, z_dim=4, device="cpu", upsampler_warmup=1, base_steps=2)
    for name, initial in (("new", []), ("pretrained", [Generator("lotus", config.z_dim, config.width)])):
        Trainer(config, images, tmp_path / name, initial=initial).save()
    new, pretrained = (Trainer(config, images, tmp_path / name) for name in ("new", "pretrained"))
    assert (new.step.upsampler_warmup, new.step.base_steps) == (1, 2)
    assert (pretrained.step.upsampler_warmup, pretrained.step.base_steps) == (0, 0)


def test_critic_boost_doubles_n_critic(images, tmp_path):
    trainer = Trainer(TINY.replace(critic_boost_epoch=2), images, tmp_path)
    updates = []
    for _ in range(4):
        shown = trainer.images_shown
        trainer.step()
        updates.append((trainer.images_shown - shown) // TINY.batch_size)
    # epochs at the start of each step: 0, 6/5, 12/5, 24/5
    assert updates == [2, 2, 4, 4]


def test_a_run_can_start_from_a_trained_generator(images, tmp_path):
    """Its average starts from the given weights, and the critic warms up before the generator's first update."""
    initial = Generator("lotus", TINY.z_dim, TINY.width)
    trainer = Trainer(TINY.replace(critic_warmup=7), images, tmp_path, initial=[initial])
    for name, value in initial.state_dict().items():
        assert torch.equal(trainer.ema.state_dict()[name], value), name
    trainer.step()
    assert trainer.images_shown == 7 * TINY.batch_size
    trainer.step()
    assert trainer.images_shown == (7 + TINY.n_critic) * TINY.batch_size


def test_the_critic_of_a_run_comes_along(images, tmp_path):
    """It lies beside the model, in float16, and does not warm up."""
    first = Trainer(TINY, images, tmp_path / "first")
    first.step()
    first.save()
    critic = Critic.from_beside(tmp_path / "first")
    second = Trainer(TINY.replace(critic_warmup=7), images.flip(0), tmp_path / "second", initial=[first.ema, critic])
    for name, value in first.step.critic.state_dict().items():
        assert torch.equal(second.step.critic.state_dict()[name], value.half().float()), name
    second.step()
    assert second.images_shown == TINY.n_critic * TINY.batch_size
    assert Critic.from_beside(tmp_path) is None
    torch.nn.init.constant_(first.step.critic.heads[0][0].weight, float("nan"))
    first.step.critic.save_beside(tmp_path / "first")
    with pytest.raises(ModelError, match=r"critic\.safetensors"):
        Critic.from_beside(tmp_path / "first")


def test_a_critic_of_another_version_is_no_end_of_a_model(tmp_path):
    """Its heads may have ended at other sizes: what to do is said, and then it works."""
    critic = Critic("lotus", width=1)
    critic.network.heads[1] = torch.nn.Linear(3, 1)
    critic.save_beside(tmp_path)
    with pytest.raises(ModelError, match=r"critic\.safetensors .*delete it") as error:
        Critic.from_beside(tmp_path)
    assert error.value.code == "critic_no_fit"
    (tmp_path / "critic.safetensors").unlink()
    assert Critic.from_beside(tmp_path) is None


def test_the_rates_fall_with_the_inverse_square_root(images):
    """Three images a batch, one critic update a step: 0, 3, 6, 9, 12 have been shown when a step begins."""
    step = WGANGPStep(TINY.replace(n_critic=1, critic_boost_epoch=None, lr_decay_kimg=0.003, lr_critic=4e-4), images)
    rates = []
    for _ in range(5):
        step()
        rates.append(step.adam_critic.param_groups[0]["lr"])
    assert rates == pytest.approx([4e-4, 4e-4, 4e-4 / 2**0.5, 4e-4 / 3**0.5, 2e-4])


def test_weights_in_float16_are_half_as_large_and_load_as_float32(images, tmp_path):
    for weights in ("float32", "float16"):
        Trainer(TINY.replace(weights=weights, steps=1), images, tmp_path / weights).train()
    exact, rounded = (Generator.from_pretrained(tmp_path / weights) for weights in ("float32", "float16"))
    for name, value in exact.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(rounded.state_dict()[name], expected), name
    large, small = (len((tmp_path / weights / "model.safetensors").read_bytes()) for weights in ("float32", "float16"))
    assert small < 0.7 * large  # a header of names comes with both


def test_a_start_of_another_shape_is_refused(images, tmp_path):
    with pytest.raises(ValueError, match=r"the model to start from is .*width=2"):
        Trainer(TINY, images, tmp_path, initial=[Generator("lotus", z_dim=8, width=2)])


def test_mirroring_shows_both_sides(tmp_path):
    """One image, dark on its left: about half of what the critic sees is dark on the right."""
    image = torch.zeros(1, 3, 128, 128, dtype=torch.uint8)
    image[..., 64:] = 255
    trainer = Trainer(TINY.replace(batch_size=200, augment=""), image, tmp_path)
    batch = trainer.step.draw_batch()
    mirrored = (trainer.step._real_images(batch.indices, batch.flips)[:, 0, 0, 0] == 1).sum().item()
    assert 60 < mirrored < 140  # 5.6 standard deviations
    assert trainer.images.equal(image), "the data set itself was flipped"


def test_the_critic_tells_real_from_generated_after_a_few_updates(images, tmp_path):
    """Noise against a hardly trained generator: the Wasserstein estimate rises from about 0."""
    trainer = Trainer(TINY.replace(n_critic=30, lr_critic=1e-3, augment="", width=2), images, tmp_path)
    before = trainer.mean_score(images) - trainer.mean_score(trainer.sample_ema(5))
    trainer.step()
    after = trainer.mean_score(images) - trainer.mean_score(trainer.sample_ema(5))
    assert after > before + 0.5


def test_divergence_keeps_the_last_good_checkpoint(images, tmp_path):
    Trainer(TINY.replace(steps=2), images, tmp_path).train()
    good = (tmp_path / "checkpoint/latest.safetensors").read_bytes()
    model = (tmp_path / "model.safetensors").read_bytes()
    trainer = Trainer(TINY.replace(steps=6, lr_critic=1e30, checkpoint_every=1), images, tmp_path)
    with pytest.raises(TrainingError, match=r"no longer finite at step \d; the checkpoint of step 2 is kept"):
        trainer.train()
    assert (tmp_path / "checkpoint/latest.safetensors").read_bytes() == good
    assert (tmp_path / "model.safetensors").read_bytes() == model


def test_another_run_in_the_same_folder_is_refused(images, tmp_path):
    Trainer(TINY.replace(steps=1), images, tmp_path).train()
    with pytest.raises(ValueError, match="width was 1 and is 2"):
        Trainer(TINY.replace(width=2), images, tmp_path)
    with pytest.raises(ValueError, match="the images are not the same"):
        Trainer(TINY, images[:4], tmp_path)


def test_rates_may_change_between_calls(images, tmp_path):
    Trainer(TINY.replace(steps=1), images, tmp_path).train()
    trainer = Trainer(TINY.replace(lr_critic=1e-5, steps=2), images, tmp_path)
    assert trainer.step.adam_critic.param_groups[0]["lr"] == 1e-5
    assert trainer.changes == ["until step 1 lr_critic was 0.0001 and is 1e-05 since"]
    trainer.train()
    # remembered for the card; a longer run, another preview or smaller files are no change
    harmless = {"steps": 3, "preview_every": 1, "weights": "float16"}
    again = Trainer(TINY.replace(lr_critic=1e-5, **harmless), images, tmp_path)
    assert again.changes == trainer.changes


def test_output_folder(images, tmp_path):
    trainer = Trainer(TINY, images, tmp_path, validation=images[:2])
    trainer.train([MetricsLogger(trainer), Previews(trainer)])
    assert {p.name for p in tmp_path.iterdir()} == {
        "model.safetensors", "config.json", "critic.safetensors", "checkpoint", "metrics.jsonl", "previews",
    }  # fmt: skip
    assert [p.name for p in (tmp_path / "previews").iterdir()] == ["step_0000004.webp"]
    loaded = Generator.from_pretrained(tmp_path)
    for name, value in trainer.ema.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device cuda is not available here: choose auto or"):
            pick_device("cuda")


def test_a_checkpoint_of_version_0_1_is_answered_with_one_sentence(images, tmp_path):
    Trainer(TINY.replace(steps=1), images, tmp_path).train()
    tensors, info = checkpoint.load(tmp_path / CHECKPOINT)
    old = {name.replace(".network.", ".layers."): tensor for name, tensor in tensors.items()}
    checkpoint.save(tmp_path / CHECKPOINT, old, info)
    with pytest.raises(
        CheckpointError, match=r"another version of this program, .* another --output, which may --init"
    ):
        Trainer(TINY, images, tmp_path)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda: torch.empty(2**50), "--accumulate 2"),
        (lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory")), "--accumulate 2"),
        (lambda: (_ for _ in ()).throw(NotImplementedError("aten::x is not on MPS\nmore")), "--device cpu"),
    ],
)
def test_what_a_device_cannot_do_is_told_in_a_line(images, tmp_path, monkeypatch, fault, told):
    """The first is a real allocation, of a petabyte."""
    trainer = Trainer(TINY, images, tmp_path)
    monkeypatch.setattr(trainer.step, "_critic_update", lambda *_, **__: fault())
    with pytest.raises(TrainingError, match=told) as caught:
        trainer.train()
    assert "no checkpoint had been written yet" in str(caught.value) and "\n" not in str(caught.value)
