// Makes a float16 model small to download, and loses nothing that the engine hears: what is only to be told goes, and the
// weights are laid out by kind, because gzip finds something in exponents only when they stand together.
// web/src/engine.js reads it.
//
// A packed model is "PELLUCID"; the model's header; the number of weights (4 bytes) and the exponent that counts as 0 (1);
// of all weights the exponents above that, two in a byte, 15 for one that stands at the end; the signs above the first 7
// bits behind the point; the last 3 bits; the exponents of the end.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; ++k) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

/** The model without what its training was. */
export function trimModel(file) {
  const start = 8 + file.readUInt32LE(0);
  const header = JSON.parse(file.subarray(8, start).toString());
  if (!Object.entries(header).every(([name, tensor]) => name === "__metadata__" || tensor.dtype === "F16")) {
    throw new Error("the model to pack has weights that are not float16; make it with `pellucid quantize --to float16`");
  }
  delete header.__metadata__.training;
  header.__metadata__.checksum = "crc32:00000000";
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 7, " ")]);
  const size = Buffer.alloc(8);
  size.writeUInt32LE(padded.length, 0);
  const model = Buffer.concat([size, padded, file.subarray(start)]);
  model.write(crc32(model), model.indexOf("crc32:") + 6, "latin1");
  return model;
}

const ESCAPE = 15;

export function packModel(file) {
  const model = trimModel(file);
  const start = 8 + model.readUInt32LE(0), count = (model.length - start) / 2;
  const weight = (i) => model.readUInt16LE(start + 2 * i);
  const exponent = (i) => (weight(i) >>> 10) & 31;
  const many = new Array(32).fill(0);
  for (let i = 0; i < count; ++i) ++many[exponent(i)];
  const within = (low) => many.slice(low, low + ESCAPE).reduce((a, b) => a + b);
  const lowest = many.map((_, low) => low).reduce((a, b) => (within(b) > within(a) ? b : a));

  const numbers = Buffer.alloc(5), pairs = Buffer.alloc((count + 1) >> 1), signs = Buffer.alloc(count);
  const rest = Buffer.alloc((3 * count + 7) >> 3), escaped = [];
  numbers.writeUInt32LE(count, 0);
  numbers[4] = lowest;
  for (let i = 0; i < count; ++i) {
    const above = exponent(i) - lowest, fits = above >= 0 && above < ESCAPE;
    if (!fits) escaped.push(exponent(i));
    pairs[i >> 1] |= (fits ? above : ESCAPE) << (4 * (i & 1));
    signs[i] = ((weight(i) >>> 15) << 7) | ((weight(i) >>> 3) & 127);
    for (let k = 0; k < 3; ++k) rest[(3 * i + k) >> 3] |= ((weight(i) >>> k) & 1) << ((3 * i + k) & 7);
  }
  return Buffer.concat([Buffer.from("PELLUCID"), model.subarray(0, start), numbers, pairs, signs, rest, Buffer.from(escaped)]);
}
