// A run while one watches. props.value: {phase, ...}; see tabs/live_training.py and live_training/worker.py.
const {chart, number} = window.lotusGan;
const say = (name, values = {}) => window.lotusGan.say(props.texts, name,
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, number(value)])));
const part = name => element.querySelector(name);
const precise = value => value.toLocaleString(document.documentElement.lang, {maximumSignificantDigits: 2});
const COMMANDS = {ours: 'python train.py', mine: 'python train.py --data my-photos'};
const CURVES = ['wasserstein', 'penalty'];

function sentence({phase, ahead, wait, message, ...report}) {
  if (phase === 'waiting' && ahead === 1) return say('live_line_1', {seconds: Math.ceil(wait)});
  if (phase === 'waiting') return say('live_line', {ahead, minutes: Math.ceil(wait / 60)});
  if (phase === 'reading') return say('live_reading');
  if (phase === 'training') return say('live_progress', {...report, turn: props.turn});
  if (phase === 'done') return say('live_done', report);
  if (phase === 'left') return say('live_left');
  if (!phase) return say('live_idle');
  return message ?? '';
}

function figure(name, source) {
  const image = part(`.${name} img`);
  part(`.${name} figcaption`).textContent = image.alt = say(`live_${name}`);
  image.hidden = !source;
  if (source && image.src !== source) image.src = source;
}

function load() {
  const value = props.value ?? {}, curves = value.curves ?? {};
  part('.said').textContent = sentence(value);
  part('.said').dataset.phase = value.phase ?? '';
  part('.left-out').textContent = value.phase === 'done' ? value.message : '';
  figure('fake', value.fake);
  part('.tiles').hidden = Boolean(value.fake);
  figure('real', value.real);
  part('.real').hidden = !value.real;
  const drawn = CURVES.filter(name => curves[name]?.length > 1);
  part('.charts').replaceChildren(...drawn.map(name => chart(say(`live_${name}`), curves[name],
    (first, last) => say('curve_ends', {first: precise(first), last: precise(last)}))));
  part('.home').hidden = value.phase !== 'done';
  part('.home span').textContent = say('live_home');
  part('.home code').textContent = COMMANDS[value.source] ?? '';
}

watch('value', load);
load();
