// Pellucid for browsers. Read index.d.ts for what there is.
import { assetLoader } from "./assets.js";
import { PellucidError, checkChannels } from "./engine.js";

export { Denoiser, PellucidError } from "./engine.js";
export { hasSimd } from "./assets.js";

// Written out, so that bundlers find the files.
const FILES = {
  "pellucid.wasm": new URL("./pellucid.wasm", import.meta.url),
  "pellucid-plain.wasm": new URL("./pellucid-plain.wasm", import.meta.url),
  "small.bin": new URL("./small.bin", import.meta.url),
  "processor.js": new URL("./processor.js", import.meta.url),
};

/** Names other places for the package's files, before their first use: { "small.bin": url, … }. */
export function setFiles(places) {
  for (const [name, place] of Object.entries(places)) {
    if (!(name in FILES)) throw new PellucidError("setting", `The package has no file ${name}; it has ${Object.keys(FILES).join(", ")}.`);
    FILES[name] = place;
  }
}

async function download(url) {
  let response, body;
  try {
    response = await fetch(url);
    body = await response.arrayBuffer();
  } catch (error) {
    throw new PellucidError("missing", `${url} could not be loaded (${error.message}); is the network there?`);
  }
  if (!response.ok) throw new PellucidError("missing", `${url} could not be loaded (status ${response.status}).`);
  return new Uint8Array(body);
}

export const load = assetLoader((name) => download(FILES[name]), download);

/** Why Pellucid cannot run here, as a sentence; null where it can. */
export function unsupportedReason() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly; a current one is needed.";
  if (typeof AudioContext !== "function") return "This browser has no Web Audio; a current one is needed.";
  if (!globalThis.isSecureContext) return "This page was not opened over https or from localhost, so the browser allows no audio worklet.";
  if (typeof AudioWorkletNode !== "function") return "This browser has no audio worklets; a current one is needed.";
  return null;
}

function inRange(name, value, most) {
  if (!(value >= 0 && value <= most)) {
    throw new PellucidError("setting", `${name} is ${value}; it can be 0 ${most === Infinity ? "or more" : `to ${most}`}.`);
  }
  return Number(value);
}

const worklets = new WeakMap(); // context → the promise of its processor

function addProcessor(context) {
  if (!worklets.has(context)) {
    const added = context.audioWorklet.addModule(FILES["processor.js"]).catch((error) => {
      worklets.delete(context);
      throw new PellucidError("missing", `The audio worklet ${FILES["processor.js"]} could not be loaded (${error.message}).`);
    });
    worklets.set(context, added);
  }
  return worklets.get(context);
}

/** An AudioNode that denoises what flows through it. */
export class DenoiserNode extends (globalThis.AudioWorkletNode ?? class {}) {
  /** What the node last told of the sound. */
  status = null;
  latencyFrames = 0;

  /** Use createDenoiser(). */
  constructor(context, channels, strength, processorOptions) {
    super(context, "pellucid", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [channels],
      channelCount: channels,
      channelCountMode: "explicit",
      channelInterpretation: channels > 2 ? "discrete" : "speakers",
      parameterData: { strength },
      processorOptions,
    });
    this.strength = this.parameters.get("strength");
  }

  /** How far the output lies behind the input, in seconds. */
  get latency() {
    return this.latencyFrames / this.context.sampleRate;
  }

  set attenuationLimitDb(value) {
    this.port.postMessage({ attenuationLimitDb: inRange("attenuationLimitDb", value, Infinity) });
  }

  set postFilter(value) {
    this.port.postMessage({ postFilter: inRange("postFilter", value, 1) });
  }

  set adaptive(value) {
    this.port.postMessage({ adaptive: Boolean(value) });
  }

  set bypass(value) {
    this.port.postMessage({ bypass: Boolean(value) });
  }

  /** Forgets all sound so far. */
  reset() {
    this.port.postMessage({ reset: true });
  }

  /** Ends the processing for good and lets its memory go; the node is silent from then on. */
  close() {
    this.port.postMessage({ close: true });
    this.disconnect();
  }

  /** Resolves when the processor stands. */
  ready() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new PellucidError("worklet", "The audio worklet did not start within 10 s; resume the context first.")),
        10000
      );
      this.onprocessorerror = () => {
        clearTimeout(timer);
        reject(new PellucidError("worklet", "The audio worklet failed; the browser's console may say why."));
      };
      this.port.onmessage = ({ data }) => {
        clearTimeout(timer);
        if (data.error) return reject(new PellucidError(data.error.code, data.error.message));
        this.latencyFrames = data.latencyFrames;
        this.port.onmessage = (event) => this.#tell(event.data);
        resolve(this);
      };
    });
  }

  #tell({ type, detail }) {
    this.status = detail;
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Makes a DenoiserNode in `context`, of any sample rate from 8000 Hz. */
export async function createDenoiser(context, options = {}) {
  const reason = unsupportedReason();
  if (reason) throw new PellucidError("unsupported", reason);
  const { channels = 1, strength = 1, model, simd, ...settings } = options;
  // What the browser's own constructor would refuse with words of its own.
  checkChannels(channels);
  inRange("strength", strength, 1);
  const [assets] = await Promise.all([load({ model, simd }), addProcessor(context)]);
  return new DenoiserNode(context, channels, strength, { assets, channels, strength, ...settings }).ready();
}

/** Denoises a whole AudioBuffer into a new one, time-aligned with it to the sample. */
export async function denoiseBuffer(buffer, options = {}) {
  if (typeof AudioBuffer !== "function" || !(buffer instanceof AudioBuffer)) {
    throw new PellucidError("shape", "denoiseBuffer takes an AudioBuffer; for Float32Arrays there is Denoiser.");
  }
  const { numberOfChannels: channels, length, sampleRate } = buffer;
  let late = Math.ceil(0.05 * sampleRate); // more than the latency of any model that comes with Pellucid
  let context, node;
  do {
    if (node) late = node.latencyFrames;
    context = new OfflineAudioContext(channels, length + late, sampleRate);
    node = await createDenoiser(context, { ...options, channels });
  } while (node.latencyFrames > late);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  const result = new AudioBuffer({ numberOfChannels: channels, length, sampleRate });
  for (let c = 0; c < channels; ++c) {
    result.copyToChannel(rendered.getChannelData(c).subarray(node.latencyFrames, node.latencyFrames + length), c);
  }
  return result;
}
