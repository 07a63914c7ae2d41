"""The line that says who generates, this browser or the server, and the events by which tabs share the work.

An event of a tab goes to the browser first (`listen`), which does what was asked for by itself (static/live.js), or the
line's event `ask_NAME` calls the server. What the browser has generated comes by the line's events `shown_WHERE`
(`show`). Its event `ready`: the browser can generate from now on.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from lotus_gan.ui import browser, texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.context import Page, chosen_model
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models

QUIET = {"show_progress": "hidden", "api_visibility": "private"}


def line(model: LoadedModel) -> gr.HTML:
    """The component, for the model that the page opens with; that of a Hub model is told later."""
    value = value_of(model) if model.origin else {"description": None}
    said = texts.pairs("by_processor", "by_server")
    options = {"scripts": browser.scripts(), "texts": said, "elem_id": "browser-generator"}
    return assets.component("browser_generator", value, **options)


def value_of(model: LoadedModel) -> dict:
    """The component's value."""
    return {"description": browser.description(model)}


def build(page: Page) -> None:
    """The line follows the choice of the model."""
    describe = assets.bind(describe_chosen, page.models)
    gr.on(page.on_model_change(), describe, page.model, page.browser, preprocess=False, **QUIET)


def describe_chosen(models: Models, model: Any, request: gr.Request) -> dict:
    """The line's value for the model that is chosen."""
    return value_of(chosen_model(models, model, request))


def listen(page: Page, events: Sequence, name: str, inputs: list, ask: str = "", **constants: Any) -> Any:
    """Send the values of events to `Live.NAME` of static/live.js; -> the event that asks the server instead.

    ask: the name of that event, if it is another. constants: what the function needs to know of the page.
    """
    asking = f"ask_{ask or name}"
    js = assets.call("live", name=name, ask=asking, **constants)
    for event in events:
        event(None, inputs, None, js=js, api_visibility="private")
    return getattr(page.browser, asking)


def show(page: Page, where: str, outputs: list) -> None:
    """What static/live.js shows under this name goes to these components."""
    shown = getattr(page.browser, f"shown_{where}")
    shown(None, None, outputs, js=assets.call("show", where=where), **QUIET)
