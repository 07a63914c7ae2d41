"""The checks of what the public API is sent. A refusal names the field and its range in the caller's language.

Components hand over raw JSON (`preprocess=False`): Gradio's own checks let NaN through and name no field.
"""

import math
from collections.abc import Collection

import gradio as gr

from .. import latents
from . import texts

RANGES = {
    "count": (1, 16),
    "seed": (0, latents.SEEDS - 1),
    "seed_a": (0, latents.SEEDS - 1),
    "seed_b": (0, latents.SEEDS - 1),
    "truncation": (latents.MIN_TRUNCATION, latents.MAX_TRUNCATION),
    "position": (0, 1),
}


def whole(field: str, value, request: gr.Request) -> int:
    """`value` as an int within the field's range, else gr.Error. 4.0 counts as 4, as JSON makes no difference."""
    number = _number(value)
    if number is None or number != int(number) or not _within(field, number):
        raise _refusal("whole_refused", field, request)
    return int(number)


def real(field: str, value, request: gr.Request) -> float:
    """`value` as a float within the field's range, else gr.Error."""
    number = _number(value)
    if number is None or not _within(field, number):
        raise _refusal("real_refused", field, request)
    return float(number)


def choice(field: str, value, names: Collection[str], request: gr.Request) -> str:
    """`value` if it is one of `names`, else gr.Error."""
    if value not in list(names):  # a list, as what is sent may be anything, hashable or not
        named = _named(field, request)
        message = texts.say("choice_refused", request, field=named, names=", ".join(names))
        raise gr.Error(message, print_exception=False)
    return value


def _number(value) -> int | float | None:
    """None for anything that is not a finite number: NaN, text, null, true, lists."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None


def _within(field: str, number: int | float) -> bool:
    low, high = RANGES[field]
    return low <= number <= high


def _refusal(key: str, field: str, request: gr.Request) -> gr.Error:
    low, high = RANGES[field]
    message = texts.say(key, request, field=_named(field, request), low=f"{low:.10g}", high=f"{high:.10g}")
    return gr.Error(message, print_exception=False)


def _named(field: str, request: gr.Request) -> str:
    """Programs know a field by its name in the API, people by its label on the page."""
    label = texts.say(field, request)
    return label if label.lower() == field else f"{label} ({field})"
