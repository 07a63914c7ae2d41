"""The tab Interpolate: a walk from one seed to another, under a slider that asks the server for nothing.

All 65 frames of a pair are painted at once and sent as one lossless sheet; the slider then moves through them in the
browser (`glide`).
"""

import gradio as gr
import torch
from PIL import Image

from .. import latents
from ..media import grid, save_animation, save_atomically
from . import arguments, glide, texts
from .studio import Studio

FIRST_PAIR = (3, 7)
LOOP_FPS = 24
LOOP_SIZE = 256
ROLL = f"() => Math.floor(Math.random() * {latents.SEEDS})"


def build(studios: dict[str, Studio], model: gr.Radio) -> None:
    """The tab's components and events, inside the Blocks that is open. `model` is where the page chooses a studio."""
    first = next(iter(studios.values()))

    def interpolate(seed_a: int, seed_b: int, position: float, request: gr.Request):
        """Paint the flower at `position` (0 to 1) on the way from seed_a to seed_b (spherical interpolation)."""
        seed_a = arguments.whole("seed_a", seed_a, request)
        seed_b = arguments.whole("seed_b", seed_b, request)
        position = arguments.real("position", position, request)
        [picture] = first.walk(seed_a, seed_b, torch.tensor([position]))
        info = {"seed_a": seed_a, "seed_b": seed_b, "position": position}
        return first.png(picture, f"lotus-seeds-{seed_a}-{seed_b}-position-{position}", **info)

    def show_walk(seed_a, seed_b, model, request: gr.Request):
        if seed_a is None or seed_b is None:  # a field that is being typed in
            return gr.skip(), gr.skip(), gr.skip()
        seed_a = arguments.whole("seed_a", seed_a, request)
        seed_b = arguments.whole("seed_b", seed_b, request)
        studio = studios[arguments.choice("model", model, studios, request)]
        waiting = gr.DownloadButton(value=None, interactive=False)  # the files of another pair would mislead
        return walk_sheet(studio, seed_a, seed_b), waiting, waiting

    def make_loop(seed_a, seed_b, model, request: gr.Request, progress=gr.Progress()):  # noqa: B008 - Gradio's way
        seed_a = arguments.whole("seed_a", seed_a, request)
        seed_b = arguments.whole("seed_b", seed_b, request)
        studio = studios[arguments.choice("model", model, studios, request)]
        progress(0.1, desc=texts.say("loop_painting", request))
        frames = walk_frames(studio, seed_a, seed_b)
        frames += frames[-2:0:-1]  # there and back, neither end twice
        files = []
        for share, suffix in ((0.3, "gif"), (0.7, "mp4")):
            progress(share, desc=texts.say(f"loop_{suffix}", request))
            path = studio.folder / f"lotus-seeds-{seed_a}-{seed_b}.{suffix}"
            files.append(str(save_animation(frames, path, fps=LOOP_FPS, size=LOOP_SIZE)))
        return [gr.DownloadButton(value=file, interactive=True) for file in files]

    with gr.Column(elem_id="walk-layout"):
        with gr.Row(elem_id="walk-seeds"):
            seed_a, dice_a = _seed_field("seed_a", FIRST_PAIR[0])
            swap = gr.Button(texts.static("swap"), size="sm", min_width=90, elem_id="swap")
            seed_b, dice_b = _seed_field("seed_b", FIRST_PAIR[1])
        stage = glide.stage(walk_sheet(first, *FIRST_PAIR), elem_id="stage")
        position = gr.Slider(
            *arguments.RANGES["position"],
            0.5,
            step=1 / glide.STEPS,
            label=texts.static("slider"),
            buttons=[],
            elem_id="walk",
        )
        gr.HTML(texts.static("walk_info"), elem_id="walk-info")
        with gr.Row(elem_id="loop"):
            loop = gr.Button(texts.static("loop"), size="md", elem_id="make-loop")
            gif = gr.DownloadButton(texts.static("download_gif"), size="md", interactive=False, elem_id="gif")
            mp4 = gr.DownloadButton(texts.static("download_mp4"), size="md", interactive=False, elem_id="mp4")

    for dice, seed in ((dice_a, seed_a), (dice_b, seed_b)):
        dice.click(None, outputs=seed, js=ROLL, api_visibility="private")
    swap.click(None, [seed_a, seed_b], [seed_a, seed_b], js="(a, b) => [b, a]", api_visibility="private")
    position.input(None, position, js=glide.SHOW, api_visibility="private")
    gr.on(
        [seed_a.change, seed_b.change, model.change],
        show_walk,
        [seed_a, seed_b, model],
        [stage, gif, mp4],
        preprocess=False,
        api_visibility="private",
        concurrency_id="paint",
        trigger_mode="always_last",  # while a number is typed, only the last one matters
        show_progress="minimal",
        show_progress_on=stage,
    )
    loop.click(
        make_loop,
        [seed_a, seed_b, model],
        [gif, mp4],
        preprocess=False,
        api_visibility="private",
        concurrency_id="export",  # seconds of work that nobody's flowers should wait for
        concurrency_limit=1,
        show_progress_on=stage,
    )

    # programs ask for single pictures; the page itself never does
    picture = gr.Image(label=texts.static("picture"), visible=False)
    gr.Button(visible=False).click(
        interpolate,
        [seed_a, seed_b, position],
        picture,
        api_name="interpolate",
        preprocess=False,
        concurrency_id="paint",
    )


def _seed_field(name: str, value: int) -> tuple[gr.Number, gr.Button]:
    low, high = arguments.RANGES[name]
    with gr.Group(elem_classes="seed-field"):
        seed = gr.Number(value, label=texts.static(name), minimum=low, maximum=high, precision=0, elem_id=name)
        dice = gr.Button(texts.static("dice"), size="sm", elem_id=f"dice_{name[-1]}")
    return seed, dice


def walk_frames(studio: Studio, seed_a: int, seed_b: int) -> list[Image.Image]:
    """The 65 frames of a pair, at the positions k / 64."""
    return studio.walk(seed_a, seed_b, torch.arange(glide.STEPS + 1) / glide.STEPS)


def walk_sheet(studio: Studio, seed_a: int, seed_b: int) -> dict:
    """All frames of a pair in one lossless picture, as the stage wants it."""
    frames = walk_frames(studio, seed_a, seed_b)
    path = studio.folder / f"lotus-seeds-{seed_a}-{seed_b}-walk.webp"
    # method 0 is ten times quicker than the default and a tenth larger
    save_atomically(grid(frames, columns=glide.COLUMNS, gap=0), path, lossless=True, quality=0, method=0)
    return glide.value(path, seed_a, seed_b)
