// Frames of an interpolation, generated when they are asked for.
import {evenPositions, fromId, slerp, truncate} from './latents.js';

const STEPS = 64;  // from one keyframe to the next, whose lengths make the even pace: as the server takes them

// keyframes: latent ids. At an even pace the positions are known after a while: `onEven` is called for each pair.
export class Interpolation {
  #generator;
  #positions = [];  // of each pair at an even pace, once they are known
  #closed = false;

  constructor(generator, {keyframes, truncation, even}, onEven = () => {}) {
    this.#generator = generator;
    this.pairs = keyframes.length - 1;
    this.z = keyframes.map(id => truncate(fromId(id, generator.model.zDim), truncation));
    if (even) this.#measure(onEven).catch(() => {});  // a lost generator says so itself
  }

  // the pixels at t, from 0, the first keyframe, to 1, the last
  async frame(t) {
    const pair = Math.min(Math.floor(t * this.pairs), this.pairs - 1), within = t * this.pairs - pair;
    return this.#at(pair, this.#evenly(pair, within));
  }

  close() { this.#closed = true; }

  async #at(pair, t) {
    return (await this.#generator.image(slerp(this.z[pair], this.z[pair + 1], t))).pixels;
  }

  #evenly(pair, t) {
    const positions = this.#positions[pair], i = Math.min(Math.floor(t * STEPS), STEPS - 1);
    return positions ? positions[i] + (t * STEPS - i) * (positions[i + 1] - positions[i]) : t;
  }

  async #measure(onEven) {
    for (let pair = 0; pair < this.pairs; pair++) {
      const steps = [];
      let last = await this.#at(pair, 0);
      for (let i = 1; i <= STEPS; i++) {
        if (this.#closed) return;
        const next = await this.#at(pair, i / STEPS);
        steps.push(distance(last, next));
        last = next;
      }
      this.#positions[pair] = evenPositions(steps);
      onEven();
    }
  }
}

// the root mean square of what changes; alpha, which is the fourth value and does not, leaves it proportional
function distance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}

// A function that works on the newest value only, one at a time: what came in between is passed over.
export function newest(work) {
  let next, busy = null;
  const run = async () => {
    while (next) {
      const [value] = next;
      next = null;
      await work(value);
    }
  };
  return value => {
    next = [value];
    busy ??= run().finally(() => { busy = null; });
    return busy;
  };
}
