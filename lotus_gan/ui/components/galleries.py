"""The two kinds of gallery on the page: images that can be enlarged, and a row that compares a few images."""

from typing import Any

import gradio as gr

COMMON = {"height": "auto", "object_fit": "cover", "interactive": False}


def enlargeable(images: Any = None, **options: Any) -> gr.Gallery:
    """Images to enlarge (components/lightbox.py), and to download one by one or all."""
    buttons = ["download", "download_all", "fullscreen"]
    return gr.Gallery(images, buttons=buttons, elem_classes="enlargeable", **COMMON, **options)


def row(columns: int, elem_id: str, images: Any = None) -> gr.Gallery:
    """A few images side by side."""
    plain = {"show_label": False, "allow_preview": False, "buttons": []}
    return gr.Gallery(images, columns=columns, elem_id=elem_id, **plain, **COMMON)
