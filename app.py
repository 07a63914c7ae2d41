"""The Space: sample lotus flowers and walk between them in a browser.

python app.py                                   # http://127.0.0.1:7860
LOTUS_GAN_MODEL=runs/mine python app.py         # a folder or a Hub id; Gradio's own variables work too
"""

import os
from pathlib import Path

import gradio as gr

from lotus_gan import ui

BUNDLED = Path(__file__).resolve().parent / "weights" / "lotus"


def build_app() -> gr.Blocks:
    """The page of the model that LOTUS_GAN_MODEL names, else of the weights in this repository."""
    return ui.build(os.environ.get("LOTUS_GAN_MODEL") or BUNDLED, BUNDLED)


if __name__ == "__main__":
    build_app().launch(**ui.LAUNCH)
