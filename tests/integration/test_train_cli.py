"""train.py as people call it: a process of its own, real signals, real exit codes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.features import save_random_features
from helpers.train import QUICK, ROOT, train

from lotus_gan import Generator, TrainConfig, latents
from lotus_gan.cli.train import build_parser, options_from, source_name
from lotus_gan.config import FEW, settings
from lotus_gan.publishing.provenance import Provenance
from lotus_gan.training.run import RunOptions, load_initial, starting_model


def test_the_contracts_line(image_folder, tmp_path):
    """--preset article at its full width, two steps, and the model loads."""
    out = tmp_path / "out"
    done = train("--data", image_folder, "--output", out, "--preset", "article", "--steps", 2, "--batch-size", 8)
    assert done.returncode == 0, done.stderr
    assert "10 images read, 0 left out" in done.stdout
    generator = Generator.from_pretrained(str(out))
    assert generator(latents.from_seeds([0], 100)).shape == (1, 3, 128, 128)
    assert json.loads((out / "config.json").read_text()) == {"architecture": "article", "width": 64, "z_dim": 100}
    card = (out / "README.md").read_text()
    assert (
        "--preset article --steps 2 --batch-size 8" in card
        and "](samples.webp)" in card
        and (out / "samples.webp").is_file()
    )
    assert (out / "previews/step_0000002.webp").is_file() and (out / "checkpoint").is_dir()


def test_the_same_command_resumes(image_folder, tmp_path):
    command = ["--data", image_folder, "--output", tmp_path / "out", *QUICK]
    assert train(*command, "--steps", 2).returncode == 0
    again = train(*command, "--steps", 3)
    assert again.returncode == 0 and "resumed at step 2\n" in again.stdout
    done = train(*command, "--steps", 3)
    assert done.returncode == 0 and "resumed at step 3\n" in done.stdout
    other = train(*command, "--steps", 3, "--width", 2)
    assert (
        other.returncode == 2 and "width was 1 and is 2" in other.stderr and "choose another --output" in other.stderr
    )


def test_a_look_at_the_data_without_training(image_folder, tmp_path):
    """The sheets and nothing else; what the data decides is told, and goes into checkpoint and card."""
    out = tmp_path / "out"
    done = train("--data", image_folder, "--output", out, "--preview-data", "--val", "nowhere")
    assert done.returncode == 0, done.stderr
    assert f"look at {out / 'data.webp'} and {out / 'augmented.webp'}; nothing has been trained" in done.stdout
    assert {path.name for path in out.iterdir()} == {"data.webp", "augmented.webp"}
    done = train("--data", image_folder, "--output", out, *QUICK, "--steps", 1)
    assert done.returncode == 0, done.stderr
    assert "augment: translation, because fewer than 1,000 images" in done.stdout
    card = (out / "README.md").read_text()
    assert "| augment | translation |" in card and f"10 images ({image_folder.name})" in card


def test_with_validation_images_the_card_has_figures(image_folder, tmp_path):
    """The run measures itself, and the card says on how many images; the feature network is untrained here."""
    weights, out = save_random_features(tmp_path / "features.safetensors"), tmp_path / "out"
    command = [
        "--data",
        image_folder,
        "--val",
        image_folder,
        "--heldout",
        ROOT / "data/lotus-68",
        "--output",
        out,
        *QUICK,
    ]
    done = train(*command, "--steps", 3, "--evaluate-every", 2, env=os.environ | {"LOTUS_GAN_FEATURES": str(weights)})
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (out / "quality.jsonl").read_text().splitlines()]
    assert [(line["step"], line["n_real"], line["n_fake"]) for line in lines] == [(2, 10, 256), (3, 10, 256)]
    card = (out / "README.md").read_text()
    assert "seeds 0 to 511 without truncation against 68 images of lotus-68" in card
    best = min(lines, key=lambda line: line["kid"] - 200 * line["coverage"])
    assert f"that of step {best['step']} " in card and "| KID x 1000 (lower is better) | " in card
    Generator.from_pretrained(out / "last")


def test_without_the_feature_network_training_goes_on(image_folder, tmp_path):
    out = tmp_path / "out"
    nowhere = os.environ | {"LOTUS_GAN_FEATURES": str(tmp_path / "nowhere.safetensors")}
    done = train("--data", image_folder, "--val", image_folder, "--output", out, *QUICK, "--steps", 1, env=nowhere)
    assert done.returncode == 0, done.stderr
    assert "quality is not measured, and the last model is saved, not the best: there is no feature file" in done.stderr
    assert "No figure of quality has been measured" in (out / "README.md").read_text()
    Generator.from_pretrained(out)


def test_a_run_starts_from_a_model_and_refuses_one_of_another_shape(image_folder, tmp_path):
    command = ["--data", image_folder, *QUICK, "--steps", 1]
    assert train(*command, "--output", tmp_path / "first").returncode == 0
    begun = [*command, "--init-from", tmp_path / "first", "--critic-warmup", 2]
    done = train(*begun, "--output", tmp_path / "second")
    assert done.returncode == 0, done.stderr
    assert f"starting from {tmp_path / 'first'}, its critic too\n" in done.stdout
    assert "warm-up" not in done.stdout  # neither the upsamplers nor the critic, which has learned already
    line = json.loads((tmp_path / "second/metrics.jsonl").read_text())
    assert line["kimg"] == 2 / 1000  # one update of two images before the generator's first
    done = train(*begun, "--output", tmp_path / "third", "--width", 2)
    assert done.returncode == 2 and "the model to start from is" in done.stderr and "Traceback" not in done.stderr
    shutil.rmtree(tmp_path / "first")
    again = train(*begun, "--output", tmp_path / "second")
    assert again.returncode == 0 and "resumed at step 1\n" in again.stdout  # the model has done its part


def test_few_images_start_from_our_model(image_folder, tmp_path):
    command = ["--data", image_folder, "--critic-warmup", 0, "--output", tmp_path]
    done = train(*command, "--steps", 1)
    assert done.returncode == 0, done.stderr
    assert "images, fewer than 1,000: training starts from our model (--init-from none: from nothing)\n" in done.stdout
    assert "starting from weights/lotus" in done.stdout
    assert "augment: color,translation, because" in done.stdout and "batch_size: 8, quicker" in done.stdout
    ours, mine = Generator.from_pretrained("weights/lotus"), Generator.from_pretrained(tmp_path)
    pairs = zip(ours.parameters(), mine.parameters(), strict=True)
    assert max(float((a - b).detach().abs().max()) for a, b in pairs) <= 2e-4 * 1.001  # Adam's first step is its rate
    again = train(*command, "--steps", 2)
    assert again.returncode == 0 and "resumed at step 1\n" in again.stdout
    card = (tmp_path / "README.md").read_text()
    assert "| batch_size | 8 |" in card and "until step" not in card  # decided as before, so nothing has changed


@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        (["--data", "IMAGES"], "weights/lotus"),
        (["--data", "IMAGES", "--init-from", "none"], None),
        (["--data", "IMAGES", "--init-from", "runs/mine"], None),
        (["--data", "data/lotus-68"], None),  # the article's experiment
        ([], None),
    ],
)
def test_which_data_may_start_from_our_model(image_folder, arguments, model):
    given = [str(image_folder) if word == "IMAGES" else word for word in arguments]
    options = options_from(build_parser().parse_args(given), "train.py", given)
    assert options.init_from_if_few == model
    assert options.init_from == ("runs/mine" if "runs/mine" in arguments else None)


def test_only_few_images_start_from_our_model_and_only_in_its_shape():
    options = RunOptions("photos", Path("out"), Provenance("photos"), init_from_if_few="weights/lotus")
    assert starting_model(TrainConfig(), options, FEW) is None
    assert starting_model(TrainConfig(width=8), options, FEW - 1) is None
    assert starting_model(TrainConfig(), options, FEW - 1) == "weights/lotus"
    generator, _critic = load_initial("weights/lotus", options, FEW - 1)
    assert torch.equal(generator.stem[0].weight, Generator.from_pretrained("weights/lotus").stem[0].weight)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere"], "there is no folder 'nowhere'"),
        (["--data", "user/flowers"], "there is no folder 'user/flowers', and no data set from the Hub: Couldn't reach"),
        (["--data", "flowers102:rosa"], "flowers102 has no class 'rosa'; it has pink primrose"),
        (["--data", "IMAGES", "--augment", "colour", "--preview-data"], "choose from color"),
        (["--data", "IMAGES", "--batch-size", "0"], "batch_size must be an integer at least 1"),
        (["--data", "IMAGES", "--batch-size", "many"], "invalid int value: 'many'"),
        (["--data", "IMAGES", "--lr-critic", "nan"], "lr_critic must be a number above 0, got nan"),
        (["--data", "IMAGES", "--seed", "-1"], "seed must be an integer at least 0"),
        (["--data", "IMAGES", "--preset", "stylegan"], "invalid choice: 'stylegan'"),
        (["--data", "IMAGES", "--augment", "colour", "--width", "1"], "choose from color"),
        (["--data", "IMAGES", "--step", "3"], "unrecognized arguments: --step 3"),
        (["--data", "IMAGES", "--sketch-steps", "3"], "--sketch-steps is called --base-steps now"),
        (["--data", "IMAGES", "--judge-every=3"], "--judge-every is called --evaluate-every now"),
        (["--data", "IMAGES", "--augment", "brightness"], "'brightness' any more: it is a part of color"),
        (["--data", "IMAGES", "--branch", "dev"], "--branch needs --push-to-hub"),
        (
            ["--data", "IMAGES", "--push-every", "-1", "--push-to-hub", "a/b"],
            "--push-every must be an integer",
        ),
    ],
)
def test_wrong_input_exits_with_2_and_leaves_nothing(image_folder, tmp_path, arguments, message):
    arguments = [str(image_folder) if a == "IMAGES" else a for a in arguments]
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = train(*arguments, "--output", tmp_path / "out", "--device", "cpu", cwd=tmp_path, env=offline)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out/*"))


def test_every_setting_is_a_flag_with_its_default_in_the_help():
    text = train("--help").stdout
    for setting in settings(TrainConfig):
        assert setting.flag in text
    assert "(default: 5 | 1)" in text  # n_critic of article and of lotus


def test_training_needs_no_gradio(image_folder, tmp_path):
    """A machine for training has no page: an import of gradio would fail here."""
    (tmp_path / "gradio.py").write_text("raise ImportError('not installed')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = train("--data", image_folder, "--output", tmp_path / "out", *QUICK, "--steps", 1, env=environment)
    assert done.returncode == 0, done.stderr


def test_alone_it_trains_our_recipe_on_the_68_and_says_so(tmp_path):
    """From another folder than the repository, which it finds; in a clone's own folder the names are short."""
    nowhere = os.environ | {"LOTUS_GAN_FEATURES": str(tmp_path / "nowhere.safetensors")}
    done = train(*QUICK, "--steps", 1, cwd=tmp_path, env=nowhere)
    assert done.returncode == 0, done.stderr
    data, val = ROOT / "data/lotus-68", ROOT / "data/lotus-val"
    first, second, *lines = done.stdout.splitlines()
    assert first == f"training on {data}, validation on {val}, into {Path('runs/lotus-68')}, preset lotus"
    assert second == f"{data}: 68 images read, 0 left out"
    assert any(line.startswith(f"{val} (for validation only): 256 images read") for line in lines)
    Generator.from_pretrained(tmp_path / "runs/lotus-68")
    again = train(*QUICK, "--steps", 1, cwd=tmp_path, env=nowhere)
    assert "resumed at step 1\n" in again.stdout


def test_your_images_alone_go_into_a_run_of_their_name(image_folder, tmp_path):
    done = train("--data", image_folder, *QUICK, "--steps", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"training on {image_folder}, into {Path('runs', image_folder.name)}, preset lotus\n")
    assert "for validation only" not in done.stdout
    Generator.from_pretrained(tmp_path / "runs" / image_folder.name)


@pytest.mark.parametrize(
    ("data", "name"),
    [("user/dataset", "dataset"), ("flowers102:lotus", "flowers102-lotus"), ("flowers102", "flowers102")],
)
def test_what_a_run_is_called(data, name):
    assert source_name(data) == name


def test_help_and_wrong_flags_need_no_torch(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert train("--help", env=environment).returncode == 0
    wrong = train("--steps", "0", env=environment)
    assert wrong.returncode == 2 and "steps must be an integer at least 1" in wrong.stderr
    environment["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", "lotus_gan", "train", "--help"]
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True).returncode == 0


def test_lotus_gan_train_is_train_py():
    command = [sys.executable, "-m", "lotus_gan", "train", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("usage: python -m lotus_gan train")
    assert done.stdout.partition("\n\n")[2] == train("--help").stdout.partition("\n\n")[2]
