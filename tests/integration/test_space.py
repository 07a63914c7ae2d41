"""A Space from a model: what is uploaded, what the Hub is told, and that the folder starts with nothing else."""

import re
import shutil
import subprocess
import sys

import pytest
from gradio_client import Client
from helpers.app_server import ROOT, running_app, save_colourful_model
from helpers.files import pins
from helpers.fresh_environment import environment_for
from helpers.hub_stand_in import READ, Repo
from huggingface_hub import SpaceCard
from PIL import Image, ImageChops

from lotus_gan import latents
from lotus_gan.cli.main import main
from lotus_gan.models.hub import load_generator
from lotus_gan.publishing.space import NOT_IN_A_SPACE
from lotus_gan.sampling.media import sample_images

CARD = "---\nlicense: cc0-1.0\ndatasets:\n- user/garden\n---\n# mine\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = save_colourful_model(tmp_path_factory.mktemp("model"))
    (folder / "README.md").write_text(CARD)
    (folder / "samples.webp").touch()
    return folder


@pytest.fixture
def hub(hub, tmp_path, monkeypatch):
    hub.capture(monkeypatch, tmp_path / "home")
    return hub


def run(*arguments):
    return main(["deploy", *map(str, arguments)])


def listing(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_what_a_space_needs_and_nothing_else(hub, model, tmp_path, capsys):
    hub.add_model("user/mine", model)
    assert run("user/my-garden", "--model", "user/mine", "--dry-run", tmp_path / "space") == 0
    assert "nothing has been uploaded" in capsys.readouterr().out
    assert ("space", "user/my-garden") not in hub.repos
    found = listing(tmp_path / "space")
    package = {name for name in found if name.startswith("lotus_gan/")}
    assert {"lotus_gan/models/pretrained.py", "lotus_gan/ui/page.py"} < package
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lotus_gan").rglob("*.py")}
    assert package == {name for name in sources if name.split("/")[1] not in NOT_IN_A_SPACE}
    files = ("model.safetensors", "config.json", "directions.json", "README.md")
    weights = {f"weights/lotus/{name}" for name in files}
    assert found - package == {"app.py", "requirements.txt", "README.md", "LICENSE"} | weights


def test_training_modules_are_there_to_be_left_out():
    assert all((ROOT / "lotus_gan" / name).is_dir() for name in NOT_IN_A_SPACE)


def test_the_front_matter_is_filled_in(hub, model, tmp_path):
    hub.add_model("user/mine", model)
    assert run("user/my-garden", "--model", "user/mine", "--dry-run", tmp_path / "space") == 0
    card = SpaceCard.load(tmp_path / "space/README.md").data.to_dict()
    expected = {"title": "My garden", "sdk": "gradio", "app_file": "app.py", "license": "mit", "emoji": "🪷"}
    expected |= {"sdk_version": pins("requirements.txt")["gradio"], "python_version": "3.11"}
    expected |= {"models": ["user/mine"], "datasets": ["user/garden"]}
    expected |= {"preload_from_hub": ["user/mine config.json,model.safetensors"]}
    expected |= {"thumbnail": f"{hub.url}/user/mine/resolve/main/samples.webp"}
    assert card.items() >= expected.items()
    assert card["short_description"] == "ImageSet painted by user/mine"


def test_the_space_installs_what_this_repository_pins(hub, model, tmp_path):
    hub.add_model("user/mine", model)
    run("user/space", "--model", "user/mine", "--dry-run", tmp_path / "gpu")
    run("user/space", "--model", "user/mine", "--cpu", "--dry-run", tmp_path / "cpu")
    ours = (ROOT / "requirements.txt").read_text()
    assert (tmp_path / "gpu/requirements.txt").read_text() == ours
    first, rest = (tmp_path / "cpu/requirements.txt").read_text().split("\n", 1)
    assert re.fullmatch(r"--extra-index-url https://\S+/cpu", first)
    changed = set(rest.splitlines()) - set(ours.splitlines())
    assert changed == {f"{name}=={pins('requirements.txt')[name]}+cpu" for name in ("torch", "torchvision")}


def missing(python, *modules):
    """How many of these the environment of a Python has not."""
    code = f"from importlib.util import find_spec; print([find_spec(m) for m in {modules!r}].count(None))"
    return int(subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout)


def test_the_folder_starts_as_the_space_would(hub, model, tmp_path, monkeypatch):
    """With what the Hub was told, its own requirements, and nothing of this checkout or environment: the private model
    paints, not the fallback."""
    hub.add_model("user/mine", model, private=True)
    monkeypatch.setenv("MY_READ_TOKEN", READ)
    assert run("user/space", "--model", "user/mine", "--token-from", "MY_READ_TOKEN") == 0
    space = hub.repos["space", "user/space"]
    folder = tmp_path / "space"
    for path, content in space.branches["main"].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    python = environment_for(folder / "requirements.txt", tmp_path / "environment")
    assert missing(python, "pytest", "datasets", "accelerate", "matplotlib") == 4
    environment = hub.environment(tmp_path / "home", token=None) | space.variables | space.secrets
    with running_app(tmp_path, None, root=folder, python=python, **environment) as app:
        client = Client(app.url, verbose=False, download_files=str(tmp_path))
        (item,) = client.predict(1, 3, 1, api_name="/generate")
    generator = load_generator(model)
    (expected,) = sample_images(generator, latents.from_seeds([3], generator.z_dim))
    with Image.open(item["image"]) as picture:
        assert picture.text["model"] == "user/mine"
        assert max(high for _, high in ImageChops.difference(picture, expected).getextrema()) <= 1


def test_the_same_files_are_uploaded_and_old_ones_go(hub, model, tmp_path, capsys):
    hub.add_model("user/mine", model)
    run("user/space", "--model", "user/mine", "--dry-run", tmp_path / "space")
    old = {"README.md": b"old", "lotus_gan/__init__.py": b"old", "lotus_gan/training.py": b"old", "mine.txt": b"kept"}
    hub.repos["space", "user/space"] = Repo(branches={"main": old})
    assert run("user/space", "--model", "user/mine") == 0
    assert f"{hub.url}/spaces/user/space" in capsys.readouterr().out
    uploaded = hub.repos["space", "user/space"].branches["main"]
    local = {name: (tmp_path / "space" / name).read_bytes() for name in listing(tmp_path / "space")}
    assert uploaded == local | {"mine.txt": b"kept"}
    assert hub.repos["space", "user/space"].variables == {"LOTUS_GAN_MODEL": "user/mine"}
    assert hub.repos["space", "user/space"].secrets == {}


def test_a_private_model_gets_its_token_as_a_secret_that_is_never_shown(hub, model, monkeypatch, capsys):
    hub.add_model("user/mine", model, private=True)
    monkeypatch.setenv("MY_READ_TOKEN", READ)
    assert run("user/space", "--model", "user/mine", "--private", "--token-from", "MY_READ_TOKEN") == 0
    space = hub.repos["space", "user/space"]
    assert space.private and space.secrets == {"HF_TOKEN": READ}
    assert not [path for path, content in space.branches["main"].items() if READ.encode() in content]
    out, err = capsys.readouterr()
    assert READ not in out + err
    card = space.branches["main"]["README.md"].decode()
    assert "preload_from_hub" not in card and "thumbnail" not in card


def test_a_private_model_asks_on_a_terminal(hub, model, monkeypatch, capsys):
    hub.add_model("user/mine", model, private=True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or f" {READ}\n")
    assert run("user/space", "--model", "user/mine") == 0
    assert len(asked) == 1 and "it is not shown" in asked[0]
    assert hub.repos["space", "user/space"].secrets == {"HF_TOKEN": READ}
    assert "everyone will see the Space: --private hides it, too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["space", "--model", "user/mine"], "'space' cannot be a name on the Hub: it has the form user/name"),
        (["user/space", "--model", "user/none"], "'user/none' is neither a folder here nor a model on the Hub"),
        (["user/space", "--model", "FOLDER"], "This pushes it:\npython -m lotus_gan push --model"),
        (["user/space", "--model", "user/bert"], "is not the config of a Lotus GAN model"),
        (["user/space", "--model", "user/secret"], "name an environment variable that holds a token to read it"),
        (["user/space", "--model", "user/secret", "--token-from", "NO_SUCH"], "variable NO_SUCH, which should hold"),
        (["user/taken", "--model", "user/mine"], "the name user/taken is taken by another Space"),
        (["user/shown", "--model", "user/mine", "--private"], "user/shown is there and public"),
        (["other/space", "--model", "user/mine"], "may not write to other/space (403)"),
        (["user/space", "--model", "user/mine", "--dry-run", "FOLDER"], "is there and not an empty folder"),
    ],
)
def test_what_cannot_be_deployed_is_told_and_changes_nothing(hub, model, tmp_path, capsys, arguments, message):
    hub.add_model("user/mine", model)
    hub.add_model("user/secret", model, private=True)
    hub.repos["model", "user/bert"] = Repo(branches={"main": {"config.json": b'{"hidden_size": 768}'}})
    hub.repos["space", "user/taken"] = Repo(branches={"main": {"app.py": b"mine"}})
    hub.repos["space", "user/shown"] = Repo()
    before = {name: dict(repo.branches["main"]) for name, repo in hub.repos.items()}
    shutil.copytree(model, tmp_path / "folder")
    assert run(*(str(tmp_path / "folder") if word == "FOLDER" else word for word in arguments)) == 2
    assert message in capsys.readouterr().err
    assert {name: repo.branches["main"] for name, repo in hub.repos.items()} == before
    assert listing(tmp_path / "folder") == listing(model)


@pytest.mark.parametrize(
    ("status", "message"), [(402, "the Hub wants a subscription"), (429, "too many requests"), (500, "a problem (500)")]
)
def test_a_refusal_of_the_hub_is_explained(hub, model, capsys, status, message):
    hub.add_model("user/mine", model)
    hub.fail("POST /api/repos/create", status)
    assert run("user/space", "--model", "user/mine") == 2
    error = capsys.readouterr().err
    assert message in error and "The same command again does what is left" in error and "Traceback" not in error
    assert run("user/space", "--model", "user/mine") == 0


def test_without_the_page_there_is_nothing_to_deploy(hub, model, monkeypatch, tmp_path, capsys):
    """As it is where this package was installed from a wheel."""
    hub.add_model("user/mine", model)
    monkeypatch.setattr("lotus_gan.publishing.space.ROOT", tmp_path)
    assert run("user/space", "--model", "user/mine", "--dry-run", tmp_path / "space") == 2
    assert "deploy from a clone of the repository" in capsys.readouterr().err
    assert not (tmp_path / "space").exists()
