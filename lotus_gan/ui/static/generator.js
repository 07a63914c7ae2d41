// A generator in the browser: a description (lotus_gan/sampling/browser.py) -> images, one after the other, by a worker.

const LOAD_LIMIT = 120_000, IMAGE_LIMIT = 20_000;  // ms; a worker that is silent for longer counts as lost
const NEEDED = ['WebAssembly', 'Worker', 'DecompressionStream', 'CompressionStream'];

// The generator of the description at an address, once it is warm. It rejects where the browser cannot run it.
// onLost: called when a generator that was ready is none any more.
export async function openGenerator(address, onLost) {
  const missing = NEEDED.find(name => !(name in globalThis));
  if (missing) throw new Error(`this browser has no ${missing}`);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} for ${address}`);
  const model = await response.json(), files = {};
  for (const [kind, {url, integrity}] of Object.entries(model.files))
    files[kind] = {url: new URL(url, response.url).href, integrity};
  const generator = new Generator(model);
  await generator.ask({load: files, zDim: model.zDim}, LOAD_LIMIT);
  await generator.image(new Float32Array(model.zDim));  // so that the time is known
  generator.onLost = onLost;
  return generator;
}

class Generator {
  ms = 0;  // an image takes, the last ones count most
  onLost = () => {};
  #worker = new Worker(new URL('./generator_worker.js', import.meta.url), {type: 'module'});
  #turn = Promise.resolve();  // of the last image that was asked for
  #waiting = null;  // who waits for the worker: {resolve, reject}
  #lost = null;  // why it is

  constructor(model) {
    this.model = model;
    this.#worker.onmessage = ({data}) => data.error ? this.lose(data.error) : this.#waiting?.resolve(data);
    this.#worker.onmessageerror = () => this.lose('a message that cannot be read');
    this.#worker.onerror = event => {
      event.preventDefault();  // it is dealt with, so no error of the page
      this.lose(event.message ?? 'no worker');
    };
  }

  // one message to the worker, and its answer
  ask(message, limit) {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      const timer = setTimeout(() => this.lose(`silent for ${limit} ms`), limit);
      const done = settle => value => { clearTimeout(timer); this.#waiting = null; settle(value); };
      this.#waiting = {resolve: done(resolve), reject: done(reject)};
      this.#worker.postMessage(message);
    });
  }

  // the image of a latent, when it is its turn: {pixels, ms} and, where there is `info` for its file, {png}
  async image(z, info) {
    const mine = this.#turn.then(() => this.ask({z, info}, IMAGE_LIMIT));
    this.#turn = mine.catch(() => {});
    const answer = await mine;
    this.ms = this.ms ? 0.8 * this.ms + 0.2 * answer.ms : answer.ms;
    return answer;
  }

  // the end of it, wanted or not; who waits is told
  lose(reason) {
    if (this.#lost) return;
    this.#lost = new Error(reason);
    this.#worker.terminate();
    this.#waiting?.reject(this.#lost);
    this.onLost(reason);
  }
}
