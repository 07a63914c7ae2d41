// Explore: one image, moved along directions of the latent space.
import {make, put, random, save, say, speak} from './dom.js';
import {encode, fromId, isCode, move, readId} from './latents.js';
import {newest} from './interpolation.js';

const REACH = 3, STEP = 0.1;  // as lotus_gan/sampling/directions.py and the page with a server have them

export function exploreTab(generator, open, interpolate) {
  const tab = document.querySelector('#explore'), now = tab.querySelector('canvas'), {zDim, directions} = generator.model;
  const {start} = tab.querySelector('form').elements, vectors = directions.map(({vector}) => vector);
  const inputs = showSliders();
  let shown = {};

  const show = newest(async ({first, id}) => {
    const {pixels} = await generator.image(fromId(id, zDim)).catch(() => ({}));
    if (!pixels) return;
    shown = {id, pixels};
    put(now, pixels);
    const name = isCode(first) ? say('explore_code') : `#${first}`, caption = tab.querySelector('figcaption');
    speak(caption, 'explore_moved', {start: name});
    if (first === id) caption.textContent = name;
    now.setAttribute('aria-label', caption.textContent);
    now.dataset.id = id;
  });

  function change() {
    const first = readId(start.value, zDim), amounts = inputs.map(input => Number(input.value));
    start.setCustomValidity(first === null ? say('start_refused') : '');
    if (first === null) return;
    const moved = amounts.some(amount => amount);
    show({first, id: moved ? encode(move(fromId(first, zDim), vectors, amounts)) : first});
  }

  // those with a name, then the others, which are folded
  function showSliders() {
    const groups = {named: make('div'), closed: folded('closed'), principal: folded('principal')}, counts = {};
    const result = directions.map(({group, name}) => {
      const n = counts[group] = (counts[group] ?? 0) + 1, text = make('span'), output = make('span', {className: 'value'});
      speak(text, name ? `direction_${name}` : `${group}_one`, {n});
      const input = make('input', {type: 'range', min: -REACH, max: REACH, step: STEP, value: 0});
      const label = make('label', {}, text, output, input);
      if (name) {
        const ends = make('span', {className: 'ends'}, make('span'), make('span'));
        ['low', 'high'].forEach((end, i) => speak(ends.children[i], `direction_${name}_${end}`));
        label.append(ends);
      }
      input.oninput = () => { mark(input); change(); };
      mark(input);
      groups[group].append(label);
      return input;
    });
    const used = Object.keys(groups).filter(group => counts[group]);
    tab.querySelector('.sliders').append(...used.map(group => groups[group]));
    if (!counts.named) groups.closed.open = true;
    return result;
  }

  // its value, and its track, which is coloured from the middle, where it changes nothing
  function mark(input) {
    const share = 50 + 50 * Number(input.value) / REACH;
    input.parentElement.querySelector('.value').textContent = Number(input.value) ? input.value : '';
    input.style.setProperty('--from', `${Math.min(50, share)}%`);
    input.style.setProperty('--to', `${Math.max(50, share)}%`);
  }

  function folded(name) {
    const summary = make('summary');
    speak(summary, name);
    return make('details', {}, summary);
  }

  function reset() {
    for (const input of inputs) {
      input.value = 0;
      mark(input);
    }
    change();
  }

  start.addEventListener('input', change);
  start.addEventListener('change', () => start.reportValidity());
  tab.querySelector('.roll').onclick = () => { start.value = random(); change(); };
  tab.querySelector('.reset').onclick = reset;
  tab.querySelector('.send').onclick = () => interpolate.add(shown.id);
  tab.querySelector('.save').onclick = () => save(shown.pixels, generator.model, shown.id, 1);
  change();
  return {startAt(id) { start.value = id; reset(); open('explore'); }};
}
