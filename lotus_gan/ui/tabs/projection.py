"""The tab Your picture: what the network paints when it is shown a picture, and what it makes of a damaged one."""

from functools import partial
from pathlib import Path

import gradio as gr
import torch

from lotus_gan import latents
from lotus_gan.data.images import load_image
from lotus_gan.errors import ImageError
from lotus_gan.sampling.media import from_uint8, save_png, to_pil
from lotus_gan.sampling.projection import DAMAGES, project, undamaged
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import galleries
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.tabs import explore, interpolate

NOTHING = "nothing"
TASKS = (NOTHING, *DAMAGES)
GRAIN = 0.5  # standard deviation of the noise, where the range is 2
NEAR, LIKE = 25, 18  # dB: above the one it is nearly the same picture, below the other hardly a likeness


def build(
    studios: dict[str, LoadedModel], model: gr.Radio, keys: gr.Textbox, tabs: gr.Tabs, explored: list[gr.blocks.Block]
) -> None:
    """The tab's components and events, inside the Blocks that is open. `model` is where the page chooses a studio,
    `keys` the field of Interpolate, `tabs` what holds all tabs, `explored` what opens a flower in Explore."""

    def find(path, task, model, request: gr.Request, progress=gr.Progress()):  # noqa: B008 - Gradio's way
        studio = studios[arguments.choice("model", model, studios, request)]
        task = arguments.choice("task", task, TASKS, request)
        if path is None:
            raise gr.Error(texts.say("no_picture", request), print_exception=False)
        try:
            picture, _ = load_image(Path(path))
        except ImageError as error:
            message = f"{texts.say('unreadable', request)} ({error})"
            raise gr.Error(message, print_exception=False) from None
        target = from_uint8(picture[None])
        shown = damaged(target, task)

        def on_step(done: int, steps: int) -> None:
            progress((done, steps), desc=texts.say("searching", request), unit="")

        found = project(studio.generator, shown, DAMAGES.get(task, undamaged), on_step)
        damage = {} if task == NOTHING else {f"damage_{task}": shown}
        code = latents.encode(found.z)
        named = {"yours": target, **damage, "painted": found.image}
        # a path of its own for each answer: it is somebody's own picture
        folder = studio.private_folder()
        gallery = []
        for name, image in named.items():
            [rgb] = to_pil(image)
            file = folder / f"{studio.slug}-{name}.png"
            if name == "painted":
                save_png(rgb, file, latent=code, truncation=latents.MAX_TRUNCATION, model=studio.name)
            else:
                rgb.save(file)
            gallery.append((str(file), texts.say(name, request)))
        said = texts.say(verdict(found.psnr), request, psnr=f"{found.psnr:.0f}")
        return gallery, said, code, gr.Row(visible=True)

    def send_to(end, code, keys):
        return interpolate.with_end(str(keys), code, end), gr.Tabs(selected="interpolate")

    def explore_it(code, model, request: gr.Request):
        studio = studios[arguments.choice("model", model, studios, request)]
        return explore.start(studio, arguments.key("flower", code, studio.generator.z_dim, request))

    with gr.Row(elem_id="yours-layout"):
        with gr.Column(elem_id="yours-settings"):
            picture = gr.Image(
                label=texts.static("picture"),
                type="filepath",
                sources=["upload", "clipboard"],
                height=240,
                elem_id="yours",
            )
            tasks = [(texts.static(f"task_{task}"), task) for task in TASKS]
            task = gr.Radio(tasks, value=NOTHING, label=texts.static("task"), elem_id="task")
            button = gr.Button(texts.static("find"), variant="primary", size="lg", elem_id="find")
        with gr.Column(elem_id="yours-result"):
            gallery = galleries.row(3, "yours-gallery")
            said = gr.HTML(texts.static("yours_info"), elem_id="yours-said")
            code = gr.Textbox(visible=False)
            with gr.Row(visible=False, elem_id="yours-send") as send:
                for end in ("first", "last"):
                    to_walk = gr.Button(texts.static(end), size="md", min_width=0, elem_id=f"yours-{end}")
                    to_walk.click(partial(send_to, end), [code, keys], [keys, tabs], **explore.QUIET)
                to_explore = gr.Button(texts.static("explore"), size="md", min_width=0, elem_id="yours-explore")
                to_explore.click(explore_it, [code, model], explored, **explore.QUIET)
    button.click(
        find,
        [picture, task, model],
        [gallery, said, code, send],
        api_visibility="private",
        concurrency_id="export",  # seconds of work that nobody's flowers should wait for
        concurrency_limit=1,
        show_progress_on=gallery,
    )
    # the code is of the model that was asked; in another one it is another flower
    model.change(
        lambda: gr.Row(visible=False),
        outputs=send,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def damaged(target: torch.Tensor, task: str) -> torch.Tensor:
    """The picture (1, 3, 128, 128) as it is given to the network."""
    if task == "noise":
        grain = torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
        return (target + GRAIN * grain).clamp(-1, 1)
    return DAMAGES.get(task, undamaged)(target)


def verdict(psnr: float) -> str:
    """The sentence for a fit of so many dB."""
    return "fit_near" if psnr >= NEAR else "fit_like" if psnr >= LIKE else "fit_poor"
