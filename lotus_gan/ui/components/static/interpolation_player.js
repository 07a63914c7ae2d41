// Interpolate: a canvas that shows frames of sheets, and the keyframes below it. A slider moves it in the browser alone.
// props.value: {sheets, keyframes}; a sheet has all frames from one keyframe to the next. Or, where the browser generates
// the frames (static/live.js), {sheets: [], keyframes, truncation, even, model}.
const {side: SIDE, columns: COLUMNS, steps: STEPS, fps: FPS, low: MIN_KEYFRAMES, high: MAX_KEYFRAMES, texts} = props;
const say = (name, values) => window.lotusGan.say(texts, name, values);
const now = element.querySelector('.now'), list = element.querySelector('.keyframes');
const images = new Map();  // url -> image that has been decoded
let keyframes = [], sheets = [], position = 0.5, playing = 0;
let frames = null, generating = false, generated = null;  // the browser's own; one is on its way; position of the last

const range = () => document.querySelector('#position input[type=range]');
const count = () => STEPS * (keyframes.length - 1);
// a code is too long to be shown or read out: a sign and the number of its place stand for it
const isCode = id => String(id).startsWith('~');
const sign = id => isCode(id) ? '✎' : `#${id}`;
const spoken = (id, i) => isCode(id) ? say('keyframe_without_seed', {n: i + 1}) : `#${id}`;

function draw(canvas, pair, step) {
  if (!sheets[pair]) return false;
  const x = (step % COLUMNS) * SIDE, y = Math.floor(step / COLUMNS) * SIDE;
  canvas.getContext('2d', {alpha: false}).drawImage(sheets[pair], x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
  return true;
}

function show(t) {
  position = t;
  if (keyframes.length < MIN_KEYFRAMES) return;
  if (frames) return generate();
  const frame = Math.round(t * count()), pair = Math.min(Math.floor(frame / STEPS), keyframes.length - 2);
  const canvas = now.querySelector('canvas');
  if (draw(canvas, pair, frame - STEPS * pair)) caption(frame);
}

// what is shown, and the keyframe that it is, if it is one; a frame of the browser's own may be between two steps
function caption(frame) {
  const canvas = now.querySelector('canvas'), text = `${Math.round(100 * frame / count())} %`;
  now.querySelector('figcaption').textContent = text;
  canvas.setAttribute('aria-label', text);
  canvas.dataset.step = Number(frame.toFixed(2));
  [...list.querySelectorAll('.go')].forEach((go, i) => go.setAttribute('aria-current', frame === i * STEPS));
}

const put = (canvas, pixels) =>
  canvas.getContext('2d', {alpha: false}).putImageData(new ImageData(pixels, SIDE, SIDE), 0, 0);

// the browser's own frames come one by one, and only the newest position matters
async function generate() {
  if (generating) return;
  generating = true;
  for (let mine = frames; mine && generated !== position; mine = frames) {
    const t = position, pixels = await mine.frame(t).catch(() => null);
    if (!pixels) break;  // a lost generator is dealt with by browser_generator.js
    if (mine !== frames) continue;
    put(now.querySelector('canvas'), pixels);
    caption(t * count());
    generated = t;
    window.lotusGan.generated();
  }
  generating = false;
}

async function drawKeyframes(mine) {
  for (const [i, canvas] of [...list.querySelectorAll('canvas')].entries()) {
    const pixels = await mine.frame(i / (keyframes.length - 1)).catch(() => null);
    if (!pixels || mine !== frames) return;
    put(canvas, pixels);
  }
  element.dataset.keyframes = keyframes.join();
}

// the slider is Gradio's: it learns of a new position through its own event
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
    t += way * (time - last) / 1000 * FPS / count();
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
  const result = document.createElement('button');
  result.type = 'button';
  result.className = kind;
  result.append(text);
  if (label) result.setAttribute('aria-label', label);
  result.onclick = act;
  return result;
}

function showKeyframes() {
  list.replaceChildren(...keyframes.map((id, i) => {
    const item = document.createElement('li'), canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIDE;
    if (!frames) draw(canvas, Math.min(i, keyframes.length - 2), i === keyframes.length - 1 ? STEPS : 0);
    const name = spoken(id, i);
    const go = button('go', canvas, say('keyframe_go', {name}), () => move(i / (keyframes.length - 1)));
    go.append(sign(id));
    item.append(go);
    if (keyframes.length > MIN_KEYFRAMES)
      item.append(button('remove', '×', say('keyframe_remove', {name}),
        () => trigger('keyframes', {keyframes: keyframes.filter((_, j) => j !== i)})));
    return item;
  }));
  if (keyframes.length < MAX_KEYFRAMES) {
    const item = document.createElement('li');
    item.append(button('add', '+', say('keyframe_add'),
      () => trigger('keyframes', {keyframes: [...keyframes, Math.floor(Math.random() * 2 ** 32)]})));
    list.append(item);
  }
}

// decoded once, so that a frame is drawn within one turn of the event loop
async function decoded(url) {
  if (!images.has(url)) {
    const image = new Image();
    image.src = url;
    await image.decode();
    images.set(url, image);
  }
  return images.get(url);
}

async function load() {
  const value = props.value;
  if (!value?.keyframes) return;
  const fresh = await Promise.all(value.sheets.map(sheet => decoded(sheet.url)));
  if (props.value !== value && JSON.stringify(props.value) !== JSON.stringify(value)) return;  // a newer one has come
  frames?.close();
  // at an even pace another frame belongs to a position as soon as the pace is known
  const again = () => { generated = null; show(position); };
  frames = value.sheets.length ? null : window.lotusGan.browser?.frames(value, again);
  if (!value.sheets.length && !frames) return window.lotusGan.ask('ask_interpolate');
  [keyframes, sheets, generated] = [value.keyframes, fresh, null];
  showKeyframes();
  show(playing ? position : Number(range()?.value ?? position));
  if (frames) drawKeyframes(frames);
  else element.dataset.keyframes = keyframes.slice(0, sheets.length + 1).join();
}

window.lotusGan.player = {
  show(t) { if (!playing) show(t); },  // the slider's own step is coarser than what is playing
  play,
  isLive: () => Boolean(frames),
};
now.querySelector('canvas').width = now.querySelector('canvas').height = SIDE;
watch('value', load);
load();
