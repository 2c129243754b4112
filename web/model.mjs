// Makes a model small to download: every weight is rounded to 14 significant bits, which changes the sound by less than
// 1e-4 of full scale, and what is left is laid out in planes of bytes, because gzip finds something in those of the exponents only when
// they stand together. web/src/engine.js reads it.
//
// A packed model is "PELLUCID", then the model's header as it was (checksum renewed), then the highest, second and third
// byte of all weights.

const DROPPED_BITS = 24 - 14;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; ++k) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

/** The model with weights of 14 significant bits: a model file like any other. */
export function roundModel(file) {
  const model = Buffer.from(file);
  const start = 8 + model.readUInt32LE(0);
  for (let i = start; i < model.length; i += 4) {
    const bits = model.readUInt32LE(i);
    const even = (bits >>> DROPPED_BITS) & 1;
    const half = 2 ** (DROPPED_BITS - 1);
    model.writeUInt32LE((((bits + half - 1 + even) >>> DROPPED_BITS) << DROPPED_BITS) >>> 0, i);
  }
  const digits = model.indexOf("crc32:") + 6;
  model.write("00000000", digits, "latin1");
  model.write(crc32(model), digits, "latin1");
  return model;
}

export function packModel(file) {
  const model = roundModel(file);
  const start = 8 + model.readUInt32LE(0);
  const plane = (k) => Buffer.from(model.subarray(start).filter((_, i) => i % 4 === k));
  return Buffer.concat([Buffer.from("PELLUCID"), model.subarray(0, start), plane(3), plane(2), plane(1)]);
}
