"""About this model: its card, and links to the model and to the source of the page, where they have an address."""

import html
import os
import re
from typing import Any

import gradio as gr
from huggingface_hub import constants

from lotus_gan.ui import texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.context import Page
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models

SPACE = os.environ.get("SPACE_ID")
CARD = "README.md"
LONGEST = 40_000  # characters of a card that are shown
_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n---\s*\n", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.IGNORECASE)
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")


def build(page: Page) -> None:
    """The section's components and events, inside the Blocks that is open."""
    first = page.models.first
    links, card = links_of(first, None), card_of(first) if first.origin else ""
    with gr.Accordion(texts.static("about"), open=False, visible=bool(links or card), elem_id="about") as section:
        outputs = [section, gr.HTML(links, elem_id="about-links"), gr.Markdown(card, elem_id="about-card")]
    gr.on(
        page.on_model_change(page.blocks.load),
        assets.bind(show, page.models),
        page.model,
        outputs,
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


def show(models: Models, name: Any, request: gr.Request) -> tuple[gr.Accordion, str, str]:
    """The section, its links and the card of the model with this name; the section is hidden where both are empty."""
    model = models[name] if name in list(models) else models.first
    links, card = links_of(model, request), card_of(model)
    return gr.Accordion(visible=bool(links or card)), links, card


def links_of(model: LoadedModel, request: gr.Request | None) -> str:
    """Links to a model of the Hub and to the files of the Space that this page is, as HTML."""
    addresses = {}
    if not model.origin:
        addresses["about_model"] = f"{constants.ENDPOINT}/{model.name}"
    if SPACE:
        addresses["about_source"] = f"{constants.ENDPOINT}/spaces/{SPACE}/tree/main"
    links = (
        f'<a href="{html.escape(address)}" target="_blank" rel="noopener">{html.escape(texts.say(key, request))}</a>'
        for key, address in addresses.items()
    )
    return " · ".join(links)


def card_of(model: LoadedModel) -> str:
    """The model card as Markdown, without its front matter, and without images and links that need the folder."""
    folder = model.sidecar_folder()
    if folder is None:
        return ""
    try:
        if not (folder / CARD).is_file():  # nothing, or a pipe, which would be waited for
            return ""
        with (folder / CARD).open(encoding="utf-8", errors="replace") as file:
            text = file.read(LONGEST)
    except OSError:
        return ""
    return _RELATIVE_LINK.sub(r"\1", _IMAGE.sub("", _FRONT_MATTER.sub("", text))).strip()
