"""The choice of the model: those that come with the page, and any other that a visitor names."""

import html
import os
from pathlib import Path
from typing import Any

import gradio as gr

from lotus_gan.errors import ModelError
from lotus_gan.models.hub import is_folder, model_name
from lotus_gan.ui import texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.context import Page
from lotus_gan.ui.models import Models

ON_A_SPACE = "SPACE_ID" in os.environ  # there a visitor is a stranger, and may not read the server's folders


def picker(models: Models) -> gr.Radio:
    """The choice among the bundled models, the first one chosen; hidden while there is one only."""
    return gr.Radio(
        models.bundled,
        value=models.first.name,
        label=texts.static("model"),
        info=texts.static("model_info"),
        visible=len(models) > 1,
        elem_id="model",
    )


def build(page: Page) -> None:
    """The field for any other model, inside the Blocks that is open. What is loaded is the visitor's own."""
    with gr.Accordion(texts.static("any_model"), open=False, elem_id="any-model"), gr.Row(elem_id="any-model-row"):
        wanted = gr.Textbox(
            label=texts.static("any_model_label"),
            info=texts.static("any_model_info"),
            placeholder="user/lotus-gan",
            max_lines=1,
            elem_id="any-model-name",
        )
        button = gr.Button(texts.static("any_model_load"), size="sm", min_width=0, elem_id="any-model-load")
    gr.on(
        [button.click, wanted.submit],
        assets.bind(load, page.models),
        wanted,
        page.model,
        preprocess=False,
        api_visibility="private",
        concurrency_id="load",  # downloads do not delay sampling
        concurrency_limit=1,
        show_progress_on=wanted,
    )


def load(models: Models, wanted: Any, request: gr.Request) -> gr.Radio:
    """The picker with the model `wanted` chosen, loaded if need be, else gr.Error."""
    try:
        name = add(models, wanted if isinstance(wanted, str) else "")
    except ModelError as error:
        # the browser shows a message as HTML
        message = f"{html.escape(texts.why(error, request), quote=False)}. {texts.say('model_refused', request)}"
        raise gr.Error(message, print_exception=False) from None
    return chosen(models, name)


def chosen(models: Models, name: str) -> gr.Radio:
    """The picker with a model chosen, which may be one that this visitor has named."""
    return gr.Radio(list(dict.fromkeys([*models.bundled, name])), value=name, visible=True)


def add(models: Models, wanted: str) -> str:
    """Load a folder or a Hub id for this visitor, unless it is loaded already, and return its name on the page.

    Raises ModelError if it cannot be loaded, or has the name of another model.
    """
    wanted = wanted.strip()
    if ON_A_SPACE and wanted and _exists(wanted):
        raise ModelError("not_on_hub", model=wanted)
    name = model_name(wanted) if wanted else ""
    if name in models:
        if is_folder(wanted) and models[name].origin != Path(wanted).resolve():
            raise ModelError("same_name", name=name)
        return name
    return models.load(wanted).name


def _exists(wanted: str) -> bool:
    try:
        return Path(wanted).exists()
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return False
