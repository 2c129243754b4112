// A system that comes as WebAssembly, over one recording under Node.js; run.js calls it.
//
//   NODE_PATH=.../node_modules node web.js rnnoise|gtcrn IN OUT      raw float32, mono: 48 kHz for rnnoise, 16 for gtcrn
//
// Prints the processor seconds that the recording took: the second of two passes, so that the code is compiled by then.
'use strict';
const fs = require('fs');
const path = require('path');

const folder = path.dirname(require.resolve('@sapphi-red/web-noise-suppressor'));

async function exportsOf(file, imports) {
  return (await WebAssembly.instantiate(fs.readFileSync(path.join(folder, file)), imports)).instance.exports;
}

const refuse = () => {
  throw new Error('an assertion of the system failed');
};

// RNNoise 0.1 as in the package, with SIMD. It takes samples of full scale 32768.
async function rnnoise() {
  const env = { emscripten_memcpy_big: copy, emscripten_resize_heap: () => 0, __assert_fail: refuse };
  const wasm = await exportsOf('rnnoise_simd.wasm', { env });
  function copy(to, from, bytes) {
    new Uint8Array(wasm.memory.buffer).copyWithin(to, from, from + bytes);
  }
  wasm.__wasm_call_ctors();
  const frame = wasm.rnnoise_get_frame_size();
  const at = wasm.malloc(4 * frame);
  return {
    frame,
    scale: 32768,
    start: () => {
      const state = wasm.rnnoise_create(0);
      const memory = new Float32Array(wasm.memory.buffer, at, frame);
      return { input: memory, output: memory, step: () => wasm.rnnoise_process_frame(state, at, at) };
    },
  };
}

// The package's own loader names GTCRN's functions so: d starts, e creates, i processes 256 samples at 16 kHz, k allocates.
async function gtcrn() {
  const wasm = await exportsOf('gtcrn.wasm', { a: { a: refuse, b: () => 0 } });
  wasm.d();
  const frame = 256;
  const input = wasm.k(4 * frame), output = wasm.k(4 * frame);
  return {
    frame,
    scale: 1,
    start: () => {
      const state = wasm.e();
      return {
        input: new Float32Array(wasm.c.buffer, input, frame),
        output: new Float32Array(wasm.c.buffer, output, frame),
        step: () => wasm.i(state, input, output),
      };
    },
  };
}

function pass({ frame, scale, start }, samples, cleaned) {
  const { input, output, step } = start();
  const before = process.cpuUsage();
  for (let at = 0; at + frame <= samples.length; at += frame) {
    for (let i = 0; i < frame; ++i) input[i] = scale * samples[at + i];
    step();
    for (let i = 0; i < frame; ++i) cleaned[at + i] = output[i] / scale;
  }
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

async function main(system, inFile, outFile) {
  const suppressor = await { rnnoise, gtcrn }[system]();
  const samples = new Float32Array(new Uint8Array(fs.readFileSync(inFile)).buffer);
  const cleaned = new Float32Array(samples.length);
  pass(suppressor, samples, cleaned);
  const cpu_s = pass(suppressor, samples, cleaned);
  fs.writeFileSync(outFile, Buffer.from(cleaned.buffer));
  console.log(JSON.stringify({ cpu_s }));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(`web.js: ${error.message}`);
  process.exit(1);
});
