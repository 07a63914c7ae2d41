// What the tabs share: texts in the visitor's language, elements, pixels, files.
import texts from './texts.js';
import {png} from './png.js';
import {isCode} from './latents.js';

const root = document.documentElement;
root.lang = (navigator.language ?? '').toLowerCase().startsWith('fr') ? 'fr' : 'en';

export function say(name, values = {}) {
  return texts[name][root.lang === 'fr' ? 1 : 0].replace(/{(\w+)}/g, (_, field) => values[field]);
}

// an element whose text, or label, follows the language
export function speak(element, name, values) {
  const at = element.hasAttribute('data-label') ? 'label' : 'text';
  element.dataset[at] = name;
  element.dataset.values = JSON.stringify(values ?? {});
  const said = say(name, values);
  if (at === 'label') element.setAttribute('aria-label', said);
  else element.textContent = said;
}

export function translate() {
  for (const element of document.querySelectorAll('[data-text], [data-label]'))
    speak(element, element.dataset.label ?? element.dataset.text, JSON.parse(element.dataset.values ?? '{}'));
}

export function make(tag, options = {}, ...children) {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
}

export const canvas = () => make('canvas', {width: 128, height: 128});
export const put = (where, pixels) =>
  where.getContext('2d', {alpha: false}).putImageData(new ImageData(pixels, 128, 128), 0, 0);
export const random = () => Math.floor(Math.random() * 2 ** 32);
export const nameOf = id => isCode(id) ? '✎' : `#${id}`;

export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  make('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// the PNG of an image that is shown, which says how to make it again
export async function save(pixels, model, id, truncation) {
  const blob = await png(pixels, {[isCode(id) ? 'latent' : 'seed']: id, truncation, model: model.name});
  download(blob, `${model.slug}-${isCode(id) ? `latent-${id.slice(1, 13)}` : `seed-${String(id).padStart(6, '0')}`}.png`);
}

// a range shows its value beside its name
export function showValues(form) {
  for (const input of form.querySelectorAll('input[type=range]')) {
    const output = input.closest('label').querySelector('.value');
    const show = () => { if (output) output.textContent = input.value; };
    input.addEventListener('input', show);
    show();
  }
}
