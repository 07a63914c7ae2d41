"""Which model paints: the ones that come with the page, and any other that a visitor names."""

import os
from pathlib import Path

import gradio as gr

from lotus_gan.errors import ModelError
from lotus_gan.models.hub import model_name
from lotus_gan.ui import texts
from lotus_gan.ui.loaded_model import LoadedModel

MAX_NAMED = 8  # models in memory beside those that come with the page: the longest unused may be 50 MB each
ON_A_SPACE = "SPACE_ID" in os.environ  # there a visitor is a stranger, and the server's folders are none of theirs


def choice(studios: dict[str, LoadedModel]) -> gr.Radio:
    """Where the page chooses a model, the one it opens with first; hidden while there is one only."""
    return gr.Radio(
        list(studios),
        value=next(iter(studios)),
        label=texts.static("model"),
        info=texts.static("model_info"),
        visible=len(studios) > 1,
        elem_id="model",
    )


def build(studios: dict[str, LoadedModel], model: gr.Radio) -> None:
    """The field for any other model, inside the Blocks that is open. What is loaded joins `studios`."""
    bundled = list(studios)

    def load(wanted, request: gr.Request):
        try:
            name = add(studios, wanted if isinstance(wanted, str) else "", keep=bundled)
        except ModelError as error:
            raise gr.Error(
                f"{texts.why(error, request)}. {texts.say('model_refused', request)}", print_exception=False
            ) from None
        return chosen(bundled, name)

    with gr.Accordion(texts.static("any_model"), open=False, elem_id="any-model"), gr.Row(elem_id="any-model-row"):
        wanted = gr.Textbox(
            label=texts.static("any_model_label"),
            info=texts.static("any_model_info"),
            placeholder="user/lotus-gan",
            max_lines=1,
            elem_id="any-model-name",
        )
        button = gr.Button(texts.static("any_model_load"), size="sm", min_width=0, elem_id="any-model-load")
    gr.on(
        [button.click, wanted.submit],
        load,
        wanted,
        model,
        preprocess=False,
        api_visibility="private",
        concurrency_id="load",  # a download that nobody's flowers should wait for
        concurrency_limit=1,
        show_progress_on=wanted,
    )


def chosen(bundled: list[str], name: str) -> gr.Radio:
    """The choice with a model chosen, which may be one that somebody has named."""
    return gr.Radio(list(dict.fromkeys([*bundled, name])), value=name, visible=True)


def add(studios: dict[str, LoadedModel], wanted: str, keep: list[str]) -> str:
    """Load a folder or a Hub id unless it is there already, and return its name on the page.

    ModelError if it cannot be loaded, or bears the name of another. The one that was named first goes where there are
    too many; those of `keep` stay.
    """
    wanted = wanted.strip()
    if ON_A_SPACE and wanted and Path(wanted).exists():
        raise ModelError("not_on_hub", model=wanted)
    name = model_name(wanted) if wanted else ""
    if name in studios:
        if Path(wanted).is_dir() and studios[name].origin != Path(wanted).resolve():
            raise ModelError("same_name", name=name)
        return name
    studio = LoadedModel(wanted)
    named = [other for other in studios if other not in keep]
    for other in named[: max(0, len(named) + 1 - MAX_NAMED)]:
        del studios[other]
    studios[studio.name] = studio
    return studio.name
