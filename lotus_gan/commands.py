"""What each command of `python -m lotus_gan` does with its parsed arguments."""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from . import latents, media
from .hub import load_generator, model_name
from .options import seed_list


class WrongInput(ValueError):
    """What was asked for cannot be done; the text says why and what can."""


def sample(args: argparse.Namespace) -> None:
    generator = load_generator(args.model)
    name = model_name(args.model)
    args.output.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(args.seeds), unit="picture", disable=None) as bar:
        for start in range(0, len(args.seeds), media.BATCH):
            seeds = args.seeds[start : start + media.BATCH]
            z = latents.truncate(latents.from_seeds(seeds, generator.z_dim), args.truncation)
            for seed, picture in zip(seeds, media.paint(generator, z), strict=True):
                path = args.output / f"seed{seed:06d}.png"
                media.save_png(picture, path, seed=seed, truncation=args.truncation, model=name)
            bar.update(len(seeds))


def interpolate(args: argparse.Namespace) -> None:
    generator = load_generator(args.model)
    keys = latents.truncate(latents.from_seeds(args.seeds, generator.z_dim), args.truncation)
    parts = latents.loop(keys, args.frames_per_pair).split(media.BATCH)
    frames = [frame for part in tqdm(parts, unit="batch", disable=None) for frame in media.paint(generator, part)]
    media.save_animation(frames, args.output, fps=args.fps, size=args.size)


def evaluate(args: argparse.Namespace) -> None:
    from .metrics import Features, MetricsError, quality, smoothness  # torchvision is slow to load; painting needs none

    # what is wrong with the input is found before anything slow is done
    generator = None if args.fake else load_generator(args.model)
    try:
        features = Features(args.features)
    except MetricsError as error:
        raise WrongInput(error) from None
    real = read_pictures(args.real, least=2)
    train = read_pictures(args.train) if args.train else None
    if train is not None:
        known = len({p.numpy().tobytes() for p in real} & {p.numpy().tobytes() for p in train})
        if known:
            print(f"{known} pictures of --real are in --train too: copied_percent means nothing", file=sys.stderr)
    if generator is None:
        fake = features.of_pictures(read_pictures(args.fake, least=2))
        report, walks = {"fake": model_name(args.fake)}, {}
    else:
        z = latents.truncate(latents.from_seeds(seed_list(args.seeds), generator.z_dim), args.truncation)
        fake = features.of_generator(generator, z)
        report, walks = {"model": model_name(args.model)}, {"smoothness": smoothness(features, generator, z)}
        walks |= {"seeds": args.seeds, "truncation": args.truncation}
    training = None if train is None else features.of_training(train)
    report |= {"real": model_name(args.real)} | quality(features.of_pictures(real), fake, training) | walks
    report["features"] = features.source
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in report.items()}))


def read_pictures(folder: Path, least: int = 1) -> torch.Tensor:
    """A folder -> (N, 3, 128, 128) uint8; what was left out is said on stderr. WrongInput for fewer than `least`."""
    from .data import DataError, load_folder

    try:
        pictures = load_folder(folder)
    except DataError as error:
        raise WrongInput(error) from None
    if pictures.refused:
        print(f"{folder}: {pictures.report()}", file=sys.stderr)
    if len(pictures.paths) < least:
        raise WrongInput(f"{str(folder)!r} has {len(pictures.paths)} picture, and at least {least} are needed")
    return pictures.images


def push(args: argparse.Namespace) -> None:
    from .publish import push

    print(f"pushed to {push(args.model, args.id, private=args.private, branch=args.branch)}")


def deploy(args: argparse.Namespace) -> None:
    from . import deploy as space

    if args.dry_run:
        space.write_space(args.dry_run, args.id, space.find_model(args.model), args.cpu)
        print(f"{args.dry_run} holds what {args.id} would get; nothing has been uploaded")
    else:
        options = {"private": args.private, "cpu": args.cpu, "token_variable": args.token_from}
        print(f"the Space is being built: {space.deploy(args.id, args.model, **options)}")
