"""Models by name: a folder or a Hub id -> a generator, with messages a person can act on.

generator = load_generator("weights/lotus")        # or "user/lotus-gan"
"""

from pathlib import Path

from huggingface_hub.errors import (
    HFValidationError,
    HTTPError,  # the base of what its HTTP client raises, whichever client this release uses
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from .networks import Generator


class ModelError(ValueError):
    """A model cannot be loaded or published; the text names it and says what can be done."""


def load_generator(model: str | Path, device: str = "cpu") -> Generator:
    """The generator of a folder (model.safetensors + config.json) or a Hub id, in eval mode. ModelError otherwise."""
    name = str(model)
    if not name.strip():
        raise ModelError("no model given: name a folder or a Hub id such as user/lotus-gan")
    if not Path(name).is_dir() and (name.count("/") != 1 or name.startswith((".", "/", "~"))):
        raise ModelError(f"there is no folder {name!r}, and a Hub id has the form user/name")
    try:
        return Generator.from_pretrained(name, map_location=device)
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(
            f"{name!r} is neither a folder here nor a model on the Hub (a private one needs HF_TOKEN)"
        ) from None
    except (LocalEntryNotFoundError, HTTPError) as error:
        raise ModelError(f"{name!r} could not be fetched from the Hub: {first_line(error)}") from None
    except (FileNotFoundError, ValueError) as error:
        raise ModelError(str(error)) from None


def model_name(model: str | Path) -> str:
    """What people are told of a model: a Hub id as it is, of a folder only its own name, not where it lies."""
    return Path(model).resolve().name if Path(model).is_dir() else str(model)


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
