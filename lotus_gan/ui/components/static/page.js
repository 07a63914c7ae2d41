// Runs in the head, before any component: the language of the page, and what its events call.
window.lotusGan = (() => {
  const root = document.documentElement;
  const COOKIE = 'lotus_gan_language';

  // Gradio writes its locale to `lang`; ours is that one or English. The cookie tells the server (ui/texts.py).
  function followLanguage() {
    const language = root.lang.toLowerCase().startsWith('fr') ? 'fr' : 'en';
    if (root.lang !== language) root.lang = language;
    const embedded = location.protocol === 'https:' ? 'SameSite=None; Secure; Partitioned' : 'SameSite=Lax';
    document.cookie = `${COOKIE}=${language}; path=/; ${embedded}`;
  }

  // a text of a component's `texts`, {name: [English, French]}, with its {fields} filled in
  function say(texts, name, values = {}) {
    const text = texts[name][root.lang === 'fr' ? 1 : 0];
    return text.replace(/{(\w+)}/g, (_, field) => values[field]);
  }

  const number = value =>
    value?.toLocaleString(root.lang === 'fr' ? 'fr' : 'en', {maximumFractionDigits: 1}) ?? '?';

  // --- charts
  function node(tag, attributes, ...children) {
    const name = tag === 'svg' || tag === 'polyline' ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
    const result = document.createElementNS(name, tag);
    for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
    result.append(...children);
    return result;
  }

  // points: [[kimg, value], ...]; ends(first, last): the sentence of the first and the last value
  function chart(title, points, ends) {
    const [xs, ys] = [points.map(p => p[0]), points.map(p => p[1])], last = points.length - 1;
    const low = Math.min(0, ...ys), high = Math.max(...ys);
    const [width, height] = [xs[last] - xs[0] || 1, high - low || 1];
    const at = ([x, y]) => [(x - xs[0]) / width * 100, (high - y) / height * 100].join();
    const line = node('polyline', {points: points.map(at).join(' '), 'vector-effect': 'non-scaling-stroke'});
    const said = ends(ys[0], ys[last]);
    return node('figure', {class: 'chart'}, node('figcaption', {}, title),
      node('svg', {viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: ${said}`},
        line),
      node('p', {}, node('span', {}, number(xs[0])), node('span', {}, said), node('span', {}, `${number(xs[last])} kimg`)));
  }

  const parts = seeds => seeds.split(',').map(part => part.trim()).filter(part => part);
  const random = seeds => Math.floor(Math.random() * seeds);

  // --- what the browser does itself if it has a generator (ui/static/live.js); else, or if that fails, the server does
  const shown = {};  // what is on its way to the components

  function live({name, ask, ...constants}, ...values) {
    const mine = window.lotusGan.browser?.[name](constants, ...values);
    Promise.resolve(mine).catch(() => false).then(done => done || window.lotusGan.ask(ask));
    return [];
  }

  const show = ({where}) => shown[where];

  // --- Generate
  // a rolled seed is wanted, so "new seed each time" is unticked
  const roll = ({seeds}) => [random(seeds), false];
  const rollIf = ({seeds}, again, seed) => again ? random(seeds) : seed;
  const untick = () => false;

  // --- Interpolate
  const showPosition = (_, position) => { window.lotusGan.player?.show(position); return []; };
  const play = () => { window.lotusGan.player?.play(); return []; };
  const reverse = (_, seeds) => parts(seeds).reverse().join(', ');

  function addKeyframe({seeds, limit}, keyframes) {
    const present = parts(keyframes);
    return [...present.slice(0, limit - 1), String(random(seeds))].join(', ');
  }

  function openLink({low, high}, seeds, position, truncation, even, model) {
    const asked = new URLSearchParams(location.search);
    const t = Number(asked.get('t')), psi = Number(asked.get('truncation'));
    if (!asked.has('seeds')) return [seeds, position, truncation, even, model];
    document.querySelectorAll('[role=tab]')[1]?.click();
    return [asked.get('seeds').split(',').join(', '), asked.has('t') && t >= 0 && t <= 1 ? t : position,
      psi >= low && psi <= high ? psi : truncation, asked.has('even'), asked.get('model') ?? model];
  }

  // browsers have navigator.clipboard with https only; whatever fails, the address bar has the link
  async function copyText(text) {
    try { await navigator.clipboard.writeText(text); } catch {
      const field = document.createElement('textarea');
      document.body.append(field);
      field.value = text;
      field.select();
      document.execCommand('copy');
      field.remove();
    }
  }

  async function copyLink({high, first}, seeds, position, truncation, even, model) {
    const link = new URL(location.pathname, location.origin);
    const t = String(Number(position.toFixed(4)));
    link.search = `seeds=${seeds.replaceAll(' ', '')}&t=${t}` + (even ? '&even=1' : '')
      + (truncation < high ? `&truncation=${truncation}` : '')
      + (model === first ? '' : `&model=${encodeURIComponent(model)}`);
    history.replaceState(null, '', link);
    await copyText(link.href);
    return [];
  }

  // --- Explore
  const rollText = ({seeds}) => String(random(seeds));
  const resetSliders = (_, value) => ({...value, amounts: value.amounts.map(() => 0)});

  // --- the enlarged image
  const scrollToCopyCheck = () => {
    document.querySelector('#copy-check')?.scrollIntoView({behavior: 'smooth', block: 'center'});
  };
  // on its way to the server, which answers with the toolbar's value
  const selectImage = (_, items) => { window.lotusGan.lightbox.wait(); return [items]; };
  const imageClosed = () => { window.lotusGan.lightbox.close(); return null; };

  function closeLightbox({galleries}) {
    const closed = {__type__: 'update', selected_index: null};
    return [imageClosed(), ...Array.from({length: galleries}, () => closed)];
  }

  root.lang = navigator.language || 'en';
  followLanguage();
  new MutationObserver(followLanguage).observe(root, {attributeFilter: ['lang']});
  return {say, number, chart, shown, live, show, roll, rollIf, untick, showPosition, play, reverse, addKeyframe, openLink,
    copyLink, rollText, resetSliders, scrollToCopyCheck, selectImage, imageClosed, closeLightbox};
})();
