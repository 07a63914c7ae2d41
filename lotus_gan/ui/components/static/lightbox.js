// The toolbar of the enlarged image. props.value: null, or {image: {slug, seed, truncation}, gallery, index}.
// What a button starts is an event of its name: 'keep', 'drop', 'first', 'last', 'explore' or 'check'.
const say = (name, values) => window.lotusGan.say(props.texts, name, values);
const toolbar = element.querySelector('[role=toolbar]'), status = element.querySelector('[role=status]');
// an image is enlarged; and the server has not yet said which one, so that no button can mean the one before
let open = false, waiting = false;
let fading = 0, before = null;
let dropped = null;  // the value whose image was let go: no button can mean it again

function load() {
  const selected = props.value;
  if (selected) waiting = false;
  toolbar.hidden = !open || !(selected || waiting);
  for (const button of element.querySelectorAll('button')) button.disabled = waiting || selected === dropped;
  if (!selected) return;
  toolbar.querySelector('[data-act=drop]').hidden = selected.gallery !== 'favourites';
  toolbar.querySelector('[data-act=keep]').hidden = selected.gallery === 'favourites';
}

for (const button of element.querySelectorAll('button')) {
  const act = button.dataset.act;
  button.textContent = say(act);
  button.onclick = () => {
    if (!props.value) return;
    const {image} = props.value;
    trigger(act, {...image, act});
    // the keys of the enlarged image, Escape and the arrows, stay in force
    before?.focus();
    if (act === 'drop') { dropped = props.value; load(); }
    if (!props.texts[`done_${act}`]) return;
    status.textContent = say(`done_${act}`, {seed: image.seed});
    clearTimeout(fading);
    fading = setTimeout(() => { status.textContent = ''; }, 2500);
  };
}

toolbar.addEventListener('focusin', event => {
  if (!toolbar.contains(event.relatedTarget)) before = event.relatedTarget;
});
window.lotusGan.lightbox = {
  wait() { open = waiting = true; props.value = null; load(); },
  close() { open = waiting = false; load(); },
};
watch('value', load);
load();
