"""The tab Interpolate: a walk through 2 to 8 keys, under a slider that asks the server for nothing.

All 65 frames from one key to the next are painted at once and sent as one lossless sheet; the slider then moves through
the sheets in the browser (`glide`).
"""

import html
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import gradio as gr
import torch

from lotus_gan import latents
from lotus_gan.sampling.interpolation import describe, interpolate
from lotus_gan.sampling.media import ANIMATIONS, grid, sample_images, save_animation, save_atomically, save_png
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import interpolation_player, model_picker
from lotus_gan.ui.loaded_model import LoadedModel, kept, truncation_suffix

FIRST_KEYS = [37, 14]
SIZES = (256, 512)  # px of a loop
FORMATS = [suffix[1:] for suffix in ANIMATIONS]
ADD = f"""(seeds) => {{
  const keys = seeds.split(',').map(key => key.trim()).filter(key => key);
  const rolled = String(Math.floor(Math.random() * {latents.SEEDS}));
  return (keys.length < {arguments.MAX_KEYS} ? [...keys, rolled] : [...keys.slice(0, -1), rolled]).join(', ');
}}"""
REVERSE = "(seeds) => seeds.split(',').map(key => key.trim()).reverse().join(', ')"
OPEN_LINK = f"""(seeds, position, truncation, even, model) => {{
  const asked = new URLSearchParams(location.search), t = Number(asked.get('t')), psi = Number(asked.get('truncation'));
  if (!asked.has('seeds')) return [seeds, position, truncation, even, model];
  document.querySelectorAll('[role=tab]')[1]?.click();
  return [asked.get('seeds').split(',').join(', '), asked.has('t') && t >= 0 && t <= 1 ? t : position,
          psi >= {latents.MIN_TRUNCATION} && psi <= {latents.MAX_TRUNCATION} ? psi : truncation, asked.has('even'),
          asked.get('model') ?? model];
}}"""
COPY_LINK = f"""async (seeds, position, truncation, even, model) => {{
  const link = new URL(location.pathname, location.origin);
  const t = String(Number(position.toFixed(4)));
  link.search = `seeds=${{seeds.replaceAll(' ', '')}}&t=${{t}}` + (even ? '&even=1' : '')
    + (truncation < {latents.MAX_TRUNCATION} ? `&truncation=${{truncation}}` : '')
    + (model === FIRST ? '' : `&model=${{encodeURIComponent(model)}}`);
  history.replaceState(null, '', link);
  try {{ await navigator.clipboard.writeText(link.href); }} catch {{ /* the address bar has it all the same */ }}
  return [];
}}"""


def build(studios: dict[str, LoadedModel], model: gr.Radio, page: gr.Blocks) -> gr.Textbox:
    """The tab's components and events, inside `page`, which is open. `model` is where the page chooses a studio.

    Returns the field that holds the keys, for others to write to.
    """
    first, bundled = next(iter(studios.values())), list(studios)

    def interpolate(seed_a: int, seed_b: int, position: float, request: gr.Request):
        """Paint the flower at `position` (0 to 1) on the way from seed_a to seed_b (spherical interpolation)."""
        seed_a = arguments.whole("seed_a", seed_a, request)
        seed_b = arguments.whole("seed_b", seed_b, request)
        position = arguments.real("position", position, request)
        a, b = first.z([seed_a, seed_b])
        [picture] = sample_images(first.generator, latents.slerp(a, b, torch.tensor([position])))
        path = first.file(f"seeds-{seed_a}-{seed_b}-position-{position}.png")
        info = {"seed_a": seed_a, "seed_b": seed_b, "position": position, "model": first.name}
        return str(save_png(picture, path, **info))

    def checked(seeds, truncation, even, model, request) -> tuple:
        studio = studios[arguments.choice("model", model, studios, request)]
        keys = arguments.keys(seeds, studio.generator.z_dim, request)
        truncation = arguments.real("truncation", truncation, request)
        even = arguments.yes("even", even, request)
        return studio, keys, truncation, even

    def show_walk(seeds, truncation, even, model, request: gr.Request):
        studio, keys, truncation, even = checked(seeds, truncation, even, model, request)
        slider = gr.Slider(step=1 / (interpolation_player.STEPS * (len(keys) - 1)))
        for walk in walk_values(studio, keys, truncation, even):
            # the file of another walk would mislead
            yield walk, slider, gr.DownloadButton(value=None, interactive=False)

    def show_typed(seeds, truncation, even, model, request: gr.Request):
        """While somebody types, what is not yet a list of keys is no mistake. A code is pasted whole."""
        try:
            checked(seeds, truncation, even, model, request)
        except gr.Error:
            if latents.CODE in str(seeds):
                raise
            yield gr.skip(), gr.skip(), gr.skip()
        else:
            yield from show_walk(seeds, truncation, even, model, request)

    def make_loop(seeds, truncation, even, model, kind, size, request: gr.Request, progress=gr.Progress()):  # noqa: B008
        studio, keys, truncation, even = checked(seeds, truncation, even, model, request)
        kind = arguments.choice("format", kind, FORMATS, request)
        size = arguments.choice("size", size, SIZES, request)
        count, frames = interpolation_player.STEPS * len(keys), []
        for frame in loop(studio.generator, studio.z(keys, truncation), interpolation_player.STEPS, even):
            frames.append(frame)
            progress(0.7 * len(frames) / count, desc=texts.say("loop_painting", request))
        progress(0.7, desc=texts.say("loop_writing", request, format=kind.upper()))
        path = studio.file(f"{walk_name(keys, truncation, even)}-{size}px.{kind}")
        comment = describe(keys, truncation, studio.name)
        save_animation(frames, path, fps=interpolation_player.FPS, size=size, comment=comment)
        return gr.DownloadButton(value=str(path), interactive=True)

    def open_link(seeds, position, truncation, even, wanted, request: gr.Request):
        """What a link asks for, which the browser has read, and the model that it names if there is one here."""
        here = wanted in list(studios)  # a list, as what is sent may be anything, hashable or not
        if not here:
            gr.Warning(texts.say("link_model", request, model=html.escape(str(wanted)[:100])))
        chosen = model_picker.chosen(bundled, wanted) if here and wanted != first.name else gr.skip()
        return seeds, position, truncation, even, chosen

    def write_keys(event: gr.EventData):
        return ", ".join(map(str, event.keys))

    low, high = arguments.RANGES["truncation"]
    with gr.Column(elem_id="walk-layout"):
        stage = interpolation_player.stage(next(walk_values(first, FIRST_KEYS, high, False)), elem_id="stage")
        with gr.Row(elem_id="walk-row"):
            play = gr.Button(texts.static("play"), size="sm", min_width=0, elem_id="play")
            position = gr.Slider(
                *arguments.RANGES["position"],
                0.5,
                step=1 / interpolation_player.STEPS,
                label=texts.static("slider"),
                buttons=[],
                elem_id="walk",
            )
        gr.HTML(texts.static("walk_info"), elem_id="walk-info")
        with gr.Row(elem_id="walk-keys"):
            seeds = gr.Textbox(
                ", ".join(map(str, FIRST_KEYS)), label=texts.static("seeds"), max_lines=1, elem_id="seeds"
            )
            dice = gr.Button(texts.static("dice"), size="sm", min_width=0, elem_id="add-key")
            reverse = gr.Button(texts.static("reverse"), size="sm", min_width=0, elem_id="reverse")
        with gr.Row(elem_id="walk-options"):
            truncation = gr.Slider(
                low, high, high, step=0.01, label=texts.static("truncation"), buttons=[], elem_id="walk-truncation"
            )
            even = gr.Checkbox(False, label=texts.static("even"), info=texts.static("even_info"), elem_id="even")
        with gr.Row(elem_id="loop"):
            kind = gr.Dropdown(FORMATS, value=FORMATS[0], label=texts.static("format"), min_width=0, elem_id="format")
            size = gr.Dropdown(
                [(f"{s} px", s) for s in SIZES],
                value=SIZES[0],
                label=texts.static("size"),
                min_width=0,
                elem_id="size",
            )
            loop = gr.Button(texts.static("loop"), size="md", min_width=0, elem_id="make-loop")
            file = gr.DownloadButton(
                texts.static("download"), size="md", min_width=0, interactive=False, elem_id="loop-file"
            )
            link = gr.Button(texts.static("copy_link"), size="md", min_width=0, elem_id="copy-link")

    private = {"api_visibility": "private"}
    walk, view = [seeds, truncation, even, model], [seeds, position, truncation, even, model]
    page.load(open_link, view, view, js=OPEN_LINK, preprocess=False, show_progress="hidden", **private)
    link.click(None, view, js=COPY_LINK.replace("FIRST", json.dumps(first.name)), **private)
    stage.keys(write_keys, outputs=seeds, queue=False, show_progress="hidden", **private)
    dice.click(None, seeds, seeds, js=ADD, **private)
    reverse.click(None, seeds, seeds, js=REVERSE, **private)
    play.click(None, js=interpolation_player.PLAY, **private)
    position.change(None, position, js=interpolation_player.SHOW, **private)
    painting = {
        "preprocess": False,
        "concurrency_id": "paint",
        "trigger_mode": "always_last",  # while a slider is dragged, only the last one matters
        "show_progress": "minimal",
        "show_progress_on": stage,
        **private,
    }
    gr.on(
        [truncation.change, even.change, seeds.change],
        show_typed,
        walk,
        [stage, position, file],
        **painting,
    )
    gr.on([seeds.submit, seeds.blur, model.change], show_walk, walk, [stage, position, file], **painting)
    loop.click(
        make_loop,
        [*walk, kind, size],
        file,
        preprocess=False,
        concurrency_id="export",  # seconds of work that nobody's flowers should wait for
        concurrency_limit=1,
        show_progress_on=stage,
        **private,
    )

    # programs ask for single pictures; the page itself never does
    ends = [
        gr.Number(key, label=texts.static(name), visible=False)
        for name, key in zip(("seed_a", "seed_b"), FIRST_KEYS, strict=True)
    ]
    picture = gr.Image(label=texts.static("picture"), visible=False)
    gr.Button(visible=False).click(
        interpolate, [*ends, position], picture, api_name="interpolate", preprocess=False, concurrency_id="paint"
    )
    return seeds


def with_key(keys: str, key: int | str) -> str:
    """The field's text with one more key, in the place of the last one where there are as many as a walk takes."""
    return ", ".join([*_parts(keys)[: arguments.MAX_KEYS - 1], str(key)])


def with_end(keys: str, key: int | str, end: str) -> str:
    """The field's text with a key in the place of the "first" or of the "last" one."""
    parts = _parts(keys)
    return ", ".join([str(key), *parts[1:]] if end == "first" else [*parts[: max(1, len(parts) - 1)], str(key)])


def _parts(keys: str) -> list[str]:
    return [part.strip() for part in keys.split(",") if part.strip()]


def walk_values(studio: LoadedModel, keys: list[int | str], truncation: float, even: bool) -> Iterator[dict]:
    """What the stage shows, once more for each pair of keys as soon as it is painted."""
    sheets = []
    for pair in pairwise(keys):
        sheets.append(sprite_sheet(studio, pair, truncation, even))
        yield interpolation_player.value(sheets, keys)


def sprite_sheet(studio: LoadedModel, pair: Sequence[int | str], truncation: float, even: bool) -> Path:
    """All frames from one key to the next in one lossless picture, painted unless it has been lately."""
    path = studio.file(f"{walk_name(pair, truncation, even)}-walk.webp")
    if not kept(path):
        frames = interpolate(studio.generator, *studio.z(pair, truncation), interpolation_player.STEPS, even)
        # method 0 is ten times quicker than the default and a tenth larger
        save_atomically(
            grid(frames, columns=interpolation_player.COLUMNS, gap=0), path, lossless=True, quality=0, method=0
        )
    return path


def walk_name(keys: Sequence[int | str], truncation: float, even: bool) -> str:
    """What a file's name says of a walk: its seeds, or a hash of its keys where one is a code, which is long."""
    text = "-".join(map(str, keys))
    named = f"keys-{sha256(text.encode()).hexdigest()[:24]}" if latents.CODE in text else f"seeds-{text}"
    return f"{named}{truncation_suffix(truncation)}{'-even' if even else ''}"
