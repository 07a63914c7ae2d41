"""The player of Interpolate: a large canvas that shows frames of sheets, and the keyframes below it.

A slider moves it in the browser alone (static/interpolation_player.js). The keyframes can be clicked (go there),
removed, and added to.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from lotus_gan.config import RESOLUTION
from lotus_gan.ui import texts
from lotus_gan.ui.arguments import MAX_KEYFRAMES, MIN_KEYFRAMES
from lotus_gan.ui.components import assets

STEPS = 64  # frames from one keyframe to the next
LIVE_STEPS = 256  # positions of the slider where the browser generates any frame
COLUMNS = 13  # frames in a row of a sheet: 65 = 13 x 5, within every browser's image size
FPS = 24  # of an interpolation that plays, and of its loops


def player(value: dict, **options: Any) -> gr.HTML:
    """The component; its value is made by `interpolation_of`. Its event `keyframes` has the new latent ids."""
    return assets.component(
        "interpolation_player",
        value,
        side=RESOLUTION,
        columns=COLUMNS,
        steps=STEPS,
        fps=FPS,
        low=MIN_KEYFRAMES,
        high=MAX_KEYFRAMES,
        texts=texts.pairs("keyframe_go", "keyframe_remove", "keyframe_add", "keyframe_without_seed"),
        **options,
    )


def interpolation_of(sheets: list[Path], keyframes: list[int | str]) -> dict:
    """The component's value: the sheets of the pairs that have been generated so far, and all latent ids.

    Where the browser generates the frames, the script sets a value of its own: without sheets, but with what the frames
    depend on.
    """
    return {"sheets": [assets.file(sheet) for sheet in sheets], "keyframes": keyframes}
