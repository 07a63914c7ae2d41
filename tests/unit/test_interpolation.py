import numpy as np
import pytest
import torch
from helpers.app_server import save_colourful_model
from PIL import Image

from lotus_gan import Generator, latents
from lotus_gan.sampling import interpolation


def grey(levels) -> list[Image.Image]:
    return [Image.new("RGB", (4, 4), (level,) * 3) for level in levels]


def test_even_positions_where_the_image_changes_quickly_at_first():
    """The path is 60 long: 20 lies at 2/3 of the first step (0 to 30), 40 at 2/3 of the second (30 to 45)."""
    positions = interpolation.even_positions(grey([0, 30, 45, 60]))
    expected = [0, (20 / 30) / 3, (1 + 10 / 15) / 3, 1]
    assert positions.tolist() == pytest.approx(expected, abs=1e-6)


def test_an_even_path_and_equal_frames_keep_their_positions():
    for levels in ([0, 10, 20, 30, 40], [7, 7, 7, 7, 7]):
        assert interpolation.even_positions(grey(levels)).tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-6)


def test_a_path_that_waits_and_one_that_returns_stay_within_the_arc():
    for levels in ([0, 0, 0, 100], [100, 0, 0, 0], [0, 50, 0]):
        positions = interpolation.even_positions(grey(levels))
        assert positions[0] == 0 and positions[-1] == 1
        assert (positions.diff() >= 0).all()


def test_frames_of_an_interpolation(tmp_path):
    """The ends are the keyframes; with even steps the differences vary less."""
    generator = Generator.from_pretrained(save_colourful_model(tmp_path))
    a, b = latents.from_seeds([3, 7], generator.z_dim)
    plain, even = (interpolation.interpolate(generator, a, b, steps=16, even=even) for even in (False, True))
    assert len(plain) == len(even) == 17
    assert plain[0] == even[0] and plain[-1] == even[-1] and plain[0] != plain[-1]
    assert steps_spread(even) < 0.5 * steps_spread(plain)


@pytest.mark.parametrize("even", [False, True])
def test_a_loop_does_not_repeat_its_first_frame(tmp_path, even):
    generator = Generator.from_pretrained(save_colourful_model(tmp_path))
    keyframes = latents.from_seeds([3, 7, 9], generator.z_dim)
    frames = list(interpolation.loop(generator, keyframes, steps=4, even=even))
    assert len(frames) == 12 and len({frame.tobytes() for frame in frames}) == 12
    assert [frames[i] for i in (0, 4, 8)] == interpolation.sample_images(generator, keyframes)


def test_a_file_names_its_latent_ids():
    assert interpolation.describe([3, "~AB3x"], 0.5, "lotus") == "seeds 3,~AB3x, truncation 0.5, model lotus"


def steps_spread(frames) -> float:
    """Standard deviation over mean of the root mean square difference of neighbours."""
    pixels = np.stack([np.asarray(frame, dtype=float) for frame in frames])
    steps = np.sqrt(np.square(np.diff(pixels, axis=0)).mean((1, 2, 3)))
    return steps.std() / steps.mean()


def test_the_middle_of_a_plain_interpolation_is_the_middle_of_the_arc(tmp_path):
    generator = Generator.from_pretrained(save_colourful_model(tmp_path))
    a, b = latents.from_seeds([3, 7], generator.z_dim)
    [middle] = interpolation.sample_images(generator, latents.slerp(a, b, torch.tensor([0.5])))
    assert interpolation.interpolate(generator, a, b, steps=2)[1] == middle
