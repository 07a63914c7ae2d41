"""The page: a heading, one tab a module, and what `launch()` needs to show it.

ui.build(["user/lotus-gan"], fallback="weights/lotus").launch(**ui.LAUNCH)
"""

import html
import os
from collections.abc import Sequence
from inspect import signature
from pathlib import Path

import gradio as gr
import torch

from lotus_gan.data.images import forbid_other_formats
from lotus_gan.ui import arguments, texts, theme
from lotus_gan.ui.components import lightbox, model_picker
from lotus_gan.ui.loaded_model import LoadedModel, load_models
from lotus_gan.ui.tabs import explore, generate, interpolate, projection, training_history

# One thread a batch of pictures and as many batches at once as there are cores, at most four: two visitors are served
# in the time of one, and a container that sees all cores of its host does not drown in threads.
PAINTERS = max(1, min(4, os.cpu_count() or 1))
HOUR = 3600

LAUNCH = {
    "theme": theme.THEME,
    "css": theme.CSS,
    "head": theme.HEAD,
    "i18n": texts.I18N,
    "footer_links": ["api", "gradio", "settings"],
    "mcp_server": True,  # the two named endpoints are tools for language models too
    "max_file_size": "20mb",  # a photograph; it is shrunk to 128 px
    "ssr_mode": False,  # needs Node, and a page that is drawn by the browser has one part less that can fail
}


def build(wanted: Sequence[str | Path], fallback: Path) -> gr.Blocks:
    """The page for the models wanted (folders or Hub ids), the first of which it opens with; the API always paints with
    that one. If it cannot be loaded, it is named in a banner and `fallback` stands in; SystemExit with a message if
    that fails too."""
    torch.set_num_threads(1)
    forbid_other_formats()  # Gradio opens what is uploaded before we do
    studios = load_models(wanted, fallback)
    studio = next(iter(studios.values()))
    # analytics would call home; files of visitors are deleted after an hour so that the disk stays flat
    with _Page(title="Lotus GAN", analytics_enabled=False, delete_cache=(HOUR // 4, HOUR)) as page:
        gr.HTML(texts.static("heading"), elem_id="heading")
        if studio.problem:
            _banner(studio, page)
        model = model_picker.choice(studios)
        with gr.Tabs() as tabs:
            with gr.Tab(texts.static("generate_tab"), id="generate"):
                bar = generate.build(studios, model, page)
            with gr.Tab(texts.static("interpolate_tab"), id="interpolate"):
                keys = interpolate.build(studios, model, page)
            with gr.Tab(texts.static("explore_tab"), id="explore"):
                explored = explore.build(studios, model, page, keys, tabs, bar)
            with gr.Tab(texts.static("yours_tab"), id="yours"):
                projection.build(studios, model, keys, tabs, explored)
            with gr.Tab(texts.static("learnt_tab"), id="learnt"):
                training_history.build(studios, model, page)
        model_picker.build(studios, model)
        for end in (bar.first, bar.last):
            end(lightbox.with_key, keys, keys, queue=False, show_progress="hidden", api_visibility="private")
    page.queue(default_concurrency_limit=PAINTERS, max_size=256)
    return page


class _Page(gr.Blocks):
    def validate_inputs(self, block_fn, inputs: list) -> None:
        """A call with too few values gets a sentence; Gradio would log a traceback and answer nothing."""
        if len(inputs) < len(block_fn.inputs):
            fields = [field for field in signature(block_fn.fn).parameters if field in arguments.RANGES]
            message = f"/{block_fn.api_name} takes {len(fields)} values: {', '.join(fields)}. Got {len(inputs)}."
            raise gr.Error(message, print_exception=False)


def _banner(studio: LoadedModel, page: gr.Blocks) -> None:
    def say(request: gr.Request):
        return f"<code>{html.escape(texts.why(studio.problem, request))}</code>"

    with gr.Column(elem_id="banner"):
        gr.HTML(texts.static("fallback"))
        problem = gr.HTML(say(None))
    page.load(say, outputs=problem, queue=False, show_progress="hidden", api_visibility="private")
