"""A Space without a server: a page whose visitors' browsers generate the images. It costs nothing and never sleeps.

write_static_space("out/page", "user/page", find_model("user/lotus-gan"))     # files that any file server can serve
deploy_static("user/page", "user/lotus-gan")                                  # -> the URL of the Space
"""

import json
import shutil
import tempfile
from pathlib import Path

from huggingface_hub import HfApi, constants

from lotus_gan.errors import HubError
from lotus_gan.models.hub import fetch_sidecar_files, load_generator, matching_onnx
from lotus_gan.publishing import browser_runtime
from lotus_gan.publishing.onnx import NAME as ONNX
from lotus_gan.publishing.onnx import write_onnx
from lotus_gan.publishing.push import check_id
from lotus_gan.publishing.space import ROOT, Model, check_empty, find_model, readme, title_of, upload
from lotus_gan.sampling import directions
from lotus_gan.sampling.browser import RUNTIME, SCRIPT, STATIC, WASM, described

PAGE = ROOT / "lotus_gan" / "ui" / "static_space"
SHARED = ("generator.js", "generator_worker.js", "interpolation.js", "latents.js", "png.js")  # with the other page
DESCRIPTION = "model.json"
ABOUT = """A page to sample from [{model}]({url})
and to interpolate between its images, which the visitor's own browser generates: there is no server. It was written by
`python -m lotus_gan deploy --static`, which overwrites changes that are made here by hand. ONNX Runtime Web
(`{script}`, `{wasm}`) is Microsoft's, under the MIT licence.
"""


def write_static_space(folder: Path | str, space: str, model: Model) -> None:
    """Write the files of the Space `space`, user/name, to a new or empty folder.

    HubError if the folder is not empty. MissingDependency without npm, which fetches ONNX Runtime for browsers, unless
    it is here; or if the model has no model.onnx on the Hub and `onnx` is not installed here.
    """
    folder = Path(folder)
    check_empty(folder)
    browser_runtime.fill()
    with tempfile.TemporaryDirectory() as temporary:
        part = Path(temporary, "page")
        part.mkdir()
        _copy(part, model)
        for path in PAGE.iterdir():
            shutil.copyfile(path, part / path.name)
        page = (PAGE / "index.html").read_text(encoding="utf-8").replace("{title}", title_of(space))
        (part / "index.html").write_text(page, encoding="utf-8", newline="\n")
        about = ABOUT.format(model=model.name, url=f"{constants.ENDPOINT}/{model.name}", script=SCRIPT, wasm=WASM)
        server = ("sdk_version", "python_version", "preload_from_hub")  # what only a server has
        changed = {"sdk": "static", "app_file": "index.html", **dict.fromkeys(server)}
        (part / "README.md").write_text(readme(space, model, about, changed), encoding="utf-8", newline="\n")
        shutil.copyfile(ROOT / "LICENSE", part / "LICENSE")
        shutil.copytree(part, folder, dirs_exist_ok=True)


def _copy(folder: Path, model: Model) -> None:
    """The model, its description, and what runs it."""
    for name in SHARED:
        shutil.copyfile(STATIC / name, folder / name)
    for name in (SCRIPT, WASM):
        shutil.copyfile(RUNTIME / name, folder / name)
    generator = load_generator(model.name)
    source = fetch_sidecar_files(model.name)
    assert source is not None  # it has been loaded
    shutil.copyfile(matching_onnx(source) or _converted(source, folder), folder / ONNX)
    groups = directions.groups(generator, directions.read(source))
    files = {kind: (name, folder / name) for kind, name in (("script", SCRIPT), ("wasm", WASM), ("model", ONNX))}
    text = json.dumps(described(model.name, model.name.replace("/", "--"), generator.z_dim, groups, files))
    (folder / DESCRIPTION).write_text(text, encoding="utf-8", newline="\n")


def _converted(source: Path, folder: Path) -> Path:
    """The model.onnx of a model that was pushed without one."""
    with tempfile.TemporaryDirectory() as temporary:
        for name in (constants.SAFETENSORS_SINGLE_FILE, constants.CONFIG_NAME):
            shutil.copyfile(source / name, Path(temporary, name))
        return Path(shutil.copyfile(write_onnx(temporary), folder / f"{ONNX}.part")).rename(folder / ONNX)


def deploy_static(space: str, model: str, *, private: bool = False) -> str:
    """Create or update a static Space for a model on the Hub, and return its URL. HubError says what to do if that
    fails, or if a private model would become public."""
    check_id(space)
    found = find_model(model)
    if found.private and not private:
        raise HubError("static_private", model=model)
    with tempfile.TemporaryDirectory() as folder:
        write_static_space(folder, space, found)
        return upload(HfApi(), space, folder, private, found, sdk="static", mark=DESCRIPTION)
