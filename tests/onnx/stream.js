// Streams spectra through an exported model in ONNX Runtime, frame by frame on one thread, as docs/onnx.md describes.
//
//   NODE_PATH=.../node_modules node stream.js MODEL.onnx SPECTRA CLEANED [REPEATS]
//
// SPECTRA and CLEANED are little-endian float32, one frame's [bins + 1][re, im] behind the other. Prints JSON: the number
// of frames, and the processor seconds of the whole process in each repeat.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const size = (shape) => shape.reduce((product, n) => product * n, 1);

async function main(model, spectraFile, cleanedFile, repeats) {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const spectra = new Float32Array(new Uint8Array(fs.readFileSync(spectraFile)).buffer);
  const cleaned = new Float32Array(spectra.length);
  const shape = session.inputMetadata.find((input) => input.name === 'spectrum').shape;
  const states = session.inputMetadata.filter((input) => input.name.startsWith('state.'));
  const frame = size(shape);
  const cpuSeconds = [];
  for (let repeat = 0; repeat < repeats; ++repeat) {
    const start = process.cpuUsage();
    const feeds = {};
    for (const { name, shape } of states) {
      feeds[name] = new ort.Tensor('float32', new Float32Array(size(shape)), shape);
    }
    for (let at = 0; at + frame <= spectra.length; at += frame) {
      feeds.spectrum = new ort.Tensor('float32', spectra.subarray(at, at + frame), shape);
      const results = await session.run(feeds);
      cleaned.set(results.cleaned.data, at);
      for (const { name } of states) feeds[name] = results['new_' + name];
    }
    const used = process.cpuUsage(start);
    cpuSeconds.push((used.user + used.system) / 1e6);
  }
  fs.writeFileSync(cleanedFile, Buffer.from(cleaned.buffer));
  console.log(JSON.stringify({ frames: spectra.length / frame, cpu_s: cpuSeconds, runtime: ort.env.versions.node }));
}

const [model, spectra, cleaned, repeats = '1'] = process.argv.slice(2);
main(model, spectra, cleaned, Number(repeats)).catch((error) => {
  console.error(`stream.js: ${error.message}`);
  process.exit(1);
});
