"""The model card: what a parser reads in its front matter, and what it says where nothing was declared."""

import re

import pytest
import torch
from huggingface_hub import ModelCard

from lotus_gan import TrainConfig, Trainer
from lotus_gan.evaluation.metrics import Metrics
from lotus_gan.publishing.card import Evaluation, write_card, write_usage
from lotus_gan.publishing.provenance import LICENSES, Provenance

COMMAND = ["python", "train.py", "--data", "my photos"]
METRICS = Metrics(256, 512, 98.76, 3.21, None, 0.5, 0.25, 0.75, 0.5, 4.0, 5, 1.5)
EVALUATION = Evaluation(METRICS, real="lotus-val", step=7, kimg=1.5, minutes=3)


@pytest.fixture
def trainer(tmp_path):
    images = torch.zeros(3, 3, 128, 128, dtype=torch.uint8)
    trainer = Trainer(TrainConfig(architecture="lotus", width=1, z_dim=5, device="cpu"), images, tmp_path / "mine")
    trainer.save_model(trainer.output)
    return trainer


def test_the_front_matter_is_what_the_hub_knows(trainer):
    declared = Provenance("my photos", "cc-by-4.0", "I took them in my\n garden.", dataset="user/garden")
    write_card(trainer, COMMAND, declared, EVALUATION)
    card = ModelCard.load(trainer.output / "README.md")
    data = card.data
    assert (data.library_name, data.pipeline_tag) == ("lotus-gan", "unconditional-image-generation")
    assert (data.license, data.datasets) == ("cc-by-4.0", ["user/garden"])
    assert {"gan", "wgan-gp", "lotus"} <= set(data.tags)
    (kid,) = data.eval_results
    assert (data.model_name, kid.metric_type, kid.metric_value, kid.dataset_name) == ("mine", "kid", 98.8, "lotus-val")
    assert kid.metric_args == {"n_fake": 512, "n_real": 256, "spread": 3.2} and "n = 512 against 256" in kid.metric_name
    assert "I took them in my garden." in card.text and "their licence: cc-by-4.0, and this model the same" in card.text
    assert "python train.py --data 'my photos'" in card.text and "| kimg" in card.text and "cpu: " in card.text
    assert "98.8, spread 3.2" in card.text and "step 7 (1.5 kimg, 3 minutes)" in card.text
    assert "](samples.webp)" in card.text and (trainer.output / "samples.webp").is_file()


def test_what_was_not_declared_or_measured_is_said_and_not_guessed(trainer):
    write_card(trainer, COMMAND, Provenance("my photos"), None)
    card = ModelCard.load(trainer.output / "README.md")
    assert card.data.license is None and card.data.datasets is None and card.data.eval_results is None
    assert not re.search("model.(name|index)", card.data.to_yaml())
    assert "where they come from and who owns them: not declared\n- their licence: not declared" in card.text
    assert "No figure of quality has been measured" in card.text


def test_the_usage_names_what_is_in_the_folder(trainer):
    folder = trainer.output
    write_card(trainer, COMMAND, Provenance("my photos"), None)
    before = (folder / "README.md").read_text()
    write_usage(folder, "user/mine")
    text = (folder / "README.md").read_text()
    assert 'Generator.from_pretrained("user/mine")' in text and "onnx" not in text and ".whl" not in text
    (folder / "model.onnx").touch()
    (folder / "lotus_gan-0.1.0-py3-none-any.whl").touch()
    write_usage(folder, "user/other", "dev/2")
    text = (folder / "README.md").read_text()
    assert "user/mine" not in text
    assert re.search(r"pip install https?://\S+/user/other/resolve/dev%2F2/lotus_gan-0.1.0-py3-none-any.whl\n", text)
    assert 'hf_hub_download("user/other", "model.onnx", revision=\'dev/2\')' in text and "(16, 5)" in text
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        assert len(re.findall(r"^.+$", block, re.MULTILINE)) <= 5
        compile(block, "card", "exec")
    # all but these lines is as it was
    assert before.split("\n## ")[2:] == text.split("\n## ")[2:]


def test_a_card_of_somebodys_own_stays(trainer):
    (trainer.output / "README.md").write_text("# Mine\n")
    write_usage(trainer.output, "user/mine")
    assert (trainer.output / "README.md").read_text() == "# Mine\n"


def test_a_folder_without_a_card_gets_one(trainer):
    write_usage(trainer.output, "user/mine")
    card = ModelCard.load(trainer.output / "README.md")
    assert card.data.library_name == "lotus-gan" and 'from_pretrained("user/mine")' in card.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"license": "mine"}, "no licence 'mine': choose one of cc0-1.0, "),
        ({"license": "CC0-1.0"}, "no licence 'CC0-1.0'"),
        ({"source": " "}, "a sentence of 1 to 500 characters"),
        ({"source": "x" * 501}, "a sentence of 1 to 500 characters"),
    ],
)
def test_what_cannot_be_declared(options, message):
    with pytest.raises(ValueError, match=message):
        Provenance("my photos", **options)


def test_licences_are_named_once():
    assert len(set(LICENSES)) == len(LICENSES)
