"""The same image twice: exactly, and nearly."""

import io

import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor, to_pil_image

from lotus_gan.data.duplicates import near, without_copies
from lotus_gan.data.images import ImageSet


@pytest.fixture(scope="module")
def scenes():
    """Four images (4, 3, 128, 128) uint8 of smooth random colours."""
    coarse = torch.randint(40, 200, (4, 3, 8, 8), generator=torch.Generator().manual_seed(0)).byte()
    return torch.nn.functional.interpolate(coarse.float(), size=(128, 128), mode="bicubic").clamp(0, 255).byte()


def test_of_copies_the_first_stays(scenes):
    images = scenes[[0, 1, 0, 2, 0]].clone()
    images[3, 0, 0, 0] ^= 1
    images = torch.cat([images, scenes[[2]]])  # one pixel apart from the fourth: not the same
    data = ImageSet(images, list("abcdef"), [(i, i) for i in range(6)], [("z", "the file is empty")])
    once = without_copies(data)
    assert once.names == list("abdf") and once.sizes == [(0, 0), (1, 1), (3, 3), (5, 5)]
    assert torch.equal(once.images, images[[0, 1, 3, 5]])
    reason = "the same pixels as another (a)"
    assert once.skipped == [("z", "the file is empty"), ("c", reason), ("e", reason)]


def test_different_images_are_not_near(scenes):
    assert near(scenes) == []
    assert near(scenes[:1]) == []


def jpeg(image):
    file = io.BytesIO()
    to_pil_image(image).save(file, "JPEG", quality=40)
    return pil_to_tensor(Image.open(file))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda image: image, True),
        (jpeg, True),
        (lambda image: image // 2 + 20, True),  # contrast and brightness do not change a correlation
        (lambda image: image.roll(2, 2), True),
        (lambda image: 255 - image, False),  # correlation -1
        (lambda image: image.flip(2), False),  # mirrored ones are not searched for
    ],
)
def test_near_is_what_people_call_the_same(scenes, change, found):
    images = torch.cat([scenes, change(scenes[1])[None]])
    assert near(images) == ([(1, 4)] if found else [])


def test_each_later_image_is_named_once_with_the_most_similar(scenes, monkeypatch):
    """Also where the comparison is done in parts."""
    monkeypatch.setattr("lotus_gan.data.duplicates.ROWS", 2)
    half = (scenes[1].float() + 0.15 * scenes[3].float()).clamp(0, 255).byte()
    assert near(torch.stack([scenes[0], half, scenes[1], scenes[2], scenes[1], scenes[0]])) == [(1, 2), (2, 4), (0, 5)]
