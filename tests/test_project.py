"""What must agree across files: pins, front matter, names, sizes, and the direction of imports."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name):
    lines = [line for line in read(name).splitlines() if line and not line.startswith(("#", "-r"))]
    return dict(re.sub(r"\[\w+\]", "", line).split("==") for line in lines)


def front_matter(text):
    """The simple `key: value` lines between the first two rules."""
    return dict(re.findall(r"^(\w+): *(.*)$", text.split("---\n")[1], re.MULTILINE))


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_everything_is_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt", "data/requirements.txt"):
        for package, version in pins(name).items():
            assert re.fullmatch(r"[a-z_\d]+", package) and re.fullmatch(r"\d+(\.\d+)+", version), (name, package)


def test_the_space_gets_what_is_pinned():
    card = front_matter(read("README.md"))
    assert card["sdk"] == "gradio" and card["sdk_version"] == pins("requirements.txt")["gradio"]
    assert card["app_file"] == "app.py" and (ROOT / "app.py").is_file()
    assert card["license"] == "mit" and read("LICENSE").startswith("MIT")
    assert card["python_version"].strip('"') == "3.11"
    assert re.search(r"colorFrom: (red|yellow|green|blue|indigo|purple|pink|gray)", read("README.md"))


def test_every_dependency_has_a_reason():
    """pyproject.toml names each package of requirements.txt with a comment; what it names beside them is optional, and
    pinned for the tests in requirements-dev.txt."""
    named = re.findall(r'^ *"([a-z0-9_]+)(?:\[\w+\])?[=>]=[\d.]+", +# \S+', read("pyproject.toml"), re.MULTILINE)
    assert set(pins("requirements.txt")) <= set(named)
    assert set(named) <= set(pins("requirements.txt") | pins("requirements-dev.txt"))
    [gradio] = [line for line in read("requirements.txt").splitlines() if line.startswith("gradio")]
    assert f'"{gradio}"' in read("pyproject.toml")


def test_only_the_page_imports_gradio():
    for path in (ROOT / "lotus_gan").rglob("*.py"):
        if path.parent.name != "ui":
            assert not re.search(r"^\s*(import|from) gradio", path.read_text(encoding="utf-8"), re.MULTILINE), path


BELOW = {
    "config": set(),
    "latents": set(),
    "media": {"latents", "files"},
    "walks": {"latents", "media"},
    "networks": {"article", "lotus", "config", "draws", "refusals"},
    "article": {"config", "draws"},
    "eyes": set(),
    "lotus": {"config", "draws", "eyes"},
    "refusals": set(),
    "draws": set(),
    "losses": {"draws"},
    "augment": {"draws"},
    "parallel": {"draws", "machine"},
    "game": {"augment", "config", "data", "draws", "losses", "lotus", "media", "networks", "parallel"},
    "checkpoint": {"files"},
    "files": set(),
    "machine": set(),
    "data": {"config"},
    "duplicates": {"data"},
    "sources": {"data"},
    "report": {"augment", "config", "data", "duplicates", "media"},
    "metrics": {"config", "latents", "media"},
    "projection": {"latents"},
    "copies": {"files", "media", "metrics"},
    "directions": {"files", "networks"},
    "hub": {"networks", "refusals"},
    "provenance": set(),
    "export": {"hub", "latents", "files"},
    "card": {"export", "hub", "provenance", "networks", "latents", "media", "files", "machine"},
    "publish": {"card", "export", "hub", "networks"},
    "deploy": {"directions", "publish", "hub"},
    "training": {"game", "parallel", "data", "checkpoint", "networks", "latents", "media", "config"},
    "callbacks": {"training", "networks", "latents", "media", "metrics", "files", "report"},
    "tracking": {"callbacks", "training"},
}


@pytest.mark.parametrize("module", BELOW)
def test_imports_point_one_way(module):
    found = re.findall(r"^\s*from \.(\w*) import (.+)$", read(f"lotus_gan/{module}.py"), re.MULTILINE)
    imported = {name for source, names in found for name in ([source] if source else names.split(", "))}
    assert imported <= BELOW[module]


def test_sizes():
    """A plain git push to a Space refuses files over 10 MB; a clone should not take minutes."""
    sizes = {path: path.stat().st_size for path in tracked()}
    assert max(sizes.values()) <= 10e6, max(sizes, key=sizes.get)
    assert sum(sizes.values()) <= 48e6
    assert (ROOT / "weights/lotus/model.safetensors").stat().st_size <= 8e6


def test_no_pickles_in_the_repository():
    assert not [path for path in tracked() if path.suffix in (".pt", ".pth", ".bin", ".pkl", ".ckpt")]
