"""A folder as it comes from a camera, a NAS, a clone and a stranger: each of its files is read rightly or reported."""

import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lotus_gan.data.folders import find_files
from lotus_gan.data.images import load_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, sockets and links")

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"
UNREADABLE = "not an image in a format that we read, whatever its name says"


def ramp(dtype, top):
    """A ramp of 16 columns from 0 to `top`: its mean is top / 2."""
    return np.tile(np.linspace(0, top, 16).astype(dtype), (16, 1))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder, the mean brightness of each image, and a word of the reason of each other file."""
    folder = tmp_path_factory.mktemp("corpus")
    means, reasons = {}, {}

    def image(name, mean, picture, **options):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name, **options)
        means[name] = mean

    def other(name, reason, content):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        reasons[name] = reason

    kinds = {"jpg": "JPEG", "jpe": "JPEG", "JFIF": "JPEG", "png": "PNG", "tif": "TIFF", "webp": "WEBP", "bmp": "BMP"}
    for number, (suffix, kind) in enumerate((kinds | {"gif": "GIF", "ppm": "PPM", "avif": "AVIF"}).items()):
        for i in range(5):  # 50 files
            grey = 20 + 4 * (10 * i + number)
            image(f"plain/{i}.{suffix}", grey, Image.new("RGB", (24, 24), (grey,) * 3), format=kind)
    for i in range(10):
        grey = 10 + 20 * i
        image(f"names/{i}", grey, Image.new("L", (9, 9), grey), format="PNG")  # no suffix
        image(f"names/{i}.unknown", grey + 5, Image.new("L", (9, 9), grey + 5), format="PNG")
    frames = [Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")]
    image("two.mpo", 85, frames[0], format="MPO", save_all=True, append_images=frames[1:])
    for top in (1, 255, 65535):
        image(f"scaled/float{top}.tif", 127.5, Image.fromarray(ramp(np.float32, top)))
    for top in (255, 1023, 4095, 16383, 65535):
        image(f"scaled/integer{top}.tif", 127.5, Image.fromarray(ramp(np.uint16, top)))
        image(f"scaled/integer{top}.png", 127.5, Image.fromarray(ramp(np.uint16, top)))
    for i in range(10):  # white lines on nothing, each elsewhere: an eighth of the image is white
        drawing = np.zeros((16, 16, 4), np.uint8)
        drawing[i : i + 2] = 255
        image(f"drawings/{i}.png", 255 / 8, Image.fromarray(drawing))
    for i in range(10):
        other(f"lfs/{i}.png", "git lfs pull", POINTER.format(i).encode())
        other(f"raw/{i}.CR2", UNREADABLE, b"II*\0\x10\0\0\0CR" + bytes(100))
        other(f"jp2/{i}.jp2", UNREADABLE, b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100))
        other(f"empty/{i}.jpg", "empty", b"")
    hidden = ["@eaDir/a.jpg", "plain/@eaDir/b.jpg", "Thumbs.db", "plain/.hidden.jpg", "__MACOSX/a.png", "notes.txt"]
    for name in hidden:
        other(name, None, (folder / "plain/0.jpg").read_bytes())
        del reasons[name]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Image.new("L", (9, 9), 77).save(elsewhere / "good.png")
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    means["linked/good.png"] = 77
    (folder / "plain/loop").symlink_to(folder, target_is_directory=True)
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "device.jpg").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jpg")
    before = Path.cwd()
    os.chdir(folder)  # a socket's path may be 100 characters long
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.jpg")
    finally:
        os.chdir(before)
    pipe = "neither a file nor a folder"
    nowhere = "leads nowhere"
    reasons |= {"pipe.jpg": pipe, "socket.jpg": pipe, "device.jpg": pipe, "gone.jpg": nowhere, "loop.jpg": nowhere}
    reasons["plain/loop"] = "a link to a folder that is read already"
    return folder, means, reasons


@pytest.fixture(scope="module")
def data(corpus):
    return load_folder(corpus[0])


def test_it_has_at_least_120_files(corpus):
    folder, means, reasons = corpus
    assert len(means) + len(reasons) >= 120
    assert sum(len(files) for _, _, files in os.walk(folder)) >= 120


def test_each_file_is_an_image_or_has_a_reason(corpus, data):
    _, means, reasons = corpus
    assert set(data.names) == set(means)
    found = dict(data.skipped)
    assert set(found) == set(reasons)
    for name, reason in reasons.items():
        assert reason in found[name], name


def test_each_image_has_the_brightness_that_it_should(corpus, data):
    """Within 3 of 255, which is what JPEG and a narrow ramp's resizing cost."""
    for name, image in zip(data.names, data.images, strict=True):
        assert abs(float(image.float().mean()) - corpus[1][name]) < 3, name


def test_white_drawings_are_not_copies_of_each_other(data):
    drawings = [image for name, image in zip(data.names, data.images, strict=True) if name.startswith("drawings/")]
    assert len({image.numpy().tobytes() for image in drawings}) == 10


def test_the_report_holds_no_control_characters(tmp_path):
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    (tmp_path / "\x1b[31mred\n.png").touch()
    report = load_folder(tmp_path).report()
    assert report.splitlines()[1] == r"  left out, the file is empty: \x1b[31mred\n.png"


def test_folders_come_in_name_order(tmp_path):
    for name in ("b/1", "a/2", "a-b/3", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [name for name, _ in find_files(tmp_path)[0]] == ["a/2", "a-b/3", "b/1", "c"]
