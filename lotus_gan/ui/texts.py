"""The texts of the page in English and French (ui/wording), and the one rule for which of them a visitor reads.

Gradio's frontend chooses, by `navigator.language` or by what the visitor sets under Settings, and writes its choice to
the document's `lang`. Texts of components follow it by themselves (`static`); scripts read `lang` (`pairs`, page.js);
and page.js repeats it in a cookie, which the server's sentences follow (`say`). Programs send no cookie: sentences for
them follow Accept-Language. What is neither English nor French is English.
"""

import re
from typing import Any

import gradio as gr

from lotus_gan.errors import LotusGANError, shortened
from lotus_gan.ui.wording import (
    errors,
    explore,
    generate,
    interpolate,
    lightbox,
    live_training,
    page,
    projection,
    training_history,
)

TABLES = (page, generate, interpolate, explore, projection, training_history, live_training, lightbox, errors)
TEXTS = {key: pair for table in TABLES for key, pair in table.TEXTS.items()}  # key: (English, French)

LANGUAGES = ("en", "fr")  # the first one is for everybody who asks for neither
_COOKIE = re.compile(rf"(?:^|;)\s*lotus_gan_language=({'|'.join(LANGUAGES)})\s*(?:;|$)")
_PREFIX = "lotus_"  # Gradio has texts of its own under names such as "slider"
I18N = gr.I18n(**{code: {_PREFIX + key: text[i] for key, text in TEXTS.items()} for i, code in enumerate(LANGUAGES)})


def static(key: str) -> gr.I18n:
    """A text for a component's label or value, translated in the browser."""
    return I18N(_PREFIX + key)


def pairs(*keys: str) -> dict[str, tuple[str, str]]:
    """{key: (English, French)} for a script of the page, which picks by the language of the document."""
    return {key: TEXTS[key] for key in keys}


def say(key: str, request: gr.Request | None, /, **values: Any) -> str:
    """A text in the language of the request, with its {fields} filled in."""
    return TEXTS[key][LANGUAGES.index(language_of(request))].format(**values)


def why(error: Exception, request: gr.Request | None) -> str:
    """What an error says, in the language of the request; a code that the page has no words for stays English. What it
    quotes is cut at 300 characters."""
    if isinstance(error, LotusGANError) and f"error_{error.code}" in TEXTS:
        quoted = {k: value if isinstance(value, int | float) else shortened(value) for k, value in error.values.items()}
        return say(f"error_{error.code}", request, **quoted)
    return shortened(error)


def language_of(request: gr.Request | None) -> str:
    """What the page has chosen in the browser, else what the headers of a program ask for."""
    headers = (request and request.headers) or {}
    chosen = _COOKIE.search(headers.get("cookie", ""))
    return chosen[1] if chosen else language(headers.get("accept-language", ""))


def language(accept: str) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4): `fr-CA, en;q=0.8` -> "fr".

    A range that cannot be read counts as not sent, `*` stands for the first language that is not refused by name.
    """
    wanted: dict[str, float] = {}
    for part in accept.lower().split(","):
        tag, _, quality = part.partition(";")
        code = tag.strip().split("-")[0]
        wanted[code] = max(wanted.get(code, 0.0), _quality(quality))
    weights = [wanted.get(code, wanted.get("*", 0.0)) for code in LANGUAGES]
    return LANGUAGES[weights.index(max(weights))]


def _quality(parameter: str) -> float:
    """`q=0.8` -> 0.8; nothing -> 1; what is no number from 0 to 1 -> 0."""
    if not parameter.strip():
        return 1.0
    name, _, value = parameter.partition("=")
    digits = value.strip().replace(".", "", 1)
    quality = float(value) if name.strip() == "q" and digits.isdecimal() else 0.0
    return quality if quality <= 1 else 0.0
