"""The network that quality is measured with: where its weights come from, and what it takes."""

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from helpers.features import column
from safetensors.torch import load_file
from torchvision.models import mobilenet_v2

from lotus_gan.data.images import load_folder
from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features, _prepare
from lotus_gan.evaluation.metrics import compute_metrics, kid, prdc
from lotus_gan.evaluation.nearest import nearest_neighbours
from lotus_gan.sampling import media

ROOT = Path(__file__).resolve().parents[2]


def test_an_image_has_the_features_of_its_png(features, lotuses, tmp_path):
    media.save_png(media.to_pil(media.from_uint8(lotuses[:1]))[0], tmp_path / "a.png", seed=3)
    from_file = features.of_images(load_folder(tmp_path).images)
    assert from_file.shape == (1, 1280) and from_file.dtype == torch.float64
    scale = from_file.abs().max()
    for images in (lotuses[:1], lotuses[:7], media.to_pil(media.from_uint8(lotuses[:1]))):
        assert (features.of_images(images)[:1] - from_file).abs().max() < 1e-5 * scale
    mirrored = features.of_images(lotuses[:1].flip(3))
    assert (features.of_images(lotuses[:1], mirror=True) - mirrored).abs().max() < 0.02 * scale
    assert (from_file - mirrored).abs().max() > 0.05 * scale


def test_the_features_are_those_of_the_network_as_torchvision_has_it(features, weights, lotuses):
    """Folding BatchNorm and another order in memory change roundings only."""
    plain = mobilenet_v2(weights=None).features.eval()
    plain.load_state_dict(load_file(weights))
    images = torch.stack([_prepare(image) for image in lotuses[:5]])
    with torch.no_grad():
        expected = plain.double()(images.double()).mean((2, 3))
    assert (features.of_images(lotuses[:5]) - expected).abs().max() < 3e-5 * expected.abs().max()


def test_where_the_weights_come_from(weights, monkeypatch):
    monkeypatch.setenv("LOTUS_GAN_FEATURES", str(weights))
    source = Features().source
    assert source.startswith("file ") and len(source) == len("file ") + 12
    state = {f"features.{name}": value for name, value in load_file(weights).items()}
    monkeypatch.delenv("LOTUS_GAN_FEATURES")
    answer = {**state, "classifier.1.bias": torch.zeros(1000)}
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: answer)
    assert Features().source == "torchvision"


def test_no_network_says_what_to_do(monkeypatch):
    def refuse(*_, **__):
        raise URLError("no route to host")

    monkeypatch.delenv("LOTUS_GAN_FEATURES", raising=False)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    with pytest.raises(EvaluationError, match=r"no route to host.*--features FILE or LOTUS_GAN_FEATURES"):
        Features()


def test_wrong_input_is_named(features, model_folder, tmp_path):
    with pytest.raises(EvaluationError, match="there is no feature file"):
        Features(tmp_path / "nowhere.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(EvaluationError, match="not a safetensors file"):
        Features(tmp_path / "text.safetensors")
    with pytest.raises(EvaluationError, match=r"does not hold the state of torchvision's mobilenet_v2\(\)\.features"):
        Features(model_folder / "model.safetensors")
    with pytest.raises(EvaluationError, match="no images"):
        features.of_images([])
    with pytest.raises(EvaluationError, match=r"must be uint8 .*float32"):
        features.of_images(torch.zeros(2, 3, 128, 128))
    for figure in (kid, prdc, compute_metrics):
        with pytest.raises(EvaluationError, match=r"at least 2 images.* got 3 and 1"):
            figure(column(1, 2, 3), column(1))
    with pytest.raises(EvaluationError, match=r"training features must be \(2, T, D\)"):
        nearest_neighbours(column(1), column(1, 2))
