"""The tab Generate: up to 64 images from consecutive seeds, and the favourites of a visitor."""

from typing import Any

import gradio as gr

from lotus_gan import latents
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets, browser_generator, copy_check, galleries, lightbox
from lotus_gan.ui.context import Page, chosen_model
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models

FIRST_SEED, FIRST_COUNT = 0, 8  # what the page opens with
SAMPLING = {"preprocess": False, "concurrency_id": "sample", "show_progress": "minimal"}
QUIET = {"show_progress": "hidden", "api_visibility": "private"}


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open. It fills in the page's lightbox."""
    with gr.Row(elem_id="generate-layout"):
        with gr.Column(elem_id="generate-action"):
            button = gr.Button(texts.static("generate"), variant="primary", size="lg", elem_id="generate-button")
        count, seed, dice, new_seed, truncation = _settings()
        first = FIRST_COUNT, FIRST_SEED, latents.MAX_TRUNCATION
        gallery = galleries.enlargeable(
            images(page.models.first, *first), label=texts.static("gallery"), columns=4, elem_id="gallery"
        )
    favourites_gallery = galleries.enlargeable(
        visible=False, label=texts.static("favourites"), columns=8, elem_id="favourites"
    )
    items, favourite_items = gr.JSON(described(page.models.first, *first), visible=False), gr.JSON([], visible=False)
    page.lightbox = lightbox.lightbox()
    lightbox.connect(page.lightbox, {"gallery": (gallery, items), "favourites": (favourites_gallery, favourite_items)})
    copy_check.build(page)
    _listen_for_favourites(page, [favourites_gallery, favourite_items, page.lightbox])

    seeds = latents.SEEDS
    dice.click(None, outputs=[seed, new_seed], js=assets.call("roll", seeds=seeds), api_visibility="private")
    seed.input(None, outputs=new_seed, js=assets.call("untick"), api_visibility="private")
    # the browser draws the new seed, so that the field shows the seed of what is in the gallery
    rolled = button.click(None, [new_seed, seed], seed, js=assets.call("rollIf", seeds=seeds), api_visibility="private")
    inputs = [count, seed, truncation, page.model]
    ranges = {name: arguments.RANGES[name] for name in ("count", "seed", "truncation")}
    ask = browser_generator.listen(page, [rolled.then, page.model.change], "generate", inputs, ranges=ranges)
    shown = [gallery, items]
    # always_last: a click while the server is busy is not lost
    ask(assets.bind(fill, page.models), inputs, shown, trigger_mode="always_last", api_visibility="private", **SAMPLING)
    browser_generator.show(page, "gallery", shown)
    # The endpoint for programs; the page itself calls `fill`. gr.api was tried: its schema, which clients and language
    # models read, has no ranges, no labels, no Gallery, and not the default 0 of the seed.
    gr.Button(visible=False).click(
        assets.bind(generate, page.models), [count, seed, truncation], gallery, api_name="generate", **SAMPLING
    )


def _settings() -> tuple:
    with gr.Column(elem_id="generate-settings"):
        count = gr.Slider(*arguments.RANGES["count"], FIRST_COUNT, step=1, label=texts.static("count"), buttons=[])
        with gr.Group(elem_classes="seed-field"):
            low, high = arguments.RANGES["seed"]
            seed = gr.Number(
                FIRST_SEED,
                minimum=low,
                maximum=high,
                precision=0,
                label=texts.static("seed"),
                info=texts.static("seed_info"),
                elem_id="seed",
            )
            dice = gr.Button(texts.static("dice"), size="sm", elem_id="dice")
        new_seed = gr.Checkbox(True, label=texts.static("new_seed"), elem_id="new-seed")
        truncation = gr.Slider(
            *arguments.RANGES["truncation"],
            latents.MAX_TRUNCATION,
            step=0.01,
            label=texts.static("truncation"),
            info=texts.static("truncation_info"),
            buttons=[],
        )
    return count, seed, dice, new_seed, truncation


def _listen_for_favourites(page: Page, outputs: list) -> None:
    # a fixed secret: with one of its own, each start of the server would lose what browsers have stored
    favourites = gr.BrowserState([], storage_key="lotus-gan-kept", secret="lotus-gan")
    page.lightbox.keep(lightbox.with_image, favourites, favourites, queue=False, **QUIET)
    page.lightbox.drop(lightbox.without_image, favourites, favourites, queue=False, **QUIET)
    gr.on(
        [page.blocks.load, favourites.change],
        assets.bind(lightbox.show_favourites, page.models),
        [favourites, page.lightbox],
        outputs,
        concurrency_id="sample",
        **QUIET,
    )


def generate(models: Models, count: int, seed: int, truncation: float, request: gr.Request) -> list[tuple[str, str]]:
    """Generate `count` lotus flowers (1 to 64) of 128 x 128 pixels. Picture i has the seed (seed + i) mod 2^32;
    truncation from 0.3 (typical) to 1 (varied). Each PNG says in its metadata how to make it again."""
    return images(models.first, *_checked(count, seed, truncation, request))


def fill(models: Models, count: Any, seed: Any, truncation: Any, model: Any, request: gr.Request) -> tuple[list, list]:
    """The gallery and its items, from the model that is chosen on the page."""
    model = chosen_model(models, model, request)
    checked = _checked(count, seed, truncation, request)
    return images(model, *checked), described(model, *checked)


def _checked(count: Any, seed: Any, truncation: Any, request: gr.Request) -> tuple[int, int, float]:
    return (
        arguments.integer("count", count, request),
        arguments.integer("seed", seed, request),
        arguments.real("truncation", truncation, request),
    )


def images(model: LoadedModel, count: int, seed: int, truncation: float) -> list[tuple[str, str]]:
    """(path of a PNG, caption) for a gallery."""
    seeds = latents.consecutive_seeds(seed, count)
    return [(str(path), f"#{s}") for s, path in zip(seeds, model.images(seeds, truncation), strict=True)]


def described(model: LoadedModel, count: int, seed: int, truncation: float) -> list[dict]:
    """What the images of a gallery are, for the lightbox."""
    seeds = latents.consecutive_seeds(seed, count)
    return [{"slug": model.slug, "seed": s, "truncation": truncation} for s in seeds]
