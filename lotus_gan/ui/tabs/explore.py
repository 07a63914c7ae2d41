"""The tab Explore: an image moved along directions of the latent space, and arithmetic with latents.

What is shown is always the image of a latent id: the start's own where no slider is moved, else the code of the latent
to which the sliders lead. So the same image can be downloaded, sent to Interpolate and gone on from, to the byte.
"""

from typing import Any

import gradio as gr

from lotus_gan import latents
from lotus_gan.sampling import directions
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets, browser_generator, direction_sliders, galleries, image_view, lightbox
from lotus_gan.ui.context import Page, chosen_model
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models
from lotus_gan.ui.tabs import interpolate

FIRST_ID = 36
# in the model that comes with the page: a white flower, a pink one, a pink bud
FIRST_TERMS = (3, 9, 11)
QUIET = {"preprocess": False, "show_progress": "hidden", "api_visibility": "private"}
# while a slider is dragged, only the last position matters
SAMPLING = {**QUIET, "concurrency_id": "sample", "trigger_mode": "always_last"}


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open. It fills in the page's explore_outputs."""
    models, first = page.models, page.models.first
    with gr.Row(elem_id="explore-layout"):
        with gr.Column(elem_id="explore-image"):
            view = image_view.image_view(image_view.view_of(first, FIRST_ID, FIRST_ID), elem_id="image-view")
            with gr.Group(elem_classes="seed-field"):
                flower = gr.Textbox(
                    str(FIRST_ID),
                    label=texts.static("flower"),
                    info=texts.static("flower_info"),
                    max_lines=1,
                    elem_id="flower",
                )
                dice = gr.Button(texts.static("dice"), size="sm", elem_id="flower-dice")
            with gr.Row(elem_id="explore-actions"):
                reset = gr.Button(texts.static("reset"), size="md", min_width=0, elem_id="reset")
                onward = gr.Button(texts.static("go_on"), size="md", min_width=0, elem_id="go-on")
                away = gr.Button(texts.static("send"), size="md", min_width=0, elem_id="send")
        sliders = direction_sliders.sliders(first, elem_id="sliders")
    _build_arithmetic(page, [flower, sliders])

    ask = browser_generator.listen(page, [flower.change, sliders.change], "explore", [flower, sliders])
    ask(assets.bind(show, models), [flower, sliders], view, **SAMPLING)
    browser_generator.show(page, "view", [view])
    gr.on([flower.submit, flower.blur], assets.bind(check, models), [flower, sliders], None, **QUIET)
    gr.on(page.on_model_change(), assets.bind(change_model, models), [flower, page.model], [flower, sliders], **QUIET)
    roll = assets.call("rollText", seeds=latents.SEEDS)
    dice.click(None, outputs=flower, js=roll, api_visibility="private")
    reset.click(None, sliders, sliders, js=direction_sliders.RESET, api_visibility="private")
    onward.click(assets.bind(go_on, models), [flower, sliders], [flower, sliders], **QUIET)
    inputs = [flower, sliders, page.keyframes]
    away.click(assets.bind(send, models), inputs, [page.keyframes, page.tabs], **QUIET)
    page.explore_outputs = [page.model, flower, sliders, view, page.tabs]
    page.lightbox.explore(assets.bind(open_enlarged, models), None, page.explore_outputs, **QUIET)


def _build_arithmetic(page: Page, start_outputs: list) -> None:
    """The section A - B + C. start_outputs: the field of the start, and the sliders."""
    models = page.models
    with gr.Accordion(texts.static("sum"), open=False, elem_id="sum"):
        gr.HTML(texts.static("sum_info"), elem_id="sum-info")
        gallery = galleries.row(4, "sum-gallery", sum_images(models.first, *FIRST_TERMS))
        with gr.Row(elem_id="sum-row"):
            terms = [
                gr.Textbox(str(term), label=texts.static(field), max_lines=1, min_width=0, elem_id=f"sum-{field}")
                for field, term in zip("abc", FIRST_TERMS, strict=True)
            ]
            take = gr.Button(texts.static("take"), size="md", min_width=0, elem_id="take")
    inputs = [*terms, page.model]
    changes = [*(term.change for term in terms), page.model.change]
    ask = browser_generator.listen(page, changes, "sum", inputs)
    ask(assets.bind(show_sum, models), inputs, gallery, **SAMPLING)
    browser_generator.show(page, "sum", [gallery])
    ends = [event for term in terms for event in (term.submit, term.blur)]
    gr.on(ends, assets.bind(check_sum, models), inputs, None, **QUIET)
    take.click(assets.bind(start_from_sum, models), inputs, start_outputs, **QUIET)


# --- the handlers. flower: the field's text; moved: the value of the sliders


def show(models: Models, flower: Any, moved: Any, request: gr.Request) -> Any:
    """The image view; while somebody types, a text that is not yet a latent id is no error."""
    model, amounts = _sliders(models, moved, request)
    try:
        start = arguments.latent_id("flower", flower, model.generator.z_dim, request)
    except gr.Error:
        return gr.skip()
    return image_view.view_of(model, start, move(model, start, amounts))


def check(models: Models, flower: Any, moved: Any, request: gr.Request) -> None:
    """gr.Error for what `show` passes over."""
    _shown(models, flower, moved, request)


def change_model(models: Models, flower: Any, model: Any, request: gr.Request) -> tuple:
    """The field and the sliders of the model that has been chosen."""
    model = chosen_model(models, model, request)
    try:
        arguments.latent_id("flower", flower, model.generator.z_dim, request)
    except gr.Error:  # a code of the other model
        flower = str(FIRST_ID)
    return flower, direction_sliders.at_rest(model)


def go_on(models: Models, flower: Any, moved: Any, request: gr.Request) -> tuple:
    """What is shown becomes the start."""
    model, shown = _shown(models, flower, moved, request)
    return str(shown), direction_sliders.at_rest(model)


def send(models: Models, flower: Any, moved: Any, keyframes: Any, request: gr.Request) -> tuple:
    """What is shown becomes a keyframe of Interpolate."""
    _, shown = _shown(models, flower, moved, request)
    return interpolate.with_keyframe(str(keyframes), shown), gr.Tabs(selected="interpolate")


def show_sum(models: Models, a: Any, b: Any, c: Any, model: Any, request: gr.Request) -> Any:
    """The gallery of the arithmetic; while somebody types, nothing is an error."""
    try:
        return sum_images(*_terms(models, a, b, c, model, request))
    except gr.Error:
        return gr.skip()


def check_sum(models: Models, a: Any, b: Any, c: Any, model: Any, request: gr.Request) -> None:
    """gr.Error for what `show_sum` passes over."""
    _terms(models, a, b, c, model, request)


def start_from_sum(models: Models, a: Any, b: Any, c: Any, model: Any, request: gr.Request) -> tuple:
    """A - B + C becomes the start."""
    model, *ids = _terms(models, a, b, c, model, request)
    return str(add(model, *ids)), direction_sliders.at_rest(model)


def open_enlarged(models: Models, event: gr.EventData) -> tuple:
    """The outputs that open the tab with the enlarged image of Generate."""
    try:
        model, seed, truncation = lightbox.resolve(lightbox.item_of(event), models)
    except ValueError:
        return (gr.skip(),) * 5
    untouched = truncation == latents.MAX_TRUNCATION
    return opened_with(model, seed if untouched else latents.encode(model.z([seed], truncation)[0]))


def _sliders(models: Models, moved: Any, request: gr.Request) -> tuple[LoadedModel, list[float]]:
    """The model that the sliders belong to, and their amounts."""
    moved = moved if isinstance(moved, dict) else {}
    model, amounts = chosen_model(models, moved.get("model"), request), moved.get("amounts")
    if amounts == []:  # there are no sliders yet
        return model, []
    return model, arguments.amounts(amounts, len(model.all_directions), request)


def _shown(models: Models, flower: Any, moved: Any, request: gr.Request) -> tuple[LoadedModel, int | str]:
    """The model, and the latent id of what is shown."""
    model, amounts = _sliders(models, moved, request)
    start = arguments.latent_id("flower", flower, model.generator.z_dim, request)
    return model, move(model, start, amounts)


def _terms(models: Models, a: Any, b: Any, c: Any, model: Any, request: gr.Request) -> tuple:
    """The model, and three latent ids."""
    model = chosen_model(models, model, request)
    fields = {"a": a, "b": b, "c": c}.items()
    return model, *(arguments.latent_id(field, value, model.generator.z_dim, request) for field, value in fields)


# --- what they compute


def opened_with(model: LoadedModel, latent_id: int | str) -> tuple:
    """The values of `Page.explore_outputs` that open the tab with an image of this model, no slider moved."""
    return (
        model.name,
        str(latent_id),
        direction_sliders.at_rest(model),
        image_view.view_of(model, latent_id, latent_id),
        gr.Tabs(selected="explore"),
    )


def move(model: LoadedModel, latent_id: int | str, amounts: list[float]) -> int | str:
    """The latent id to which the sliders lead from another one."""
    if not any(amounts):
        return latent_id
    return latents.encode(directions.move(model.z([latent_id])[0], model.all_directions, amounts))


def add(model: LoadedModel, a: int | str, b: int | str, c: int | str) -> int | str:
    """The latent id of A - B + C."""
    if b in (a, c):  # exactly, where a sum of rounded numbers would be nearly that
        return c if a == b else a
    z = model.z([a, b, c])
    total = z[0] - z[1] + z[2]
    # The sum of three independent latents has a norm of sqrt(3 z_dim), and the generator was trained at sqrt(z_dim):
    # that far out, colours burn and petals fray. With at most the largest norm of the three, it looks like them.
    longest = z.norm(dim=1).max()
    return latents.encode(total * (longest / total.norm().clamp(min=1e-6)).clamp(max=1))


def sum_images(model: LoadedModel, a: int | str, b: int | str, c: int | str) -> list[tuple[str, str]]:
    """(path of a PNG, caption) of the three terms and of their sum."""
    named = {"A": a, "− B": b, "+ C": c, "=": add(model, a, b, c)}
    return [(str(path), caption) for caption, path in zip(named, model.images(list(named.values())), strict=True)]
