// Latents in the browser, as lotus_gan/latents.py makes them: seeds, codes, arcs, directions, sums.
// A latent is a Float32Array of zDim values; a latent id is a seed or the text of an encoded latent, '~AB3x'.

export const SEEDS = 2 ** 32;
const CODE_STEP = 1 / 28;  // of an encoded value

// --- torch.randn(zDim, generator=torch.Generator().manual_seed(seed)) on a CPU

// the Mersenne Twister: a function that gives the next 32 bits
function mt19937(seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  const turn = () => {
    for (let i = 0; i < 624; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
      state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === 624) turn();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

// Box-Muller on 16 uniform values in place: value i makes a pair with value i + 8
function boxMuller16(values, from) {
  for (let i = from; i < from + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - values[i])), angle = 2 * Math.PI * values[i + 8];
    values[i] = radius * Math.cos(angle);
    values[i + 8] = radius * Math.sin(angle);
  }
}

export function fromSeed(seed, zDim) {
  const bits = mt19937(seed), values = new Float32Array(zDim);
  if (zDim < 16) return fewFromSeed(bits, values);
  const uniform = () => (bits() & 0xffffff) / 2 ** 24;
  for (let i = 0; i < zDim; i++) values[i] = uniform();
  for (let from = 0; from + 16 <= zDim; from += 16) boxMuller16(values, from);
  if (zDim % 16) {  // torch draws the last 16 again
    for (let i = zDim - 16; i < zDim; i++) values[i] = uniform();
    boxMuller16(values, zDim - 16);
  }
  return values;
}

// below 16 values torch draws pairs, in double precision
function fewFromSeed(bits, values) {
  const uniform = () => {
    const high = bits(), low = bits();
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
  };
  for (let i = 0; i < values.length; i += 2) {
    const angle = 2 * Math.PI * uniform(), radius = Math.sqrt(-2 * Math.log1p(-uniform()));
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

// --- latent ids

export const isCode = id => String(id).startsWith('~');

// to the nearest whole number, of two as near to the even one
function round(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 ? up - 1 : up;
}

export function encode(z) {
  const bytes = Array.from(z, value => Math.max(-127, Math.min(127, round(value / CODE_STEP))) & 255);
  return '~' + btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// the latent that `encode` made the text from, null for any other text
export function decode(code, zDim) {
  try {
    const bytes = atob(code.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    const z = Float32Array.from(bytes, byte => (byte.charCodeAt(0) << 24 >> 24) * CODE_STEP);
    return z.length === zDim && encode(z) === code ? z : null;
  } catch {
    return null;
  }
}

// the latent id that a text says, null if it says none
export function readId(text, zDim) {
  const id = String(text).trim();
  if (isCode(id)) return decode(id, zDim) && id;
  return /^\d{1,10}$/.test(id) && Number(id) < SEEDS ? Number(id) : null;
}

export const fromId = (id, zDim) => isCode(id) ? decode(id, zDim) : fromSeed(id, zDim);

// --- arithmetic

const norm = z => Math.hypot(...z);
export const truncate = (z, psi) => z.map(value => value * psi);

// Spherical interpolation from a to b, t in [0, 1]; between opposite ends by way of one fixed side, so always finite.
export function slerp(a, b, t) {
  const norms = norm(a) * norm(b), dot = a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cos = norms > 0 ? Math.max(-1, Math.min(1, dot / norms)) : 1, omega = Math.acos(cos), sin = Math.sin(omega);
  if (sin <= 1e-6) return cos > 0 ? a.map((value, i) => (1 - t) * value + t * b[i]) : halfCircle(a, b, t);
  const [p, q] = [Math.sin((1 - t) * omega) / sin, Math.sin(t * omega) / sin];
  return a.map((value, i) => p * value + q * b[i]);
}

function halfCircle(a, b, t) {
  const length = norm(a), unit = a.map(value => value / length);
  const axis = unit.reduce((best, value, i) => Math.abs(value) < Math.abs(unit[best]) ? i : best, 0);
  let side = unit.map((value, i) => (i === axis) - unit[axis] * value);
  const size = norm(side) || 1, radius = (1 - t) * length + t * norm(b);
  side = side.map(value => value / size);
  return unit.map((value, i) => radius * (Math.cos(Math.PI * t) * value + Math.sin(Math.PI * t) * side[i]));
}

// z plus each direction times its amount
export const move = (z, directions, amounts) =>
  z.map((value, i) => directions.reduce((sum, direction, j) => sum + amounts[j] * direction[i], value));

// the latent id of A - B + C, with at most the largest norm of the three
export function add(a, b, c, zDim) {
  if (b === a || b === c) return a === b ? c : a;
  const [p, q, r] = [a, b, c].map(id => fromId(id, zDim)), total = p.map((value, i) => value - q[i] + r[i]);
  return encode(truncate(total, Math.min(1, Math.max(norm(p), norm(q), norm(r)) / Math.max(norm(total), 1e-6))));
}

// Equal steps in pixels: the lengths of the steps between frames at equal distances on the arc -> as many positions.
export function evenPositions(steps) {
  const lengths = [0];
  for (const step of steps) lengths.push(lengths.at(-1) + step);
  const total = lengths.at(-1), count = steps.length;
  return lengths.map((_, i) => {
    if (!total || i === 0 || i === count) return i / count;
    const wanted = total * i / count;
    let j = 1;
    while (lengths[j] < wanted && j < count) j++;
    const step = lengths[j] - lengths[j - 1];
    return (j - 1 + (step ? (wanted - lengths[j - 1]) / step : 0)) / count;
  });
}
