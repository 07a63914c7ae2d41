// Generate: up to 64 images from consecutive seeds, one after the other; one of them enlarged.
import {canvas, make, put, random, save, speak} from './dom.js';
import {SEEDS, fromSeed, truncate} from './latents.js';

export function generateTab(generator, {interpolate, explore}) {
  const form = document.querySelector('#generate form'), list = document.querySelector('#generate .images');
  const dialog = document.querySelector('#enlarged'), {count, seed, fresh, truncation} = form.elements;
  const {zDim} = generator.model;
  let batches = 0, enlarged = null;

  async function generate() {
    const mine = ++batches, psi = Number(truncation.value), first = Number(seed.value);
    const images = Array.from({length: Number(count.value)}, (_, i) => {
      const number = (first + i) % SEEDS, where = canvas(), button = make('button', {type: 'button', disabled: true}, where);
      button.setAttribute('data-label', '');
      speak(button, 'enlarge', {seed: number});
      button.append(make('span', {textContent: `#${number}`}));
      return {number, where, button, item: make('li', {className: 'waiting'}, button)};
    });
    list.classList.toggle('many', images.length > 16);
    list.replaceChildren(...images.map(({item}) => item));
    for (const {number, where, button, item} of images) {
      const {pixels} = await generator.image(truncate(fromSeed(number, zDim), psi));
      if (mine !== batches) return;
      put(where, pixels);
      item.className = '';
      button.disabled = false;
      button.onclick = () => enlarge(number, psi, pixels);
    }
  }

  function enlarge(number, psi, pixels) {
    const where = dialog.querySelector('canvas');
    put(where, pixels);
    where.setAttribute('aria-label', `#${number}`);
    enlarged = {number, psi, pixels};
    dialog.showModal();
  }

  const acts = {
    save: () => save(enlarged.pixels, generator.model, enlarged.number, enlarged.psi),
    interpolate: () => interpolate.startAt(enlarged.number),
    explore: () => explore.startAt(enlarged.number),
    close: () => {},
  };
  for (const button of dialog.querySelectorAll('button'))
    button.onclick = () => {
      if (button.dataset.act !== 'save') dialog.close();
      acts[button.dataset.act]();
    };

  const run = () => generate().catch(() => {});  // a lost generator is said by page.js
  form.addEventListener('submit', () => {
    if (fresh.checked) seed.value = random();
    run();
  });
  seed.addEventListener('input', () => { fresh.checked = false; });
  form.querySelector('button').disabled = false;
  run();
}
