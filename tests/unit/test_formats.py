"""An image never runs a program: PostScript starts Ghostscript where that is installed, whatever the file is called."""

import ast
import io
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from PIL import EpsImagePlugin, Image

from lotus_gan.cli.main import main
from lotus_gan.data.images import load_folder, load_image, read_images
from lotus_gan.errors import ImageError
from lotus_gan.evaluation.nearest import SHEET, TrainingIndex, write_index
from lotus_gan.sampling.media import read_info
from lotus_gan.ui.tabs.training_history import stage_images

ROOT = Path(__file__).resolve().parents[2]
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n0 0 64 64 rectfill\nshowpage\n%%EOF\n"
UNREADABLE = "not an image in a format that we read"


@pytest.fixture
def ghostscript(tmp_path, monkeypatch):
    """A program named gs, first on the PATH, that leaves a mark when it is started."""
    mark, folder = tmp_path / "started", tmp_path / "bin"
    folder.mkdir()
    program = folder / "gs"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)  # looked for once a process
    yield mark
    assert not mark.exists()


@pytest.fixture
def postscript(tmp_path):
    path = tmp_path / "images" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(POSTSCRIPT)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="the mark is left by a shell script")
def test_the_trap_works(tmp_path, monkeypatch, postscript):
    """What the other tests guard against: Pillow on its own does start the program."""
    mark, program = tmp_path / "started", tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    with Image.open(postscript) as image, pytest.raises(OSError):
        image.load()
    assert mark.exists()


def test_data(ghostscript, postscript):
    """`--data`, `--val`, `--real`, `--train`: a folder, and the files of a data set on the Hub."""
    Image.new("RGB", (8, 8)).save(postscript.with_name("good.png"))
    [(name, reason)] = load_folder(postscript.parent).skipped
    assert name == "a.jpg" and reason.startswith(UNREADABLE)
    good = postscript.with_name("good.png").read_bytes()
    assert len(read_images([("row 0", POSTSCRIPT), ("row 1", good)], "user/dataset").skipped) == 1


def test_an_upload(ghostscript, postscript):
    with pytest.raises(ImageError, match=UNREADABLE):
        load_image(postscript)


def test_project(ghostscript, postscript, model_folder, tmp_path, capsys):
    arguments = ["project", str(postscript), "--model", str(model_folder), "--output", str(tmp_path / "b.png")]
    assert main(arguments) == 2
    assert UNREADABLE in capsys.readouterr().err


def test_like(ghostscript, postscript, model_folder, tmp_path, capsys):
    assert read_info(postscript) == {}
    arguments = ["sample", "--like", str(postscript), "--model", str(model_folder), "--output", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "does not say what it was generated from" in capsys.readouterr().err


def test_timeline(ghostscript, tmp_path):
    (tmp_path / "timeline").mkdir()
    (tmp_path / "timeline/step_0000001.webp").write_bytes(POSTSCRIPT)
    assert stage_images(tmp_path, "timeline/step_*.webp") == {}


def test_index(ghostscript, tmp_path, images_and_features):
    write_index(tmp_path, *images_and_features)
    (tmp_path / SHEET).write_bytes(POSTSCRIPT)
    with pytest.raises(ValueError, match="cannot be read"):
        TrainingIndex(tmp_path)


@pytest.fixture
def images_and_features():
    import torch

    class Colours:
        """Stands in for MobileNetV2: mean colours."""

        def of_training(self, images):
            colours = images.double().mean((2, 3))
            return torch.stack([colours, colours])

    return torch.randint(0, 256, (4, 3, 128, 128), dtype=torch.uint8), Colours()


def test_the_page_forgets_every_other_format(ghostscript, postscript):
    """Gradio itself opens uploads with all that Pillow knows; so the page's process knows no more than we do."""
    code = (
        "import sys; from PIL import Image; from lotus_gan.data.images import FORMATS, forbid_other_formats\n"
        "forbid_other_formats(); assert sorted(Image.ID) == sorted(FORMATS), Image.ID\n"
        "try: Image.open(sys.argv[1]).load()\n"
        "except Image.UnidentifiedImageError: sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(postscript)], cwd=ROOT).returncode == 7


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "ppm", "tiff", "webp", "avif"])
def test_what_is_promised_is_read(suffix):
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(stream, format={"jpg": "JPEG"}.get(suffix, suffix.upper()))
    assert load_image(stream.getvalue())[1] == (16, 16)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_not_looked_into(kind):
    """Of any content and of 30 MB: the image is read as without it, or refused."""
    plain, garbage, zeros = io.BytesIO(), io.BytesIO(), io.BytesIO()
    image = Image.new("RGB", (16, 16), "red")
    image.save(plain, kind)
    image.save(garbage, kind, icc_profile=b"garbage" * 100)
    assert load_image(garbage.getvalue())[0].equal(load_image(plain.getvalue())[0])
    if kind != "JPEG":  # which has no room for it
        image.save(zeros, kind, icc_profile=bytes(30_000_000))
    tracemalloc.start()
    try:
        if kind == "PNG":  # 30 kB that become 30 MB
            with pytest.raises(ImageError):
                load_image(zeros.getvalue())
        elif kind != "JPEG":
            load_image(zeros.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 400e6  # what one image may take
    finally:
        tracemalloc.stop()


def test_videos_and_onnx_are_written_and_never_read():
    for path in (ROOT / "lotus_gan").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                call = ast.unparse(node)
                assert not call.startswith("av.open(") or ", 'w'" in call, path
                assert not call.startswith(("onnx.load", "onnxruntime.", "ort.")), path


def test_no_image_is_opened_without_saying_which_formats():
    """Every `Image.open` of the project names its formats."""
    opened = []
    for path in [p for folder in ("lotus_gan", "benchmarks", "data") for p in (ROOT / folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open":
                opened.append(path.name)
                assert "formats" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
    assert len(opened) >= 6
