// The stages of a training run under a slider, and its curves. props.value: {stages, baseline, curves}.
const {chart, number} = window.lotusGan;
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

function load() {
  stages = props.value?.stages ?? [];
  element.querySelector('.stage').hidden = !stages.length;
  charts.replaceChildren(...(props.value?.curves ?? []).map(({name, points}) =>
    chart(say(name), points, (first, last) => say('curve_ends', {first, last}))));
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
