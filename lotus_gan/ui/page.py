"""The page: a heading, one tab for each module of tabs/, and what `launch()` needs to show it.

page.build(["user/lotus-gan"], fallback="weights/lotus").launch(**page.LAUNCH)
"""

import ctypes
import html
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
import torch
from fastapi.middleware import Middleware

from lotus_gan.data.images import forbid_other_formats
from lotus_gan.errors import ModelError
from lotus_gan.ui import browser, temporary_files, texts, theme
from lotus_gan.ui.blocks import Blocks, Compression, Gate
from lotus_gan.ui.components import about, assets, browser_generator, model_picker
from lotus_gan.ui.context import Page
from lotus_gan.ui.live_training import turn
from lotus_gan.ui.models import load_models
from lotus_gan.ui.tabs import explore, generate, interpolate, live_training, projection, training_history

# As many requests at once as there are cores, at most four: a container that sees all cores of its host does not start
# too many threads. torch has one, and a visitor's images are generated on all cores (lotus_gan/sampling/media.py).
WORKERS = max(1, min(4, os.cpu_count() or 1))
HOUR = 3600
OURSELVES = ("localhost", "127.0.0.1", "0.0.0.0", "::1")

LAUNCH = {
    "theme": theme.THEME,
    "css": theme.CSS,
    "head": theme.HEAD,
    "i18n": texts.I18N,
    "footer_links": ["api", "gradio", "settings"],
    "mcp_server": True,  # the two named endpoints are tools for language models too
    "max_file_size": "20mb",  # a photograph; it is shrunk to 128 px
    # in Gradio's memory a session takes 170 kB, and nothing of ours: an older one that comes back gets a new one
    "state_session_capacity": 100,
    "app_kwargs": {
        "middleware": [Middleware(Gate), Middleware(Compression)],
        "routes": [browser.ROUTE],
        "lifespan": temporary_files.lifespan,
    },
    # Gradio would keep each call in the visitor's browser, with addresses of images that are deleted after an hour
    "run_history": False,
    "ssr_mode": False,  # it needs Node, and the page is drawn by the browser
}
TABS = (generate, interpolate, explore, projection, training_history)  # in the order in which they need each other


def build(wanted: Sequence[str | Path], fallback: Path) -> gr.Blocks:
    """The page for the models wanted (folders or Hub ids). It opens with the first one, which the API always uses.

    If that one cannot be loaded, a banner says so and `fallback` stands in; SystemExit with a message if that fails
    too.
    """
    torch.set_num_threads(1)
    _share_arenas()
    forbid_other_formats()  # Gradio opens what is uploaded before we do
    temporary_files.use_own_folder()
    _ask_ourselves_without_a_proxy()
    models = load_models(wanted, fallback)
    # analytics would call home; files of visitors are deleted after an hour, sooner where there are many
    with Blocks(title="Lotus GAN", analytics_enabled=False, delete_cache=(HOUR // 4, HOUR)) as blocks:
        gr.HTML(texts.static("heading"), elem_id="heading")
        if models.first.problem:
            _banner(models.first.problem, blocks)
        model = model_picker.picker(models)
        line = browser_generator.line(models.first)
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            page = Page(blocks, models, model, tabs, line)
            for tab in (*TABS, live_training) if turn.seconds() else TABS:
                name = tab.__name__.rpartition(".")[2]
                with gr.Tab(texts.static(f"{name}_tab"), id=name):
                    tab.build(page)
        browser_generator.build(page)
        model_picker.build(page)
        about.build(page)
    blocks.queue(default_concurrency_limit=WORKERS, max_size=256)
    return blocks


def _share_arenas() -> None:
    """Let threads share two pools of glibc's malloc: each pool keeps what its busiest moment took."""
    if platform.libc_ver()[0] == "glibc":
        m_arena_max = -8  # malloc.h
        ctypes.CDLL(None).mallopt(m_arena_max, 2)


def _ask_ourselves_without_a_proxy() -> None:
    """Gradio asks its own server whether it is up, and would ask the proxy that the environment names."""
    there = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join([*filter(None, [there]), *OURSELVES])


def _banner(problem: ModelError, blocks: gr.Blocks) -> None:
    with gr.Column(elem_id="banner"):
        gr.HTML(texts.static("fallback"))
        reason = gr.HTML(explain(problem, None))
    blocks.load(
        assets.bind(explain, problem), outputs=reason, queue=False, show_progress="hidden", api_visibility="private"
    )


def explain(problem: ModelError, request: gr.Request) -> str:
    """The reason of the banner, as HTML."""
    return f"<code>{html.escape(texts.why(problem, request))}</code>"
