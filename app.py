"""The Space: sample lotus flowers and interpolate between them in a browser.

python app.py                                   # http://127.0.0.1:7860
LOTUS_GAN_MODEL=runs/mine python app.py         # a folder or a Hub id; Gradio's own variables work too
"""

import gc

# what is imported stays, and looking through it again and again for garbage takes a sixth of the start
gc.disable()

import os
from pathlib import Path

import gradio as gr

from lotus_gan.ui import page

gc.freeze()
gc.enable()

WEIGHTS = Path(__file__).resolve().parent / "weights"
BUNDLED = WEIGHTS / "lotus"
LAST = "article"  # the baseline, last of the choice


def build_app() -> gr.Blocks:
    """The page of the model that LOTUS_GAN_MODEL names, else of all weights in this repository, `lotus` first."""
    model = os.environ.get("LOTUS_GAN_MODEL")
    others = sorted({*WEIGHTS.glob("*/")} - {BUNDLED}, key=lambda path: (path.name == LAST, path.name))
    return page.build([model] if model else [BUNDLED, *others], BUNDLED)


if __name__ == "__main__":
    build_app().launch(**page.LAUNCH)
