"""What can be done with the enlarged image: keep it, send it to another tab, ask if it is a copy.

Gradio's gallery enlarges an image and says its index (`gallery.select`). A hidden field beside each gallery holds what
its images are: {slug, seed, truncation} for each. From both comes the value of the toolbar: the image it is about.
"""

from typing import Any

import gradio as gr

from lotus_gan import latents
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models

MAX_FAVOURITES = 64
DONE = ("keep", "drop", "first", "last")  # the toolbar says that it is done
LEAVING = ("explore", "check")  # the image is closed, and the result is elsewhere on the page
INSTANT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def lightbox() -> gr.HTML:
    """The toolbar, with an event for each of DONE and LEAVING. Its value: None, or what `selection` makes."""
    said = texts.pairs(*DONE, *LEAVING, *(f"done_{act}" for act in DONE))
    return assets.component("lightbox", None, texts=said, elem_id="lightbox")


def connect(toolbar: gr.HTML, galleries: dict[str, tuple[gr.Gallery, gr.JSON]]) -> None:
    """The events that open and close the toolbar with an image of the galleries: {name: (gallery, its items)}."""
    for name, (gallery, items) in galleries.items():
        select_image = assets.call("selectImage")
        gallery.select(assets.bind(select, name), items, toolbar, js=select_image, preprocess=False, **INSTANT)
        gallery.preview_close(None, None, toolbar, js=assets.call("imageClosed"), **INSTANT)
    outputs = [toolbar, *(gallery for gallery, _ in galleries.values())]
    for leaves in (toolbar.explore, toolbar.check):
        leaves(None, None, outputs, js=assets.call("closeLightbox", galleries=len(galleries)), **INSTANT)


def select(name: str, items: Any, event: gr.EventData) -> dict | None:
    """The toolbar's value when an image of the gallery `name` is enlarged."""
    return selection(name, items, getattr(event, "index", None))


def selection(name: str, items: Any, index: Any) -> dict | None:
    """The toolbar's value for image `index` of a gallery, None where there is no such image."""
    if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index < len(items):
        return None
    return {"gallery": name, "index": index, "image": items[index]}


def with_image(favourites: Any, image: gr.EventData) -> list[dict]:
    """The favourites and the image of an event, newest first; the oldest one goes where there are too many."""
    return [item_of(image), *without_image(favourites, image)][:MAX_FAVOURITES]


def without_image(favourites: Any, image: gr.EventData) -> list[dict]:
    """The favourites but for the image of an event."""
    return [item for item in favourites if item != item_of(image)] if isinstance(favourites, list) else []


def show_favourites(models: Models, favourites: Any, selected: Any) -> tuple:
    """The gallery of favourites, its items, and the toolbar, which stays with the image at its index."""
    found = known(favourites, models)
    images = [(str(model.image(seed, truncation)), f"#{seed}") for _, (model, seed, truncation) in found]
    shown = [item for item, _ in found]
    if (
        isinstance(selected, dict)
        and selected.get("gallery") == "favourites"
        and isinstance(selected.get("index"), int)
    ):
        selected = selection("favourites", shown, min(selected["index"], len(shown) - 1))
    else:
        selected = gr.skip()
    return gr.Gallery(images, visible=bool(images)), shown, selected


def known(favourites: Any, models: Models) -> list[tuple[dict, tuple[LoadedModel, int, float]]]:
    """Each favourite with its model, seed and truncation. The list comes from a browser: what cannot be an image of
    this page, or is of a model that is no longer here, is left out."""
    found = []
    for item in favourites[:MAX_FAVOURITES] if isinstance(favourites, list) else []:
        try:
            found.append((item, resolve(item, models)))
        except ValueError:
            continue
    return found


def resolve(item: dict, models: Models) -> tuple[LoadedModel, int, float]:
    """The model, seed and truncation of an image. ValueError for what cannot be an image of this page."""
    try:
        [model] = [model for model in models.values() if model.slug == item["slug"]]
        return model, latents.check_seed(item["seed"]), arguments.within("truncation", item["truncation"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no image of this page: {item!r}") from error


def item_of(image: gr.EventData) -> dict:
    """What an event of the toolbar says of its image, as galleries hold it; None for what it does not say."""
    return {field: getattr(image, field, None) for field in ("slug", "seed", "truncation")}
