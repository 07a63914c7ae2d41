"""A folder that nobody prepared: what is read, how, and what is skipped for which reason."""

import struct
import sys

import numpy as np
import pytest
import torch
from helpers.files import png
from PIL import Image

from lotus_gan.data.images import fingerprint, load_folder, load_image, read_images
from lotus_gan.errors import DataError, ImageError


def save(path, mode="RGB", size=(20, 20), color="red", **options):
    Image.new(mode, size, color).save(path, **options)
    return path


def colour(tensor):
    return tensor.float().mean((1, 2)).round().int().tolist()


def test_folder_in_name_order_at_any_depth(tmp_path):
    (tmp_path / "b" / ".thumbs").mkdir(parents=True)
    save(tmp_path / "b" / "2.png", color="blue")
    save(tmp_path / "a.JPG", color=(0, 255, 0))
    save(tmp_path / "b" / ".thumbs" / "3.png")
    (tmp_path / "notes.txt").write_text("no image")
    data = load_folder(tmp_path)
    assert data.names == ["a.JPG", "b/2.png"] and data.sizes == [(20, 20), (20, 20)]
    assert data.images.shape == (2, 3, 128, 128) and data.images.dtype == torch.uint8
    assert colour(data.images[1]) == [0, 0, 255]
    assert data.skipped == []


def test_skipped_files_have_reasons(tmp_path):
    save(tmp_path / "good.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("hello")
    whole = save(tmp_path / "cut.jpg", size=(200, 200), quality=95).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    data = load_folder(tmp_path)
    reasons = dict(data.skipped)
    assert set(reasons) == {"empty.png", "text.jpg", "cut.jpg"}
    assert reasons["empty.png"] == "the file is empty"
    assert "not an image in a format that we read" in reasons["text.jpg"]
    assert "truncated" in reasons["cut.jpg"]
    assert data.report().splitlines()[0] == "1 images read, 3 left out"
    assert "  left out, broken image: cut.jpg (image file is truncated" in data.report()


def test_the_report_is_short(tmp_path):
    """Forty files for two reasons are two lines."""
    save(tmp_path / "good.png")
    for i in range(20):
        (tmp_path / f"a{i:02d}.png").touch()
        (tmp_path / f"b{i:02d}.png").write_text("hello")
    first, empty, foreign = load_folder(tmp_path).report().splitlines()
    assert first == "1 images read, 40 left out"
    assert empty == "  left out, the file is empty: a00.png, a01.png, a02.png, a03.png, a04.png and 15 more"
    assert foreign.endswith(": b00.png, b01.png, b02.png, b03.png, b04.png and 15 more")


def test_the_order_is_that_of_the_names_on_every_system(tmp_path):
    """Not the order in which files were made or are listed; folder by folder; capitals first."""
    names = ["B.png", "a-b/1.png", "a.png", "a/2.png", "b.png"]
    expected = sorted(names, key=lambda name: name.split("/"))
    assert expected == ["B.png", "a/2.png", "a-b/1.png", "a.png", "b.png"]
    for folder, order in ((tmp_path / "one", names), (tmp_path / "two", names[::-1])):
        for name in order:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            save(folder / name, color=(40 * names.index(name), 0, 0))
    one, two = load_folder(tmp_path / "one"), load_folder(tmp_path / "two")
    assert one.names == two.names == expected
    assert fingerprint(one.images) == fingerprint(two.images)


def test_too_many_pixels(tmp_path, monkeypatch):
    path = save(tmp_path / "wide.png", size=(200, 30))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    with pytest.raises(ImageError, match="megapixels"):
        load_image(path)


def test_a_small_file_that_claims_400_megapixels(tmp_path):
    (tmp_path / "bomb.png").write_bytes(png(20000, 20000, 1, 0))
    with pytest.raises(ImageError, match="more than 89 megapixels"):
        load_image(tmp_path / "bomb.png")


def test_16_bits_a_channel(tmp_path):
    """A pixel of 25700, 51400, 0 of 65535 is 100, 200, 0 of 255."""
    assert colour(load_image(png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 25700, 51400, 0)))[0]) == [100, 200, 0]


def test_no_folder_and_no_images(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no image could be read.*looked for avif"):
        load_folder(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"left out, the file is empty: a\.png"):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("mode", "color", "expected", "suffix"),
    [
        ("L", 100, [100] * 3, "png"),
        ("1", 1, [255] * 3, "png"),
        ("RGBA", (255, 0, 0, 0), [255] * 3, "png"),
        ("RGBA", (255, 0, 0, 255), [255, 0, 0], "tiff"),
        ("LA", (0, 0), [255] * 3, "png"),
        ("I;16", 25700, [100] * 3, "png"),
        ("CMYK", (0, 0, 0, 0), [255] * 3, "jpg"),
        ("P", 0, [0] * 3, "gif"),
    ],
)
def test_every_mode_becomes_rgb(tmp_path, mode, color, expected, suffix):
    assert colour(load_image(save(tmp_path / f"a.{suffix}", mode, color=color))[0]) == expected


def test_transparent_palette_goes_on_white(tmp_path):
    Image.new("P", (9, 9), 0).save(tmp_path / "a.png", transparency=0)
    assert colour(load_image(tmp_path / "a.png")[0]) == [255] * 3


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animation_gives_its_first_frame(tmp_path, suffix):
    frames = [Image.new("RGB", (9, 9), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    assert colour(load_image(tmp_path / f"a.{suffix}")[0]) == [255, 0, 0]


def test_exif_rotation_is_applied(tmp_path):
    """Left half red, stored with "rotate 90 degrees clockwise to show": red belongs on top."""
    image = Image.new("RGB", (64, 48), "blue")
    image.paste("red", (0, 0, 32, 48))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    tensor, size = load_image(tmp_path / "a.png")
    assert size == (48, 64)
    assert colour(tensor[:, :60]) == [255, 0, 0] and colour(tensor[:, 68:]) == [0, 0, 255]


def test_central_square(tmp_path):
    """Green in the middle of a wide image, red at its sides: the sides go."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste((0, 255, 0), (100, 0, 200, 100))
    image.save(tmp_path / "a.png")
    assert colour(load_image(tmp_path / "a.png")[0]) == [0, 255, 0]


def test_an_image_of_20000_px_width(tmp_path):
    tensor, size = load_image(save(tmp_path / "a.jpg", size=(20000, 600), color="white"))
    assert colour(tensor) == [255] * 3 and size == (20000, 600)  # though it is decoded at a fraction of that


def test_heic_by_another_name_needs_its_plugin(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # not installed
    with pytest.raises(ImageError, match="HEIC, as iPhones save it, which `pip install pillow-heif` makes"):
        load_image(tmp_path / "a.jpg")


def test_heic_by_another_name_is_read_with_its_plugin(tmp_path):
    heif = pytest.importorskip("pillow_heif").from_pillow(Image.new("RGB", (64, 48), (0, 128, 255)))
    heif.save(tmp_path / "IMG_1.HEIC", quality=90)
    (tmp_path / "IMG_2.jpg").write_bytes((tmp_path / "IMG_1.HEIC").read_bytes())
    data = load_folder(tmp_path)
    assert data.names == ["IMG_1.HEIC", "IMG_2.jpg"] and data.sizes == [(64, 48)] * 2
    assert (data.images.float().mean((2, 3)) - torch.tensor([0, 128, 255])).abs().max() < 4


def test_whatever_a_decoder_raises_is_one_files_trouble(tmp_path, monkeypatch):
    def fail(*arguments):
        raise struct.error("unpack requires a buffer of 4 bytes")

    path = save(tmp_path / "a.png")
    monkeypatch.setattr("lotus_gan.data.images._to_rgb", fail)
    with pytest.raises(ImageError, match=r"^broken image \(unpack requires"):
        load_image(path)


def test_what_is_in_a_file_is_read_like_the_file(tmp_path):
    """A data set's rows hold bytes; a file that is gone or may not be opened is skipped like a broken one."""
    path = save(tmp_path / "a.png")
    files = [("path", path), ("bytes", path.read_bytes()), ("nothing", b""), ("gone", tmp_path / "b.png")]
    data = read_images(iter(files), "a data set")
    assert data.names == ["path", "bytes"] and torch.equal(data.images[0], data.images[1])
    assert data.skipped == [
        ("nothing", "the file is empty"),
        ("gone", "broken image (No such file or directory)"),
    ]


def test_size_128_is_left_alone(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert np.array_equal(load_image(tmp_path / "a.png")[0].permute(1, 2, 0).numpy(), noise)


def test_fingerprint_sees_one_pixel():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    first = fingerprint(images)
    images[1, 2, 3, 3] = 1
    assert fingerprint(images) != first
