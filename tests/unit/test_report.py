"""What is said of a set of images before training, and the two sheets to look at."""

import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor

from lotus_gan.config import PRESETS, TrainConfig
from lotus_gan.data.images import ImageSet
from lotus_gan.training.report import decided, describe, expectations, forecast, save_sheets


def noise(count):
    return torch.randint(0, 256, (count, 3, 128, 128), generator=torch.Generator().manual_seed(0)).byte()


def test_a_line_for_each_thing_worth_knowing():
    images = noise(6)
    images[5] = images[0] // 2
    names = ["a/1.png", "a/2.png", "b/3.png", "b/4.png", "b/5.png", "b/6.png"]
    sizes = [(640, 480), (128, 256), (300, 100), (3000, 4000), (127, 127), (640, 480)]
    assert describe(ImageSet(images, names, sizes, [("c.png", "the file is empty")])).splitlines() == [
        "6 images read, 1 left out",
        "  left out, the file is empty: c.png",
        "  2 folders, read as one set",
        "  sizes by the shorter side: smallest 300 x 100 px, median 640 x 480, largest 3000 x 4000",
        "  1 nearly the same as an earlier one, and kept: b/6.png and a/1.png",
        "  2 shorter than 128 px on a side, so enlarged and soft: b/3.png (300 x 100), b/5.png (127 x 127)",
        "  1 of 3 to 2 or longer, a third or more of which is cropped away: a/2.png (50% of it)",
        "  1 longer than 2 to 1, so much is cropped away: b/3.png (67% of it)",
    ]


def test_names_are_a_handful():
    images = ImageSet(noise(17), [f"{i}.png" for i in range(17)], [(50, 50)] * 17, [])
    assert describe(images).splitlines()[-1].endswith("4.png (50 x 50) and 12 more")


def test_what_was_decided_and_why():
    config = TrainConfig()
    few, many = (decided(config, config.for_images(n), n) for n in (68, 20_000))
    assert few == ["augment: translation, because fewer than 1,000 images are soon memorised (here 68)"]
    assert many == ["augment: none, because 1,000 images or more do without (here 20,000)"]
    augment, batch = decided(config, config.for_images(40, pretrained=True), 40)
    assert augment.startswith("augment: color,translation, because fewer")
    assert batch == "batch_size: 8, quicker for few images that start from a trained model"
    given = TrainConfig(augment="", batch_size=16)
    assert decided(given, given.for_images(40, pretrained=True), 40) == []


def test_what_to_expect_counts_in_images_shown():
    """32,000 images are 2,000 batches of 16, of which the warm-up takes 150; at 2 updates a step the rest is shown
    after step 925; half the batch: 4,000 batches, step 1,925. With 500 steps of the base alone, 1,000 batches, the
    other 850 take as many steps of one update each. Without those 10,000 images are 625 batches, 475 after the
    warm-up."""
    lotus = TrainConfig(**PRESETS["lotus"])
    assert "after 32 thousand (step 925)" in expectations(lotus)
    assert "after 32 thousand (step 1,925)" in expectations(lotus.replace(batch_size=8))
    assert "after 32 thousand (step 1,350)" in expectations(lotus.replace(base_steps=500))
    assert "base stage at 16 px until step 3,000, then the joint stage" in expectations(lotus)
    joint = expectations(lotus.replace(base_steps=0))
    assert "6 thousand images shown (step 225)" in joint and "after 10 thousand (step 475)" in joint
    assert "stage" not in joint and "joint" not in joint
    assert "upsampler warm-up: 2,000 updates before the first step\n" in expectations(lotus)
    assert "warm-up" not in expectations(lotus.replace(upsampler_warmup=0, critic_warmup=0))
    critic = "critic warm-up: 1,200 updates in the first step"
    assert f"{critic}, and in the first joint one\n" in expectations(lotus.replace(critic_warmup=1200))
    assert f"{critic}\n" in expectations(lotus.replace(critic_warmup=1200, base_steps=0))


def test_what_to_expect_of_the_article_and_of_a_trained_model():
    """The article's five updates of 16 images are 80 images a step: 16,000 are shown after 200 steps."""
    article = TrainConfig(**PRESETS["article"])
    assert "preset article made flower shapes after 16 thousand images shown (step 200)" in expectations(article)
    said = expectations(article, pretrained=True)
    assert said == "training starts from a trained model: previews/ shows what the images change"


def test_the_forecast_by_hand():
    """6,000 images at 20 a second take 300 s, 32,000 take 1,600, 10,000 take 500; less than a minute is told as
    one."""
    lotus = TrainConfig()
    line = "at 20 images a second, expect flower shapes 5 min after the first step, recognisable flowers after 27"
    assert forecast(lotus, 20) == line
    assert forecast(lotus.replace(base_steps=0), 20).endswith("recognisable flowers after 8")
    assert "shapes 1 min" in forecast(lotus, 10_000)
    article = TrainConfig(**PRESETS["article"])
    assert "shapes 13 min after the first step, recognisable flowers after 67" in forecast(article, 20)
    assert forecast(TrainConfig(architecture="article"), 20) == forecast(article, 20)  # which has no base stage to plan


@pytest.mark.parametrize(("count", "rows"), [(3, 3), (100, 8)])
def test_the_sheets(tmp_path, count, rows):
    """Crops in order; then rows of one image: as it is, and seven draws, which differ; the same again every time."""
    images = (torch.arange(count) * 2)[:, None, None, None].expand(-1, 3, 128, 128).byte()
    config = TrainConfig(augment="translation")
    data, augmented = save_sheets(images, config, tmp_path / "out")
    assert (data.name, augmented.name) == ("data.webp", "augmented.webp")
    with Image.open(data) as sheet:
        assert sheet.size == ((min(8, count) * 130 - 2), (-(-min(64, count) // 8) * 130 - 2))
    with Image.open(augmented) as sheet:
        assert sheet.size == (8 * 130 - 2, rows * 130 - 2)
        columns = pil_to_tensor(sheet.convert("L"))[0, :128].split(130, 1)
    assert columns[0][:, :128].float().mean() < 1  # the first image is black; after it the gap
    greys = [float(column[:, :128].float().mean()) for column in columns[1:]]
    assert max(greys) > 10 and len({round(grey) for grey in greys}) > 3  # shifted by different ways: mid-grey comes in
    before = augmented.read_bytes()
    save_sheets(images, config, tmp_path / "out")
    assert augmented.read_bytes() == before
