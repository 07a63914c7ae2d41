"""The tab Generate: up to 64 flowers from consecutive seeds, and those that a visitor keeps."""

import gradio as gr

from lotus_gan import latents
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import copy_check, galleries, lightbox
from lotus_gan.ui.loaded_model import LoadedModel

FIRST_SEED, FIRST_COUNT = 0, 8  # what the page opens with
PAINTING = {"preprocess": False, "concurrency_id": "paint", "show_progress": "minimal"}
ROLL = f"() => [Math.floor(Math.random() * {latents.SEEDS}), false]"
ROLL_IF = f"(again, seed) => again ? Math.floor(Math.random() * {latents.SEEDS}) : seed"


def build(studios: dict[str, LoadedModel], model: gr.Radio, page: gr.Blocks) -> gr.HTML:
    """The tab's components and events, inside `page`, which is open. `model` is where the page chooses a studio.

    Returns the bar of the enlarged picture, for others to listen to.
    """
    first = next(iter(studios.values()))

    def generate(count: int, seed: int, truncation: float, request: gr.Request):
        """Paint `count` lotus flowers (1 to 64) of 128 x 128 pixels. Picture i has the seed (seed + i) mod 2^32;
        truncation from 0.3 (typical) to 1 (varied). Each PNG says in its metadata how to make it again."""
        return generate_with(count, seed, truncation, first.name, request)

    def generate_with(count, seed, truncation, model, request: gr.Request):
        model = arguments.choice("model", model, studios, request)
        count = arguments.whole("count", count, request)
        seed = arguments.whole("seed", seed, request)
        truncation = arguments.real("truncation", truncation, request)
        return pictures(studios[model], count, seed, truncation)

    with gr.Row(elem_id="generate-layout"):
        with gr.Column(elem_id="generate-action"):
            button = gr.Button(texts.static("generate"), variant="primary", size="lg", elem_id="generate-button")
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
        gallery = galleries.flowers(
            pictures(first, FIRST_COUNT, FIRST_SEED, latents.MAX_TRUNCATION),
            label=texts.static("gallery"),
            columns=4,
            elem_id="gallery",
        )
    kept_gallery = galleries.flowers(visible=False, label=texts.static("kept"), columns=8, elem_id="kept")
    bar = lightbox.bar()
    copy_check.build(studios, bar)
    # a fixed secret: with one of its own, each start of the server would forget what browsers keep
    kept = gr.BrowserState([], storage_key="lotus-gan-kept", secret="lotus-gan")

    def show_kept(kept):
        pictures = lightbox.kept_pictures(kept, studios)
        return gr.Gallery(pictures, visible=bool(pictures))

    # who rolls or types a seed wants that one, so it unticks "new seed each time"
    dice.click(None, outputs=[seed, new_seed], js=ROLL, api_visibility="private")
    seed.input(None, outputs=new_seed, js="() => false", api_visibility="private")
    # the browser draws the new seed, so that the field shows which seed the flowers have
    rolled = button.click(None, [new_seed, seed], seed, js=ROLL_IF, api_visibility="private")
    for event in (rolled.then, model.change):
        event(generate_with, [count, seed, truncation, model], gallery, api_visibility="private", **PAINTING)
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    bar.keep(lightbox.with_picture, kept, kept, queue=False, **quiet)
    bar.drop(lightbox.without_picture, kept, kept, queue=False, **quiet)
    gr.on([page.load, kept.change], show_kept, kept, kept_gallery, concurrency_id="paint", **quiet)
    # programs ask the first model; the page itself never does
    gr.Button(visible=False).click(generate, [count, seed, truncation], gallery, api_name="generate", **PAINTING)
    return bar


def pictures(studio: LoadedModel, count: int, seed: int, truncation: float) -> list[tuple[str, str]]:
    """(path of a PNG, caption) for a gallery."""
    return [(str(studio.picture(s, truncation)), f"#{s}") for s in latents.consecutive_seeds(seed, count)]
