"""The two kinds of gallery on the page: flowers that can be enlarged, and a row that compares a few pictures."""

import gradio as gr

COMMON = {"height": "auto", "object_fit": "cover", "interactive": False}


def flowers(pictures=None, **options) -> gr.Gallery:
    """ImageSet to enlarge, to download one by one or all, and to pick (`picked` finds them by their class)."""
    buttons = ["download", "download_all", "fullscreen"]
    return gr.Gallery(pictures, buttons=buttons, elem_classes="flowers", **COMMON, **options)


def row(columns: int, elem_id: str, pictures=None) -> gr.Gallery:
    """ImageSet side by side, to be looked at."""
    looks = {"show_label": False, "allow_preview": False, "buttons": []}
    return gr.Gallery(pictures, columns=columns, elem_id=elem_id, **looks, **COMMON)
