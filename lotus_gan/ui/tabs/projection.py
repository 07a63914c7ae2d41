"""The tab Your picture: the generated image that is most like a given one, whole or damaged."""

import html
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from lotus_gan import latents
from lotus_gan.data.images import MAX_PIXELS, load_image
from lotus_gan.errors import ImageError
from lotus_gan.sampling.media import from_uint8, save_png, to_pil
from lotus_gan.sampling.projection import DAMAGES, project, undamaged
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets, galleries
from lotus_gan.ui.context import Page, chosen_model
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models
from lotus_gan.ui.tabs import explore, interpolate

NOTHING = "nothing"
TASKS = (NOTHING, *DAMAGES)
NOISE = 0.5  # standard deviation of the noise, where the range is 2
NEAR, LIKE = 25, 18  # dB: above the first it is nearly the same image, below the second hardly like it


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open."""
    with gr.Row(elem_id="projection-layout"):
        with gr.Column(elem_id="projection-settings"):
            image = gr.Image(
                label=texts.static("picture"),
                type="filepath",
                sources=["upload", "clipboard"],
                height=240,
                elem_id="projection-image",
            )
            tasks = [(texts.static(f"task_{task}"), task) for task in TASKS]
            task = gr.Radio(tasks, value=NOTHING, label=texts.static("task"), elem_id="task")
            button = gr.Button(texts.static("find"), variant="primary", size="lg", elem_id="find")
        with gr.Column(elem_id="projection-result"):
            gallery = galleries.row(3, "projection-gallery")
            answer = gr.HTML(texts.static("projection_info"), elem_id="projection-answer")
            code = gr.Textbox(visible=False)
            with gr.Row(visible=False, elem_id="projection-send") as destinations:
                _build_destinations(page, code)
    button.click(
        assets.bind(find, page.models),
        [image, task, page.model],
        [gallery, answer, code, destinations],
        preprocess=False,
        api_visibility="private",
        concurrency_id="export",  # seconds of work that do not delay sampling
        concurrency_limit=1,
        show_progress_on=gallery,
    )
    # the code is of the model that was asked; in another one it is another image
    page.model.change(hide, outputs=destinations, queue=False, show_progress="hidden", api_visibility="private")


def _build_destinations(page: Page, code: gr.Textbox) -> None:
    for end in ("first", "last"):
        button = gr.Button(texts.static(end), size="md", min_width=0, elem_id=f"projection-{end}")
        outputs = [page.keyframes, page.tabs]
        button.click(assets.bind(send, end), [code, page.keyframes], outputs, **explore.QUIET)
    button = gr.Button(texts.static("explore"), size="md", min_width=0, elem_id="projection-explore")
    button.click(assets.bind(open_in_explore, page.models), [code, page.model], page.explore_outputs, **explore.QUIET)


def find(
    models: Models,
    upload: Any,
    task: Any,
    model: Any,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
) -> tuple:
    """The gallery of the target and its projection, the answer in words, the projection's code, and its buttons."""
    model = chosen_model(models, model, request)
    task = arguments.choice("task", task, TASKS, request)
    target = read(upload, request)
    shown = damaged(target, task)

    def on_step(done: int, steps: int) -> None:
        progress((done, steps), desc=texts.say("searching", request), unit="")

    found = project(model.generator, shown, DAMAGES.get(task, undamaged), on_step)
    code = latents.encode(found.z)
    damage = {} if task == NOTHING else {f"damage_{task}": shown}
    paths = save(model, {"target": target, **damage, "projection": found.image}, code)
    gallery = [(str(file), texts.say(name, request)) for name, file in paths.items()]
    answer = texts.say(verdict(found.psnr), request, psnr=f"{found.psnr:.0f}")
    return gallery, answer, code, gr.Row(visible=True)


def read(upload: Any, request: gr.Request) -> torch.Tensor:
    """An uploaded file as an image (1, 3, 128, 128), else gr.Error.

    upload: the raw value of gr.Image; Gradio has checked that its path is of an upload. (With `preprocess` Gradio would
    decode it as well, and an unreadable file would be a traceback in the log and no word on the page.)
    """
    if not isinstance(upload, dict) or not isinstance(upload.get("path"), str):
        raise gr.Error(texts.say("no_image", request), print_exception=False)
    try:
        image, _ = load_image(Path(upload["path"]), MAX_PIXELS)
    except ImageError as error:
        why = html.escape(texts.why(error, request), quote=False)  # the browser shows a message as HTML
        message = f"{texts.say('unreadable', request)} ({why})"
        raise gr.Error(message, print_exception=False) from None
    return from_uint8(image[None])


def save(model: LoadedModel, images: dict[str, torch.Tensor], code: str) -> dict[str, Path]:
    """Save images (1, 3, H, W) by name, in a private folder: the target is somebody's own picture."""
    folder, paths = model.private_folder(), {}
    for name, image in images.items():
        [rgb] = to_pil(image)
        paths[name] = folder / f"{model.slug}-{name}.png"
        if name == "projection":
            save_png(rgb, paths[name], latent=code, truncation=latents.MAX_TRUNCATION, model=model.name)
        else:
            rgb.save(paths[name])
    return paths


def send(end: str, code: Any, seeds: Any) -> tuple:
    """The projection becomes the "first" or the "last" keyframe of Interpolate."""
    return interpolate.with_end(str(seeds), code, end), gr.Tabs(selected="interpolate")


def open_in_explore(models: Models, code: Any, model: Any, request: gr.Request) -> tuple:
    """The outputs that open Explore with the projection."""
    model = chosen_model(models, model, request)
    return explore.opened_with(model, arguments.latent_id("flower", code, model.generator.z_dim, request))


def hide() -> gr.Row:
    """No buttons."""
    return gr.Row(visible=False)


def damaged(target: torch.Tensor, task: str) -> torch.Tensor:
    """The target (1, 3, 128, 128) as it is given to the projection."""
    if task == "noise":
        noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
        return (target + NOISE * noise).clamp(-1, 1)
    return DAMAGES.get(task, undamaged)(target)


def verdict(psnr: float) -> str:
    """The key of the sentence for a projection of so many dB."""
    return "fit_near" if psnr >= NEAR else "fit_like" if psnr >= LIKE else "fit_poor"
