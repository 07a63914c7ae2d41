"""The tab Interpolate: an interpolation through 2 to 8 keyframes, under a slider that asks the server for nothing.

All 65 frames from one keyframe to the next are generated at once and sent as one lossless sheet; the slider then moves
through the sheets in the browser (components/static/interpolation_player.js).
"""

import html
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from lotus_gan import latents
from lotus_gan.sampling import interpolation
from lotus_gan.sampling.media import ANIMATIONS, grid, sample_images, save_animation, save_atomically, save_png
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets, browser_generator, interpolation_player, model_picker
from lotus_gan.ui.context import Page, chosen_model
from lotus_gan.ui.loaded_model import LoadedModel, is_cached, truncation_suffix
from lotus_gan.ui.models import Models

FIRST_KEYFRAMES: list[int | str] = [37, 14]
SIZES = (256, 512)  # px of a loop
FORMATS = [suffix[1:] for suffix in ANIMATIONS]
PRIVATE = {"api_visibility": "private"}


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open. It fills in the page's keyframes."""
    with gr.Column(elem_id="interpolation-layout"):
        value = next(interpolations(page.models.first, FIRST_KEYFRAMES, latents.MAX_TRUNCATION, False))
        player = interpolation_player.player(value, elem_id="interpolation-player")
        position = _build_position()
        gr.HTML(texts.static("interpolation_info"), elem_id="interpolation-info")
        page.keyframes = seeds = _build_keyframes()
        with gr.Row(elem_id="interpolation-options"):
            low, high = arguments.RANGES["truncation"]
            truncation = gr.Slider(
                low,
                high,
                high,
                step=0.01,
                label=texts.static("truncation"),
                buttons=[],
                elem_id="interpolation-truncation",
            )
            even = gr.Checkbox(False, label=texts.static("even"), info=texts.static("even_info"), elem_id="even")
        inputs = [seeds, truncation, even, page.model]
        with gr.Row(elem_id="loop"):
            file = _build_loop(page, inputs, player)
            link = gr.Button(texts.static("copy_link"), size="md", min_width=0, elem_id="copy-link")
    _listen_for_links(page, link, [seeds, position, truncation, even, page.model])
    player.keyframes(write_keyframes, outputs=seeds, queue=False, show_progress="hidden", **PRIVATE)
    sampling = {
        "preprocess": False,
        "concurrency_id": "sample",
        "trigger_mode": "always_last",  # while a slider is dragged, only the last position matters
        "show_progress": "minimal",
        "show_progress_on": player,
        **PRIVATE,
    }
    outputs = [player, position, file]
    ranges = {"keyframes": (arguments.MIN_KEYFRAMES, arguments.MAX_KEYFRAMES), "truncation": (low, high)}
    live: dict[str, Any] = {"ranges": ranges, "steps": interpolation_player.LIVE_STEPS}
    changes = [truncation.change, even.change, seeds.change, page.browser.ready]
    ask = browser_generator.listen(page, changes, "interpolate", inputs, ask="typed", **live)
    ask(assets.bind(show_typed, page.models), inputs, outputs, **sampling)
    ends = [seeds.submit, seeds.blur, page.model.change]
    ask = browser_generator.listen(page, ends, "interpolate", inputs, **live)
    ask(assets.bind(show, page.models), inputs, outputs, **sampling)
    browser_generator.show(page, "interpolation", outputs)
    for event in (page.lightbox.first, page.lightbox.last):
        event(with_enlarged, seeds, seeds, queue=False, show_progress="hidden", **PRIVATE)
    _build_endpoint(page, position)


def _build_position() -> gr.Slider:
    with gr.Row(elem_id="position-row"):
        play = gr.Button(texts.static("play"), size="sm", min_width=0, elem_id="play")
        position = gr.Slider(
            *arguments.RANGES["position"],
            0.5,
            step=1 / interpolation_player.STEPS,
            label=texts.static("slider"),
            buttons=[],
            elem_id="position",
        )
    play.click(None, js=assets.call("play"), **PRIVATE)
    # in the browser alone: the player draws a frame of a sheet that it has
    position.change(None, position, js=assets.call("showPosition"), **PRIVATE)
    return position


def _build_keyframes() -> gr.Textbox:
    with gr.Row(elem_id="keyframes-row"):
        text = ", ".join(map(str, FIRST_KEYFRAMES))
        seeds = gr.Textbox(text, label=texts.static("seeds"), max_lines=1, elem_id="keyframes")
        dice = gr.Button(texts.static("dice"), size="sm", min_width=0, elem_id="add-keyframe")
        reverse = gr.Button(texts.static("reverse"), size="sm", min_width=0, elem_id="reverse")
    add = assets.call("addKeyframe", seeds=latents.SEEDS, limit=arguments.MAX_KEYFRAMES)
    dice.click(None, seeds, seeds, js=add, **PRIVATE)
    reverse.click(None, seeds, seeds, js=assets.call("reverse"), **PRIVATE)
    return seeds


def _build_loop(page: Page, inputs: list, player: gr.HTML) -> gr.DownloadButton:
    kind = gr.Dropdown(FORMATS, value=FORMATS[0], label=texts.static("format"), min_width=0, elem_id="format")
    sizes = [(f"{size} px", size) for size in SIZES]
    size = gr.Dropdown(sizes, value=SIZES[0], label=texts.static("size"), min_width=0, elem_id="size")
    button = gr.Button(texts.static("loop"), size="md", min_width=0, elem_id="make-loop")
    file = gr.DownloadButton(texts.static("download"), size="md", min_width=0, interactive=False, elem_id="loop-file")
    button.click(
        assets.bind(make_loop, page.models),
        [*inputs, kind, size],
        file,
        preprocess=False,
        concurrency_id="export",  # seconds of work that do not delay sampling
        concurrency_limit=1,
        show_progress_on=player,
        **PRIVATE,
    )
    return file


def _listen_for_links(page: Page, link: gr.Button, view: list) -> None:
    """Links to a view of this tab: written to the clipboard and the address bar, and read when the page is opened."""
    low, high = arguments.RANGES["truncation"]
    read = assets.call("openLink", low=low, high=high)
    quiet = {"preprocess": False, "show_progress": "hidden", **PRIVATE}
    page.blocks.load(assets.bind(open_link, page.models), view, view, js=read, **quiet)
    write = assets.call("copyLink", high=high, first=page.models.first.name)
    link.click(None, view, js=write, **PRIVATE)


def _build_endpoint(page: Page, position: gr.Slider) -> None:
    """The endpoint for programs: single images. (Why it is not a gr.api: see generate.build.)"""
    ends = [
        gr.Number(seed, label=texts.static(name), visible=False)
        for name, seed in zip(("seed_a", "seed_b"), FIRST_KEYFRAMES, strict=True)
    ]
    image = gr.Image(label=texts.static("picture"), visible=False)
    gr.Button(visible=False).click(
        assets.bind(interpolate, page.models),
        [*ends, position],
        image,
        api_name="interpolate",
        preprocess=False,
        concurrency_id="sample",
    )


# --- the handlers


def interpolate(models: Models, seed_a: int, seed_b: int, position: float, request: gr.Request) -> str:
    """Generate the flower at `position` (0 to 1) on the way from seed_a to seed_b (spherical interpolation)."""
    seed_a = arguments.integer("seed_a", seed_a, request)
    seed_b = arguments.integer("seed_b", seed_b, request)
    position = arguments.real("position", position, request)
    model = models.first
    a, b = model.z([seed_a, seed_b])
    [image] = sample_images(model.sampler, latents.slerp(a, b, torch.tensor([position])))
    path = model.file(f"seeds-{seed_a}-{seed_b}-position-{position}.png")
    info = {"seed_a": seed_a, "seed_b": seed_b, "position": position, "model": model.name}
    return str(save_png(image, path, **info))


def show(models: Models, seeds: Any, truncation: Any, even: Any, model: Any, request: gr.Request) -> Iterator[tuple]:
    """The player's value, the slider and the button of the loop, once more for each pair that has been generated."""
    model, ids, truncation, even = _checked(models, seeds, truncation, even, model, request)
    slider = gr.Slider(step=1 / (interpolation_player.STEPS * (len(ids) - 1)))
    for value in interpolations(model, ids, truncation, even):
        # the file of another interpolation would mislead
        yield value, slider, gr.DownloadButton(value=None, interactive=False)


def show_typed(
    models: Models, seeds: Any, truncation: Any, even: Any, model: Any, request: gr.Request
) -> Iterator[tuple]:
    """As `show`; while somebody types, a text that is not yet a list of seeds is no error. A code is pasted whole."""
    try:
        _checked(models, seeds, truncation, even, model, request)
    except gr.Error:
        if latents.CODE in str(seeds):
            raise
        yield gr.skip(), gr.skip(), gr.skip()
    else:
        yield from show(models, seeds, truncation, even, model, request)


def make_loop(
    models: Models,
    seeds: Any,
    truncation: Any,
    even: Any,
    model: Any,
    kind: Any,
    size: Any,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
) -> gr.DownloadButton:
    """The download button with the file of a loop through the keyframes."""
    model, ids, truncation, even = _checked(models, seeds, truncation, even, model, request)
    kind = arguments.choice("format", kind, FORMATS, request)
    size = arguments.choice("size", size, SIZES, request)
    count, frames = interpolation_player.STEPS * len(ids), []
    for frame in interpolation.loop(model.sampler, model.z(ids, truncation), interpolation_player.STEPS, even):
        frames.append(frame)
        progress(0.7 * len(frames) / count, desc=texts.say("loop_sampling", request))
    progress(0.7, desc=texts.say("loop_writing", request, format=kind.upper()))
    path = model.file(f"{file_stem(ids, truncation, even)}-{size}px.{kind}")
    comment = interpolation.describe(ids, truncation, model.name)
    save_animation(frames, path, fps=interpolation_player.FPS, size=size, comment=comment)
    return gr.DownloadButton(value=str(path), interactive=True)


def open_link(
    models: Models, seeds: Any, position: Any, truncation: Any, even: Any, wanted: Any, request: gr.Request
) -> tuple:
    """What a link asks for, which the browser has read; its model is chosen if it is here."""
    here = wanted in list(models)  # a list: the value may not be hashable
    if not here:
        gr.Warning(texts.say("link_model", request, model=html.escape(str(wanted)[:100])))
    chosen = model_picker.chosen(models, wanted) if here and wanted != models.first.name else gr.skip()
    return seeds, position, truncation, even, chosen


def write_keyframes(event: gr.EventData) -> str:
    """The field's text for keyframes that were added or removed in the player."""
    keyframes = getattr(event, "keyframes", None)
    return ", ".join(map(str, keyframes[: arguments.MAX_KEYFRAMES])) if isinstance(keyframes, list) else ""


def with_enlarged(seeds: str, image: gr.EventData) -> str:
    """The field's text with the seed of the enlarged image as the first or the last keyframe."""
    return with_end(str(seeds), getattr(image, "seed", ""), getattr(image, "act", "last"))


def _checked(models: Models, seeds: Any, truncation: Any, even: Any, model: Any, request: gr.Request) -> tuple:
    """The model, the latent ids, truncation and pace, else gr.Error."""
    model = chosen_model(models, model, request)
    ids = arguments.latent_ids(seeds, model.generator.z_dim, request)
    truncation = arguments.real("truncation", truncation, request)
    return model, ids, truncation, arguments.boolean("even", even, request)


# --- what they compute


def with_keyframe(seeds: str, latent_id: int | str) -> str:
    """The field's text with one more keyframe, in the place of the last one where there are as many as fit."""
    return ", ".join([*_parts(seeds)[: arguments.MAX_KEYFRAMES - 1], str(latent_id)])


def with_end(seeds: str, latent_id: int | str, end: str) -> str:
    """The field's text with a latent id in the place of the "first" or of the "last" keyframe."""
    parts = _parts(seeds)
    return ", ".join(
        [str(latent_id), *parts[1:]] if end == "first" else [*parts[: max(1, len(parts) - 1)], str(latent_id)]
    )


def _parts(seeds: str) -> list[str]:
    return [part.strip() for part in seeds.split(",") if part.strip()]


def interpolations(model: LoadedModel, ids: list[int | str], truncation: float, even: bool) -> Iterator[dict]:
    """The player's value, once more for each pair of keyframes as soon as its sheet is generated."""
    sheets = []
    for pair in pairwise(ids):
        sheets.append(sheet(model, pair, truncation, even))
        yield interpolation_player.interpolation_of(sheets, ids)


def sheet(model: LoadedModel, pair: Sequence[int | str], truncation: float, even: bool) -> Path:
    """All frames from one keyframe to the next in one lossless image, generated unless it is cached."""
    path = model.file(f"{file_stem(pair, truncation, even)}-sheet.webp")
    if not is_cached(path):
        z = model.z(pair, truncation)
        frames = interpolation.interpolate(model.sampler, z[0], z[1], interpolation_player.STEPS, even)
        # method 0 is ten times quicker than the default and a tenth larger
        image = grid(frames, columns=interpolation_player.COLUMNS, gap=0)
        save_atomically(image, path, lossless=True, quality=0, method=0)
    return path


def file_stem(ids: Sequence[int | str], truncation: float, even: bool) -> str:
    """The part of a file's name for an interpolation: its seeds, or a hash of its ids where one is a (long) code."""
    text = "-".join(map(str, ids))
    named = f"keys-{sha256(text.encode()).hexdigest()[:24]}" if latents.CODE in text else f"seeds-{text}"
    return f"{named}{truncation_suffix(truncation)}{'-even' if even else ''}"
