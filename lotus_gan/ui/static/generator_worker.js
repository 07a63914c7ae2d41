// The Web Worker that generates: ONNX Runtime as WebAssembly on one thread, so that the page never waits for it.
// In: {load: {script, wasm, model}, zDim}, each file {url, integrity}, then {z, info}. Out: {}, then {pixels, png, ms} for
// each latent (png where there is info), or {error}. A file that is not the right one is refused by its integrity.
import {png} from './png.js';

const SIDE = 128;
let runtime, session;

async function fetched({url, integrity}) {
  const response = await fetch(url, {integrity});
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return response;
}

async function load({script, wasm, model}) {
  const [code, binary, weights] = await Promise.all([
    fetched(script).then(response => response.blob()),
    fetched(wasm).then(response => response.body.pipeThrough(new DecompressionStream('gzip'))),
    fetched(model).then(response => response.arrayBuffer()),
  ]);
  const address = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
  runtime = await import(address);
  runtime.env.logLevel = 'fatal';
  runtime.env.wasm.numThreads = 1;  // more would need headers that isolate the page from others
  runtime.env.wasm.wasmBinary = await new Response(binary).arrayBuffer();
  session = await runtime.InferenceSession.create(new Uint8Array(weights), {executionProviders: ['wasm']});
}

async function generate(z) {
  const started = performance.now();
  const {images} = await session.run({z: new runtime.Tensor('float32', z, [1, z.length])});
  const plane = SIDE * SIDE, pixels = new Uint8ClampedArray(4 * plane).fill(255);
  for (let c = 0; c < 3; c++)  // assignment rounds to the nearest level and clips
    for (let i = 0; i < plane; i++) pixels[4 * i + c] = (images.data[c * plane + i] + 1) * 127.5;
  images.dispose();
  return {pixels, ms: performance.now() - started};
}

async function answer({load: files, zDim, z, info}) {
  if (files) {
    await load(files);
    await generate(new Float32Array(zDim));  // the first one takes longer
    return {};
  }
  const {pixels, ms} = await generate(z);
  return {pixels, ms, png: info && await png(pixels, info)};
}

addEventListener('message', async ({data}) => {
  try {
    postMessage(await answer(data));
  } catch (error) {
    postMessage({error: String(error)});
  }
});
