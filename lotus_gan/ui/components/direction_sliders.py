"""The sliders of Explore: one for each direction of a model, those with names first, the others folded."""

import json

import gradio as gr

from lotus_gan.sampling.directions import NAMES, REACH
from lotus_gan.ui import texts
from lotus_gan.ui.loaded_model import LoadedModel

STEP = 0.1

TEMPLATE = """
<section class="named"><div class="sliders"></div><p></p></section>
<details class="closed"><summary></summary><p></p><div class="sliders"></div></details>
<details class="principal"><summary></summary><p></p><div class="sliders"></div></details>
"""

STYLE = """
display: grid; gap: 20px;
p { margin: 0; font-size: 0.92rem; color: var(--body-text-color-subdued); max-width: 64ch; }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 22px 36px; }
.named p { margin-top: 20px; }
:is(section, details):has(.sliders:empty) { display: none; }
details p { margin-top: 6px; }
details .sliders { padding: 16px 0 4px; }
summary { cursor: pointer; font-weight: 600; padding: 2px 0; }
summary:focus-visible { outline: 2px solid var(--primary-500); outline-offset: 2px; border-radius: 4px; }
.slider { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; column-gap: 10px; align-items: baseline; }
label { font-size: 14px; font-weight: 600; }
.rho { font-size: 12px; color: var(--body-text-color-subdued); cursor: help; }
output { grid-column: 3; font-size: 13px; min-width: 4ch; text-align: right; font-variant-numeric: tabular-nums; }
input { grid-column: 1 / -1; width: 100%; height: 24px; margin: 2px 0 0; appearance: none; background: none;
  cursor: pointer; --rest: var(--neutral-200); --track: linear-gradient(to right, var(--rest) var(--from),
  var(--slider-color) var(--from) var(--to), var(--rest) var(--to)) center / 100% 4px no-repeat; }
input::-webkit-slider-runnable-track { height: 24px; background: var(--track); border-radius: 2px; }
input::-moz-range-track { height: 24px; background: var(--track); border-radius: 2px; }
input::-webkit-slider-thumb { appearance: none; width: 16px; height: 16px; margin-top: 4px; border-radius: 50%;
  background: #fff; }
input::-moz-range-thumb { width: 16px; height: 16px; border: 0; border-radius: 50%; background: #fff; }
.ends { grid-column: 1 / -1; display: flex; justify-content: space-between; gap: 16px; font-size: 12px;
  line-height: 18px; color: var(--body-text-color-subdued); }
"""

_NAMED = [f"direction_{name}{end}" for name in NAMES for end in ("", "_low", "_high")]
_OTHERS = [f"{group}{part}" for group in ("closed", "principal") for part in ("", "_info", "_one")]

SCRIPT = (
    f"""
const REACH = {REACH}, STEP = {STEP};
const TEXTS = {json.dumps(texts.pairs("named_info", *_NAMED, *_OTHERS))};
"""
    + """
const say = name => TEXTS[name][document.documentElement.lang === 'fr' ? 1 : 0];
let laid, inputs = [];

function node(tag, className, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function slider({group, name, rho}, i, n) {
  const text = name ? say(`direction_${name}`) : say(`${group}_one`).replace('{n}', n);
  const row = node('div', 'slider'), label = node('label', '', text);
  const input = node('input', ''), output = node('output', '');
  Object.assign(input, {type: 'range', min: -REACH, max: REACH, step: STEP, id: `direction-${i}`});
  label.htmlFor = output.htmlFor = input.id;
  row.append(label);
  if (rho !== null) {
    const note = node('span', 'rho', `ρ ${rho.toFixed(2)}`);
    note.title = say('named_info');
    row.append(note);
  }
  row.append(output, input);
  if (name) {
    const ends = node('div', 'ends');
    ends.id = `${input.id}-ends`;
    ends.append(node('span', '', say(`direction_${name}_low`)), node('span', '', say(`direction_${name}_high`)));
    input.setAttribute('aria-describedby', ends.id);
    row.append(ends);
  }
  input.oninput = () => {
    show(input, input.value);
    props.value = {...props.value, amounts: inputs.map(input => Number(input.value))};
  };
  element.querySelector(`.${group} .sliders`).append(row);
  return input;
}

function show(input, amount) {
  input.value = amount;
  const value = Number(input.value), share = 50 + 50 * value / REACH;
  input.style.setProperty('--from', `${Math.min(50, share)}%`);
  input.style.setProperty('--to', `${Math.max(50, share)}%`);
  input.parentElement.querySelector('output').textContent = (value > 0 ? '+' : '') + value.toFixed(1).replace('-', '−');
}

function load() {
  const {directions, amounts} = props.value;
  const wanted = [props.value.model, directions.length].join();
  if (laid !== wanted) {
    laid = wanted;
    element.querySelectorAll('.sliders').forEach(group => group.replaceChildren());
    const counts = {};
    inputs = directions.map((one, i) => slider(one, i, counts[one.group] = (counts[one.group] ?? 0) + 1));
    // a model without names shows what it has
    element.querySelector('.closed').open = !directions.some(one => one.name);
  }
  inputs.forEach((input, i) => show(input, amounts[i]));
}

element.querySelector('.named p').textContent = say('named_info');
for (const group of ['closed', 'principal']) {
  element.querySelector(`.${group} summary`).textContent = say(group);
  element.querySelector(`.${group} p`).textContent = say(`${group}_info`);
}
watch('value', load);
load();
"""
)

RESET = "(value) => ({...value, amounts: value.amounts.map(() => 0)})"


def sliders(studio: LoadedModel, **options) -> gr.HTML:
    """The component; its value is `value`'s, with the amounts as a visitor has set them. It is empty for a model of the
    Hub, as what that brings may not be here when the page is built."""
    shown = value(studio) if studio.origin else {"model": studio.name, "directions": [], "amounts": []}
    return gr.HTML(
        shown, html_template=TEMPLATE, css_template=STYLE, js_on_load=SCRIPT, apply_default_css=False, **options
    )


def value(studio: LoadedModel) -> dict:
    """All directions of a model, none of them moved along."""
    rows = [
        {"group": group, "name": direction.name, "rho": direction.rho and float(direction.rho)}
        for group, found in studio.directions.items()
        for direction in found
    ]
    return {"model": studio.name, "directions": rows, "amounts": [0] * len(rows)}
