// The large image of Explore. props.value: {file, start, moved}; the file is that of the start, moved along directions.
const say = (name, values) => window.lotusGan.say(props.texts, name, values);
const canvas = element.querySelector('canvas'), link = element.querySelector('a');
let loads = 0;

// a canvas shows the image within the same turn of the event loop; a changing <img> may blink while it decodes
async function load() {
  const {file, start, moved} = props.value, image = new Image(), mine = ++loads;
  image.src = file.url;
  await image.decode();
  if (mine !== loads) return;  // a newer one has come
  canvas.getContext('2d', {alpha: false}).drawImage(image, 0, 0);
  const name = start.startsWith('~') ? say('explore_code') : `#${start}`;
  const text = moved ? say('explore_moved', {start: name}) : name;
  element.querySelector('span').textContent = text;
  canvas.setAttribute('aria-label', text);
  link.href = file.url;
  link.download = file.path?.split(/[\\/]/).pop() ?? file.orig_name;  // one of the browser's own has no path
  element.dataset.file = link.download;
}

canvas.width = canvas.height = props.side;
link.textContent = say('download');
watch('value', load);
load();
