"""The tab How it learnt: the stages of a training run under a slider, its curves, and what the words mean.

Everything comes from the model's folder: `timeline/step_0000200.webp` (or `previews/`), metrics.jsonl, quality.jsonl. A
stranger may have written it, so what is not what a run writes is passed over.
"""

import json
import re
from functools import lru_cache
from pathlib import Path

import gradio as gr
from PIL import Image

from lotus_gan.ui import texts
from lotus_gan.ui.loaded_model import LoadedModel

STAGES = ("timeline", "previews")  # what a model's folder calls them, the first that it has
CURVES = {"wasserstein": "metrics.jsonl", "kid": "quality.jsonl"}  # what is drawn over the thousand pictures shown
POINTS = 200  # of a curve, at most: it is 480 px wide
MAX_SIDE = 2048  # px of a stage's picture, which the browser decodes: the sheets of a run have 518
LARGEST = 1e12  # of a number in a log
RIVALS = {"lotus-68": "article"}  # who learnt from the same pictures, on the same machine: shown beside it

TEMPLATE = """
<div class="stages"><figure class="stage"><img alt=""><input type="range" min="0" value="0" step="1">
<figcaption>&nbsp;</figcaption></figure>
<figure class="rival" hidden><img alt=""><figcaption></figcaption></figure></div>
<div class="charts"></div>
"""

STYLE = """
display: grid; grid-template-columns: minmax(0, 480px) minmax(0, 1fr); gap: 24px 36px; align-items: start;
figure { margin: 0; }
.stages { display: grid; gap: 24px; width: 100%; max-width: 480px; justify-self: center; }
img { display: block; width: 100%; aspect-ratio: 1; border-radius: 14px; background: var(--background-fill-secondary); }
input { width: 100%; margin: 14px 0 4px; accent-color: var(--primary-500); }
figcaption { font-size: 14px; line-height: 22px; color: var(--body-text-color-subdued);
  font-variant-numeric: tabular-nums; }
.charts { display: grid; gap: 28px; }
.charts figcaption { color: var(--body-text-color); font-weight: 600; padding-bottom: 8px; }
svg { display: block; width: 100%; height: 130px; overflow: visible;
  border-bottom: 1px solid var(--border-color-primary); }
polyline { fill: none; stroke: var(--primary-500); stroke-width: 2; stroke-linejoin: round; }
p { display: flex; justify-content: space-between; gap: 14px; margin: 4px 0 0; font-size: 13px;
  color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; }
@media (max-width: 900px) { & { grid-template-columns: minmax(0, 1fr); } }
"""

SAID = ("stage", "stage_alt", "stage_timed", "rival", "stages", "wasserstein", "kid", "curve_ends")
SCRIPT = (
    f"const TEXTS = {json.dumps(texts.pairs(*SAID))};"
    + r"""
const french = document.documentElement.lang === 'fr';
const number = value => value?.toLocaleString(french ? 'fr' : 'en', {maximumFractionDigits: 1}) ?? '?';
const say = (name, values = {}) =>
  TEXTS[name][french ? 1 : 0].replace(/{(\w+)}/g, (_, field) => number(values[field]));
const picture = element.querySelector('img'), range = element.querySelector('input');
const rival = element.querySelector('.rival'), charts = element.querySelector('.charts');
let stages = [];

function show(i) {
  const other = nearest(props.value.rival ?? [], stages[i].minutes);
  const text = say(other ? 'stage_timed' : 'stage', stages[i]);
  picture.src = stages[i].file.url;
  picture.alt = say('stage_alt', stages[i]);
  element.querySelector('.stage figcaption').textContent = text;
  range.setAttribute('aria-valuetext', text);
  rival.hidden = !other;
  if (!other) return;
  rival.querySelector('img').src = other.file.url;
  rival.querySelector('img').alt = say('stage_alt', other);
  rival.querySelector('figcaption').textContent = say('rival', other);
}

function nearest(others, minutes) {
  const away = stage => Math.abs(stage.minutes - minutes);
  return others.length ? others.reduce((best, stage) => away(stage) < away(best) ? stage : best) : null;
}

function made(tag, attributes, ...children) {
  const name = tag === 'svg' || tag === 'polyline' ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
  const result = document.createElementNS(name, tag);
  for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
  result.append(...children);
  return result;
}

function chart({name, points}) {
  const [xs, ys] = [points.map(p => p[0]), points.map(p => p[1])], last = points.length - 1;
  const low = Math.min(0, ...ys), high = Math.max(...ys);
  const [width, height] = [xs[last] - xs[0] || 1, high - low || 1];
  const at = ([x, y]) => [(x - xs[0]) / width * 100, (high - y) / height * 100].join();
  const line = made('polyline', {points: points.map(at).join(' '), 'vector-effect': 'non-scaling-stroke'});
  const label = `${say(name)}: ${say('curve_ends', {first: ys[0], last: ys[last]})}`;
  return made('figure', {}, made('figcaption', {}, say(name)),
    made('svg', {viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': label}, line),
    made('p', {}, made('span', {}, number(xs[0])), made('span', {}, say('curve_ends', {first: ys[0], last: ys[last]})),
      made('span', {}, `${number(xs[last])} kimg`)));
}

function load() {
  stages = props.value?.stages ?? [];
  element.querySelector('.stage').hidden = !stages.length;
  charts.replaceChildren(...(props.value?.curves ?? []).map(chart));
  if (!stages.length) { rival.hidden = true; return; }
  // here before the slider asks for them
  for (const {file} of [...stages, ...(props.value.rival ?? [])]) new Image().src = file.url;
  range.max = range.value = stages.length - 1;
  range.setAttribute('aria-label', say('stages'));
  show(stages.length - 1);
}

range.oninput = () => show(Number(range.value));
watch('value', load);
load();
"""
)


def build(studios: dict[str, LoadedModel], model: gr.Radio, page: gr.Blocks) -> None:
    """The tab's components and events, inside `page`, which is open. `model` is where the page chooses a studio."""
    first = next(iter(studios.values()))

    def tell(name):
        return told(name, studios[name].beside()) if name in studios else history(None)

    def told(name, folder):
        other = studios.get(RIVALS.get(name))
        stages = history(other.beside())["stages"] if other else []
        return history(folder) | {"rival": [stage for stage in stages if stage["minutes"] is not None]}

    run = gr.HTML(
        told(next(iter(studios)), first.origin),
        html_template=TEMPLATE,
        css_template=STYLE,
        js_on_load=SCRIPT,
        apply_default_css=False,
        elem_id="learnt",
    )
    gr.HTML(texts.static("learnt"), elem_id="learnt-text")
    # what a model of the Hub brings may not be here when the page is built
    gr.on(
        [model.change] if first.origin else [model.change, page.load],
        tell,
        model,
        run,
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


@lru_cache(16)  # a model is loaded once; and Gradio keeps all static paths that it is ever given
def history(folder: Path | None) -> dict:
    """What a model's folder (None: it has none here) tells of its training: the stages' pictures and the curves."""
    logs = {file: read_lines(folder / file) if folder else [] for file in CURVES.values()}
    paths = next(filter(None, (stage_pictures(folder / kind) for kind in STAGES)), {}) if folder else {}
    gr.set_static_paths(list(paths.values()))  # they are served from where they lie, and not deleted after an hour
    stages = []
    for step, path in sorted(paths.items()):
        file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        line = line_at(step, logs["metrics.jsonl"])
        # lines come every so many steps; in between, and soon after the last, one step is like another
        kimg = line and line["kimg"] * step / line["step"]
        stages.append({"file": file, "step": step, "kimg": kimg, "minutes": line and line.get("minutes")})
    curves = [{"name": name, "points": curve(logs[file], name)} for name, file in CURVES.items()]
    return {"stages": stages, "curves": [curve for curve in curves if len(curve["points"]) > 1]}


def curve(lines: list[dict], name: str) -> list[tuple[float, float]]:
    """(kimg, value) of each line that has both, every so many if there are more than can be seen."""
    points = [(line["kimg"], line[name]) for line in lines if name in line and "kimg" in line]
    every = -(-len(points) // POINTS) or 1
    return points[::-every][::-1]  # the last one always


def line_at(step: int, metrics: list[dict]) -> dict | None:
    """The first line of metrics that was written at a step or later; the last one, if the run ended soon after it."""
    lines = [line for line in metrics if "kimg" in line and line.get("step", -1) >= 1]
    later = next((line for line in lines if line["step"] >= step), None)
    return later or next((line for line in lines[-1:] if step < 2 * line["step"]), None)


def stage_pictures(folder: Path) -> dict[int, Path]:
    """{step: its picture} of those in a folder that are pictures, and not too large to be shown."""
    found = {}
    for path in folder.glob("step_*.webp"):
        step = re.fullmatch(r"step_(\d{1,9})", path.stem)
        try:
            with Image.open(path, formats=["WEBP"]) as picture:
                fits = max(picture.size) <= MAX_SIDE
                if fits:
                    picture.load()  # half a picture opens, too
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
        if step and fits:
            found[int(step[1])] = path
    return found


def read_lines(path: Path) -> list[dict[str, float]]:
    """The numbers of each line of a log of JSON lines; none where there is no log, or a line is not of a run."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    except OSError:
        return []
    return [numbers for line in lines if (numbers := _numbers(line))]


def _numbers(text: str) -> dict[str, float]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):  # the last line may be half written, too
        return {}
    values = line.items() if isinstance(line, dict) else []
    return {
        name: value
        for name, value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST  # NaN is not
    }
