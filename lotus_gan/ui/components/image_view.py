"""The large image of Explore, with what it is and a link that downloads it. It changes without a blink."""

from typing import Any

import gradio as gr

from lotus_gan.config import RESOLUTION
from lotus_gan.ui import texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.loaded_model import LoadedModel


def image_view(value: dict, **options: Any) -> gr.HTML:
    """The component; its value is made by `view_of`."""
    said = texts.pairs("explore_code", "explore_moved", "download")
    return assets.component("image_view", value, side=RESOLUTION, texts=said, **options)


def view_of(model: LoadedModel, start: int | str, shown: int | str) -> dict:
    """The component's value: the image of the latent id `shown`, to which the sliders lead from the id `start`."""
    return {"file": assets.file(model.image(shown)), "start": str(start), "moved": shown != start}
