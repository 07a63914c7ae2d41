// The toolbar of the enlarged image. props.value: null, or {image: {slug, seed, truncation}, gallery, index}.
// What a button starts is an event of its name: 'keep', 'drop', 'first', 'last', 'explore' or 'check'.
const say = (name, values) => window.lotusGan.say(props.texts, name, values);
const toolbar = element.querySelector('[role=toolbar]'), status = element.querySelector('[role=status]');
let fading = 0, before = null;

function load() {
  const selected = props.value;
  toolbar.hidden = !selected;
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
    if (!props.texts[`done_${act}`]) return;
    status.textContent = say(`done_${act}`, {seed: image.seed});
    clearTimeout(fading);
    fading = setTimeout(() => { status.textContent = ''; }, 2500);
  };
}

toolbar.addEventListener('focusin', event => {
  if (!toolbar.contains(event.relatedTarget)) before = event.relatedTarget;
});
watch('value', load);
load();
