"""The JavaScript, CSS and HTML of the page (static/), and how they reach Gradio.

A component is static/NAME.html, NAME.css and NAME.js, which Gradio scopes and runs for one gr.HTML. Constants and texts
are its props. page.js runs first and defines `window.lotusGan`: helpers, and the functions that events call.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"


def read(name: str) -> str:
    """The text of a file of static/."""
    return (STATIC / name).read_text(encoding="utf-8")


def component(name: str, value: Any, **options: Any) -> gr.HTML:
    """A gr.HTML of the three files. options: Gradio's own, and the props that the script reads.

    (A subclass of gr.HTML would make Gradio write .pyi files beside it.)
    """
    files = {
        "html_template": read(f"{name}.html"),
        "css_template": read(f"{name}.css"),
        "js_on_load": read(f"{name}.js"),
    }
    return gr.HTML(value, **files, apply_default_css=False, **options)


def call(function: str, **constants: Any) -> str:
    """The `js` of an event: a function of `window.lotusGan`, with the constants as its first argument."""
    return f"(...values) => window.lotusGan.{function}({json.dumps(constants)}, ...values)"


def bind(handler: Callable, first: Any) -> MethodType:
    """A handler with its first argument given. Unlike a partial it keeps the name, docstring and type hints that Gradio
    reads."""
    return MethodType(handler, first)


def file(path: Path) -> dict:
    """A file in the value of a component, which Gradio serves and completes with its url."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}
