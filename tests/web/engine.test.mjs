// The package in Node.js: equal to the command line tool, with and without vectors; what it says of bad input.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { byCli, largestDifference, readWav, recording, scratch, source, web, writeWav } from "./helpers.mjs";

const { Denoiser, PellucidError, hasSimd, load } = await import(pathToFileURL(join(web, "pellucid/node.js")));
const { trimModel } = await import(pathToFileURL(join(source, "web/model.mjs")));
const noisy = recording();

/** The whole of `channels`, aligned, in blocks of `block`. */
async function denoise(channels, sampleRate, { block = 1000, assets, ...settings } = {}) {
  const denoiser = new Denoiser(assets ?? (await load()), { sampleRate, channels: channels.length, ...settings });
  const late = denoiser.latencyFrames;
  const length = channels[0].length;
  const output = channels.map(() => new Float32Array(length + late));
  for (let start = 0; start < length + late; start += block) {
    const count = Math.min(block, length + late - start);
    const input = channels.map((x) => {
      const piece = new Float32Array(count);
      piece.set(x.subarray(Math.min(start, length), Math.min(start + count, length)));
      return piece;
    });
    denoiser.process(input).forEach((y, c) => output[c].set(y, start));
  }
  return output.map((y) => y.subarray(late));
}

test("equals the tool within 1e-5", async () => {
  const [clean] = await denoise([noisy.samples], noisy.rate);
  const [expected] = byCli([noisy.samples], noisy.rate);
  const difference = largestDifference(clean, expected);
  console.log(`largest difference from the tool: ${difference.toExponential(2)}`);
  assert.ok(difference <= 1e-5, `${difference}`);
  assert.ok(largestDifference(clean, noisy.samples) > 1e-2); // it did something
});

test("the packed model has all weights of the shipped one", async () => {
  const shipped = readFileSync(join(source, "models/small.safetensors"));
  const { model } = await load();
  assert.deepEqual(Buffer.from(model), trimModel(shipped));
  const weights = (bytes) => Buffer.from(bytes).subarray(8 + Buffer.from(bytes).readUInt32LE(0));
  assert.deepEqual(weights(model), weights(shipped));
});

test("settings, stereo and another rate equal the tool's", async () => {
  const x = noisy.samples.slice(0, 50000);
  const pair = [x, x.map((v, i) => 0.5 * v + 0.1 * x[x.length - 1 - i])];
  const settings = { strength: 0.8, attenuationLimitDb: 15, postFilter: 0.5, linkChannels: true };
  const clean = await denoise(pair, 44100, settings);
  const options = ["--strength", "0.8", "--atten-limit-db", "15", "--post-filter", "0.5", "--link-channels"];
  byCli(pair, 44100, ...options).forEach((y, c) => assert.ok(largestDifference(clean[c], y) <= 1e-5));
});

test("with and without vectors are the same to the bit", async () => {
  assert.equal(hasSimd(), true);
  const x = [noisy.samples.slice(0, 32000)];
  const plain = await load({ simd: false });
  assert.notEqual(plain.module, (await load({ simd: true })).module);
  assert.deepEqual(await denoise(x, noisy.rate, { assets: plain }), await denoise(x, noisy.rate));
});

test("blocks of any size are the same to the bit; strength 0 is the input", async () => {
  const x = [noisy.samples.slice(0, 20000)];
  const whole = await denoise(x, noisy.rate, { block: 30000 });
  for (const block of [1, 128, 511, 4097]) assert.deepEqual(await denoise(x, noisy.rate, { block }), whole);
  assert.deepEqual(await denoise(x, noisy.rate, { strength: 0 }), x);
});

test("status, reset and changes while it runs", async () => {
  const denoiser = new Denoiser(await load(), { sampleRate: noisy.rate });
  assert.equal(denoiser.status.inputDbfs, -120);
  const first = denoiser.process([noisy.samples.slice(0, 16000)])[0];
  assert.ok(denoiser.status.inputDbfs > -90);
  denoiser.reset();
  assert.deepEqual(denoiser.process([noisy.samples.slice(0, 16000)])[0], first);
  denoiser.bypass = true;
  const late = denoiser.latencyFrames;
  const [y] = denoiser.process([noisy.samples.slice(16000, 32000)]);
  assert.deepEqual(y.subarray(1024), noisy.samples.slice(16000 + 1024 - late, 32000 - late));
  let spoke = false;
  for (let i = 0; i + 256 < noisy.samples.length; i += 256) {
    denoiser.process([noisy.samples.slice(i, i + 256)]);
    spoke ||= denoiser.voiceActive;
  }
  assert.ok(spoke);
  denoiser.process([new Float32Array(32000)]);
  assert.equal(denoiser.status.voiceActive, false);
});

test("adaptive leaves alone what needs nothing", async () => {
  let state = 1;
  const quiet = Float32Array.from({ length: 64000 }, () => 5e-5 * ((state = (state * 48271) % 2147483647) / 2147483647 - 0.5));
  const [left] = await denoise([quiet], 16000, { adaptive: true });
  const [changed] = await denoise([quiet], 16000);
  const change = (y) => largestDifference(y.subarray(48000), quiet.subarray(48000));
  assert.ok(change(left) < 0.1 * change(changed), `${change(left)}, ${change(changed)}`);
});

test("what is not a number does not stay", async () => {
  const x = noisy.samples.slice(0, 32000);
  x[100] = NaN;
  x[200] = Infinity;
  const [y] = await denoise([x], noisy.rate);
  assert.ok(y.every(Number.isFinite));
  x[100] = x[200] = 0;
  assert.deepEqual([y], await denoise([x], noisy.rate));
});

test("bad input gets a sentence", async () => {
  const assets = await load();
  const made = (options) => () => new Denoiser(assets, { sampleRate: 16000, ...options });
  const says = (message, code) => (error) => error instanceof PellucidError && message.test(error.message) && error.code === code;
  assert.throws(made({ sampleRate: 7999 }), says(/sample rate is outside 8000 to 384000/, "setting"));
  assert.throws(made({ sampleRate: NaN }), says(/sample rate is outside/, "setting"));
  assert.throws(made({ sampleRate: undefined }), says(/sample rate is outside/, "setting"));
  for (const channels of [0, 33, 1.5, "2"]) assert.throws(made({ channels }), says(/channels is .* it can be 1 to 32/, "setting"));
  assert.throws(made({ strength: 2 }), says(/strength is outside/, "setting"));
  assert.throws(made({ strength: NaN }), says(/strength is outside/, "setting"));
  assert.throws(made({ attenuationLimitDb: -1 }), says(/attenuation limit is below/, "setting"));
  assert.throws(made({ postFilter: 9 }), says(/post-filtering/, "setting"));
  assert.throws(() => new Denoiser({}, { sampleRate: 16000 }), says(/write new Denoiser\(await load/, "assets"));
  const denoiser = made({ channels: 2 })();
  const one = new Float32Array(10);
  assert.throws(() => denoiser.process([one]), says(/array of 2 Float32Array/, "shape"));
  assert.throws(() => denoiser.process(one), says(/array of 2 Float32Array/, "shape"));
  assert.throws(() => denoiser.process([one, [0]]), says(/array of 2 Float32Array/, "shape"));
  assert.throws(() => denoiser.process([one, new Float32Array(9)]), says(/different lengths/, "shape"));
  const short = [one, one].map((x) => x.subarray(0, 9));
  assert.throws(() => denoiser.process(short, [one, one]), says(/different lengths/, "shape"));
  assert.throws(() => denoiser.process([one, one], [one, new Float32Array(9)]), says(/different lengths/, "shape"));
  for (const blockFrames of [0, 1.5, -1, 1 << 21]) assert.throws(made({ blockFrames }), says(/blockFrames is/, "setting"));
  assert.throws(made({ sampleRate: 2 ** 32 + 16000 }), says(/sample rate is outside/, "setting"));
  assert.throws(() => (denoiser.strength = -1), says(/strength/, "setting"));
  assert.equal(denoiser.process([one, one])[1].length, 10);
});

test("too little memory is neither a bad setting nor a bad model", async (t) => {
  const assets = await load();
  const { Instance } = WebAssembly;
  t.after(() => (WebAssembly.Instance = Instance));
  const make = (result) => {
    WebAssembly.Instance = function (module) {
      return { exports: { ...new Instance(module).exports, create: () => result } };
    };
    return () => new Denoiser(assets, { sampleRate: 16000 });
  };
  const has = (code) => (error) => error instanceof PellucidError && error.message.length > 20 && error.code === code;
  assert.throws(make(9), has("setting"));
  assert.throws(make(10), has("memory"));
  assert.throws(make(11), has("model"));
});

test("bad models get a sentence", async () => {
  const says = (message, code) => (error) => error instanceof PellucidError && message.test(error.message) && error.code === code;
  await assert.rejects(load({ model: join(scratch, "nothing.here") }), says(/nothing\.here cannot be read \(ENOENT\)/, "missing"));
  const make = async (model) => new Denoiser(await load({ model }), { sampleRate: 16000 });
  const shipped = readFileSync(join(source, "models/small.safetensors"));
  assert.equal((await make(shipped)).latencyFrames, 511);
  const packed = readFileSync(join(web, "pellucid/small.bin"));
  assert.equal((await make(packed)).latencyFrames, 511);
  await assert.rejects(make(packed.subarray(0, packed.length - 1)), says(/cut short/, "model"));
  await assert.rejects(make(packed.subarray(0, packed.length - 300)), says(/cut short|damaged/, "model"));
  const damaged = Buffer.from(shipped);
  damaged[damaged.length - 9] ^= 1;
  await assert.rejects(make(damaged), says(/damaged/, "model"));
  await assert.rejects(make(new Uint8Array(99).fill(120)), says(/not a Pellucid model/, "model"));
  await assert.rejects(make(new ArrayBuffer(0)), says(/not a Pellucid model|cut short/, "model"));
});

test("the packed package installs, and the example for Node.js runs", () => {
  const place = join(scratch, "project");
  execFileSync("npm", ["pack", "--silent", "--pack-destination", scratch, join(web, "pellucid")], { stdio: "pipe" });
  const { version } = JSON.parse(readFileSync(join(web, "pellucid/package.json")));
  const archive = join(scratch, `pellucid-${version}.tgz`);
  execFileSync("npm", ["install", "--silent", "--offline", "--no-audit", "--no-fund", "--prefix", place, archive], { stdio: "pipe" });
  const installed = (name) => join(place, "node_modules/pellucid", name);
  assert.ok(existsSync(installed("small.bin")));
  assert.deepEqual(readFileSync(installed("LICENSE")), readFileSync(join(source, "LICENSE")));
  const card = readFileSync(installed("small.md"), "utf8");
  assert.match(card, /CC BY 4\.0/); // what the model was trained on, and under which licences
  for (const [, target] of card.matchAll(/\]\(([^)\s#]+)/g)) assert.ok(target.includes("://") || existsSync(installed(target)), target);
  writeFileSync(join(place, "denoise.mjs"), readFileSync(join(source, "examples/javascript/denoise.mjs")));
  writeWav(join(place, "in.wav"), [noisy.samples], noisy.rate);
  execFileSync(process.execPath, ["denoise.mjs", "in.wav", "out.wav"], { cwd: place });
  const out = readWav(join(place, "out.wav"));
  assert.equal(out.rate, noisy.rate);
  assert.ok(largestDifference(out.channels[0], byCli([noisy.samples], noisy.rate)[0]) <= 1e-4);
});
