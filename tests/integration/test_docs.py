"""Every command and every line of Python in README, docs/ and CONTRIBUTING is run here on a small scale, or by CI word
for word; and what they link to is there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.app_server import running_app
from helpers.features import save_random_features

from lotus_gan import Generator
from lotus_gan.evaluation.nearest import TrainingIndex

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCS = [ROOT / "README.md", *PAGES, ROOT / "CONTRIBUTING.md"]
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCS}
LINKING = [*DOCS, ROOT / "CHANGELOG.md", ROOT / "data/README.md", *sorted((ROOT / "weights").glob("*/README.md"))]
SMALL = ["--steps", "1", "--batch-size", "2", "--width", "1", "--n-critic", "1", "--critic-warmup", "1"]
SMALL += ["--upsampler-warmup", "2", "--device", "cpu"]

# words that DESIGN replaced by the field's, and turns that are not plain English
PRIVATE = (
    "eyes|sketch(es)?|enlargers?|painters?|paint(s|ed|ing)?|lessons?|game|spells?|judges?|learnt|easel|glide|whoever"
)


def blocks(language, path):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXTS[path], re.MULTILINE | re.DOTALL)


def commands(path):
    return [line for block in blocks("bash", path) for line in block.splitlines()]


def kind(line):
    """Which of the tests below runs a command."""
    if re.fullmatch(r"pip install -r requirements(-dev)?\.lock( && python (app\.py|-m pytest))?", line):
        return "installing"
    if re.match(r"python train\.py( |$)", line):
        return "previewing" if "--preview-data" in line else "training"
    if line.startswith("python -m lotus_gan.publishing."):
        return "building"
    if found := re.match(r"python -m lotus_gan (\w+) ", line):
        return {"push": "publishing", "deploy": "publishing", "index": "indexing", "evaluate": "evaluating"}.get(
            found[1], "sampling"
        )
    if re.match(r"LOTUS_GAN_MODEL=\S+ python app\.py$", line):
        return "serving"
    if line.startswith("accelerate launch "):
        return "launching"
    if line.startswith(("python -m pytest", "ruff ", "mypy", "oxlint ")):
        return "testing"
    return "unknown"


COMMANDS = [(path, line) for path in DOCS for line in commands(path)]


def of_kind(wanted, path=None):
    """Lines of a kind, each once, in the order of their documents; `path`: only those of one document."""
    return list(dict.fromkeys(line for where, line in COMMANDS if kind(line) == wanted and path in (None, where)))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """A clone's folder on a small scale: data, the reader's photographs (here: eight of ours) and trained models."""
    folder = tmp_path_factory.mktemp("workshop")
    paths = sorted((ROOT / "data/lotus-68").glob("*.webp"))
    sets = {"my-photos": paths[:8], "data/lotus-68": paths[:16], "data/lotus-val": paths[16:24]}
    sets |= {"data/lotus-2000": paths[24:40], "data/lotus-heldout": paths[40:48]}
    for name, chosen in sets.items():
        (folder / name).mkdir(parents=True)
        for path in chosen:
            (folder / name / path.name).write_bytes(path.read_bytes())
    with torch.random.fork_rng():
        for run in ("mine", "my-photos"):
            Generator(width=1).save_pretrained(folder / "runs" / run)
    return folder


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """The environment variable that names a network for metrics, so that nothing is downloaded."""
    path = save_random_features(tmp_path_factory.mktemp("features") / "random.safetensors")
    return {"LOTUS_GAN_FEATURES": str(path)}


def run(line, folder, extra=(), **environment):
    """A `python ...` line in `folder`, with this interpreter and this checkout."""
    words = shlex.split(line)[1:]
    words[0] = str(ROOT / words[0]) if words[0].endswith(".py") else words[0]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, *words, *extra]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- commands --------------------------------------------------------------------------------------------------------


def test_every_command_has_its_test():
    assert [line for _, line in COMMANDS if kind(line) == "unknown"] == []
    counts = {name: len(of_kind(name)) for name in ("training", "sampling", "serving", "launching", "indexing")}
    assert counts == {"training": 6, "sampling": 5, "serving": 2, "launching": 1, "indexing": 1}
    assert (len(of_kind("previewing")), len(of_kind("evaluating")), len(of_kind("publishing"))) == (1, 1, 4)
    assert len(of_kind("building")) == 2


def test_ci_runs_the_two_installing_lines_as_they_stand():
    """.ci/run takes them out of README by this rule, in this order: run it, test it."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "README.md | grep '^pip install' | head -n 2" in script
    first, second = of_kind("installing", ROOT / "README.md")
    assert first.endswith("&& python app.py") and second.endswith("&& python -m pytest")


def test_contributing_installs_what_the_tests_need():
    assert of_kind("installing", ROOT / "CONTRIBUTING.md") == ["pip install -r requirements-dev.lock"]


@pytest.mark.parametrize("line", of_kind("training"))
def test_training_commands(workshop, features, line, tmp_path):
    """Into a folder of their own, so that no run resumes another."""
    run(line, workshop, [*SMALL, "--output", str(tmp_path / "run")], **features)
    Generator.from_pretrained(tmp_path / "run")


def test_previewing_command(workshop, tmp_path):
    [line] = of_kind("previewing")
    run(line, workshop, ["--output", str(tmp_path / "sheets")])
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {"data.webp", "augmented.webp"}


@pytest.mark.parametrize("path", [path for path in DOCS if of_kind("sampling", path)], ids=lambda path: path.name)
def test_sampling_commands(workshop, path):
    for line in of_kind("sampling", path):
        run(line, workshop)
    assert len(list((workshop / "samples").glob("seed0000??.png"))) == 64
    if path.name == "training.md":
        first, again = (workshop / name / "seed000007.png" for name in ("samples", "again"))
        assert first.read_bytes() == again.read_bytes()
        assert (workshop / "loop.mp4").stat().st_size > 1000


def test_evaluating_command(workshop, features):
    [line] = of_kind("evaluating")
    assert '"copied_percent"' in run(line, workshop, ["--seeds", "0-7"], **features)


@pytest.mark.slow
def test_launching_command(workshop):
    """With --multi_gpu, because Accelerate starts no second process on a machine without GPUs by itself."""
    [line] = of_kind("launching")
    line = line.replace("accelerate launch", "python -m accelerate.commands.launch --multi_gpu --main_process_port 0")
    assert "2 processes" in run(line.replace("train.py", str(ROOT / "train.py")), workshop, SMALL)
    Generator.from_pretrained(workshop / "runs/two")


def test_indexing_command(workshop, features):
    [line] = of_kind("indexing")
    run(line, workshop, **features)
    assert len(TrainingIndex(workshop / "runs/mine")) == 8


@pytest.mark.parametrize("path", [path for path in DOCS if of_kind("publishing", path)], ids=lambda path: path.name)
def test_publishing_commands(workshop, hub, tmp_path, path):
    """One after the other, against the stand-in for the Hub: the Space shows the model that has been pushed."""
    for line in of_kind("publishing", path):
        run(line, workshop, **hub.environment(tmp_path))
    assert len(hub.repos) == len(of_kind("publishing", path)) == 2


@pytest.mark.parametrize("line", of_kind("building"))
def test_building_commands(line):
    """Where what they make is there already, they leave it."""
    before = (ROOT / "weights/lotus/model.onnx").stat().st_mtime_ns
    run(line, ROOT)
    assert (ROOT / "weights/lotus/model.onnx").stat().st_mtime_ns == before


@pytest.mark.parametrize("line", of_kind("serving"))
def test_serving_commands(workshop, tmp_path, line):
    variable, *command = shlex.split(line)
    assert command == ["python", "app.py"]
    with running_app(tmp_path, workshop / variable.partition("=")[2]):
        pass  # it answered


def test_testing_commands():
    """CI runs the whole of them; here those that take seconds, and that what the others name is there."""
    for line in of_kind("testing"):
        words = shlex.split(line)
        if words[0] != "python":  # a checker
            assert line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
        if words[-2:-1] == ["-k"]:
            assert " passed" in run(line, ROOT, ["-q", "-p", "no:cacheprovider"])
        assert all((ROOT / word).is_file() for word in words if word.endswith(".py"))


# --- Python ----------------------------------------------------------------------------------------------------------


def python_blocks(client):
    found = [block for path in DOCS for block in blocks("python", path)]
    return [block for block in found if ("gradio_client" in block) == client]


def test_python_lines(monkeypatch):
    monkeypatch.chdir(ROOT)
    [block] = python_blocks(client=False)
    names = {}
    exec(block, names)
    assert names["images"].shape == (1, 3, 128, 128)


def test_client_lines(workshop, tmp_path):
    [block] = python_blocks(client=True)
    names = {}
    with running_app(tmp_path, workshop / "runs/mine") as app:
        exec(block.replace("http://127.0.0.1:7860", app.url), names)
    assert [item["caption"] for item in names["flowers"]] == ["#42", "#43", "#44", "#45"]
    assert Path(names["middle"]).is_file()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_what_is_not_run_says_why(path):
    """Blocks are bash, python, or text, which cannot be run here; the sentence before it says so."""
    fences = re.findall(r"^```(.*)$", TEXTS[path], re.MULTILINE)
    assert set(fences[::2]) <= {"bash", "python", "text"} and set(fences[1::2]) <= {""}
    for before in TEXTS[path].split("\n```text\n")[:-1]:
        assert "cannot be run" in before.rstrip().rsplit("\n\n", 1)[-1]


# --- what a reader finds ---------------------------------------------------------------------------------------------


def test_readme_is_short():
    assert len(TEXTS[ROOT / "README.md"].splitlines()) <= 150


@pytest.mark.parametrize("path", LINKING, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path):
    targets = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [target for target in targets if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists()]
    assert not missing


def test_docs_are_one_level_and_linked_from_readme():
    assert {path.name for path in (ROOT / "docs").iterdir() if path.is_dir()} == {"images"}
    linked = re.findall(r"\]\((docs/\w[\w-]*\.md)\)", TEXTS[ROOT / "README.md"])
    assert set(linked) == {f"docs/{path.name}" for path in PAGES}


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_each_page_opens_with_the_question_it_answers(path):
    title, question = TEXTS[path].split("\n\n")[:2]
    assert title.startswith("# ") and "?" in question


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_words_are_the_fields(path):
    """Names in `code` are exempt: old commits and flags are called what they were."""
    prose = re.sub(r"^```.*?^```$|`[^`]*`", "", TEXTS[path], flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(rf"\b(?:{PRIVATE})\b", prose.partition("## En français")[0])


def test_pretrained_networks_are_read_with_weights_only():
    """README says so; torchvision's own default is another."""
    loads = re.compile(r"(?:torch\.load|get_state_dict|load_state_dict_from_url)\((.*)\)")
    found = [text for path in (ROOT / "lotus_gan").rglob("*.py") for text in loads.findall(path.read_text("utf-8"))]
    assert len(found) == 2 and all("weights_only=True" in text for text in found)
