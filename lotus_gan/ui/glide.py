"""The stage of Interpolate: three canvases that show frames of a sheet, driven by a slider in the browser."""

from pathlib import Path

import gradio as gr

from ..config import RESOLUTION

STEPS = 64  # frames t = 0/64 .. 64/64
COLUMNS = 13  # frames a row of the sheet: 65 = 13 x 5, within every browser's picture size

SHOW = "(position) => { window.lotusGlide?.(position); return []; }"  # the slider's event

TEMPLATE = """
<figure class="end a"><canvas width="128" height="128" role="img" aria-label="A"></canvas><figcaption>A</figcaption>
</figure>
<figure class="now"><canvas width="128" height="128" role="img"></canvas><figcaption>&nbsp;</figcaption></figure>
<figure class="end b"><canvas width="128" height="128" role="img" aria-label="B"></canvas><figcaption>B</figcaption>
</figure>
"""

STYLE = """
display: grid; grid-template: "a now b" auto / minmax(0, 136px) minmax(0, 400px) minmax(0, 136px); gap: 16px;
justify-content: space-between; align-items: end;
figure { margin: 0; min-width: 0; }
.a { grid-area: a; } .now { grid-area: now; } .b { grid-area: b; }
canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 14px;
  background: var(--background-fill-secondary); }
.now canvas { border-radius: 20px; }
figcaption { text-align: center; font-size: 13px; line-height: 20px; padding-top: 6px; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; color: var(--body-text-color-subdued);
  font-variant-numeric: tabular-nums; }
@media (max-width: 720px) { & { grid-template: "now now now" auto "a . b" auto / 96px 1fr 96px; gap: 8px; } }
"""

# A canvas shows the frame within the same turn of the event loop; a changing <img> may blink while it decodes.
SCRIPT = (
    f"""
const SIDE = {RESOLUTION}, COLUMNS = {COLUMNS}, STEPS = {STEPS};
"""
    + """
const [a, now, b] = [...element.querySelectorAll('figure')];
let sheet = null, position = 0.5;

function draw(figure, step) {
  const x = (step % COLUMNS) * SIDE, y = Math.floor(step / COLUMNS) * SIDE;
  figure.querySelector('canvas').getContext('2d', {alpha: false})
    .drawImage(sheet, x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
}

function caption(figure, text) {
  figure.querySelector('figcaption').textContent = text;
  figure.querySelector('canvas').setAttribute('aria-label', text);
}

function show(t) {
  position = t;
  if (!sheet) return;
  const step = Math.round(t * STEPS);
  draw(now, step);
  caption(now, `${Math.round(100 * step / STEPS)} %`);
  now.querySelector('canvas').dataset.step = step;
}

async function load() {
  const value = props.value;
  if (!value?.sheet?.url) return;
  const picture = new Image();
  picture.src = value.sheet.url;
  await picture.decode();
  if (props.value !== value && props.value?.sheet?.url !== value.sheet.url) return;  // a newer pair has come
  sheet = picture;
  draw(a, 0);
  draw(b, STEPS);
  caption(a, `A · #${value.seed_a}`);
  caption(b, `B · #${value.seed_b}`);
  show(position);
}

window.lotusGlide = show;
watch('value', load);
load();
"""
)


def stage(sheet: dict, **options) -> gr.HTML:
    """The component; `sheet` is what `value` makes. (A subclass of a component makes Gradio write .pyi files here.)"""
    return gr.HTML(
        sheet, html_template=TEMPLATE, css_template=STYLE, js_on_load=SCRIPT, apply_default_css=False, **options
    )


def value(sheet: Path, seed_a: int, seed_b: int) -> dict:
    """The stage's value: where the browser finds the sheet, and what to write under the ends."""
    return {"sheet": {"path": str(sheet), "meta": {"_type": "gradio.FileData"}}, "seed_a": seed_a, "seed_b": seed_b}
