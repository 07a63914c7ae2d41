"""What each command of `python -m lotus_gan` does with its parsed arguments."""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from lotus_gan import latents
from lotus_gan.cli.options import seed_list, truncation
from lotus_gan.errors import UsageError
from lotus_gan.models.hub import load_generator, model_name
from lotus_gan.sampling import interpolation, media


def sample(args: argparse.Namespace) -> None:
    name = model_name(args.model)
    wanted = [read_wish(path, name) for path in args.like] or [(seed, args.truncation) for seed in args.seeds]
    generator = load_generator(args.model)
    try:
        latents.from_ids([key for key, _ in wanted if isinstance(key, str)], generator.z_dim)
    except ValueError as error:
        raise UsageError("text", text=f"--like: {error}") from None
    args.output.mkdir(parents=True, exist_ok=True)
    for key, psi in tqdm(wanted, unit="picture", disable=None):
        z = latents.truncate(latents.from_ids([key], generator.z_dim), psi)
        [picture] = media.sample_images(generator, z)
        path = args.output / f"{latents.file_stem(key).replace('seed-', 'seed')}.png"
        media.save_png(picture, path, **latents.info(key), truncation=psi, model=name)


def read_wish(path: Path, model: str) -> tuple[int | str, float]:
    """(key, truncation) of a picture of ours, whose model must have the name `model`. UsageError otherwise."""
    info = media.read_info(path)
    try:
        [key] = [info["latent"]] if "latent" in info else seed_list(info["seed"])
        psi = truncation(info["truncation"])
    except (KeyError, ValueError, argparse.ArgumentTypeError):
        raise UsageError(
            "text", text=f"{path} does not say what it was painted from: only PNG files of ours do"
        ) from None
    if info.get("model") != model:
        raise UsageError(
            "text", text=f"{path} was painted by {info.get('model')!r}, not by {model!r}: name its model with --model"
        )
    return key, psi


def interpolate(args: argparse.Namespace) -> None:
    generator = load_generator(args.model)
    try:
        z = latents.from_ids(args.seeds, generator.z_dim)
    except ValueError as error:
        raise UsageError(
            "text", text=f"--seeds: {error} (the code of another model, or a part of it is missing)"
        ) from None
    keys = latents.truncate(z, args.truncation)
    walk = interpolation.loop(generator, keys, args.frames_per_pair, args.even)
    frames = list(tqdm(walk, total=len(keys) * args.frames_per_pair, unit="frame", disable=None))
    comment = interpolation.describe(args.seeds, args.truncation, model_name(args.model))
    media.save_animation(frames, args.output, fps=args.fps, size=args.size, comment=comment)


def evaluate(args: argparse.Namespace) -> None:
    from lotus_gan.evaluation.metrics import quality, smoothness  # torchvision is slow to load; painting needs none

    # what is wrong with the input is found before anything slow is done
    generator = None if args.fake else load_generator(args.model)
    features = find_features(args.features)
    real = read_images(args.real, least=2)
    train = read_images(args.train) if args.train else None
    if train is not None:
        known = len({p.numpy().tobytes() for p in real} & {p.numpy().tobytes() for p in train})
        if known:
            print(f"{known} pictures of --real are in --train too: copied_percent means nothing", file=sys.stderr)
    if generator is None:
        fake = features.of_images(read_images(args.fake, least=2))
        report, walks = {"fake": model_name(args.fake)}, {}
    else:
        z = latents.truncate(latents.from_seeds(seed_list(args.seeds), generator.z_dim), args.truncation)
        fake = features.of_generator(generator, z)
        report, walks = {"model": model_name(args.model)}, {"smoothness": smoothness(features, generator, z)}
        walks |= {"seeds": args.seeds, "truncation": args.truncation}
    training = None if train is None else features.of_training(train)
    report |= {"real": model_name(args.real)} | quality(features.of_images(real), fake, training) | walks
    report["features"] = features.source
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in report.items()}))


def index(args: argparse.Namespace) -> None:
    from lotus_gan.evaluation.nearest import write_index

    load_generator(args.model)  # it must be a model's folder
    write_index(args.model, read_images(args.train, least=2), find_features(args.features))
    print(f"the index of {args.train} is in {args.model}: whoever gets the model can see small copies of the pictures")


def project(args: argparse.Namespace) -> None:
    from lotus_gan.data.images import ImageError, load_image
    from lotus_gan.sampling.projection import DAMAGES, project, psnr, undamaged

    generator = load_generator(args.model).requires_grad_(False)
    try:
        picture, _ = load_image(args.picture)
    except ImageError as error:
        raise UsageError("text", text=f"{args.picture}: {error}") from None
    target, damage = media.from_uint8(picture[None]), DAMAGES.get(args.damage, undamaged)
    with tqdm(unit="step", disable=None) as bar:

        def on_step(done: int, steps: int) -> None:
            bar.total = steps
            bar.update()

        found = project(generator, damage(target), damage, on_step)
    [painted] = media.to_pil(found.image)
    code = latents.encode(found.z)
    info = {"latent": code, "truncation": latents.MAX_TRUNCATION, "model": model_name(args.model)}
    media.save_png(painted, args.output, **info)
    print(f"{psnr(found.image, target):.1f} dB to the whole picture, {found.psnr:.1f} to what was shown of it")
    print(f"its code, for interpolate --seeds and the page: {code}")


def find_features(path: str | None):
    """The feature network. UsageError where it cannot be had."""
    from lotus_gan.evaluation.features import Features
    from lotus_gan.evaluation.metrics import EvaluationError

    try:
        return Features(path)
    except EvaluationError as error:
        raise UsageError("text", text=error) from None


def read_images(source: str, least: int = 1) -> torch.Tensor:
    """A folder, or what else `sources` knows -> (N, 3, 128, 128) uint8; what was left out is said on stderr. UsageError
    for fewer than `least`."""
    from lotus_gan.data.images import DataError
    from lotus_gan.data.sources import load

    try:
        pictures = load(source)
    except DataError as error:
        raise UsageError("text", text=error) from None
    if pictures.refused:
        print(f"{source}: {pictures.report()}", file=sys.stderr)
    if len(pictures.names) < least:
        raise UsageError("text", text=f"{source!r} has {len(pictures.names)} picture, and at least {least} are needed")
    return pictures.images


def push(args: argparse.Namespace) -> None:
    from lotus_gan.publishing.push import push

    print(f"pushed to {push(args.model, args.id, private=args.private, branch=args.branch)}")


def deploy(args: argparse.Namespace) -> None:
    from lotus_gan.publishing import space as space

    if args.dry_run:
        space.write_space(args.dry_run, args.id, space.find_model(args.model), args.cpu)
        print(f"{args.dry_run} holds what {args.id} would get; nothing has been uploaded")
    else:
        options = {"private": args.private, "cpu": args.cpu, "token_variable": args.token_from}
        print(f"the Space is being built: {space.deploy(args.id, args.model, **options)}")
