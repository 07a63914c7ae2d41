"""The texts of the page: both languages, and which one a request gets."""

import re
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import pytest

from lotus_gan.errors import ModelError
from lotus_gan.ui import texts


def test_a_model_is_refused_in_the_language_of_the_request():
    error = ModelError("unknown", model="user/none")
    french = SimpleNamespace(headers={"accept-language": "fr"})
    assert texts.why(error, None) == str(error)
    assert texts.why(error, french).startswith("'user/none' n’est ni un dossier ici ni un modèle du Hub")
    assert texts.why(ValueError("only here"), french) == "only here"


def test_both_languages_have_every_text_and_the_same_fields():
    for key, (english, french) in texts.TEXTS.items():
        assert english.strip() and french.strip(), key
        fields = [{name for _, name, _, _ in Formatter().parse(text)} for text in (english, french)]
        assert fields[0] == fields[1], key


def test_both_pages_call_things_what_the_docs_call_them():
    """A network generates images, it paints no pictures, and trains, which is no game."""
    static = Path(texts.__file__).with_name("static_space") / "texts.js"
    said = "\n".join([*(text for pair in texts.TEXTS.values() for text in pair), static.read_text(encoding="utf-8")])
    assert not re.findall(r"\b(?:paint\w*|game|learnt|walk|peint\w*|peindre|jeu)\b", said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA, en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("en;q=0.2, fr;q=0.7", "fr"),
        ("de, fr;q=0.5, en;q=0.1", "fr"),
        ("de", "en"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("en;q=0, *", "fr"),
        ("FR-fr", "fr"),
        ("fr;q=x, en;q=0.1", "en"),
        (";;,,q=1", "en"),
    ],
)
def test_the_language_follows_the_header(header, expected):
    assert texts.language(header) == expected
