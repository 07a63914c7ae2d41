"""The large picture of Explore, with what it is and a link that downloads it. It changes without a blink."""

import json

import gradio as gr

from lotus_gan.config import RESOLUTION
from lotus_gan.ui import texts
from lotus_gan.ui.loaded_model import LoadedModel

TEMPLATE = f"""
<figure><canvas width="{RESOLUTION}" height="{RESOLUTION}" role="img"></canvas>
<figcaption><span>&nbsp;</span><a href="#" download></a></figcaption></figure>
"""

STYLE = """
figure { margin: 0 auto; width: min(100%, 400px); }
canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 20px;
  background: var(--background-fill-secondary); }
figcaption { display: flex; justify-content: space-between; gap: 12px; font-size: 13px; line-height: 20px;
  padding-top: 6px; color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
a { color: inherit; white-space: nowrap; text-underline-offset: 3px; }
a:hover { color: var(--body-text-color); }
"""

SCRIPT = (
    f"const TEXTS = {json.dumps(texts.pairs('explore_code', 'explore_moved', 'download'))};"
    + """
const say = name => TEXTS[name][document.documentElement.lang === 'fr' ? 1 : 0];
const canvas = element.querySelector('canvas'), link = element.querySelector('a');
let loads = 0;

// a canvas shows the picture within the same turn of the event loop; a changing <img> may blink while it decodes
async function load() {
  const {file, start, moved} = props.value, picture = new Image(), mine = ++loads;
  picture.src = file.url;
  await picture.decode();
  if (mine !== loads) return;  // a newer one has come
  canvas.getContext('2d', {alpha: false}).drawImage(picture, 0, 0);
  const name = start.startsWith('~') ? say('explore_code') : `#${start}`;
  const text = moved ? say('explore_moved').replace('{start}', name) : name;
  element.querySelector('span').textContent = text;
  canvas.setAttribute('aria-label', text);
  link.href = file.url;
  link.download = file.path.split(/[\\\\/]/).pop();
  element.dataset.file = link.download;
}

link.textContent = say('download');
watch('value', load);
load();
"""
)


def easel(shown: dict, **options) -> gr.HTML:
    """The component; `shown` is what `value` makes."""
    return gr.HTML(
        shown, html_template=TEMPLATE, css_template=STYLE, js_on_load=SCRIPT, apply_default_css=False, **options
    )


def value(studio: LoadedModel, start: int | str, shown: int | str) -> dict:
    """The component's value: the picture of the key `shown`, which the sliders made of the key `start`."""
    file = {"path": str(studio.picture(shown)), "meta": {"_type": "gradio.FileData"}}
    return {"file": file, "start": str(start), "moved": shown != start}
