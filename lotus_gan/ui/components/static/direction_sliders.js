// One slider for each direction. props.value: {model, directions: [{group, name, rho}], amounts}.
const {reach: REACH, step: STEP, texts} = props;
const say = (name, values) => window.lotusGan.say(texts, name, values);
let shown, inputs = [];

function node(tag, className, text = '') {
  const result = document.createElement(tag);
  result.className = className;
  result.textContent = text;
  return result;
}

function slider({group, name, rho}, i, n) {
  const text = name ? say(`direction_${name}`) : say(`${group}_one`, {n});
  const row = node('div', 'slider'), label = node('label', '', text);
  const input = node('input', ''), output = node('output', '');
  Object.assign(input, {type: 'range', min: -REACH, max: REACH, step: STEP, id: `direction-${i}`});
  label.htmlFor = output.htmlFor = input.id;
  row.append(label);
  if (rho !== null) {
    const note = node('span', 'rho', `ρ ${rho.toFixed(2)}`);
    note.title = say('named_info');
    row.append(note);
  }
  row.append(output, input);
  if (name) {
    const ends = node('div', 'ends');
    ends.id = `${input.id}-ends`;
    ends.append(node('span', '', say(`direction_${name}_low`)), node('span', '', say(`direction_${name}_high`)));
    input.setAttribute('aria-describedby', ends.id);
    row.append(ends);
  }
  input.oninput = () => {
    show(input, input.value);
    props.value = {...props.value, amounts: inputs.map(each => Number(each.value))};
  };
  element.querySelector(`.${group} .sliders`).append(row);
  return input;
}

function show(input, amount) {
  input.value = amount;
  const value = Number(input.value), share = 50 + 50 * value / REACH;
  input.style.setProperty('--from', `${Math.min(50, share)}%`);
  input.style.setProperty('--to', `${Math.max(50, share)}%`);
  input.parentElement.querySelector('output').textContent = (value > 0 ? '+' : '') + value.toFixed(1).replace('-', '−');
}

function load() {
  const {directions, amounts} = props.value;
  const wanted = [props.value.model, directions.length].join();
  if (shown !== wanted) {
    shown = wanted;
    element.querySelectorAll('.sliders').forEach(group => group.replaceChildren());
    const counts = {};
    inputs = directions.map((direction, i) => {
      counts[direction.group] = (counts[direction.group] ?? 0) + 1;
      return slider(direction, i, counts[direction.group]);
    });
    // of a model without named directions the others are shown
    element.querySelector('.closed').open = !directions.some(direction => direction.name);
  }
  inputs.forEach((input, i) => show(input, amounts[i]));
}

element.querySelector('.named p').textContent = say('named_info');
for (const group of ['closed', 'principal']) {
  element.querySelector(`.${group} summary`).textContent = say(group);
  element.querySelector(`.${group} p`).textContent = say(`${group}_info`);
}
watch('value', load);
load();
