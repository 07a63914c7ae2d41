"""The reading of one image takes at most 400 MB, whatever its few bytes unfold to."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.files import png
from PIL import ExifTags, Image

from lotus_gan.data.images import load_image
from lotus_gan.errors import ImageError
from lotus_gan.sampling import media

ROOT = Path(__file__).resolve().parents[2]
# peak of the resident memory while one file is read, in MB
PEAK = """
import sys
from pathlib import Path
from lotus_gan.data.images import load_image

def memory(name):
    return int(Path("/proc/self/status").read_text().split(name)[1].split()[0]) / 1024

load_image(Path(sys.argv[1]))  # a small one: Pillow's plugins are loaded
before = memory("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")
load_image(Path(sys.argv[2]))
print(memory("VmHWM:") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("name", "mode", "side", "options"),
    [
        ("a.webp", "RGB", 4890, {"lossless": True, "quality": 0, "method": 0}),  # 24 megapixels
        ("a.png", "RGBA", 6400, {"compress_level": 1}),  # 41
    ],
)
def test_the_largest_that_is_read_takes_less_than_400_mb(tmp_path, name, mode, side, options):
    Image.new("RGB", (8, 8)).save(tmp_path / f"small{name}")
    Image.new(mode, (side, side)).save(tmp_path / name, **options)
    command = [sys.executable, "-c", PEAK, str(tmp_path / f"small{name}"), str(tmp_path / name)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0 < float(done.stdout) < 400


@pytest.mark.parametrize(("name", "limit"), [("a.webp", 24), ("a.png", 42)])
def test_what_would_take_more_is_refused_before_it_is_decoded(tmp_path, name, limit):
    if name == "a.png":
        (tmp_path / name).write_bytes(png(9400, 9400, 8, 6))
    else:
        Image.new("RGB", (5000, 5000)).save(tmp_path / name, lossless=True, quality=0, method=0)
    with pytest.raises(ImageError, match=f"more than {limit} megapixels"):
        load_image(tmp_path / name)


def test_the_page_takes_24_megapixels_of_any_format(tmp_path):
    Image.new("RGB", (6001, 4000)).save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="more than 24 megapixels"):
        load_image(tmp_path / "a.jpg", 24e6)
    assert load_image(tmp_path / "a.jpg")[1] == (6001, 4000)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "L", "P", "1", "I;16", "CMYK"])
def test_a_large_image_is_read_as_a_small_one_is(tmp_path, mode):
    """White on the left and black on the right, turned by EXIF: the left side comes up, and the size is turned."""
    small = Image.new("L", (2300, 2000), 255)
    small.paste(0, (1150, 0, 2300, 2000))
    sixteen_bits = Image.fromarray(np.asarray(small, dtype=np.uint16) * 257)
    image = sixteen_bits if mode == "I;16" else small.convert(mode)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    image.save(path, exif=exif)
    read, size = load_image(path)
    assert size == (2000, 2300)
    assert read[:, :60].min() == 255 and read[:, 68:].max() == 0


@pytest.mark.parametrize("rest", [{"size": (9400, 9400)}, {"text": 2_000_000}])
def test_a_png_that_unfolds_says_nothing_of_itself(tmp_path, rest):
    image, chunks = Image.new("1", rest.get("size", (8, 8))), media.PngInfo()
    chunks.add_text("seed", "9" * rest.get("text", 1), zip=True)
    image.save(tmp_path / "a.png", pnginfo=chunks)
    assert media.read_info(tmp_path / "a.png") == {}
