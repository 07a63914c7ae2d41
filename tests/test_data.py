"""A folder that nobody prepared: what is read, how, and what is refused with which reason."""

import numpy as np
import pytest
import torch
from PIL import Image

from lotus_gan.data import DataError, PictureError, Shuffled, fingerprint, load_folder, load_picture


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
    (tmp_path / "notes.txt").write_text("no picture")
    pictures = load_folder(tmp_path)
    assert [p.name for p in pictures.paths] == ["a.JPG", "2.png"]
    assert pictures.images.shape == (2, 3, 128, 128) and pictures.images.dtype == torch.uint8
    assert colour(pictures.images[1]) == [0, 0, 255]
    assert pictures.refused == []


def test_refusals_have_reasons(tmp_path):
    save(tmp_path / "good.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("hello")
    whole = save(tmp_path / "cut.jpg", size=(200, 200), quality=95).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    pictures = load_folder(tmp_path)
    reasons = {path.name: reason for path, reason in pictures.refused}
    assert set(reasons) == {"empty.png", "text.jpg", "cut.jpg"}
    assert reasons["empty.png"] == "the file is empty"
    assert "not a picture" in reasons["text.jpg"]
    assert "truncated" in reasons["cut.jpg"]
    assert "left out" in pictures.report() and "text.jpg" in pictures.report()


def test_too_many_pixels(tmp_path, monkeypatch):
    path = save(tmp_path / "wide.png", size=(200, 30))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    with pytest.raises(PictureError, match="megapixels"):
        load_picture(path)


def test_no_folder_and_no_pictures(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no picture could be read.*looked for avif"):
        load_folder(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"a\.png: the file is empty"):
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
    assert colour(load_picture(save(tmp_path / f"a.{suffix}", mode, color=color))) == expected


def test_transparent_palette_goes_on_white(tmp_path):
    Image.new("P", (9, 9), 0).save(tmp_path / "a.png", transparency=0)
    assert colour(load_picture(tmp_path / "a.png")) == [255] * 3


def test_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (9, 9), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert colour(load_picture(tmp_path / "a.gif")) == [255, 0, 0]


def test_exif_rotation_is_applied(tmp_path):
    """Left half red, stored with "rotate 90 degrees clockwise to show": red belongs on top."""
    image = Image.new("RGB", (64, 64), "blue")
    image.paste("red", (0, 0, 32, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    tensor = load_picture(tmp_path / "a.png")
    assert colour(tensor[:, :60]) == [255, 0, 0] and colour(tensor[:, 68:]) == [0, 0, 255]


def test_central_square(tmp_path):
    """Green in the middle of a wide picture, red at its sides: the sides go."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste((0, 255, 0), (100, 0, 200, 100))
    image.save(tmp_path / "a.png")
    assert colour(load_picture(tmp_path / "a.png")) == [0, 255, 0]


def test_a_picture_of_20000_px_width(tmp_path):
    assert colour(load_picture(save(tmp_path / "a.jpg", size=(20000, 200), color="white"))) == [255] * 3


def test_heic_by_another_name_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    with pytest.raises(PictureError, match="not a picture that Pillow can read"):
        load_picture(tmp_path / "a.jpg")


def test_size_128_is_left_alone(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert np.array_equal(load_picture(tmp_path / "a.png").permute(1, 2, 0).numpy(), noise)


def test_fingerprint_sees_one_pixel():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    first = fingerprint(images)
    images[1, 2, 3, 3] = 1
    assert fingerprint(images) != first


@pytest.mark.parametrize("batch_size", [1, 3, 10, 25])
def test_every_picture_once_an_epoch(batch_size):
    """Also for a batch larger than the data set: 25 of 10."""
    stream = Shuffled(10, torch.Generator().manual_seed(0))
    shown = torch.cat([stream.next(batch_size) for _ in range(20)])
    epochs = shown[: len(shown) // 10 * 10].view(-1, 10)
    assert torch.equal(epochs.sort(1).values, torch.arange(10).expand_as(epochs))
    assert not torch.equal(epochs[0], epochs[1])
