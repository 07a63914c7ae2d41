// The stages of a training run under a slider, and its curves. props.value: {stages, baseline, curves}.
const number = value =>
  value?.toLocaleString(document.documentElement.lang === 'fr' ? 'fr' : 'en', {maximumFractionDigits: 1}) ?? '?';
const say = (name, values = {}) => window.lotusGan.say(props.texts, name,
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, number(value)])));
const image = element.querySelector('img'), range = element.querySelector('input');
const baseline = element.querySelector('.baseline'), charts = element.querySelector('.charts');
let stages = [];

function show(i) {
  const other = nearest(props.value.baseline ?? [], stages[i].minutes);
  const text = say(other ? 'stage_timed' : 'stage', stages[i]);
  image.src = stages[i].file.url;
  image.alt = say('stage_alt', stages[i]);
  element.querySelector('.stage figcaption').textContent = text;
  range.setAttribute('aria-valuetext', text);
  baseline.hidden = !other;
  if (!other) return;
  baseline.querySelector('img').src = other.file.url;
  baseline.querySelector('img').alt = say('stage_alt', other);
  baseline.querySelector('figcaption').textContent = say('baseline', other);
}

function nearest(others, minutes) {
  const distance = stage => Math.abs(stage.minutes - minutes);
  return others.length ? others.reduce((best, stage) => distance(stage) < distance(best) ? stage : best) : null;
}

function node(tag, attributes, ...children) {
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
  const line = node('polyline', {points: points.map(at).join(' '), 'vector-effect': 'non-scaling-stroke'});
  const label = `${say(name)}: ${say('curve_ends', {first: ys[0], last: ys[last]})}`;
  return node('figure', {}, node('figcaption', {}, say(name)),
    node('svg', {viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': label}, line),
    node('p', {}, node('span', {}, number(xs[0])), node('span', {}, say('curve_ends', {first: ys[0], last: ys[last]})),
      node('span', {}, `${number(xs[last])} kimg`)));
}

function load() {
  stages = props.value?.stages ?? [];
  element.querySelector('.stage').hidden = !stages.length;
  charts.replaceChildren(...(props.value?.curves ?? []).map(chart));
  if (!stages.length) { baseline.hidden = true; return; }
  // here before the slider asks for them
  for (const {file} of [...stages, ...(props.value.baseline ?? [])]) new Image().src = file.url;
  range.max = range.value = stages.length - 1;
  range.setAttribute('aria-label', say('stages'));
  show(stages.length - 1);
}

range.oninput = () => show(Number(range.value));
watch('value', load);
load();
