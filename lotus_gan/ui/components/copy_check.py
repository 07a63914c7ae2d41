"""Is it a copy? The training images nearest to the image that a visitor asks about, and one plain sentence."""

import html
import logging
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
from lotus_gan.ui.components import assets, galleries, lightbox
from lotus_gan.ui.context import Page
from lotus_gan.ui.loaded_model import LoadedModel, is_cached
from lotus_gan.ui.models import Models

SHOWN = 128  # px of a training image on the page
COPY, FAR = 5, 95  # percent: below the first it is called a copy, above the second it is far from all
TIMEOUT = 20  # s for the feature network, which may have to be downloaded first

log = logging.getLogger(__name__)


def build(page: Page) -> None:
    """The section's components and events, inside the Blocks that is open."""
    with gr.Column(visible=False, elem_id="copy-check") as section:
        answer = gr.HTML(elem_id="copy-check-answer")
        gallery = galleries.row(4, "copy-check-gallery")
    # a concurrency group of its own: the first question may wait for a download
    page.lightbox.check(
        assets.bind(check, page.models),
        outputs=[section, gallery, answer],
        api_visibility="private",
        concurrency_id="check",
    ).then(None, js=assets.call("scrollToCopyCheck"), api_visibility="private")


def check(models: Models, event: gr.EventData, request: gr.Request) -> tuple:
    """The section, made visible; the image and the training images nearest to it; the answer as HTML."""
    try:
        model, seed, truncation = lightbox.resolve(lightbox.item_of(event), models)
    except ValueError:
        return gr.skip(), gr.skip(), gr.skip()
    index, path = find_index(model.sidecar_folder()), model.image(seed, truncation)
    if index is None:
        return gr.Column(visible=True), [(str(path), f"#{seed}")], texts.say("copy_unknown", request)
    with Image.open(path, formats=["PNG"]) as image:
        answer = index.nearest_neighbours(image, features())
    shown = [(str(path), f"#{seed}")]
    found = zip(answer.indices, answer.images, answer.percentiles, answer.mirrored, strict=True)
    for i, thumbnail, percentile, mirrored in found:
        kind = texts.say("copy_mirrored" if mirrored else "copy_training", request)
        shown.append((str(training_image(model, i, thumbnail)), f"{kind} · {percentile:.0f} %"))
    return gr.Column(visible=True), shown, sentence(answer.percentiles[0], answer.by_features, seed, request)


@lru_cache(1)
def _loading() -> Future[Features]:
    return ThreadPoolExecutor(1, thread_name_prefix="features").submit(Features)


def features() -> Features | None:
    """The feature network, loaded at the first question; None where it cannot be had, and pixels are compared."""
    try:
        return _loading().result(TIMEOUT)
    except (EvaluationError, NotYet):
        return None


@lru_cache(4)  # of 5,000 images each takes up to 300 MB
def find_index(folder: Path | None) -> TrainingIndex | None:
    """The index in a model's folder, None if it has none that can be read."""
    try:
        return TrainingIndex(folder) if folder else None
    except FileNotFoundError:
        return None
    except ValueError as error:
        log.warning("left out: %s", error)
        return None


def training_image(model: LoadedModel, i: int, thumbnail: Image.Image) -> Path:
    """Training image i, as the browser fetches it."""
    path = model.file(f"training-{i:05d}.webp")
    if not is_cached(path):
        save_atomically(thumbnail.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS), path, quality=90)
    return path


def sentence(percentile: float, by_features: bool, seed: int, request: gr.Request | None) -> str:
    """What the percentile of the nearest training image means, and what was compared, as HTML."""
    key = "copy_yes" if percentile < COPY else "copy_far" if percentile > FAR else "copy_no"
    how = texts.say("copy_by_features" if by_features else "copy_by_pixels", request)
    verdict = html.escape(texts.say(key, request, seed=seed, percent=f"{percentile:.0f}"))
    return f"<p><strong>{verdict}</strong></p><p>{html.escape(how)}</p>"
