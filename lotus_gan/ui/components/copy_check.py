"""Is it a copy? The training pictures nearest to the picture that a visitor asks about, and one plain sentence."""

import html
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from functools import lru_cache
from pathlib import Path

import gradio as gr
from PIL import Image

from lotus_gan.errors import EvaluationError
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.nearest import TrainingIndex
from lotus_gan.sampling.media import save_atomically
from lotus_gan.ui import texts
from lotus_gan.ui.components import galleries, lightbox
from lotus_gan.ui.loaded_model import LoadedModel, kept

SHOWN = 128  # px of a training picture on the page
COPY, FAR = 5, 95  # percent: below the one it is called a copy, above the other a stranger
PATIENCE = 20  # s for the feature network, which may have to be downloaded first


class _Eyes:
    """The feature network, looked for at the first question: where it cannot be had, pixels must do."""

    def __init__(self):
        self.loading: Future | None = None

    def features(self) -> Features | None:
        if self.loading is None:
            self.loading = ThreadPoolExecutor(1, thread_name_prefix="features").submit(Features)
        try:
            return self.loading.result(PATIENCE)
        except (EvaluationError, NotYet):
            return None


def build(studios: dict[str, LoadedModel], bar: gr.HTML) -> None:
    """The section's components and events, inside the Blocks that is open. `bar` is that of the enlarged picture."""
    eyes = _Eyes()

    def check(event: gr.EventData, request: gr.Request):
        try:
            studio, seed, truncation = lightbox.found(lightbox.item_of(event), studios)
        except ValueError:
            return gr.skip(), gr.skip(), gr.skip()
        index, path = find_index(studio.beside()), studio.picture(seed, truncation)
        if index is None:
            return gr.Column(visible=True), [(str(path), f"#{seed}")], texts.say("copy_unknown", request)
        with Image.open(path, formats=["PNG"]) as picture:
            answer = index.ask(picture, eyes.features())
        shown = [(str(path), f"#{seed}")]
        found = zip(answer.indices, answer.pictures, answer.percentiles, answer.mirrored, strict=True)
        for i, thumbnail, near, mirrored in found:
            kind = texts.say("copy_mirrored" if mirrored else "copy_training", request)
            shown.append((str(training_picture(studio, i, thumbnail)), f"{kind} · {near:.0f} %"))
        return gr.Column(visible=True), shown, sentence(answer.percentiles[0], answer.by_features, seed, request)

    with gr.Column(visible=False, elem_id="copy") as section:
        said = gr.HTML(elem_id="copy-said")
        gallery = galleries.row(4, "copy-gallery")
    # not among those who paint: the first question may wait for a download
    bar.check(check, outputs=[section, gallery, said], api_visibility="private", concurrency_id="check").then(
        None,
        js="() => { document.querySelector('#copy')?.scrollIntoView({behavior: 'smooth', block: 'center'}); }",
        api_visibility="private",
    )


@lru_cache(8)
def find_index(folder: Path | None) -> TrainingIndex | None:
    """The index in a model's folder, None if it has none that can be read."""
    try:
        return TrainingIndex(folder) if folder else None
    except FileNotFoundError:
        return None
    except ValueError as error:
        print(f"left out: {error}", file=sys.stderr)
        return None


def training_picture(studio: LoadedModel, i: int, thumbnail: Image.Image) -> Path:
    path = studio.file(f"training-{i:05d}.webp")
    if not kept(path):
        save_atomically(thumbnail.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS), path, quality=90)
    return path


def sentence(nearness: float, by_features: bool, seed: int, request: gr.Request) -> str:
    """What the percentile of the nearest training picture means, and what was compared, as HTML."""
    key = "copy_yes" if nearness < COPY else "copy_far" if nearness > FAR else "copy_no"
    how = texts.say("copy_by_features" if by_features else "copy_by_pixels", request)
    verdict = html.escape(texts.say(key, request, seed=seed, percent=f"{nearness:.0f}"))
    return f"<p><strong>{verdict}</strong></p><p>{html.escape(how)}</p>"
