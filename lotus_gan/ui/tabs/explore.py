"""The tab Explore: a flower moved along directions of the network's space, and flower arithmetic.

What is shown is always the picture of a key: the start's own where no slider is moved, else the code of where the
sliders lead. So the same flower can be downloaded, sent to Interpolate and gone on from, to the byte.
"""

import gradio as gr

from lotus_gan import latents
from lotus_gan.sampling import directions
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import direction_sliders, galleries, image_view, lightbox
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.tabs import interpolate

FIRST_KEY = 36
# in the model that comes with the page: a white flower, a pink one, a pink bud
FIRST_TERMS = (3, 9, 11)
QUIET = {
    "preprocess": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
ROLL = f"() => String(Math.floor(Math.random() * {latents.SEEDS}))"


def build(
    studios: dict[str, LoadedModel], model: gr.Radio, page: gr.Blocks, keys: gr.Textbox, tabs: gr.Tabs, bar: gr.HTML
) -> list[gr.blocks.Block]:
    """The tab's components and events, inside `page`, which is open. `model` is where the page chooses a studio, `keys`
    the field of Interpolate, `tabs` what holds all tabs, `bar` that of Generate's enlarged picture.

    Returns the outputs of `start`, for other tabs to send a flower here.
    """
    first = next(iter(studios.values()))

    def chosen(moved, request) -> tuple[LoadedModel, list[float]]:
        """The model that the sliders belong to, and their amounts."""
        moved = moved if isinstance(moved, dict) else {}
        studio, amounts = studios[arguments.choice("model", moved.get("model"), studios, request)], moved.get("amounts")
        if amounts == []:  # there are no sliders yet
            return studio, []
        return studio, arguments.amounts(amounts, len(studio.all_directions), request)

    def on_easel(flower, moved, request) -> tuple[LoadedModel, int | str, int | str]:
        """Who paints, the key of the start, and the key of what is shown."""
        studio, amounts = chosen(moved, request)
        start = arguments.key("flower", flower, studio.generator.z_dim, request)
        return studio, start, move(studio, start, amounts)

    def show(flower, moved, request: gr.Request):
        studio, amounts = chosen(moved, request)
        try:
            start = arguments.key("flower", flower, studio.generator.z_dim, request)
        except gr.Error:  # while somebody types, what is not yet a key is no mistake
            return gr.skip()
        return image_view.value(studio, start, move(studio, start, amounts))

    def check(flower, moved, request: gr.Request):
        on_easel(flower, moved, request)

    def change_model(flower, model, request: gr.Request):
        studio = studios[arguments.choice("model", model, studios, request)]
        try:
            arguments.key("flower", flower, studio.generator.z_dim, request)
        except gr.Error:  # the code of another model's flower
            flower = str(FIRST_KEY)
        return flower, direction_sliders.value(studio)

    def go_on(flower, moved, request: gr.Request):
        studio, _, shown = on_easel(flower, moved, request)
        return str(shown), direction_sliders.value(studio)

    def send(flower, moved, keys, request: gr.Request):
        *_, shown = on_easel(flower, moved, request)
        return interpolate.with_key(str(keys), shown), gr.Tabs(selected="interpolate")

    def terms(a, b, c, model, request) -> tuple:
        studio = studios[arguments.choice("model", model, studios, request)]
        fields = {"a": a, "b": b, "c": c}.items()
        return studio, *(arguments.key(field, value, studio.generator.z_dim, request) for field, value in fields)

    def show_sum(a, b, c, model, request: gr.Request):
        try:
            return sum_pictures(*terms(a, b, c, model, request))
        except gr.Error:
            return gr.skip()

    def check_sum(a, b, c, model, request: gr.Request):
        terms(a, b, c, model, request)

    def take(a, b, c, model, request: gr.Request):
        studio, *keys = terms(a, b, c, model, request)
        return str(add(studio, *keys)), direction_sliders.value(studio)

    def open_picked(event: gr.EventData):
        try:
            studio, seed, truncation = lightbox.found(lightbox.item_of(event), studios)
        except ValueError:
            return (gr.skip(),) * len(outputs)
        untouched = truncation == latents.MAX_TRUNCATION
        return start(studio, seed if untouched else latents.encode(studio.z([seed], truncation)[0]))

    with gr.Row(elem_id="explore-layout"):
        with gr.Column(elem_id="explore-picture"):
            picture = image_view.easel(image_view.value(first, FIRST_KEY, FIRST_KEY), elem_id="easel")
            with gr.Group(elem_classes="seed-field"):
                flower = gr.Textbox(
                    str(FIRST_KEY),
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
        moved = direction_sliders.sliders(first, elem_id="sliders")
    with gr.Accordion(texts.static("sum"), open=False, elem_id="sum"):
        gr.HTML(texts.static("sum_info"), elem_id="sum-info")
        gallery = galleries.row(4, "sum-gallery", sum_pictures(first, *FIRST_TERMS))
        with gr.Row(elem_id="sum-row"):
            addends = [
                gr.Textbox(str(key), label=texts.static(field), max_lines=1, min_width=0, elem_id=f"sum-{field}")
                for field, key in zip("abc", FIRST_TERMS, strict=True)
            ]
            taken = gr.Button(texts.static("take"), size="md", min_width=0, elem_id="take")

    # while a slider is dragged, only the last one matters
    painting = {**QUIET, "concurrency_id": "paint", "trigger_mode": "always_last"}
    gr.on([flower.change, moved.change], show, [flower, moved], picture, **painting)
    gr.on([flower.submit, flower.blur], check, [flower, moved], None, **QUIET)
    changed = [model.change] if first.origin else [model.change, page.load]
    gr.on(changed, change_model, [flower, model], [flower, moved], **QUIET)
    dice.click(None, outputs=flower, js=ROLL, api_visibility="private")
    reset.click(None, moved, moved, js=direction_sliders.RESET, api_visibility="private")
    onward.click(go_on, [flower, moved], [flower, moved], **QUIET)
    away.click(send, [flower, moved, keys], [keys, tabs], **QUIET)
    gr.on([*(term.change for term in addends), model.change], show_sum, [*addends, model], gallery, **painting)
    listened = [event for term in addends for event in (term.submit, term.blur)]
    gr.on(listened, check_sum, [*addends, model], None, **QUIET)
    taken.click(take, [*addends, model], [flower, moved], **QUIET)
    outputs = [model, flower, moved, picture, tabs]
    bar.explore(open_picked, None, outputs, **QUIET)
    return outputs


def start(studio: LoadedModel, key: int | str) -> tuple:
    """Values of what `build` returns that open the tab with a flower of this model, no slider moved."""
    return (
        studio.name,
        str(key),
        direction_sliders.value(studio),
        image_view.value(studio, key, key),
        gr.Tabs(selected="explore"),
    )


def move(studio: LoadedModel, key: int | str, amounts: list[float]) -> int | str:
    """The key of where the sliders lead from a key."""
    if not any(amounts):
        return key
    return latents.encode(directions.move(studio.z([key])[0], studio.all_directions, amounts))


def add(studio: LoadedModel, a: int | str, b: int | str, c: int | str) -> int | str:
    """The key of A - B + C."""
    if b in (a, c):  # to the byte, where sums of rounded numbers would be nearly that
        return c if a == b else a
    z = studio.z([a, b, c])
    total = z[0] - z[1] + z[2]
    # The sum of three independent latents has a norm of sqrt(3 z_dim), and the generator was trained at sqrt(z_dim):
    # that far out, colours burn and petals fray. No longer than the longest of the three, it is a flower like them.
    longest = z.norm(dim=1).max()
    return latents.encode(total * (longest / total.norm().clamp(min=1e-6)).clamp(max=1))


def sum_pictures(studio: LoadedModel, a: int | str, b: int | str, c: int | str) -> list[tuple[str, str]]:
    """(path of a PNG, caption) of the three and of what they come to."""
    named = {"A": a, "− B": b, "+ C": c, "=": add(studio, a, b, c)}
    return [(str(studio.picture(key)), caption) for caption, key in named.items()]
