"""What must agree across files: pins, front matter, names, sizes, and the direction of imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.files import pins

import lotus_gan

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def front_matter(text):
    """The simple `key: value` lines between the first two rules."""
    return dict(re.findall(r"^(\w+): *(.*)$", text.split("---\n")[1], re.MULTILINE))


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_everything_is_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt", "render/requirements.txt"):
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


def test_one_place_says_the_version():
    """Packages read it from there, without an import of torch: setuptools takes a literal as it stands."""
    assert re.search(rf'^__version__ = "{lotus_gan.__version__}"', read("lotus_gan/__init__.py"), re.MULTILINE)
    assert re.fullmatch(r"\d+\.\d+\.\d+", lotus_gan.__version__)
    assert 'dynamic = ["version"]' in read("pyproject.toml")
    assert not re.search(r"^version = \"", read("pyproject.toml"), re.MULTILINE)


# what the modules of a folder may import; config, latents, files and errors, which stand beside them, are for all
BASE = {"config", "errors", "files", "latents"}
MAY_IMPORT = {
    "models": set(),
    "data": set(),
    "sampling": {"models"},
    "evaluation": {"models", "data", "sampling"},
    "publishing": {"models", "data", "sampling", "evaluation"},
    "training": {"models", "data", "sampling", "evaluation", "publishing"},
    "cli": {"models", "data", "sampling", "evaluation", "publishing", "training"},
    "ui": {"models", "data", "sampling", "evaluation"},
}
PACKAGE = ROOT / "lotus_gan"


def imports(path: Path) -> set[str]:
    """What a file imports, in full: {"lotus_gan.models.hub.load_generator", "gradio", ...}."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports from a dot: write lotus_gan..."
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_folders_are_those_of_the_plan():
    """And no more than twelve names to find one's way among."""
    names = {path.stem for path in PACKAGE.iterdir() if not path.stem.startswith("__")}
    assert names == BASE | MAY_IMPORT.keys() and len(names) <= 12


@pytest.mark.parametrize("folder", [*MAY_IMPORT, ""])
def test_imports_point_one_way(folder):
    """A folder's modules import their own folder, the base, and the folders below. The base imports only itself."""
    files = (PACKAGE / folder).rglob("*.py") if folder else [PACKAGE / f"{name}.py" for name in BASE]
    for path in files:
        inside = {name.split(".")[1] for name in imports(path) if name.startswith("lotus_gan.")}
        assert inside - {"Generator", "Critic"} <= BASE | MAY_IMPORT.get(folder, set()) | {folder}, path


def test_no_import_runs_in_a_circle():
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts): imports(p) for p in PACKAGE.rglob("*.py")}
    waiting = {
        name: {other for other in modules for i in found if f"{i}.".startswith(f"{other}.")} - {name}
        for name, found in modules.items()
    }
    while ready := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    assert not waiting


def test_only_the_page_imports_gradio():
    for path in PACKAGE.rglob("*.py"):
        if "ui" not in path.relative_to(PACKAGE).parts:
            assert not any(name.split(".")[0] == "gradio" for name in imports(path)), path


def test_the_page_starts_without_what_only_some_visitors_need():
    """torchvision loads torch's compiler, which takes more than a second. The garbage collector is on again."""
    slow = ("torchvision", "torch._dynamo", "efficientnet_lite_pytorch", "onnx", "av", "matplotlib", "scipy")
    code = f"import gc, sys, app; print([name for name in {slow} if name in sys.modules], gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "[] True"


def test_sizes():
    """A plain git push to a Space refuses files over 10 MB; a clone should not take minutes."""
    sizes = {path: path.stat().st_size for path in tracked()}
    assert max(sizes.values()) <= 10e6, max(sizes, key=sizes.get)
    assert sum(sizes.values()) <= 50e6
    assert (ROOT / "weights/lotus/model.safetensors").stat().st_size <= 8e6


def test_no_file_is_over_300_lines():
    """One that is holds two things."""
    for path in tracked():
        if path.suffix in (".py", ".js", ".css"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


def test_no_pickles_in_the_repository():
    assert not [path for path in tracked() if path.suffix in (".pt", ".pth", ".bin", ".pkl", ".ckpt")]
