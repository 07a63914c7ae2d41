"""train.py on forty files that nobody prepared, as a new user calls it: each one read or refused with its reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.files import png
from PIL import Image
from torchvision.transforms.functional import to_pil_image

from lotus_gan import Generator

ROOT = Path(__file__).resolve().parents[2]


def scene(index, size=(160, 140)):
    """A picture of smooth random colours: no two are alike."""
    coarse = torch.randint(0, 256, (3, 8, 8), generator=torch.Generator().manual_seed(index)).byte()
    return to_pil_image(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    """25 to train on, one of them nearly twice; 15 that are not."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("2019", "2020"):
        (folder / name).mkdir()
    for i in range(12):
        scene(i).save(folder / "2019" / f"{i:02d}.{('jpg', 'png', 'webp', 'tiff')[i % 4]}")
    odd = folder / "2020"
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(20).save(odd / "turned.jpg", exif=exif)
    scene(21).convert("CMYK").save(odd / "cmyk.jpg")
    scene(22).convert("I;16").save(odd / "grey16.png")
    (odd / "rgb16.png").write_bytes(png(130, 130, 16, 2, (b"\0" + bytes(range(256)) * 3 + bytes(12)) * 130))
    scene(23).convert("L").save(odd / "grey.jpg")
    scene(24).convert("P").save(odd / "palette.png", transparency=3)
    for suffix in ("gif", "webp"):
        scene(25 + len(suffix)).save(odd / f"moving.{suffix}", save_all=True, append_images=[scene(30), scene(31)])
    scene(32, (20000, 300)).save(odd / "panorama.jpg")
    scene(33, (60, 40)).save(odd / "étang.png")
    scene(34, (130, 500)).save(odd / "long.png")
    scene(35).save(odd / "pond.png")
    scene(35).save(odd / "pond_small.jpg", quality=40)
    # not to train on: five copies, and ten that cannot be read
    for i in range(5):
        scene(35).save(odd / f"pond{i}.png")
    scene(36).save(odd / "cut.jpg")
    for name in ("cut.jpg", "cut-2.jpg"):
        (odd / name).write_bytes((odd / "cut.jpg").read_bytes()[:3000])
    for name in ("IMG_1.jpg", "IMG_2.HEIC"):
        (odd / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    for name in ("zero.png", "zero.jpg"):
        (odd / name).touch()
    (odd / "words.png").write_text("These are the pictures from the pond.")
    (odd / "page.jpg").write_text("<html>404</html>")
    (odd / "bomb.png").write_bytes(png(20000, 20000, 1, 0))
    (odd / "nonsense.webp").write_bytes(b"RIFF\x10\0\0\0WEBPVP8 " + bytes(40))
    return folder


@pytest.mark.slow
def test_forty_mixed_files_train(forty, tmp_path):
    assert len([path for path in forty.rglob("*") if path.is_file()]) == 40
    (tmp_path / "pillow_heif.py").write_text("raise ImportError('not installed')")
    command = [sys.executable, ROOT / "train.py", "--data", forty, "--output", tmp_path / "out", "--device", "cpu"]
    command += ["--width", "1", "--batch-size", "2", "--n-critic", "1", "--upsampler-warmup", "2", "--steps", "1"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "ascii"}  # a terminal without accents
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    Generator.from_pretrained(tmp_path / "out")
    report = done.stdout.partition("\nupsampler warm-up: 2 updates")[0].replace("2020/", "").splitlines()
    broken = report.pop(3)  # its details are Pillow's words
    assert broken.startswith("  left out, broken image: cut-2.jpg (image file is truncated (")
    assert ", cut.jpg (" in broken and ", nonsense.webp (" in broken
    assert report == [
        f"{forty}: 25 images read, 15 left out",
        "  left out, HEIC, as iPhones save it, which `pip install pillow-heif` makes readable: IMG_1.jpg, IMG_2.HEIC",
        "  left out, more than 89 megapixels, save it smaller: bomb.png",
        "  left out, not an image in a format that we read, whatever its name says: page.jpg, words.png",
        "  left out, the file is empty: zero.jpg, zero.png",
        "  left out, the same pixels as another: " + ", ".join(f"pond{i}.png (pond.png)" for i in range(5)),
        "  2 folders, read as one set",
        "  sizes by the shorter side: smallest 60 x 40 px, median 160 x 140, largest 20000 x 300",
        "  1 nearly the same as an earlier one, and kept: pond_small.jpg and pond.png",
        "  1 shorter than 128 px on a side, so enlarged and soft: \\xe9tang.png (60 x 40)",
        "  1 of 3 to 2 or longer, a third or more of which is cropped away: \\xe9tang.png (33% of it)",
        "  2 longer than 2 to 1, so much is cropped away: long.png (74% of it), panorama.jpg (98% of it)",
        "augment: translation, because fewer than 1,000 images are soon memorised (here 25)",
    ]
