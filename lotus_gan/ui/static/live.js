// What the tabs of the page do by themselves once the browser has a generator. A function named like a tab's event takes
// its values and says whether it has done what was asked for: where it says false, the server does it (page.js).
import {SEEDS, add, encode, fromId, isCode, move, readId, truncate} from './latents.js';
import {Interpolation, newest} from './interpolation.js';

const OFTEN = 40;  // ms between two changes of a gallery
const BLANK = 'data:image/svg+xml,' + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
  + '<path d="M0 0h1v1H0z" fill="#888" opacity=".15"/></svg>');

// whether each value is a number in its range, {name: [low, high]}
const within = (ranges, values) => Object.entries(ranges).every(([name, [low, high]]) =>
  typeof values[name] === 'number' && values[name] >= low && values[name] <= high);

export class Live {
  #generator;
  #show;
  #batches = 0;
  #urls = {};  // of the images that are shown, by where they are

  // show(where, ...values): gives values to the components of 'gallery', 'view', 'sum' or 'interpolation'
  constructor(generator, show) {
    this.#generator = generator;
    this.#show = show;
  }

  close() { this.#generator.lose('it is not needed any more'); }
  get ms() { return this.#generator.ms; }

  // a tab in the background may be stopped at any time
  #can(model) { return !document.hidden && model === this.#generator.model.name; }

  // an image of a latent id, its PNG as the server would write it; with no `path`, as that would be one on the server
  async #file(id, truncation = 1) {
    const {name, slug, zDim} = this.#generator.model, z = truncate(fromId(id, zDim), truncation);
    const {png} = await this.#generator.image(z, {[isCode(id) ? 'latent' : 'seed']: id, truncation, model: name});
    const stem = isCode(id) ? `latent-${id.slice(1, 13)}` : `seed-${String(id).padStart(6, '0')}`;
    const suffix = truncation === 1 ? '' : `-truncation-${truncation}`;
    return {orig_name: `${slug}-${stem}${suffix}.png`, url: URL.createObjectURL(png), mime_type: 'image/png'};
  }

  // the images of this place replace those before, whose memory is given back once the new ones are on the screen
  #keep(where, images) {
    const before = this.#urls[where] ?? [];
    this.#urls[where] = images.map(image => image.url);
    setTimeout(() => before.forEach(url => URL.revokeObjectURL(url)), 2000);
  }

  // --- Generate: the gallery fills image by image

  async generate({ranges}, count, seed, truncation, model) {
    const mine = ++this.#batches, whole = Number.isInteger(count) && Number.isInteger(seed);
    if (!this.#can(model) || !whole || !within(ranges, {count, seed, truncation})) return false;
    const {slug} = this.#generator.model, seeds = Array.from({length: count}, (_, i) => (seed + i) % SEEDS);
    const items = seeds.map(s => ({slug, seed: s, truncation}));
    const images = seeds.map(s => ({image: {url: BLANK}, caption: `#${s}`}));
    let shown = 0;
    for (const [i, s] of seeds.entries()) {
      images[i] = {...images[i], image: await this.#file(s, truncation)};
      if (mine !== this.#batches) return true;  // a newer one has begun
      if (i < count - 1 && performance.now() - shown < OFTEN) continue;
      shown = performance.now();
      this.#show('gallery', [...images], items);
    }
    this.#keep('gallery', images.map(({image}) => image));
    return true;
  }

  // --- Explore: only the newest position of the sliders matters

  async explore(_, flower, {model, amounts}) {
    const {zDim, directions} = this.#generator.model, start = readId(flower, zDim);
    if (!this.#can(model) || start === null || amounts.length !== directions.length) return false;
    const z = move(fromId(start, zDim), directions.map(({vector}) => vector), amounts);
    await this.#view({start, shown: amounts.some(amount => amount) ? encode(z) : start});
    return true;
  }

  #view = newest(async ({start, shown}) => {
    const file = await this.#file(shown);
    this.#show('view', {file, start: String(start), moved: shown !== start});
    this.#keep('view', [file]);
  });

  async sum(_, a, b, c, model) {
    const {zDim} = this.#generator.model, ids = [a, b, c].map(text => readId(text, zDim));
    if (!this.#can(model) || ids.includes(null)) return false;
    await this.#sum([...ids, add(...ids, zDim)]);
    return true;
  }

  #sum = newest(async ids => {
    const images = [];
    for (const [i, id] of ids.entries())
      images.push({image: await this.#file(id), caption: ['A', '− B', '+ C', '='][i]});
    this.#show('sum', images);
    this.#keep('sum', images.map(({image}) => image));
  });

  // --- Interpolate: keyframes are read here, and the player asks for frames

  async interpolate({ranges, steps}, seeds, truncation, even, model) {
    const keyframes = String(seeds).split(',').map(text => readId(text, this.#generator.model.zDim));
    const fit = within(ranges, {keyframes: keyframes.length, truncation});
    if (!this.#can(model) || !fit || keyframes.includes(null)) return false;
    const slider = {__type__: 'update', step: 1 / (steps * (keyframes.length - 1))};
    const file = {__type__: 'update', value: null, interactive: false};  // that of another interpolation would mislead
    this.#show('interpolation', {sheets: [], keyframes, truncation, even, model}, slider, file);
    return true;
  }

  frames(value, onEven) { return new Interpolation(this.#generator, value, onEven); }
}
