// Interpolate: any position between 2 to 8 keyframes, and a film of the way round.
import {canvas, download, make, nameOf, put, random, say, speak} from './dom.js';
import {isCode, readId} from './latents.js';
import {Interpolation, newest} from './interpolation.js';

const MIN = 2, MAX = 8, SECONDS = 2.7;  // from one keyframe to the next, as the page with a server plays them
const FPS = 24, FRAMES = 64, SIDE = 512;  // of a film: frames from one keyframe to the next, px
const FILMS = ['video/webm;codecs=vp9', 'video/webm', 'video/mp4'];

export function interpolateTab(generator, open) {
  const tab = document.querySelector('#interpolate'), [form] = tab.getElementsByTagName('form');
  const now = tab.querySelector('figure canvas'), list = tab.querySelector('.keyframes');
  const position = tab.querySelector('[name=position]'), play = tab.querySelector('.play');
  const {seeds, truncation, even} = form.elements;
  let keyframes = [37, 14], frames = null, playing = 0;

  const show = newest(async t => {
    const mine = frames, pixels = await mine.frame(t).catch(() => null);
    if (!pixels || mine !== frames) return;
    put(now, pixels);
    const text = `${Math.round(100 * t)} %`;
    tab.querySelector('figcaption').textContent = text;
    now.setAttribute('aria-label', text);
    now.dataset.t = t;
    [...list.querySelectorAll('.go')].forEach((go, i) => go.setAttribute('aria-current', Math.abs(t * (keyframes.length - 1) - i) < 1e-6));
  });

  function move(t) {
    position.value = t;
    show(t);
  }

  function change(ids) {
    keyframes = ids;
    seeds.value = ids.join(', ');
    restart();
  }

  function restart() {
    frames?.close();
    const values = {keyframes, truncation: Number(truncation.value), even: even.checked};
    frames = new Interpolation(generator, values, () => show(Number(position.value)));
    showKeyframes();
    show(Number(position.value));
  }

  async function showKeyframes() {
    const mine = frames, canvases = keyframes.map(canvas);
    list.replaceChildren(...keyframes.map((id, i) => {
      const name = isCode(id) ? say('keyframe_without_seed', {n: i + 1}) : `#${id}`;
      const go = button('go', 'keyframe_go', {name}, () => move(i / (keyframes.length - 1)), canvases[i], nameOf(id));
      const remove = button('remove', 'keyframe_remove', {name}, () => change(keyframes.filter((_, j) => j !== i)), '×');
      return make('li', {}, go, ...(keyframes.length > MIN ? [remove] : []));
    }));
    if (keyframes.length < MAX) {
      const add = button('add', 'keyframe_add', {}, () => change([...keyframes, random()]), '+');
      list.append(make('li', {}, add));
    }
    for (const [i, where] of canvases.entries()) {
      const pixels = await mine.frame(i / (keyframes.length - 1)).catch(() => null);
      if (!pixels || mine !== frames) return;
      put(where, pixels);
    }
    list.dataset.keyframes = keyframes.join();
  }

  function button(className, name, values, onclick, ...children) {
    const result = make('button', {type: 'button', className, onclick}, ...children);
    result.setAttribute('data-label', '');
    speak(result, name, values);
    return result;
  }

  function start() {
    if (playing) return stop();
    play.setAttribute('aria-pressed', true);
    let last = performance.now(), t = Number(position.value), way = t >= 1 ? -1 : 1;
    const turn = time => {
      t += way * (time - last) / 1000 / SECONDS / (keyframes.length - 1);
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
    play.setAttribute('aria-pressed', false);
  }

  // --- a film of the way through the keyframes and back to the first

  async function film() {
    const kind = globalThis.MediaRecorder && FILMS.find(type => MediaRecorder.isTypeSupported(type));
    const loop = tab.querySelector('.loop'), bar = tab.querySelector('progress');
    if (!kind) return speak(loop, 'loop_refused');
    stop();
    loop.disabled = true;
    bar.hidden = false;
    const values = {keyframes: [...keyframes, keyframes[0]], truncation: Number(truncation.value), even: false};
    const way = new Interpolation(generator, values), count = FRAMES * keyframes.length, images = [];
    const report = part => { bar.value = part; speak(loop, 'loop_busy', {percent: Math.round(100 * part)}); };
    try {
      for (let i = 0; i < count; i++) {
        images.push(await way.frame(i / count));
        report(0.5 * images.length / count);
      }
      const blob = await record(images, kind, i => report(0.5 + 0.5 * i / count));
      download(blob, `${generator.model.slug}-loop.${kind.includes('mp4') ? 'mp4' : 'webm'}`);
    } catch { /* a lost generator is said by page.js */ }
    loop.disabled = false;
    bar.hidden = true;
    speak(loop, 'loop');
  }

  // a browser records in real time: a frame every 1/24 s
  function record(images, kind, onFrame) {
    const small = canvas(), large = make('canvas', {width: SIDE, height: SIDE}), context = large.getContext('2d');
    const stream = large.captureStream(0), [track] = stream.getVideoTracks(), parts = [];
    const recorder = new MediaRecorder(stream, {mimeType: kind, videoBitsPerSecond: 4e6});
    recorder.ondataavailable = ({data}) => parts.push(data);
    return new Promise((done, failed) => {
      let i = 0;
      const draw = image => {
        put(small, image);
        context.drawImage(small, 0, 0, SIDE, SIDE);
        track.requestFrame();
      };
      const step = () => {
        if (i === images.length) return recorder.stop();
        draw(images[i++]);
        onFrame(i);
        setTimeout(step, 1000 / FPS);
      };
      recorder.onstart = step;  // some browsers begin with the first frame, and lose those before
      recorder.onstop = () => done(new Blob(parts, {type: kind}));
      recorder.onerror = failed;
      recorder.start();
      draw(images[0]);
    });
  }

  // --- links, as the page with a server reads and writes them

  function readLink() {
    const asked = new URLSearchParams(location.search), ids = read(asked.get('seeds') ?? '');
    if (!ids) return;
    keyframes = ids;
    const t = Number(asked.get('t')), psi = Number(asked.get('truncation'));
    if (asked.has('t') && t >= 0 && t <= 1) position.value = t;
    if (psi >= 0.3 && psi <= 1) truncation.value = psi;
    even.checked = asked.has('even');
    open('interpolate');
  }

  async function copyLink({target}) {
    const link = new URL(location.pathname, location.origin), t = Number(Number(position.value).toFixed(4));
    link.search = `seeds=${keyframes.join()}&t=${t}` + (even.checked ? '&even=1' : '')
      + (Number(truncation.value) < 1 ? `&truncation=${truncation.value}` : '');
    history.replaceState(null, '', link);
    try { await navigator.clipboard.writeText(link.href); } catch { /* the address bar has the link */ }
    speak(target, 'copied');
    setTimeout(() => speak(target, 'copy_link'), 2000);
  }

  function read(text) {
    const ids = text.split(',').map(part => readId(part, generator.model.zDim));
    return ids.length >= MIN && ids.length <= MAX && !ids.includes(null) ? ids : null;
  }

  position.addEventListener('input', () => { stop(); show(Number(position.value)); });
  seeds.addEventListener('input', () => {
    const ids = read(seeds.value);
    seeds.setCustomValidity(ids ? '' : say('seeds_refused'));
    if (!ids) return;
    keyframes = ids;
    restart();
  });
  seeds.addEventListener('change', () => seeds.reportValidity());
  truncation.addEventListener('input', restart);
  even.addEventListener('change', restart);
  play.onclick = start;
  tab.querySelector('.loop').onclick = film;
  tab.querySelector('.link').onclick = copyLink;
  readLink();
  change(keyframes);
  return {
    startAt(id) { change([id, ...keyframes.slice(1)]); move(0); open('interpolate'); },
    add(id) { change([...keyframes.slice(0, MAX - 1), id]); open('interpolate'); },
  };
}
