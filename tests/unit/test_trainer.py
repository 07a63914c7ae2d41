"""The loop by its invariants: exact resume, the average, the boost, what happens when it diverges."""

import copy
import json
import logging
from types import SimpleNamespace

import pytest
import torch
from torchvision.transforms.functional import pil_to_tensor

from lotus_gan import Generator, TrainConfig, latents
from lotus_gan.errors import CheckpointError, EvaluationError, TrainingError
from lotus_gan.evaluation.metrics import Metrics, compute_metrics
from lotus_gan.sampling.media import sample_images
from lotus_gan.training import callbacks, checkpoint
from lotus_gan.training.callbacks import Callback, Evaluator, MetricsLogger, Previews, preview_due, rank
from lotus_gan.training.device import pick_device
from lotus_gan.training.trainer import CHECKPOINT, Trainer, load_critic

TINY = TrainConfig(
    architecture="lotus",
    width=1,
    z_dim=8,
    batch_size=3,
    n_critic=2,
    steps=4,
    mirror=True,
    augment="color,translation,cutout",
    log_every=3,
    checkpoint_every=0,
    preview_every=0,
    device="cpu",
    # one stage only, at the article's rates
    upsampler_warmup=0,
    base_steps=0,
    critic_warmup=0,
    lr_generator=1e-4,
    lr_critic=1e-4,
    beta2=0.9,
    ema_kimg=2.0,
)


@pytest.fixture
def images():
    return torch.randint(0, 256, (5, 3, 128, 128), generator=torch.Generator().manual_seed(0)).byte()


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


@pytest.mark.parametrize(("pretrained", "half_life"), [(False, 0.05 * 6), (True, TINY.ema_kimg * 1000)])
def test_average_is_the_plain_formula(images, tmp_path, pretrained, half_life):
    """After one step: start + weight (value - start), for parameters and for BatchNorm's running moments alike. Of a
    generator that begins half remains after 5 % of the 6 images shown, of a pretrained one after `ema_kimg`."""
    initial = [Generator("lotus", TINY.z_dim, TINY.width)] if pretrained else []
    trainer = Trainer(TINY, images, tmp_path, initial=initial)
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
    """It lies in the run's checkpoint, and nowhere else."""
    first = Trainer(TINY, images, tmp_path / "first")
    first.step()
    first.save()
    critic = load_critic(tmp_path / "first")
    second = Trainer(TINY, images.flip(0), tmp_path / "second", initial=[first.ema, critic])
    for name, value in first.step.critic.state_dict().items():
        assert torch.equal(second.step.critic.state_dict()[name], value), name
    assert load_critic(tmp_path / "second") is None  # nothing has been saved there


def test_a_start_of_another_shape_is_refused(images, tmp_path):
    with pytest.raises(ValueError, match=r"the model to start from is .*width=2"):
        Trainer(TINY, images, tmp_path, initial=[Generator("lotus", z_dim=8, width=2)])


def test_the_estimate_is_made_once_at_the_pace_after_the_first_step(monkeypatch, caplog):
    """A first step of 60 s (a warm-up) does not count; then 40 images a second."""
    caplog.set_level("INFO")
    trainer, now = SimpleNamespace(step_number=0, images_shown=0), [100.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    estimate = callbacks.TimeEstimate(trainer)
    for seconds, shown in [(60, 5000), (20, 800), (20, 800), (20, 800)]:
        now[0] += seconds
        trainer.images_shown += shown
        estimate.on_step()
    assert caplog.text.count("at 40 images a second") == 1
    trainer.step_number = 7  # resumed: whoever goes on knows the pace
    assert callbacks.TimeEstimate(trainer).is_done


def test_mirroring_shows_both_sides(tmp_path):
    """One image, dark on its left: about half of what the critic sees is dark on the right."""
    image = torch.zeros(1, 3, 128, 128, dtype=torch.uint8)
    image[..., 64:] = 255
    trainer = Trainer(TINY.replace(batch_size=200, augment=""), image, tmp_path)
    batch = trainer.step.draw_batch()
    mirrored = (trainer.step._real(batch)[:, 0, 0, 0] == 1).sum().item()
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
    # remembered for the card, and a longer run or another preview is no change
    again = Trainer(TINY.replace(lr_critic=1e-5, steps=3, preview_every=1), images, tmp_path)
    assert again.changes == trainer.changes


def test_output_folder(images, tmp_path):
    trainer = Trainer(TINY, images, tmp_path, validation=images[:2])
    trainer.train([MetricsLogger(trainer), Previews(trainer)])
    assert {p.name for p in tmp_path.iterdir()} == {
        "model.safetensors", "config.json", "checkpoint", "metrics.jsonl", "previews",
    }  # fmt: skip
    assert [p.name for p in (tmp_path / "previews").iterdir()] == ["step_0000004.webp"]
    loaded = Generator.from_pretrained(tmp_path)
    for name, value in trainer.ema.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name


class MeanColours:
    """Stands in for MobileNetV2: an image's features are its mean colour and its spread."""

    def of_images(self, images):
        x = images.double().flatten(2) / 255
        return torch.cat([x.mean(2), x.std(2)], 1)

    def of_training(self, images):
        return torch.stack([self.of_images(images)] * 2)

    def of_generator(self, generator, z):
        return self.of_images(torch.stack([pil_to_tensor(image) for image in sample_images(generator, z)]))


class CopyAverages(Callback):
    """Remembers the moving average after each step."""

    def __init__(self, trainer):
        self.trainer, self.averages = trainer, []

    def on_step(self):
        self.averages.append(copy.deepcopy(self.trainer.ema.state_dict()))


def metrics_of(kid):
    return Metrics(
        n_real=3,
        n_fake=256,
        kid=kid,
        kid_std=0.0,
        kid_real_halves_std=None,
        precision=0.0,
        recall=0.0,
        density=0.0,
        coverage=0.1,
    )


@pytest.mark.parametrize("first", ["evaluator", "copies"])
def test_the_evaluator_keeps_the_best_model_and_the_last(images, tmp_path, monkeypatch, first):
    """Three models with KIDs of 5, 3 and 4: the folder holds the second, `last/` the third."""
    kids = iter([5.0, 3.0, 4.0])
    monkeypatch.setattr(callbacks, "compute_metrics", lambda real, fake: metrics_of(next(kids)))
    config = TINY.replace(steps=3, evaluate_every=1)
    trainer = Trainer(config, images, tmp_path, validation=images[:3], keep_best=True)
    evaluator, copies = Evaluator(trainer, MeanColours()), CopyAverages(trainer)
    trainer.train([evaluator, copies] if first == "evaluator" else [copies, evaluator])
    for folder, average in ((tmp_path, copies.averages[1]), (tmp_path / "last", copies.averages[2])):
        loaded = Generator.from_pretrained(folder).state_dict()
        assert all(torch.equal(loaded[name], value) for name, value in average.items())
    lines = [json.loads(line) for line in (tmp_path / "quality.jsonl").read_text().splitlines()]
    assert [(line["step"], line["kid"]) for line in lines] == [(1, 5.0), (2, 3.0), (3, 4.0)]
    assert evaluator.best["step"] == 2


def test_a_resumed_evaluator_remembers_the_best(images, tmp_path, monkeypatch):
    """A worse third model does not take the second's place after a restart, and no step is evaluated twice."""
    kids = iter([5.0, 3.0, 4.0])
    monkeypatch.setattr(callbacks, "compute_metrics", lambda real, fake: metrics_of(next(kids)))
    for steps in (2, 3):
        config = TINY.replace(steps=steps, evaluate_every=1)
        trainer = Trainer(config, images, tmp_path, validation=images[:3], keep_best=True)
        evaluator = Evaluator(trainer, MeanColours())
        trainer.train([evaluator])
        evaluator.evaluate()
        if steps == 2:
            best = (tmp_path / "model.safetensors").read_bytes()
    assert (tmp_path / "model.safetensors").read_bytes() == best
    assert (tmp_path / "last/model.safetensors").read_bytes() != best


def test_the_final_metrics_are_of_the_best_model(images, tmp_path):
    config = TINY.replace(steps=1, evaluate_every=1)
    trainer = Trainer(config, images, tmp_path, validation=images[:3], keep_best=True)
    evaluator = Evaluator(trainer, MeanColours())
    trainer.train([evaluator])
    metrics = evaluator.final_metrics(images)
    features, z = MeanColours(), latents.from_seeds(range(512), TINY.z_dim)
    fake = features.of_generator(Generator.from_pretrained(tmp_path), z)
    assert metrics.kid == pytest.approx(compute_metrics(features.of_images(images), fake).kid)
    assert (metrics.n_real, metrics.n_fake, evaluator.best["step"]) == (5, 512, 1)
    assert metrics.copied_percent_if_perfect == 5 and metrics.smoothness >= 1


def test_coverage_counts_beside_kid():
    assert rank({"kid": 100, "coverage": 0.5}) == 0
    assert rank({"kid": 150, "coverage": 0.5}) < rank({"kid": 100, "coverage": 0.2})


def test_an_evaluator_needs_images_to_compare_with(images, tmp_path):
    for validation in (None, images[:1]):
        with pytest.raises(EvaluationError, match="at least 2 validation images"):
            Evaluator(Trainer(TINY, images, tmp_path, validation), MeanColours())


def test_metrics_lines(images, tmp_path):
    trainer = Trainer(TINY, images, tmp_path, validation=images[:2])
    trainer.train([MetricsLogger(trainer)])
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 4]
    assert lines[1]["kimg"] == 4 * 2 * 3 / 1000 and lines[1]["epoch"] == pytest.approx(24 / 5)
    assert lines[1]["score_train"] == pytest.approx(trainer.mean_score(images))
    assert lines[1]["score_validation"] == pytest.approx(trainer.mean_score(images[:2]))
    assert lines[0]["penalty"] >= 0


def test_metrics_of_a_resumed_run_are_those_of_a_whole_one(images, tmp_path):
    """Stopped in the middle between two lines: the mean of steps 1 to 3 is still over all three."""
    for folder, stops in (("whole", [4]), ("parts", [2, 4])):
        for steps in stops:
            trainer = Trainer(TINY.replace(steps=steps, log_every=3), images, tmp_path / folder)
            # a line at the end of a first part would start the sums anew, so only the last part writes some
            trainer.train([MetricsLogger(trainer)] if steps == 4 else [])
    whole, parts = ([json.loads(s) for s in (tmp_path / f / "metrics.jsonl").open()] for f in ("whole", "parts"))
    for line in whole + parts:
        del line["images_per_second"], line["minutes"]
    assert [line["step"] for line in whole] == [3, 4] and whole == parts


def test_lines_of_lost_steps_are_taken_out(images, tmp_path):
    Trainer(TINY.replace(steps=1), images, tmp_path).train()
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2}\n{"step": 3, "epo')
    MetricsLogger(Trainer(TINY, images, tmp_path))
    assert (tmp_path / "metrics.jsonl").read_text() == '{"step": 1}\n'


def test_foreign_lines_of_a_log_are_taken_out_with_a_word(images, tmp_path, caplog):
    Trainer(TINY.replace(steps=1), images, tmp_path).train()
    foreign = [b'{"step": "x"}', b"\xff\xfe", b'{"step": true}', b"[1]", b'{"step": Infinity}', b"{" * 10_000]
    (tmp_path / "metrics.jsonl").write_bytes(b"\n".join([b'{"step": 1}', *foreign]) + b"\n")
    logging.getLogger("lotus_gan").propagate = True
    MetricsLogger(Trainer(TINY, images, tmp_path))
    assert (tmp_path / "metrics.jsonl").read_text() == '{"step": 1}\n'
    assert "6 lines are no metrics of a run, and are taken out" in caplog.text


def test_metrics_mean_is_over_the_steps_since_the_last_line(images, tmp_path):
    trainer = Trainer(TINY, images, tmp_path)
    trainer.step.totals = {"wasserstein": 6.0, "penalty": 3.0, "generator_loss": -3.0, "steps": 3.0}
    assert trainer.mean_losses() == {"wasserstein": 2, "penalty": 1, "generator_loss": -1}
    assert set(trainer.step.totals.values()) == {0}


def test_preview_steps():
    assert [step for step in range(1, 1001) if preview_due(step, None)] == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert [step for step in range(1, 10) if preview_due(step, 4)] == [4, 8]
    assert not any(preview_due(step, 0) for step in range(1, 10))


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
