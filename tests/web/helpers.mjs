// Sound files, the command line tool, and the places of the build, for the tests of the npm package.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const source = process.env.PELLUCID_SOURCE_DIR;
export const web = process.env.PELLUCID_WEB;
export const npm = process.env.PELLUCID_NPM;

export const scratch = mkdtempSync(join(tmpdir(), "pellucid-web-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** Float32Arrays, one a channel, as a WAV file of 32-bit floats. */
export function writeWav(path, channels, rate) {
  const frames = channels[0].length;
  const bytes = 4 * channels.length * frames;
  const file = Buffer.alloc(44 + bytes);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(36 + bytes, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(3, 20);
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(4 * channels.length * rate, 28);
  file.writeUInt16LE(4 * channels.length, 32);
  file.writeUInt16LE(32, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(bytes, 40);
  channels.forEach((samples, c) => samples.forEach((x, i) => file.writeFloatLE(x, 44 + 4 * (i * channels.length + c))));
  writeFileSync(path, file);
}

/** { channels, rate } of a WAV file of 16-bit integers or 32-bit floats. */
export function readWav(path) {
  const file = readFileSync(path);
  let format;
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    const name = file.toString("latin1", at, at + 4);
    if (name === "fmt ") format = { count: file.readUInt16LE(at + 10), rate: file.readUInt32LE(at + 12), bits: file.readUInt16LE(at + 22) };
    if (name === "data") {
      const width = format.bits / 8;
      const frames = size / width / format.count;
      const value = width === 2 ? (p) => file.readInt16LE(p) / 32768 : (p) => file.readFloatLE(p);
      const channels = Array.from({ length: format.count }, (_, c) =>
        Float32Array.from({ length: frames }, (_, i) => value(at + 8 + width * (i * format.count + c)))
      );
      return { channels, rate: format.rate };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${path}: no data chunk`);
}

/** What the command line tool makes of samples, with the page's model unless the options name another. */
export function byCli(channels, rate, ...options) {
  writeWav(join(scratch, "in.wav"), channels, rate);
  const files = [join(scratch, "in.wav"), "-o", join(scratch, "out.wav")];
  const model = options.includes("--model") ? [] : ["--model", "small"];
  execFileSync(process.env.PELLUCID_PROGRAM, ["denoise", "--quiet", "--force", ...model, ...files, ...options]);
  return readWav(join(scratch, "out.wav")).channels;
}

/** A real noisy recording, mono: strength 0 makes a WAV file of a FLAC file, to the bit. */
export function recording() {
  const flac = join(source, "examples/audio/noisy/office.flac");
  const wav = join(scratch, "recording.wav");
  execFileSync(process.env.PELLUCID_PROGRAM, ["denoise", "--quiet", "--force", flac, "--strength", "0", "-o", wav]);
  const { channels, rate } = readWav(wav);
  return { samples: channels[0], rate };
}

export function largestDifference(a, b) {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; ++i) largest = Math.max(largest, Math.abs(a[i] - b[i])) + (Number.isNaN(a[i] - b[i]) ? Infinity : 0);
  return largest;
}
