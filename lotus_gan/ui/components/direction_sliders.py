"""The sliders of Explore: one for each direction of a model, those with names first, the others folded."""

from typing import Any

import gradio as gr

from lotus_gan.sampling.browser import rows
from lotus_gan.sampling.directions import NAMES, REACH
from lotus_gan.ui import texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.loaded_model import LoadedModel

STEP = 0.1
RESET = assets.call("resetSliders")
_NAMED = [f"direction_{name}{end}" for name in NAMES for end in ("", "_low", "_high")]
_OTHERS = [f"{group}{part}" for group in ("closed", "principal") for part in ("", "_info", "_one")]


def sliders(model: LoadedModel, **options: Any) -> gr.HTML:
    """The component; its value is that of `at_rest`, with the amounts as a visitor has set them.

    It is empty for a model of the Hub: its directions may not be here when the page is built.
    """
    value = at_rest(model) if model.origin else {"model": model.name, "directions": [], "amounts": []}
    said = texts.pairs("named_info", *_NAMED, *_OTHERS)
    return assets.component("direction_sliders", value, reach=REACH, step=STEP, texts=said, **options)


def at_rest(model: LoadedModel) -> dict:
    """All directions of a model, with the amount 0 for each."""
    shown = [row for _, row in rows(model.directions)]
    return {"model": model.name, "directions": shown, "amounts": [0] * len(shown)}
