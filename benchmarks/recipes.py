"""Recipes against each other: equal minutes, equal data, one change at a time, KID over time.

    python -m benchmarks.recipes --minutes 30 --output runs/recipes
    python -m benchmarks.recipes --start runs/lotus --only "as it is,batch 8" --minutes 5 --output runs/recipes-5

Each recipe is the preset `lotus` with one change, from random weights or, with --start, from the checkpoint of a run
(the first minutes from random weights are the upsampler warm-up and the base stage only). Early metrics are far from a
finished run's: they show what learns faster, not what ends up better. Prints a Markdown table. An interrupted run
continues where it stopped.
"""

import argparse
import shutil
from pathlib import Path

import torch

from lotus_gan import PRESETS, TrainConfig
from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.training import checkpoint
from lotus_gan.training.callbacks import Evaluator
from lotus_gan.training.device import describe_device, tune_malloc
from lotus_gan.training.trainer import CHECKPOINT, Trainer

RECIPES: dict[str, dict] = {
    "as it is": {},
    "2 critic updates to 1": {"n_critic": 2},
    "half the rates": {"lr_generator": 1e-4, "lr_critic": 2e-4},
    "twice the rates": {"lr_generator": 4e-4, "lr_critic": 8e-4},
    "beta2 0.9": {"beta2": 0.9},
    "batch 8": {"batch_size": 8},
    "batch 32": {"batch_size": 32},
    "no augmentation": {"augment": ""},
    # the stages
    "no upsampler warm-up": {"upsampler_warmup": 0},
    "no base stage": {"base_steps": 0},
    "the joint stage alone": {"upsampler_warmup": 0, "base_steps": 0},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/lotus-2000"), help="training images")
    parser.add_argument("--val", type=Path, default=Path("data/lotus-val"), help="validation images of the metrics")
    parser.add_argument("--start", type=Path, help="the folder of a run, to go on from its checkpoint")
    parser.add_argument("--only", default=",".join(RECIPES), help="comma list of recipes")
    parser.add_argument("--minutes", type=float, default=5, help="of training, for each recipe")
    parser.add_argument("--points", type=int, default=2, help="evaluations of each run")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := [name for name in names if name not in RECIPES]:
        parser.error(f"--only has no {unknown[0]!r}: choose from {', '.join(RECIPES)}")
    if options.start and not (options.start / CHECKPOINT).is_file():
        parser.error(f"--start {options.start} has no {CHECKPOINT}: choose the folder of a run")
    tune_malloc()
    torch.set_num_threads(options.threads)
    images = load_folder(options.data).images
    validation = load_folder(options.val).images
    features = Features()
    before = checkpoint.load(options.start / CHECKPOINT)[1]["seconds"] / 60 if options.start else 0.0
    ends = [options.minutes * (i + 1) / options.points for i in range(options.points)]
    device = describe_device(torch.device("cpu"))
    print(f"{len(images)} images, n = {len(validation)} against 256; {device}\n")
    print("| recipe | kimg | " + " | ".join(f"KID, {end:g} min" for end in ends) + " | precision | recall |")
    print("| --- | --- | " + "--- | " * (len(ends) + 2), flush=True)
    for name in names:
        config = TrainConfig(**PRESETS["lotus"] | {"device": "cpu"} | RECIPES[name])
        folder = options.output / name.replace(" ", "-")
        if options.start and not (folder / CHECKPOINT).is_file():
            (folder / CHECKPOINT).parent.mkdir(parents=True)
            shutil.copyfile(options.start / CHECKPOINT, folder / CHECKPOINT)
        trainer = Trainer(config, images, folder, validation, keep_best=True)
        evaluator = Evaluator(trainer, features)
        for end in ends:
            left = before + end - trainer.seconds / 60
            if left > 0:
                trainer.config = trainer.config.replace(max_minutes=left, steps=10**6, evaluate_every=0)
                trainer.train([evaluator])
        lines = evaluator.lines[-len(ends) :]
        kids = " | ".join(f"{line['kid']:.0f}" for line in lines)
        last = lines[-1]
        print(f"| {name} | {last['kimg']:.1f} | {kids} | {last['precision']:.2f} | {last['recall']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
