// A page that generates images without a server: tabs, language, and the network, which every tab gets once it is here.
import {openGenerator} from './generator.js';
import {make, showValues, speak, translate} from './dom.js';
import {generateTab} from './generate.js';
import {interpolateTab} from './interpolate.js';
import {exploreTab} from './explore.js';

const MEGABYTES = 7;
const state = document.querySelector('#state'), tabs = [...document.querySelectorAll('[role=tab]')];

function open(name) {
  for (const tab of tabs) {
    const chosen = tab.id === `${name}-tab`;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(tab.getAttribute('aria-controls')).hidden = !chosen;
  }
}

for (const [i, tab] of tabs.entries()) {
  tab.onclick = () => open(tab.id.replace('-tab', ''));
  tab.onkeydown = ({key}) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[key];
    if (!step) return;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    next.click();
    next.focus();
  };
}

document.querySelector('#language').onclick = () => {
  document.documentElement.lang = document.documentElement.lang === 'fr' ? 'en' : 'fr';
  translate();
};
document.querySelectorAll('form').forEach(form => {
  form.addEventListener('submit', event => event.preventDefault());
  showValues(form);
});
document.querySelector('#generate .images').append(
  ...Array.from({length: 8}, () => make('li', {className: 'waiting'})));
translate();
open('generate');
speak(state, 'loading', {megabytes: MEGABYTES});

const lost = reason => {
  state.setAttribute('role', 'alert');
  speak(state, 'lost', {reason});
  document.querySelectorAll('main button, main input').forEach(control => { control.disabled = true; });
};

try {
  const generator = await openGenerator(new URL('model.json', location.href).href, lost);
  // said at most once a second: what changes all the time is not read out
  const said = () => speak(state, 'ready', {ms: Math.max(1, Math.round(generator.ms))});
  setInterval(said, 1000);
  said();
  const interpolate = interpolateTab(generator, open), explore = exploreTab(generator, open, interpolate);
  generateTab(generator, {interpolate, explore});
} catch (error) {
  lost(error.message);
}
