"""Checks of the values that the API and the page send. An error names the field and its range.

Events take raw JSON (`preprocess=False`): Gradio's own checks let NaN through and name no field.
"""

import html
from collections.abc import Collection
from typing import Any

import gradio as gr

from lotus_gan import latents
from lotus_gan.sampling.directions import REACH
from lotus_gan.ui import texts

LARGEST = 1e12  # of a number in a call; every range is far inside
MIN_KEYFRAMES, MAX_KEYFRAMES = 2, 8  # of an interpolation

RANGES = {
    "count": (1, 64),
    "seed": (0, latents.SEEDS - 1),
    "seed_a": (0, latents.SEEDS - 1),
    "seed_b": (0, latents.SEEDS - 1),
    "truncation": (latents.MIN_TRUNCATION, latents.MAX_TRUNCATION),
    "position": (0, 1),
    "amount": (-REACH, REACH),
}


def integer(field: str, value: Any, request: gr.Request) -> int:
    """`value` as an int within the field's range, else gr.Error. 4.0 counts as 4, as JSON makes no difference."""
    number = _number(value)
    if number is None or number != int(number) or not _within(field, number):
        raise _out_of_range("whole_refused", field, request)
    return int(number)


def real(field: str, value: Any, request: gr.Request) -> float:
    """`value` as a float within the field's range, else gr.Error."""
    number = _number(value)
    if number is None or not _within(field, number):
        raise _out_of_range("real_refused", field, request)
    return float(number)


def latent_ids(value: Any, z_dim: int, request: gr.Request) -> list[int | str]:
    """`"3, ~AB3x"` -> [3, "~AB3x"]: 2 to 8 latent ids with commas between them, each a seed or a code of a latent
    (z_dim,), else gr.Error."""
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else []
    ids = [part if part.startswith(latents.CODE) else _seed(part) for part in parts]
    found = [latent_id for latent_id in ids if latent_id is not None]
    named = _named("seeds", request)
    if not MIN_KEYFRAMES <= len(found) <= MAX_KEYFRAMES or len(found) < len(ids):
        ends = {"low": MIN_KEYFRAMES, "high": MAX_KEYFRAMES, "last": latents.SEEDS - 1}
        raise gr.Error(texts.say("keyframes_refused", request, field=named, **ends), print_exception=False)
    for code in (latent_id for latent_id in found if isinstance(latent_id, str)):
        try:
            latents.decode(code, z_dim)
        except ValueError:
            message = texts.say("code_refused", request, field=named, code=f"{code[:8]}…")
            raise gr.Error(message, print_exception=False) from None
    return found


def latent_id(field: str, value: Any, z_dim: int, request: gr.Request) -> int | str:
    """`"42"` -> 42, `"~AB3x"` as it is: a seed, or a code of a latent (z_dim,), else gr.Error."""
    text = value.strip() if isinstance(value, str) else ""
    found = text if text.startswith(latents.CODE) else _seed(text)
    try:
        if found is not None:
            latents.from_ids([found], z_dim)
            return found
    except ValueError:
        pass
    message = texts.say("latent_id_refused", request, field=_named(field, request), last=latents.SEEDS - 1)
    raise gr.Error(message, print_exception=False)


def amounts(value: Any, count: int, request: gr.Request) -> list[float]:
    """`value` as `count` numbers, each within the reach of a direction, else gr.Error."""
    numbers = [_number(number) for number in value] if isinstance(value, list) else []
    found = [number for number in numbers if number is not None and _within("amount", number)]
    if not len(found) == len(numbers) == count:
        low, high = RANGES["amount"]
        ends = {"count": count, "low": f"{low:g}", "high": f"{high:g}"}
        message = texts.say("amounts_refused", request, field=_named("amounts", request), **ends)
        raise gr.Error(message, print_exception=False)
    return found


def boolean(field: str, value: Any, request: gr.Request) -> bool:
    """`value` if it is true or false, else gr.Error."""
    if not isinstance(value, bool):
        raise gr.Error(texts.say("yes_refused", request, field=_named(field, request)), print_exception=False)
    return value


def choice(field: str, value: Any, names: Collection, request: gr.Request) -> Any:
    """`value` if it is one of `names`, else gr.Error."""
    if value not in list(names):  # a list: the value may not be hashable
        named = _named(field, request)
        message = texts.say(
            "choice_refused", request, field=named, names=html.escape(", ".join(map(str, names)), quote=False)
        )
        raise gr.Error(message, print_exception=False)
    return value


def within(field: str, value: Any) -> float:
    """`value` if it is within the field's range, else ValueError: for values that no visitor has typed."""
    number = _number(value)
    if number is None or not _within(field, number):
        raise ValueError(f"{field} is out of range: {value!r}")
    return float(number)


def _seed(text: str) -> int | None:
    """The seed, None for anything else; longer texts than a seed are not parsed."""
    digits = text.isascii() and text.isdecimal() and len(text) <= 10
    return int(text) if digits and int(text) < latents.SEEDS else None


def _number(value: Any) -> int | float | None:
    """None for anything that is not a finite number: NaN, text, null, true, lists."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # an int is compared, because a very large one is no float
    return value if is_number and -LARGEST < value < LARGEST else None


def _within(field: str, number: int | float) -> bool:
    low, high = RANGES[field]
    return low <= number <= high


def _out_of_range(key: str, field: str, request: gr.Request) -> gr.Error:
    low, high = RANGES[field]
    message = texts.say(key, request, field=_named(field, request), low=f"{low:.10g}", high=f"{high:.10g}")
    return gr.Error(message, print_exception=False)


def _named(field: str, request: gr.Request) -> str:
    """Programs know a field by its name in the API, people by its label on the page."""
    label = texts.say(field, request)
    return label if label.lower() == field else f"{label} ({field})"
