"""What each command of `lotus-gan` does with its parsed flags. What is wrong rises as a LotusGANError."""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from lotus_gan import latents
from lotus_gan.cli.options import seed_list, truncation
from lotus_gan.errors import ImageError, UsageError
from lotus_gan.models.hub import load_generator, model_name
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.sampling import interpolation, media


def sample(args: argparse.Namespace) -> None:
    """One PNG a seed, or the images of --like again."""
    name = model_name(args.model)
    wanted = [latent_of(path, name) for path in args.like] or [(seed, args.truncation) for seed in args.seeds]
    generator = InferenceGenerator(load_generator(args.model))  # as the page does: the same bytes
    _latents("--like", [latent_id for latent_id, _ in wanted if isinstance(latent_id, str)], generator.z_dim)
    args.output.mkdir(parents=True, exist_ok=True)
    for latent_id, psi in tqdm(wanted, unit="image", disable=None):
        z = latents.truncate(latents.from_ids([latent_id], generator.z_dim), psi)
        [image] = media.sample_images(generator, z)
        path = args.output / f"{latents.file_stem(latent_id).replace('seed-', 'seed')}.png"
        media.save_png(image, path, **latents.info(latent_id), truncation=psi, model=name)


def latent_of(path: Path, model: str) -> tuple[int | str, float]:
    """(seed or latent id, truncation) of an image of ours, whose model must have the name `model`. UsageError
    otherwise."""
    info = media.read_info(path)
    try:
        [latent_id] = [info["latent"]] if "latent" in info else seed_list(info["seed"])
        psi = truncation(info["truncation"])
    except (KeyError, ValueError, argparse.ArgumentTypeError):
        raise UsageError("no_latent", path=path) from None
    if info.get("model") != model:
        raise UsageError("other_model", path=path, other=info.get("model"), model=model)
    return latent_id, psi


def _latents(flag: str, ids: list[int | str], z_dim: int) -> torch.Tensor:
    """(N, z_dim). UsageError, naming the flag, for the latent id of another model."""
    try:
        return latents.from_ids(ids, z_dim)
    except ValueError as error:
        raise UsageError("bad_latent_id", flag=flag, detail=error) from None


def interpolate(args: argparse.Namespace) -> None:
    """A moving image through the keyframes and back to the first."""
    generator = InferenceGenerator(load_generator(args.model))
    keyframes = latents.truncate(_latents("--seeds", args.seeds, generator.z_dim), args.truncation)
    loop = interpolation.loop(generator, keyframes, args.frames_per_pair, args.even)
    frames = list(tqdm(loop, total=len(keyframes) * args.frames_per_pair, unit="frame", disable=None))
    comment = interpolation.describe(args.seeds, args.truncation, model_name(args.model))
    media.save_animation(frames, args.output, fps=args.fps, size=args.size, comment=comment)


def evaluate(args: argparse.Namespace) -> None:
    """Metrics of a model, or of images, against real ones: one line of JSON."""
    from dataclasses import replace

    from lotus_gan.evaluation.features import Features  # torchvision is slow to load; sampling needs none
    from lotus_gan.evaluation.metrics import compute_metrics, smoothness

    # what is wrong with the input is found before anything slow is done
    generator = None if args.fake else InferenceGenerator(load_generator(args.model))
    features = Features(args.features)
    real = read_images(args.real, least=2)
    train = read_images(args.train) if args.train else None
    if train is not None:
        known = len({p.numpy().tobytes() for p in real} & {p.numpy().tobytes() for p in train})
        if known:
            print(f"{known} images of --real are in --train too: copied_percent means nothing", file=sys.stderr)
    training = None if train is None else features.of_training(train)
    if generator is None:
        fake = features.of_images(read_images(args.fake, least=2))
        metrics = compute_metrics(features.of_images(real), fake, training)
        report, sampled = {"fake": model_name(args.fake)}, {}
    else:
        z = latents.truncate(latents.from_seeds(seed_list(args.seeds), generator.z_dim), args.truncation)
        metrics = compute_metrics(features.of_images(real), features.of_generator(generator, z), training)
        metrics = replace(metrics, smoothness=smoothness(features, generator, z))
        report = {"model": model_name(args.model)}
        sampled = {"seeds": args.seeds, "truncation": args.truncation}
    report |= {"real": model_name(args.real)} | metrics.to_dict() | sampled | {"features": features.source}
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in report.items()}))


def index(args: argparse.Namespace) -> None:
    """The index of training images, for the page."""
    from lotus_gan.evaluation.features import Features
    from lotus_gan.evaluation.nearest import write_index

    load_generator(args.model)  # it must be a model's folder
    write_index(args.model, read_images(args.train, least=2), Features(args.features))
    print(f"the index of {args.train} is in {args.model}: everybody with the model can see small copies of the images")


def project(args: argparse.Namespace) -> None:
    """The latent whose image is most like a given one."""
    from lotus_gan.data.images import load_image
    from lotus_gan.sampling.projection import DAMAGES, project, psnr, undamaged

    generator = load_generator(args.model).requires_grad_(False)
    try:
        image, _ = load_image(args.image)
    except ImageError as error:
        raise UsageError("unreadable_image", path=args.image, detail=error) from None
    target, damage = media.from_uint8(image[None]), DAMAGES.get(args.damage, undamaged)
    with tqdm(unit="step", disable=None) as bar:

        def on_step(done: int, steps: int) -> None:
            bar.total = steps
            bar.update()

        found = project(generator, damage(target), damage, on_step)
    [projected] = media.to_pil(found.image)
    latent_id = latents.encode(found.z)
    info = {"latent": latent_id, "truncation": latents.MAX_TRUNCATION, "model": model_name(args.model)}
    media.save_png(projected, args.output, **info)
    print(f"{psnr(found.image, target):.1f} dB to the whole image, {found.psnr:.1f} to what was shown of it")
    print(f"its latent id, for interpolate --seeds and the page: {latent_id}")


def read_images(source: str, least: int = 1) -> torch.Tensor:
    """A folder, or what else `sources` knows -> (N, 3, 128, 128) uint8; what was left out is said on stderr. UsageError
    for fewer than `least`."""
    from lotus_gan.data.sources import load

    images = load(source)
    if images.skipped:
        print(f"{source}: {images.report()}", file=sys.stderr)
    if len(images.names) < least:
        raise UsageError("too_few_given", source=source, count=len(images.names), least=least)
    return images.images


def push(args: argparse.Namespace) -> None:
    """A run's folder to the Hub."""
    from lotus_gan.publishing.push import push

    print(f"pushed to {push(args.model, args.id, private=args.private, branch=args.branch)}")


def deploy(args: argparse.Namespace) -> None:
    """A Space for a model of the Hub."""
    from lotus_gan.publishing import space, static_space

    if args.static and (args.cpu or args.token_from):
        raise UsageError("static_flags")
    if args.dry_run and args.static:
        static_space.write_static_space(args.dry_run, args.id, space.find_model(args.model))
    elif args.dry_run:
        space.write_space(args.dry_run, args.id, space.find_model(args.model), args.cpu)
    if args.dry_run:
        print(f"{args.dry_run} holds what {args.id} would get; nothing has been uploaded")
    elif args.static:
        print(f"the Space is there: {static_space.deploy_static(args.id, args.model, private=args.private)}")
    else:
        options = {"private": args.private, "cpu": args.cpu, "token_variable": args.token_from}
        print(f"the Space is being built: {space.deploy(args.id, args.model, **options)}")
