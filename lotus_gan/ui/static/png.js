// A PNG file of our images, as lotus_gan/sampling/media.py writes it: it declares itself synthetic and holds `info`.

const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
  + '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
  + 'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
  + '</rdf:RDF></x:xmpmeta>';
const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const bytesOf = text => new TextEncoder().encode(text);

const CRC = Uint32Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

// length, kind, body, checksum of kind and body
function chunk(kind, body) {
  const result = new Uint8Array(12 + body.length), view = new DataView(result.buffer);
  view.setUint32(0, body.length);
  result.set(bytesOf(kind), 4);
  result.set(body, 8);
  let crc = -1;
  for (const byte of result.subarray(4, -4)) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  view.setUint32(8 + body.length, ~crc);
  return result;
}

const deflate = bytes => new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate')));

// RGBA pixels of a square image -> a Blob. Each row: filter 1, so a value is the difference from its left neighbour.
export async function png(pixels, info) {
  const side = Math.sqrt(pixels.length / 4), stride = 3 * side + 1, rows = new Uint8Array(side * stride);
  for (let y = 0; y < side; y++) {
    rows[y * stride] = 1;
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++) {
        const at = 4 * (y * side + x) + c;
        rows[y * stride + 1 + 3 * x + c] = pixels[at] - (x ? pixels[at - 4] : 0);
      }
  }
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  header.set([8, 2], 8);  // 8 bits, RGB
  const notes = Object.entries({...info, 'XML:com.adobe.xmp': XMP});
  const parts = notes.map(([key, value]) => chunk('iTXt', bytesOf(`${key}\0\0\0\0\0${value}`)));
  const data = new Uint8Array(await (await deflate(rows)).arrayBuffer());
  const body = [chunk('IHDR', header), ...parts, chunk('IDAT', data), chunk('IEND', new Uint8Array())];
  return new Blob([SIGNATURE, ...body], {type: 'image/png'});
}
