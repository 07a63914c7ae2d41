"""What can be done with the picture that a gallery shows large: keep it, send it to another tab, ask if it is a copy.

A bar at the foot of the enlarged picture. Which picture that is stands in its file's name, so a picture stays what it
was painted as, whatever the settings say by then.
"""

import json

import gradio as gr

from lotus_gan import latents
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.tabs import interpolate

MAX_KEPT = 64
SAID = ("keep", "drop", "first", "last")  # the bar says that it is done
CLOSING = ("explore", "check")  # the picture is closed, and what follows is elsewhere on the page
ACTS = (*SAID, *CLOSING)

BUTTONS = "".join(f'<button type="button" data-act="{act}"></button>' for act in ACTS)
TEMPLATE = f'<div role="toolbar">{BUTTONS}<span role="status"></span></div>'

STYLE = """
[role=toolbar] { display: none; }
body:has(.flowers .preview) & [role=toolbar] { display: flex; position: fixed; z-index: 910; bottom: 96px; left: 50%;
  transform: translateX(-50%); gap: 8px; align-items: center; justify-content: center; flex-wrap: wrap;
  width: max-content; max-width: calc(100vw - 24px); }
body:has(#gallery .preview) & [data-act=drop], body:has(#kept .preview) & [data-act=keep] { display: none; }
button { font: inherit; font-size: 14px; cursor: pointer; border: 0; border-radius: 999px; padding: 8px 16px;
  background: var(--button-secondary-background-fill); color: var(--button-secondary-text-color); }
button:hover { background: var(--button-secondary-background-fill-hover); }
[role=status] { font-size: 13px; color: var(--body-text-color-subdued); }
"""

SCRIPT = (
    f"const TEXTS = {json.dumps(texts.pairs(*ACTS, *(f'done_{act}' for act in SAID)))};"
    + r"""
const say = name => TEXTS[name][document.documentElement.lang === 'fr' ? 1 : 0];
const status = element.querySelector('[role=status]');
let fading = 0;

function picked() {
  const source = decodeURIComponent(document.querySelector('.flowers .preview .media-button img')?.src ?? '');
  const found = source.match(/([^/]+)-seed-(\d+)(?:-truncation-([\d.]+))?\.png/);
  return found && {slug: found[1], seed: Number(found[2]), truncation: Number(found[3] ?? 1)};
}

for (const button of element.querySelectorAll('button')) {
  const act = button.dataset.act;
  button.textContent = say(act);
  button.onclick = () => {
    const picture = picked();
    const close = document.querySelector('.flowers .preview .icon-button-wrapper button:last-child');
    if (!picture) return;
    trigger(act, {...picture, act});
    if (!TEXTS[`done_${act}`]) return close.click();
    status.textContent = say(`done_${act}`).replace('{seed}', picture.seed);
    // the keys of the enlarged picture, Escape and the arrows, stay in force
    document.querySelector('.flowers .preview .media-button')?.focus();
    clearTimeout(fading);
    fading = setTimeout(() => { status.textContent = ''; }, 2500);
  };
}
"""
)


def bar() -> gr.HTML:
    """The component, with an event for each of ACTS."""
    return gr.HTML(
        "", html_template=TEMPLATE, css_template=STYLE, js_on_load=SCRIPT, apply_default_css=False, elem_id="picked"
    )


def with_picture(kept, picture: gr.EventData) -> list[dict]:
    """What is kept, and the picture of an event of the bar, newest first; the oldest goes where there are too many."""
    return [item_of(picture), *without_picture(kept, picture)][:MAX_KEPT]


def without_picture(kept, picture: gr.EventData) -> list[dict]:
    return [item for item in kept if item != item_of(picture)]


def with_key(seeds: str, picture: gr.EventData) -> str:
    """The keys of a walk with the picture's seed in the place of the first or of the last one."""
    return interpolate.with_end(seeds, picture.seed, picture.act)


def kept_pictures(kept, studios: dict[str, LoadedModel]) -> list[tuple[str, str]]:
    """(path of a PNG, caption) of what a browser kept. What it cannot have kept here, or whose model has gone, is
    passed over: the list comes from outside."""
    pictures = []
    for item in kept[:MAX_KEPT] if isinstance(kept, list) else []:
        try:
            studio, seed, truncation = found(item, studios)
        except ValueError:
            continue
        pictures.append((str(studio.picture(seed, truncation)), f"#{seed}"))
    return pictures


def found(item: dict, studios: dict[str, LoadedModel]) -> tuple[LoadedModel, int, float]:
    """Who painted a picture, its seed and its truncation. ValueError for what cannot be a picture of this page."""
    try:
        [studio] = [studio for studio in studios.values() if studio.slug == item["slug"]]
        return studio, latents.check_seed(item["seed"]), arguments.within("truncation", item["truncation"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no picture of this page: {item!r}") from error


def item_of(picture: gr.EventData) -> dict:
    return {"slug": picture.slug, "seed": picture.seed, "truncation": picture.truncation}
