// The engine as WebAssembly, for whoever has its two assets: the compiled module and the model's bytes. Knows neither
// network nor page, so it runs in Node.js, in workers and in audio worklets alike.

/** What Pellucid throws: `message` is a sentence for people, `code` a word for programs. */
export class PellucidError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "PellucidError";
    this.code = code;
  }
}

const PACKED = "PELLUCID"; // what web/build.mjs starts a packed model with

// Of pellucid_result; what lies between is about the model.
const OUT_OF_MEMORY = 10;
const MODEL_UNSUPPORTED = 15;

/** A model's bytes from a packed model (web/model.mjs says how it is laid out). */
export function unpackModel(bytes) {
  const packed = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (packed.length < 24 || !asciiEquals(packed, PACKED)) return packed; // a model as it is, or nothing the engine takes
  const file = packed.subarray(PACKED.length);
  const header = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const count = file.length >= header + 5 ? new DataView(file.buffer, file.byteOffset + header).getUint32(0, true) : 0;
  const lowest = file[header + 4], pairs = header + 5, signs = pairs + ((count + 1) >>> 1), rest = signs + count;
  let escaped = rest + Math.ceil((3 * count) / 8);
  const short = () => new PellucidError("model", "The packed model is cut short; get it again.");
  if (count === 0 || file.length < escaped) throw short();
  const bit = (i) => (file[rest + (i >> 3)] >> (i & 7)) & 1;
  const model = new Uint8Array(header + 2 * count), view = new DataView(model.buffer);
  model.set(file.subarray(0, header));
  for (let i = 0; i < count; ++i) {
    const above = (file[pairs + (i >> 1)] >> (4 * (i & 1))) & 15, high = file[signs + i];
    const exponent = above === 15 ? file[escaped++] : lowest + above;
    const low = bit(3 * i) | (bit(3 * i + 1) << 1) | (bit(3 * i + 2) << 2);
    view.setUint16(header + 2 * i, ((high >> 7) << 15) | (exponent << 10) | ((high & 127) << 3) | low, true);
  }
  if (escaped !== file.length) throw short();
  return model;
}

function asciiEquals(bytes, text) {
  for (let i = 0; i < text.length; ++i) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

export function checkChannels(channels) {
  if (!Number.isInteger(channels) || channels < 1 || channels > 32) {
    throw new PellucidError("setting", `channels is ${channels}; it can be 1 to 32.`);
  }
}

/**
 * Denoises a stream of Float32Arrays, one a channel, in blocks of any length. `assets` come from load(). The output lies
 * `latencyFrames` behind the input.
 */
export class Denoiser {
  #engine;
  #inputs = [];
  #status;
  #blockFrames;

  constructor(assets, options = {}) {
    const { sampleRate, channels = 1, strength = 1, attenuationLimitDb = Infinity, postFilter = 0 } = options;
    if (!(assets?.module instanceof WebAssembly.Module)) {
      throw new PellucidError("assets", "The first argument is not what load() gives; write new Denoiser(await load(), …).");
    }
    checkChannels(channels);
    this.#blockFrames = options.blockFrames ?? 4096;
    if (!Number.isInteger(this.#blockFrames) || this.#blockFrames < 1 || this.#blockFrames > 1 << 20) {
      throw new PellucidError("setting", `blockFrames is ${this.#blockFrames}; it can be 1 to ${1 << 20}.`);
    }
    this.#engine = new WebAssembly.Instance(assets.module).exports;
    const engine = this.#engine;
    const { byteLength } = assets.model;
    const model = engine.take(byteLength);
    if (model === 0) throw new PellucidError("memory", "There is not enough memory for the model.");
    new Uint8Array(engine.memory.buffer, model, byteLength).set(assets.model);
    const rate = sampleRate > 0 && sampleRate < 1e9 ? Math.round(sampleRate) : 0; // the engine says which it takes
    const link = options.linkChannels ? 1 : 0;
    this.#check(
      engine.create(
        ...[model, byteLength, rate, channels, strength, attenuationLimitDb, link, postFilter],
        options.adaptive ? 1 : 0,
        this.#blockFrames
      )
    );
    // Memory stays as it is from here on, so that these views do, too.
    for (let c = 0; c < channels; ++c) {
      this.#inputs.push(new Float32Array(engine.memory.buffer, engine.channel(c), this.#blockFrames));
    }
    this.#status = new Float32Array(engine.memory.buffer, engine.status(), 6);
    this.sampleRate = rate;
    this.channels = channels;
    this.latencyFrames = engine.latency();
  }

  /**
   * Denoises a block; `output` (new arrays, unless given) may be `input`. A missing channel counts as silence, as an
   * audio worklet has it; those that are there are as long as the output's.
   */
  process(input, output = this.#outputFor(input)) {
    const frames = output[0]?.length ?? 0;
    for (let c = 0; c < input.length; ++c) if (input[c].length !== frames) this.#refuseLengths();
    for (let c = 1; c < output.length; ++c) if (output[c].length !== frames) this.#refuseLengths();
    for (let start = 0; start < frames; start += this.#blockFrames) {
      const count = Math.min(this.#blockFrames, frames - start);
      for (let c = 0; c < this.channels; ++c) {
        const from = input[c];
        const to = this.#inputs[c];
        if (from === undefined) to.fill(0, 0, count);
        else to.set(count === from.length ? from : from.subarray(start, start + count));
      }
      this.#engine.process(count);
      for (let c = 0; c < this.channels && c < output.length; ++c) {
        const done = this.#inputs[c];
        output[c].set(count === done.length ? done : done.subarray(0, count), start);
      }
    }
    return output;
  }

  /** Forgets all sound so far. Settings stay. */
  reset() {
    this.#engine.reset();
  }

  /** 0: output = input, delayed; 1: as clean as the model can. */
  set strength(value) {
    this.#check(this.#engine.set_strength(value));
  }

  /** Weaken no part of the spectrum by more; Infinity is no limit. */
  set attenuationLimitDb(value) {
    this.#check(this.#engine.set_attenuation_limit_db(value));
  }

  /** 0 (none) to 1. */
  set postFilter(value) {
    this.#check(this.#engine.set_post_filter(value));
  }

  /** True: what needs no denoising is left alone. */
  set adaptive(value) {
    this.#engine.set_adaptive(value ? 1 : 0);
  }

  /** True: output = input, delayed, while the network goes on listening. */
  set bypass(value) {
    this.#engine.set_bypass(value ? 1 : 0);
  }

  /** Whether somebody speaks, without making an object. */
  get voiceActive() {
    this.#engine.status();
    return this.#status[1] !== 0;
  }

  /** What is known of the last complete hop (16 ms). */
  get status() {
    this.#engine.status();
    const [voiceProbability, active, snrDb, noiseDbfs, inputDbfs, outputDbfs] = this.#status;
    return { voiceProbability, voiceActive: active !== 0, snrDb, noiseDbfs, inputDbfs, outputDbfs };
  }

  #outputFor(input) {
    if (!Array.isArray(input) || input.length !== this.channels || input.some((x) => !(x instanceof Float32Array))) {
      throw new PellucidError("shape", `A block is an array of ${this.channels} Float32Array, one a channel.`);
    }
    return input.map((x) => new Float32Array(x.length));
  }

  #refuseLengths() {
    throw new PellucidError("shape", "The channels of a block have different lengths.");
  }

  #check(result) {
    if (result === 0) return;
    const bytes = new Uint8Array(this.#engine.memory.buffer);
    let text = "";
    for (let i = this.#engine.result_text(result); bytes[i] !== 0; ++i) text += String.fromCharCode(bytes[i]);
    const code = result === OUT_OF_MEMORY ? "memory" : result > OUT_OF_MEMORY && result <= MODEL_UNSUPPORTED ? "model" : "setting";
    throw new PellucidError(code, text);
  }
}
