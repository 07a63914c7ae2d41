"""The stage of Interpolate: a large canvas that shows frames of sheets, and the keys of the walk below it.

A slider moves it in the browser alone. The keys can be clicked (go there), removed, and added to.
"""

import json
from pathlib import Path

import gradio as gr

from lotus_gan.config import RESOLUTION
from lotus_gan.ui import texts
from lotus_gan.ui.arguments import MAX_KEYS, MIN_KEYS

STEPS = 64  # frames from one key to the next
COLUMNS = 13  # frames a row of a sheet: 65 = 13 x 5, within every browser's picture size
FPS = 24  # of a walk that plays, and of its loops

SHOW = "(position) => { window.lotusGlide?.show(position); return []; }"  # the slider's event
PLAY = "() => { window.lotusGlide?.play(); return []; }"

TEMPLATE = """
<figure class="now"><canvas width="128" height="128" role="img"></canvas><figcaption>&nbsp;</figcaption></figure>
<ol class="keys"></ol>
"""

STYLE = """
display: grid; gap: 14px; justify-items: center;
figure { margin: 0; width: min(100%, 400px); }
canvas { display: block; width: 100%; aspect-ratio: 1; background: var(--background-fill-secondary); }
.now canvas { border-radius: 20px; }
figcaption { text-align: center; font-size: 13px; line-height: 20px; padding-top: 6px;
  color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
.keys { display: flex; gap: 10px; width: 100%; min-height: 98px; margin: 0; padding: 2px; list-style: none;
  overflow-x: auto; scrollbar-width: thin; justify-content: safe center; }
.keys li { position: relative; flex: 0 0 72px; }
.keys button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; padding: 0; }
.keys .go { display: block; width: 72px; font-size: 12px; line-height: 20px; color: var(--body-text-color-subdued);
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-variant-numeric: tabular-nums; }
.keys canvas { border-radius: 12px; }
.keys [aria-current=true] canvas { box-shadow: 0 0 0 2px var(--primary-500); }
.keys .remove { position: absolute; top: 3px; right: 3px; width: 24px; height: 24px; border-radius: 50%;
  line-height: 22px; color: #fff; background: rgb(10 25 20 / 60%); }
.keys .add { width: 72px; height: 72px; border-radius: 12px; font-size: 26px; line-height: 1;
  border: 1.5px dashed var(--border-color-primary); color: var(--body-text-color-subdued); }
@media (max-width: 720px) { & { gap: 8px; } }
"""

# A canvas shows the frame within the same turn of the event loop; a changing <img> may blink while it decodes.
SCRIPT = (
    f"""
const SIDE = {RESOLUTION}, COLUMNS = {COLUMNS}, STEPS = {STEPS}, FPS = {FPS};
const MIN_KEYS = {MIN_KEYS}, MAX_KEYS = {MAX_KEYS};
const TEXTS = {json.dumps(texts.pairs("key_go", "key_remove", "key_add", "key_found"))};
"""
    + """
const say = name => TEXTS[name][document.documentElement.lang === 'fr' ? 1 : 0];
const now = element.querySelector('.now'), list = element.querySelector('.keys');
const pictures = new Map();  // url -> picture that has been decoded
let keys = [], sheets = [], position = 0.5, playing = 0;

const range = () => document.querySelector('#walk input[type=range]');
const frames = () => STEPS * (keys.length - 1);
// a code is too long to be shown or read out: it has a sign and the number of its place
const isCode = key => String(key).startsWith('~');
const sign = key => isCode(key) ? '✎' : `#${key}`;
const spoken = (key, i) => isCode(key) ? say('key_found').replace('{n}', i + 1) : `#${key}`;

function draw(canvas, pair, step) {
  if (!sheets[pair]) return false;
  const x = (step % COLUMNS) * SIDE, y = Math.floor(step / COLUMNS) * SIDE;
  canvas.getContext('2d', {alpha: false}).drawImage(sheets[pair], x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
  return true;
}

function show(t) {
  position = t;
  if (keys.length < MIN_KEYS) return;
  const frame = Math.round(t * frames()), pair = Math.min(Math.floor(frame / STEPS), keys.length - 2);
  const canvas = now.querySelector('canvas');
  if (!draw(canvas, pair, frame - STEPS * pair)) return;
  const text = `${Math.round(100 * frame / frames())} %`;
  now.querySelector('figcaption').textContent = text;
  canvas.setAttribute('aria-label', text);
  canvas.dataset.step = frame;
  [...list.querySelectorAll('.go')].forEach((key, i) => key.setAttribute('aria-current', frame === i * STEPS));
}

// the slider is Gradio's: it learns of a new position as if a hand had moved it
function move(t) {
  range().value = t;
  range().dispatchEvent(new Event('input', {bubbles: true}));
  show(t);
}

function play() {
  if (playing) return stop();
  document.querySelector('#play')?.setAttribute('aria-pressed', 'true');
  for (const touch of ['pointerdown', 'keydown']) range().addEventListener(touch, stop, {once: true});
  let last = performance.now(), t = position, way = t >= 1 ? -1 : 1;
  const turn = time => {
    t += way * (time - last) / 1000 * FPS / frames();
    last = time;
    if (t >= 1 || t <= 0) { way = -way; t = Math.min(1, Math.max(0, t)); }
    move(t);
    playing = requestAnimationFrame(turn);
  };
  playing = requestAnimationFrame(turn);
}

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  document.querySelector('#play')?.setAttribute('aria-pressed', 'false');
}

function button(kind, text, label, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = kind;
  made.append(text);
  if (label) made.setAttribute('aria-label', label);
  made.onclick = act;
  return made;
}

function layKeys() {
  list.replaceChildren(...keys.map((key, i) => {
    const item = document.createElement('li'), canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIDE;
    draw(canvas, Math.min(i, keys.length - 2), i === keys.length - 1 ? STEPS : 0);
    const name = spoken(key, i);
    const go = button('go', canvas, say('key_go').replace('{key}', name), () => move(i / (keys.length - 1)));
    go.append(sign(key));
    item.append(go);
    if (keys.length > MIN_KEYS)
      item.append(button('remove', '×', say('key_remove').replace('{key}', name),
        () => trigger('keys', {keys: keys.filter((_, j) => j !== i)})));
    return item;
  }));
  if (keys.length < MAX_KEYS) {
    const item = document.createElement('li');
    item.append(button('add', '+', say('key_add'),
      () => trigger('keys', {keys: [...keys, Math.floor(Math.random() * 2 ** 32)]})));
    list.append(item);
  }
}

async function decoded(url) {
  if (!pictures.has(url)) {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    pictures.set(url, picture);
  }
  return pictures.get(url);
}

async function load() {
  const value = props.value;
  if (!value?.keys) return;
  const fresh = await Promise.all(value.sheets.map(sheet => decoded(sheet.url)));
  if (props.value !== value && JSON.stringify(props.value) !== JSON.stringify(value)) return;  // a newer walk has come
  [keys, sheets] = [value.keys, fresh];
  layKeys();
  show(Number(range()?.value ?? position));
  element.dataset.keys = keys.slice(0, sheets.length + 1).join();
}

window.lotusGlide = {show, play, stop};
watch('value', load);
load();
"""
)


def stage(walk: dict, **options) -> gr.HTML:
    """The component; `walk` is what `value` makes. (A subclass of a component makes Gradio write .pyi files here.)"""
    return gr.HTML(
        walk, html_template=TEMPLATE, css_template=STYLE, js_on_load=SCRIPT, apply_default_css=False, **options
    )


def value(sheets: list[Path], keys: list[int | str]) -> dict:
    """The stage's value: where the browser finds the sheet of each pair (those painted so far), and the keys."""
    files = [{"path": str(sheet), "meta": {"_type": "gradio.FileData"}} for sheet in sheets]
    return {"sheets": files, "keys": keys}
