// Who generates: this browser, once it can, or the server. props.value: {description}, the address of what a browser
// needs for the chosen model, null where it cannot. Fetched when the first view is on the screen and the page is idle.
const {scripts: SCRIPTS, texts} = props;
const page = window.lotusGan, line = element.querySelector('p');
const address = path => new URL(path, `${(window.gradio_config?.root ?? location.href).replace(/\/$/, '')}/`).href;
let opened = 0, current = null;

function say() {
  const ms = page.browser?.ms;
  line.textContent = page.say(texts, page.browser ? 'by_processor' : 'by_server', {ms: Math.max(1, Math.round(ms))});
  element.dataset.by = page.browser ? 'processor' : 'server';
}

const event = (target, name) => new Promise(done => target.addEventListener(name, done, {once: true}));
const later = ms => new Promise(done => setTimeout(done, ms));
const loaded = image => image.complete && image.naturalWidth;

async function firstView() {
  if (document.readyState !== 'complete') await event(window, 'load');
  while (document.hidden) await event(document, 'visibilitychange');
  for (let waited = 0; waited < 50; waited++) {  // at most 5 s: what is in another tab may not be fetched
    const images = [...document.querySelectorAll('#gallery img')];
    if (images.length && images.every(loaded)) break;
    await later(100);
  }
  await new Promise(done => window.requestIdleCallback?.(done, {timeout: 2000}) ?? setTimeout(done, 500));
}

// what static/live.js has generated gets to the components, its outputs, by an event
const SHOWN = {gallery: 'shown_gallery', view: 'shown_view', sum: 'shown_sum', interpolation: 'shown_interpolation'};

function show(where, ...values) {
  page.shown[where] = values;
  trigger(SHOWN[where]);
  say();
}

function serverAgain(reason) {
  page.browser = null;
  say();
  if (reason) console.info(`the server generates: ${reason}`);
}

async function open() {
  const {description} = props.value, mine = ++opened;
  if (description === current && page.browser) return;
  page.browser?.close();
  current = description;
  serverAgain();
  if (!description) return;
  if (navigator.connection?.saveData) return serverAgain('the visitor saves data');
  await firstView();
  if (mine !== opened) return;
  try {
    const [{openGenerator}, {Live}] = await Promise.all(
      ['generator.js', 'live.js'].map(name => import(address(`${SCRIPTS}/${name}`))));
    const generator = await openGenerator(address(description), reason => {
      if (mine !== opened) return;
      serverAgain(reason);
      if (page.player?.isLive()) page.ask('ask_interpolate');
    });
    if (mine !== opened) return generator.lose('another model was chosen');
    page.browser = new Live(generator, show);
    say();
    trigger('ready');
  } catch (error) {
    if (mine === opened) serverAgain(error.message);
  }
}

// Gradio takes events whose names it finds here
const ASKS = ['ask_generate', 'ask_explore', 'ask_sum', 'ask_typed', 'ask_interpolate'];
page.ask = name => trigger(ASKS.find(ask => ask === name));
page.generated = say;
watch('value', open);
say();
open();
