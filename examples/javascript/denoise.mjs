// Cleans a WAV file of 32-bit floats: node denoise.mjs IN.wav OUT.wav
import { readFileSync, writeFileSync } from "node:fs";

import { Denoiser, load } from "pellucid/node";

const file = readFileSync(process.argv[2]);
const format = file.indexOf("fmt ") + 8;
const start = file.indexOf("data") + 8;
// ffmpeg and others write the extensible form, which says further behind what it holds.
const code = file.readUInt16LE(format) === 0xfffe ? file.readUInt16LE(format + 24) : file.readUInt16LE(format);
if (code !== 3 || file.readUInt16LE(format + 14) !== 32) throw new Error(`${process.argv[2]}: this example reads WAV files of 32-bit floats.`);
const channels = file.readUInt16LE(format + 2);
const sampleRate = file.readUInt32LE(format + 4);
const frames = file.readUInt32LE(start - 4) / 4 / channels;

const denoiser = new Denoiser(await load(), { sampleRate, channels });
const late = denoiser.latencyFrames;
// The output lies `late` frames behind the input: as many zeros at the end push the last of it out.
const input = Array.from({ length: channels }, (_, c) =>
  Float32Array.from({ length: frames + late }, (_, i) => (i < frames ? file.readFloatLE(start + 4 * (i * channels + c)) : 0))
);
denoiser.process(input).forEach((samples, c) => {
  for (let i = 0; i < frames; ++i) file.writeFloatLE(samples[i + late], start + 4 * (i * channels + c));
});
writeFileSync(process.argv[3], file);
