"""What this program cannot do, as errors with a code: so that a command prints a sentence, and the page translates it.

    raise ModelError("too_large", path=path, megabytes=256)
    error.code, error.values, str(error)        # "too_large", {"path": ...}, the English sentence

Each sentence says what is wrong and what is allowed. The French ones are the page's (lotus_gan/ui/texts.py).
"""

from typing import Any


class LotusGANError(Exception):
    """code: one of MESSAGES. values: what its sentence names; the error's text is the sentence with them filled in."""

    def __init__(self, code: str, **values: Any):
        self.code, self.values = code, values
        super().__init__(MESSAGES[code].format(**values))


class UsageError(LotusGANError, ValueError):
    """A command, a setting or a call asks for what cannot be done."""


class ModelError(LotusGANError, ValueError):
    """A model cannot be loaded."""


class ModelFileNotFound(ModelError, FileNotFoundError):
    """A model's folder lacks a file."""


class HubError(LotusGANError, ValueError):
    """A model or a Space cannot be published."""


class DataError(LotusGANError, ValueError):
    """There is nothing to train on or to measure against."""


class ImageError(LotusGANError, ValueError):
    """One file cannot be read as an image."""


class EvaluationError(LotusGANError, ValueError):
    """A figure cannot be had."""


class CheckpointError(LotusGANError, ValueError):
    """A checkpoint cannot be read, or belongs to another run."""


class WriteError(LotusGANError, OSError):
    """A file cannot be written."""


class TrainingError(LotusGANError, RuntimeError):
    """Training cannot go on."""


class DistributedError(LotusGANError, RuntimeError):
    """Another process of this run has ended before its time."""


class MissingDependency(LotusGANError, ImportError):
    """A package that is not always installed is missing."""


MAX_DETAIL = 300  # characters of what a file, a visitor or another library says


def shortened(text: object) -> str:
    """The text of anything, cut at 300 characters."""
    said = str(text)
    return said if len(said) <= MAX_DETAIL else f"{said[: MAX_DETAIL - 1]}…"


# The sentences, by code. What reads `{detail}` ends with the words of another library, which stay English.
MESSAGES = {
    # --- models ------------------------------------------------------------------------------------------------------
    "no_name": "no model given: name a folder or a Hub id such as user/lotus-gan",
    "no_folder": "there is no folder {model!r}, and a Hub id has the form user/name",
    "unknown": "{model!r} is neither a folder here nor a model on the Hub (a private one needs HF_TOKEN)",
    "unreachable": "{model!r} could not be fetched from the Hub: {detail}",
    "incomplete": "{model} has no {name}: a model folder holds model.safetensors and config.json",
    "too_large": "{path} is larger than {megabytes:g} MB, and so no model of this project",
    "not_finite": "{path} holds weights that are not finite numbers ({name})",
    "no_fit": "{path} does not fit its config.json ({detail})",
    "no_config": "{path} is not the config of a Lotus GAN model: {detail}",
    "not_on_hub": "{model!r} is not a model on the Hub",
    "too_many_models": "{most} visitors are using models of their own just now: try again in ten minutes",
    "live_twice": "you have a place in the line already",
    "live_full": "{places} visitors are training or waiting already: try again in a few minutes",
    "live_full_of_client": "{places} visitors of your address are training or waiting already: try again in a few "
    "minutes",
    "same_name": "another model of this page has the name {name!r}: rename the folder",
    "old_weights": "{path} is of version {version}, whose networks had other layers or names: train again, or load it "
    "with version {version}",
    "no_feature_network": "the critic of lotus needs a network trained on ImageNet: pip install {packages}",
    # --- training ----------------------------------------------------------------------------------------------------
    "other_shape": "the model to start from is {start}, and the run wants {run}",
    "critic_no_fit": "{path} fits no critic of this version: delete it, and a start from this model gets a new one",
    "uneven_batch": "batch_size is {batch_size}, the whole batch over {processes} processes in {parts} parts each: "
    "choose a multiple of {multiple}",
    "process_ended": "another process of this run has ended ({detail})",
    "processes_differ": "the processes do not see the same {name}: give every machine the same files",
    "no_accelerate": "several processes need Accelerate: pip install accelerate",
    "launcher_precision": "the launcher asks for mixed precision {launcher} and the run for {run}: use --precision",
    "diverged": "the losses or weights are no longer finite at step {step}; {kept}. Lower --lr-critic and "
    "--lr-generator, then run the same command again.",
    "process_died": "{detail} at step {step}; {kept}. The same command goes on from there, on any number of processes.",
    "out_of_memory": "out of memory in step {step}; {kept}. Take a batch in parts with --accumulate 2 (4, 8 ...), or "
    "lower --batch-size, then run the same command again.",
    "no_operator": "this device lacks an operation ({detail}); {kept}. The same command goes on with --device cpu.",
    "no_checkpoint": "{path} is no checkpoint of this program ({detail}); {advice}",
    "damaged_checkpoint": "{path} is damaged ({detail}); {advice}",
    "checkpoint_unread": "{path} could not be read ({detail}). It may be good: try again, or copy it to another disk",
    "newer_checkpoint": "{path} has format {version}, and this version of the program reads formats up to {known}: "
    "update it",
    "not_written": "{path} could not be written, {megabytes:.1f} MB ({detail})",
    "no_room": "{path} has room for {free:.1f} MB, and the checkpoints of this run need {megabytes:.1f}: make room, or "
    "choose another --output",
    "other_run": "{output} holds another run ({differences}): choose another --output, which may --init-from {output}",
    "old_checkpoint": "{output} holds a run of another version of this program, whose networks were others: choose "
    "another --output, which may --init-from {output}",
    "no_validation": "at least 2 validation images are needed",
    "no_tracker": "--log-with {name} needs what is not installed: pip install {packages}",
    # --- data --------------------------------------------------------------------------------------------------------
    "no_data_folder": "there is no folder {folder!r}",
    "no_images": "no image could be read in {source!r} (looked for {suffixes}){reasons}",
    "other_format": "not an image in a format that we read, whatever its name says",
    "too_many_pixels": "more than {megapixels:.0f} megapixels, save it smaller",
    "broken_image": "broken image ({detail})",
    "no_file": "it is no file",
    "lfs_pointer": "not the image but Git LFS's pointer to it: git lfs pull",
    "empty_file": "the file is empty",
    "no_heic": "HEIC, as iPhones save it, which `pip install pillow-heif` makes readable",
    "no_source": "there is no folder {source!r}; a data set on the Hub is user/name, torchvision's flowers are "
    "{flowers}:lotus",
    "file_not_folder": "{source} is a file: unpack it if it is an archive, and name the folder that holds the images",
    "no_datasets": "there is no folder {source!r}; data sets on the Hub need `pip install datasets`",
    "no_data_set": "there is no folder {source!r}, and no data set from the Hub: {detail}",
    "no_scipy": "{source} needs SciPy: `pip install scipy`",
    "no_class": "{source} has no class {name!r}; it has {names}",
    "no_download": "{source} could not be downloaded to {folder}: {detail}",
    # --- sampling and evaluation -------------------------------------------------------------------------------------
    "bad_seed": "seed must be an integer from 0 to {last}, got {seed!r}",
    "bad_latent": "no code of a latent with {z_dim} values: {start!r}",
    "bad_truncation": "truncation must be between {low} and {high:g}, got {psi}",
    "bad_animation": "{name!r} must end in {suffixes}: those are the animations we write",
    "no_frames": "an animation needs at least one image",
    "bad_fps": "fps must be above 0 and at most {high}, got {fps}",
    "bad_size": "size must be from 2 to {high} pixels, got {size}",
    "bad_target": "the target must have shape (1, 3, 128, 128), got {shape}",
    "bad_count": "count must be from 1 to {z_dim}, got {count}",
    "too_few_samples": "more than {count} samples are needed for {count} directions, got {samples}",
    "amounts_differ": "{directions} directions take as many amounts, got {amounts}",
    "no_rho": "only directions with a name and a measured rho can be written",
    "directions_unreadable": "{path} does not hold the directions of this model: {detail}",
    "features_no_fit": "{path} does not hold the state of torchvision's mobilenet_v2().features",
    "features_unreadable": "{path} is not a safetensors file ({detail})",
    "features_unreachable": "the feature network could not be downloaded from {url} ({detail}); --features FILE or "
    "{variable}=FILE takes a local file: a safetensors of torchvision's mobilenet_v2().features",
    "no_features_file": "there is no feature file {path!r} (from --features or {variable})",
    "no_images_to_measure": "no images to take features of",
    "images_not_uint8": "images must be uint8 (N, 3, H, W), got {dtype} {shape}",
    "too_few_images": "at least 2 images are needed on each side, got {n} and {m}",
    "too_few_latents": "an interpolation needs 2 latents, got {n}",
    "training_features_shape": "training features must be (2, T, D) as of_training gives them, got {shape}",
    "index_too_large": "an index holds at most {most} images, got {count}",
    "index_unreadable": "{folder} has an index of training images that cannot be read: {detail}",
    # --- publishing --------------------------------------------------------------------------------------------------
    "no_license": "the Hub has no licence {license!r}: choose one of {names}",
    "bad_provenance": "the source of the images takes a sentence of 1 to {high} characters",
    "no_onnx": "no {name} has been written: pip install onnx onnxscript",
    "no_sources": "its sources are not at hand: push from a clone of the repository",
    "static_flags": "--cpu and --token-from are for a Space with a server, and --static makes one without",
    "static_private": "{model} is private, and a static Space holds the model itself: --private hides the Space, too",
    "no_npm": "{package} comes from npm, which is not here: install Node.js (https://nodejs.org)",
    "npm_failed": "npm did not fetch {package}: {detail}",
    "npm_differs": "npm has sent another {package} than the one whose SHA-256 is pinned; nothing has been written",
    "no_setuptools": "pip install 'setuptools>=77' ({detail})",
    "bad_repo_id": "{repo!r} cannot be a name on the Hub: {detail}",
    "not_private": "{repo} is there and public: make it private in its settings, or take another name",
    "name_taken": "the name {repo} is taken by something that this project has not made: take another one",
    "space_taken": "the name {repo} is taken by another Space: take another one",
    "zero_gpu": "{space} is on ZeroGPU ({hardware}), which runs only functions that are marked for it, with versions "
    "of PyTorch that it lists; this page has none, and PyTorch {torch}: choose CPU basic in the Space's settings",
    "push_failed": "{detail}.\nThe model is safe in {folder}. This pushes it later:\n{command}",
    "deploy_failed": "{detail}. The same command again does what is left",
    "folder_in_space": "a Space fetches its model from the Hub, and {model!r} is a folder here. This pushes it:\n"
    "python -m lotus_gan push --model {model} user/name",
    "folder_not_empty": "{folder} is there and not an empty folder: name a new one",
    "no_page": "the page (app.py) is not beside this package: deploy from a clone of the repository",
    "no_token_variable": "the environment variable {variable}, which should hold the Space's token, is not set",
    "no_terminal": "{model} is private: name an environment variable that holds a token to read it, as --token-from "
    "does",
    "no_token": "no token given: the Space could not fetch its model",
    "hub_no_token": "the Hub does not know you: log in with `hf auth login`, or set HF_TOKEN",
    "hub_401": "the Hub does not accept the token (401): make another at {hub}/settings/tokens, then `hf auth login`",
    "hub_402": "the Hub wants a subscription or a means of payment for this (402): see {hub}/pricing",
    "hub_403": "the token may not write to {repo} (403): take a name under your account, or a token with the role "
    "`write`",
    "hub_404": "the Hub has no {repo} that this token may see (404): look at the name and at the token's rights",
    "hub_409": "something else is being done to {repo} just now (409): try again in a minute",
    "hub_412": "somebody else has changed {repo} during the upload (412): try again",
    "hub_429": "the Hub has had too many requests from here (429): try again in a few minutes",
    "hub_problem": "the Hub has a problem ({status}): try again later",
    "hub_unreachable": "the Hub cannot be reached ({detail}): look at the network, then try again",
    "hub_failed": "{detail}",
    # --- config and cli ----------------------------------------------------------------------------------------------
    "out_of_range": "{name} must be {allowed}, got {got!r}",
    "unknown_setting": "there is no setting {name}: choose from {known}",
    "missing_setting": "{name} is missing",
    "renamed": "{old} is called {new} now",
    "unknown_augment": "augment has no {name!r}: choose from {known}",
    "old_augment": "augment has no {name!r} any more: it is a part of color",
    "no_latent": "{path} does not say what it was generated from: only PNG files of ours do",
    "other_model": "{path} was generated by {other!r}, not by {model!r}: name its model with --model",
    "bad_latent_id": "{flag}: {detail} (the latent id of another model, or a part of it is missing)",
    "unreadable_image": "{path}: {detail}",
    "too_few_given": "{source!r} has {count} image, and at least {least} are needed",
    "output_in_use": "another run is writing to {output}: wait for its end, or choose another --output",
    "folder_in_data": "{flag} {folder} lies in --data {data}, whose subfolders are read, too: choose another folder",
    "needs_push": "{flag} needs --push-to-hub",
    "no_bundled_data": "there is no {folder} here (it is in a clone of the repository): give --data DIR",
    "no_device": "device {name} is not available here: choose auto or {available}",
}
