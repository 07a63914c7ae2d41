"""What happens beside training: logs, previews, evaluation, the time estimate; in any order."""

import copy
import json
import logging
from types import SimpleNamespace

import pytest
import torch
from helpers.tiny import TINY, random_images
from torchvision.transforms.functional import pil_to_tensor

from lotus_gan import Generator, TrainConfig, latents
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.metrics import Metrics, compute_metrics
from lotus_gan.sampling.media import sample_images
from lotus_gan.training import callbacks
from lotus_gan.training.callbacks import Callback, Evaluator, MetricsLogger, preview_due, rank
from lotus_gan.training.trainer import Trainer


@pytest.fixture
def images():
    return random_images()


def test_the_estimate_is_made_once_at_the_pace_after_the_first_step(monkeypatch, caplog):
    """A first step of 60 s (a warm-up) does not count; then 40 images a second."""
    caplog.set_level("INFO")
    config, step = TrainConfig(), SimpleNamespace(pretrained=False)
    trainer, now = SimpleNamespace(step_number=0, images_shown=0, config=config, step=step), [100.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    estimate = callbacks.TimeEstimate(trainer)
    for seconds, shown in [(60, 5000), (20, 800), (20, 800), (20, 800)]:
        now[0] += seconds
        trainer.images_shown += shown
        estimate.on_step()
    assert caplog.text.count("at 40 images a second") == 1
    trainer.step_number = 7  # resumed: whoever goes on knows the pace
    assert callbacks.TimeEstimate(trainer).is_done
    trainer.step_number, step.pretrained = 0, True  # there are flowers already
    assert callbacks.TimeEstimate(trainer).is_done


def test_the_bar_tells_the_time_left_from_the_fiftieth_joint_step_on(monkeypatch, capsys):
    """Five steps of 1 s, one of 60 s with its warm-up, then steps of 4 s: at step 55, after 5 + 60 + 49 x 4 = 261 s, 45
    steps of 4 s are left."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    step = SimpleNamespace(base_steps=5, totals={"steps": 1, "wasserstein": 2.0})
    config = SimpleNamespace(steps=100)
    trainer = SimpleNamespace(step_number=0, images_shown=0, epoch=0.0, config=config, step=step)
    bar = callbacks.ProgressBar(trainer)
    now = [bar.bar.start_t]
    bar.bar._time = lambda: now[0]
    drawn = []
    for number in range(1, 56):
        now[0] += 1 if number <= 5 else 60 if number == 6 else 4
        trainer.step_number = number
        bar.on_step()
        drawn.append(capsys.readouterr().err)
    assert "5/100 [00:05, epoch 0, 0.0 kimg, W 2.00" in drawn[4]
    assert not any("<" in text for text in drawn[:54])
    assert "55/100 [04:21<03:00,  4.00s/step, epoch 0" in drawn[54]
    bar.close()


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


def evaluated_run(images, folder, steps: int) -> tuple[Trainer, Evaluator]:
    """A run until so many steps, begun or resumed, with an evaluation after each."""
    config = TINY.replace(steps=steps, evaluate_every=1)
    trainer = Trainer(config, images, folder, validation=images[:3], keep_best=True)
    evaluator = Evaluator(trainer, MeanColours())
    trainer.train([evaluator])
    return trainer, evaluator


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


def test_one_lucky_evaluation_is_not_the_best_of_a_run(images, tmp_path, monkeypatch):
    """Means over three: 90, 80, 70, 50, 57, 47. The fourth has the lowest KID, and the sixth is the best."""
    kids = iter([90.0, 70.0, 50.0, 30.0, 90.0, 21.0])
    monkeypatch.setattr(callbacks, "compute_metrics", lambda real, fake: metrics_of(next(kids)))
    config = TINY.replace(steps=6, evaluate_every=1)
    trainer = Trainer(config, images, tmp_path, validation=images[:3], keep_best=True)
    evaluator, copies = Evaluator(trainer, MeanColours()), CopyAverages(trainer)
    trainer.train([evaluator, copies])
    assert [line["best_step"] for line in evaluator.lines] == [1, 2, 3, 4, 4, 6]
    kept = Generator.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(kept[name], value) for name, value in copies.averages[5].items())


def test_a_run_of_an_older_version_keeps_its_best_until_a_better_one_comes(images, tmp_path, monkeypatch):
    """Its lines do not say which model was kept: that of the lowest rank was."""
    kids = iter([40.0, 30.0, 50.0, 45.0, 21.0])  # means over three: 40, 35, 40, 42, 39
    monkeypatch.setattr(callbacks, "compute_metrics", lambda real, fake: metrics_of(next(kids)))
    for steps in (3, 5):
        trainer, evaluator = evaluated_run(images, tmp_path, steps)
        assert evaluator.best["step"] == 2
        if steps == 3:
            lines = [{k: v for k, v in line.items() if k != "best_step"} for line in evaluator.lines]
            (tmp_path / "quality.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [line.get("best_step") for line in Evaluator(trainer, MeanColours()).lines] == [None, None, None, 2, 2]


def test_a_resumed_evaluator_remembers_the_best(images, tmp_path, monkeypatch):
    """A worse third model does not take the second's place after a restart, and no step is evaluated twice."""
    kids = iter([5.0, 3.0, 4.0])
    monkeypatch.setattr(callbacks, "compute_metrics", lambda real, fake: metrics_of(next(kids)))
    for steps in (2, 3):
        _, evaluator = evaluated_run(images, tmp_path, steps)
        evaluator.evaluate()
        if steps == 2:
            best = (tmp_path / "model.safetensors").read_bytes()
    assert (tmp_path / "model.safetensors").read_bytes() == best
    assert (tmp_path / "last/model.safetensors").read_bytes() != best


def test_the_final_metrics_are_of_the_best_model(images, tmp_path):
    _, evaluator = evaluated_run(images, tmp_path, steps=1)
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
