"""A Space from a model on the Hub: the page, what it imports, pinned requirements, and nothing else.

deploy("user/space", "user/lotus-gan")                             # -> the URL of the Space
write_space("out/space", "user/space", find_model("user/lotus-gan"))   # only the folder
"""

import getpass
import logging
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, ModelCard, SpaceCard, SpaceCardData, SpaceHardware, constants, hf_hub_url

from lotus_gan.errors import HubError, MissingDependency
from lotus_gan.models.hub import load_generator
from lotus_gan.publishing.browser_runtime import fill
from lotus_gan.publishing.push import ERRORS, check_id, explain, make_repo
from lotus_gan.sampling.directions import FILE as DIRECTIONS

ROOT = Path(__file__).resolve().parents[2]
# What trains, publishes or is called from a terminal, and the module that calls it: no Space needs these.
NOT_IN_A_SPACE = ("training", "publishing", "cli", "__main__.py")
FALLBACK = "weights/lotus"  # shown where the model cannot be fetched
IMAGES = "data/lotus-68"  # what a visitor may train on who has no images at hand
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
HARDWARE = SpaceHardware.CPU_BASIC  # of a new Space; an image takes 10 ms on it
ZERO_GPU = "zero-"  # runs what is marked for it alone, with versions of PyTorch that it lists
MAX_DESCRIPTION = 60  # characters, the Hub's limit
ABOUT = """A page to sample from [{model}]({url}) and to interpolate between its images. It was
written by `python -m lotus_gan deploy`, which overwrites changes that are made here by hand.
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """A model on the Hub, as the card of a Space describes it: `datasets` are the Hub ids that its own card names."""

    name: str
    private: bool
    has_samples: bool
    datasets: list[str] | None


def find_model(name: str) -> Model:
    """A model on the Hub. HubError for a folder, ModelError for what cannot be loaded."""
    if Path(name).is_dir():
        raise HubError("folder_in_space", model=name)
    load_generator(name)
    try:
        info = HfApi().model_info(name)
        files = {file.rfilename for file in info.siblings or ()}
        card = ModelCard.load(name).data.to_dict() if "README.md" in files else {}
    except ERRORS as error:
        raise explain(error, name) from None
    return Model(name, bool(info.private), "samples.webp" in files, card.get("datasets"))


def write_space(folder: Path | str, space: str, model: Model, cpu: bool = False) -> None:
    """Write the files of the Space `space`, user/name, to a new or empty folder.

    `cpu`: with PyTorch's build for CPUs, a fifth of the size. HubError if the folder is not empty, or if the sources of
    this project are not there.
    """
    folder = Path(folder)
    check_empty(folder)
    try:
        fill()
    except MissingDependency as missing:
        logger.warning("the Space's server will generate every image, no visitor's browser: %s", missing)
    copy_page(folder)
    for name in (constants.SAFETENSORS_SINGLE_FILE, constants.CONFIG_NAME, DIRECTIONS, "README.md"):
        (folder / FALLBACK).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / FALLBACK / name, folder / FALLBACK / name)
    shutil.copytree(ROOT / IMAGES, folder / IMAGES, ignore=shutil.ignore_patterns(".*"))
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    if cpu:
        pinned = re.sub(r"^(torch|torchvision)==(\S+)$", r"\1==\2+cpu", requirements, flags=re.MULTILINE)
        requirements = f"--extra-index-url {CPU_WHEELS}\n{pinned}"
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8", newline="\n")
    about = ABOUT.format(model=model.name, url=f"{constants.ENDPOINT}/{model.name}")
    changed: dict[str, Any] = {}
    if not model.private:  # a build may not have the secret
        changed["preload_from_hub"] = [f"{model.name} {constants.CONFIG_NAME},{constants.SAFETENSORS_SINGLE_FILE}"]
    (folder / "README.md").write_text(readme(space, model, about, changed), encoding="utf-8", newline="\n")


def check_empty(folder: Path) -> None:
    """HubError unless a Space can be written here: the folder is new or empty, and the sources are there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HubError("folder_not_empty", folder=folder)
    if not (ROOT / "app.py").is_file():
        raise HubError("no_page")


def copy_page(folder: Path) -> None:
    """Copy app.py and the part of this package that it needs, with the page's scripts and styles, into a folder."""
    ignored = shutil.ignore_patterns("__pycache__", *NOT_IN_A_SPACE)
    shutil.copytree(ROOT / "lotus_gan", folder / "lotus_gan", ignore=ignored)
    shutil.copyfile(ROOT / "app.py", folder / "app.py")


def title_of(space: str) -> str:
    """`user/my-garden` -> `My garden`."""
    return re.sub(r"[-_.]+", " ", space.split("/")[1]).strip().capitalize()


def readme(space: str, model: Model, about: str, changed: dict[str, Any]) -> str:
    """README.md with the front matter of this project's own Space, whose pinned versions are tested, for a model.

    changed: what is different in it; what is None is left out.
    """
    changed = {
        "title": title_of(space),
        "short_description": f"Pictures generated by {model.name}"[:MAX_DESCRIPTION],
        "models": [model.name],
        "datasets": model.datasets,
        **changed,
    }
    if not model.private:  # everyone sees a thumbnail
        changed["thumbnail"] = hf_hub_url(model.name, "samples.webp") if model.has_samples else None
    merged = SpaceCard.load(ROOT / "README.md").data.to_dict() | changed
    card = SpaceCardData(**{key: value for key, value in merged.items() if value is not None})
    return f"""---
{card.to_yaml()}
---
# {title_of(space)}

{about}"""


def deploy(
    space: str, model: str, *, private: bool = False, cpu: bool = False, token_variable: str | None = None
) -> str:
    """Create or update a Space for a model on the Hub, and return its URL. HubError says what to do if that fails.

    A private model needs a token that may read it: from the environment variable `token_variable`, else from a prompt
    on the terminal. It becomes the Space's secret HF_TOKEN and is written nowhere else.
    """
    check_id(space)
    found = find_model(model)
    token = _ask_token(found, token_variable) if found.private else None
    if found.private and not private:
        logger.warning("%s is private, but everyone will see the Space: --private hides it, too", model)
    with tempfile.TemporaryDirectory() as folder:
        write_space(folder, space, found, cpu)
        return upload(HfApi(), space, folder, private, found, token=token)


def upload(
    api: HfApi,
    space: str,
    folder: str,
    private: bool,
    model: Model,
    *,
    sdk: str = "gradio",
    mark: str = "lotus_gan/__init__.py",
    token: str | None = None,
) -> str:
    """Create or update a Space from a folder, and return its URL. `mark`: the file that tells a Space of ours from
    others, which are not overwritten. With a server, the Space gets the model's name as a variable, and `token` as a
    secret."""
    try:
        hardware = {"space_hardware": HARDWARE} if sdk == "gradio" else {}
        url = make_repo(api, space, private, repo_type="space", space_sdk=sdk, **hardware)
        if sdk == "gradio":
            _check_hardware(api, space)
        there = set(api.list_repo_files(space, repo_type="space")) - {".gitattributes", "README.md"}
        if there and mark not in there and not (sdk == "static" and there <= {"index.html", "style.css"}):
            raise HubError("space_taken", repo=space)
        if sdk == "gradio":  # before the files, because they start the building
            api.add_space_variable(space, "LOTUS_GAN_MODEL", model.name)
        if token:
            api.add_space_secret(space, "HF_TOKEN", token)
        api.upload_folder(
            repo_id=space,
            repo_type="space",
            folder_path=folder,
            delete_patterns=["lotus_gan/*", "weights/*", f"{IMAGES}/*"],
            commit_message=f"The page of {model.name}",
        )
    except HubError:
        raise
    except ERRORS as error:
        raise HubError("deploy_failed", detail=explain(error, space)) from None
    return str(url)


def _check_hardware(api: HfApi, space: str) -> None:
    """HubError for a Space that was there before, on hardware that this page does not run on."""
    runtime = api.space_info(space).runtime
    hardware = (runtime and (runtime.requested_hardware or runtime.hardware)) or ""
    if hardware.startswith(ZERO_GPU):
        raise HubError("zero_gpu", space=space, hardware=hardware, torch=version("torch").partition("+")[0])


def _ask_token(model: Model, variable: str | None) -> str:
    if variable:
        token = os.environ.get(variable, "").strip()
        if not token:
            raise HubError("no_token_variable", variable=variable)
        return token
    if not sys.stdin.isatty():
        raise HubError("no_terminal", model=model.name)
    token = getpass.getpass(f"{model.name} is private. A token that may read it, for the Space (it is not shown): ")
    if not token.strip():
        raise HubError("no_token")
    return token.strip()
