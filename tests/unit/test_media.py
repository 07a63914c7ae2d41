from xml.etree import ElementTree

import av
import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from lotus_gan import Generator, latents
from lotus_gan.sampling import media


@pytest.fixture
def frames() -> list[Image.Image]:
    """Twelve frames of 40 x 40 px: a bright bar moves over a coloured ramp."""
    ramp = np.indices((40, 40)).sum(0) * 3
    images = []
    for i in range(12):
        pixels = np.stack([ramp, 255 - ramp, ramp // 2], axis=2).astype(np.uint8)
        pixels[:, 3 * i : 3 * i + 4] = 250
        images.append(Image.fromarray(pixels))
    return images


def test_uint8_and_back_is_exact_for_every_level():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).expand(1, 3, 16, 16)
    images = media.from_uint8(levels)
    assert images.min() == -1 and images.max() == 1
    assert torch.equal(media.to_uint8(images), levels.permute(0, 2, 3, 1))


def test_values_out_of_range_are_clipped():
    assert media.to_uint8(torch.tensor([-7.0, 0.0, 7.0]).reshape(1, 3, 1, 1)).flatten().tolist() == [0, 128, 255]


@pytest.mark.parametrize("architecture", ["article", "lotus"])
def test_an_image_does_not_depend_on_its_batch(architecture):
    torch.manual_seed(0)
    model = Generator(architecture=architecture, width=4)
    z = latents.from_seeds(range(37), model.z_dim)
    with torch.no_grad():
        model(z)  # in train mode: gives BatchNorm statistics and so the images some contrast
    model.eval()
    together = np.stack([np.asarray(p, dtype=int) for p in media.sample_images(model, z)])
    alone = np.stack([np.asarray(media.sample_images(model, z[i : i + 1])[0], dtype=int) for i in range(37)])
    assert together.shape == (37, 128, 128, 3)
    assert np.array_equal(together, alone)


def test_a_grid_holds_every_image_at_its_place(frames):
    sheet = media.grid(frames, columns=5, gap=2)
    assert sheet.size == (5 * 42 - 2, 3 * 42 - 2)
    for i, frame in enumerate(frames):
        x, y = i % 5 * 42, i // 5 * 42
        assert sheet.crop((x, y, x + 40, y + 40)).tobytes() == frame.tobytes()


def test_a_png_carries_its_seed_and_its_pixels(frames, tmp_path):
    path = media.save_png(frames[0], tmp_path / "new" / "a.png", seed=42, truncation=0.7, model="élan/lotus")
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.tobytes() == frames[0].tobytes()
        assert is_declared_synthetic(image)
    assert media.read_info(path) == {"seed": "42", "truncation": "0.7", "model": "élan/lotus"}


def is_declared_synthetic(image: Image.Image) -> bool:
    """By the XMP that Pillow finds, read as any XML."""
    rdf, iptc = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
    [description] = ElementTree.fromstring(image.info["xmp"]).iter(f"{rdf}Description")
    kind = description.get(f"{iptc}DigitalSourceType")
    return kind == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def test_what_an_animation_says_of_itself(frames, tmp_path):
    said = "seeds 3,7, truncation 1, model élan/lotus"
    paths = {s: media.save_animation(frames, tmp_path / f"loop{s}", comment=said) for s in media.ANIMATIONS}
    with Image.open(paths[".gif"]) as gif, Image.open(paths[".webp"]) as webp, av.open(str(paths[".mp4"])) as mp4:
        assert gif.info["comment"].decode() == f"{said} ({media.SOURCE})"
        assert webp.getexif()[ExifTags.Base.ImageDescription].encode("latin-1").decode() == said
        assert is_declared_synthetic(webp)
        assert mp4.metadata["comment"] == f"{said} ({media.SOURCE})"


def test_the_same_png_twice_is_the_same_file(frames, tmp_path):
    first, second = (media.save_png(frames[0], tmp_path / name, seed=1).read_bytes() for name in ("a.png", "b.png"))
    assert first == second


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_gif_and_webp_loop_for_ever_at_their_rate(frames, tmp_path, suffix):
    path = media.save_animation(frames, tmp_path / f"loop{suffix}", fps=24, size=96)
    with Image.open(path) as moving:
        assert (moving.n_frames, moving.size, moving.info["loop"]) == (12, (96, 96), 0)
        duration, differences = 0, []
        for i, frame in enumerate(frames):
            moving.seek(i)
            moving.load()  # a WebP gives its duration only then
            duration += moving.info["duration"]
            wanted = np.asarray(frame.resize((96, 96), Image.Resampling.LANCZOS), dtype=int)
            differences.append(abs(np.asarray(moving.convert("RGB"), dtype=int) - wanted).mean())
    assert duration == 500  # 12 frames at 24 a second, although GIF counts in hundredths
    assert max(differences) < 8, differences


def test_all_frames_of_a_gif_share_one_palette(frames, tmp_path):
    path = media.save_animation(frames, tmp_path / "loop.gif", fps=10)
    with Image.open(path) as moving:
        palettes = set()
        for i in range(moving.n_frames):
            moving.seek(i)
            assert not moving.tile or moving.tile[0].args[-1] is not None
            palettes.add(bytes(moving.global_palette.palette))
    assert len(palettes) == 1


@pytest.mark.parametrize(("size", "expected"), [(None, 40), (96, 96), (97, 96), (512, 512)])
def test_mp4_has_the_frames_the_rate_and_even_sides(frames, tmp_path, size, expected):
    path = media.save_animation(frames, tmp_path / "loop.mp4", fps=12, size=size)
    with av.open(str(path)) as container:
        [stream] = container.streams
        decoded = [frame.to_image() for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 12
    assert len(decoded) == 12
    assert {image.size for image in decoded} == {(expected, expected)}
    wanted = np.asarray(frames[5].resize((expected, expected), Image.Resampling.LANCZOS), dtype=int)
    assert abs(np.asarray(decoded[5], dtype=int) - wanted).mean() < 12


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("loop.avi", {}, ".gif, .webp, .mp4"),
        ("loop", {}, ".gif, .webp, .mp4"),
        ("loop.gif", {"fps": 0}, "fps must be above 0 and at most 60"),
        ("loop.gif", {"fps": float("nan")}, "fps must be above 0 and at most 60"),
        ("loop.gif", {"size": 513}, "from 2 to 512"),
    ],
)
def test_what_cannot_be_an_animation_is_an_error_and_writes_nothing(frames, tmp_path, name, options, message):
    with pytest.raises(ValueError, match=message):
        media.save_animation(frames, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_no_frames_are_an_error(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        media.save_animation([], tmp_path / "loop.gif")


@pytest.mark.parametrize("name", ["loop.gif", "loop.webp", "loop.mp4"])
def test_a_failed_write_leaves_the_old_file_and_no_part(frames, tmp_path, name, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"old")
    other_size = Image.new("RGB", (8, 8))

    def fail_half_way(frames, part, *settings):
        part.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(media.ANIMATIONS, path.suffix, fail_half_way)
    with pytest.raises(OSError, match="disk full"):
        media.save_animation([*frames, other_size], path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
