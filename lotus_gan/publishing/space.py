"""A Space from a model on the Hub: the page, what paints, pinned requirements, and nothing else.

deploy("user/space", "user/lotus-gan")                             # -> the address of the Space
write_space("out/space", "user/space", find_model("user/lotus-gan"))   # only the folder
"""

import getpass
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, ModelCard, SpaceCard, SpaceCardData, constants, hf_hub_url

from lotus_gan.errors import HubError
from lotus_gan.models.hub import load_generator
from lotus_gan.publishing.push import ERRORS, check_id, explain, make_repo
from lotus_gan.sampling.directions import FILE as DIRECTIONS

ROOT = Path(__file__).resolve().parents[2]
# What trains, publishes or is called from a terminal: no Space needs these folders.
NOT_IN_A_SPACE = ("training", "publishing", "cli")
FALLBACK = "weights/lotus"  # shown where the model cannot be fetched
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
MAX_DESCRIPTION = 60  # characters, the Hub's limit


@dataclass(frozen=True)
class Model:
    """What a Space has to know of its model."""

    name: str
    private: bool
    has_samples: bool
    datasets: list[str] | None


def find_model(name: str) -> Model:
    """A model on the Hub that this project can load. HubError otherwise."""
    if Path(name).is_dir():
        raise HubError(
            "hub",
            text=f"a Space fetches its model from the Hub, and {name!r} is a folder here. This pushes it:\n"
            f"python -m lotus_gan push --model {name} user/name",
        )
    load_generator(name)
    try:
        info = HfApi().model_info(name)
        files = {file.rfilename for file in info.siblings or ()}
        card = ModelCard.load(name).data.to_dict() if "README.md" in files else {}
    except ERRORS as error:
        raise HubError("text", text=explain(error, name)) from None
    return Model(name, bool(info.private), "samples.webp" in files, card.get("datasets"))


def write_space(folder: Path | str, space: str, model: Model, cpu: bool = False) -> None:
    """Write the files of a Space to a new or empty folder. `cpu`: with PyTorch's build for processors, a fifth in size.
    HubError where the folder holds something, or the sources of this project are not at hand."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HubError("text", text=f"{folder} is there and not an empty folder: name a new one")
    if not (ROOT / "app.py").is_file():
        raise HubError(
            "hub", text="the page (app.py) is not beside this package: deploy from a clone of the repository"
        )
    copy_page(folder)
    for name in (constants.SAFETENSORS_SINGLE_FILE, constants.CONFIG_NAME, DIRECTIONS, "README.md"):
        (folder / FALLBACK).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / FALLBACK / name, folder / FALLBACK / name)
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    if cpu:
        pinned = re.sub(r"^(torch|torchvision)==(\S+)$", r"\1==\2+cpu", requirements, flags=re.MULTILINE)
        requirements = f"--extra-index-url {CPU_WHEELS}\n{pinned}"
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(_readme(space, model), encoding="utf-8", newline="\n")


def copy_page(folder: Path) -> None:
    """app.py and the part of this package that it needs."""
    ignored = shutil.ignore_patterns("__pycache__", *NOT_IN_A_SPACE)
    shutil.copytree(ROOT / "lotus_gan", folder / "lotus_gan", ignore=ignored)
    shutil.copyfile(ROOT / "app.py", folder / "app.py")


def _readme(space: str, model: Model) -> str:
    """This project's own front matter with what is another's put in: the versions stay those that are tested."""
    title = re.sub(r"[-_.]+", " ", space.split("/")[1]).strip().capitalize()
    ours = SpaceCard.load(ROOT / "README.md").data.to_dict()
    changed = {
        "title": title,
        "short_description": f"ImageSet painted by {model.name}"[:MAX_DESCRIPTION],
        "models": [model.name],
        "datasets": model.datasets,
    }
    if not model.private:  # a build may not have the secret, and everyone sees a thumbnail
        changed["preload_from_hub"] = [f"{model.name} {constants.CONFIG_NAME},{constants.SAFETENSORS_SINGLE_FILE}"]
        changed["thumbnail"] = hf_hub_url(model.name, "samples.webp") if model.has_samples else None
    return f"""---
{SpaceCardData(**(ours | changed)).to_yaml()}
---
# {title}

A page to sample from [{model.name}]({constants.ENDPOINT}/{model.name}) and to walk between its pictures. It was written
by `python -m lotus_gan deploy`, which writes it anew: what is changed here by hand is lost then.
"""


def deploy(
    space: str, model: str, *, private: bool = False, cpu: bool = False, token_variable: str | None = None
) -> str:
    """Make or renew a Space for a model of the Hub, and return its address. HubError says what to do otherwise.

    A private model needs a token of its own: from the environment variable `token_variable`, else asked for on the
    terminal. It becomes the Space's secret HF_TOKEN and is written nowhere else.
    """
    check_id(space)
    found = find_model(model)
    token = _ask_token(found, token_variable) if found.private else None
    if found.private and not private:
        print(f"{model} is private, but everyone will see the Space: --private hides it, too", file=sys.stderr)
    api = HfApi()
    with tempfile.TemporaryDirectory() as folder:
        write_space(folder, space, found, cpu)
        try:
            url = make_repo(api, space, private, repo_type="space", space_sdk="gradio")
            there = set(api.list_repo_files(space, repo_type="space")) - {".gitattributes", "README.md"}
            if there and "lotus_gan/__init__.py" not in there:
                raise HubError("text", text=f"the name {space} is taken by another Space: take another one")
            # before the files, because they start the building
            api.add_space_variable(space, "LOTUS_GAN_MODEL", model)
            if token:
                api.add_space_secret(space, "HF_TOKEN", token)
            api.upload_folder(
                repo_id=space,
                repo_type="space",
                folder_path=folder,
                delete_patterns=["lotus_gan/*", "weights/*"],
                commit_message=f"The page of {model}",
            )
        except HubError:
            raise
        except ERRORS as error:
            raise HubError("text", text=f"{explain(error, space)}. The same command again does what is left") from None
    return str(url)


def _ask_token(model: Model, variable: str | None) -> str:
    if variable:
        token = os.environ.get(variable, "").strip()
        if not token:
            raise HubError(
                "hub", text=f"the environment variable {variable}, which should hold the Space's token, is not set"
            )
        return token
    if not sys.stdin.isatty():
        raise HubError(
            "hub",
            text=f"{model.name} is private: name an environment variable that holds a token to read it, as --token-from does",
        )
    token = getpass.getpass(f"{model.name} is private. A token that may read it, for the Space (it is not shown): ")
    if not token.strip():
        raise HubError("text", text="no token given: the Space could not fetch its model")
    return token.strip()
