// What browsers and Node.js have in common.

export interface Settings {
  /** 0: output = input, delayed; 1 (default): as clean as the model can. */
  strength?: number;
  /** Weaken no part of the spectrum by more than this; default Infinity. */
  attenuationLimitDb?: number;
  /** 0 (default) to 1. */
  postFilter?: number;
  /** What needs no denoising is left alone (speech 40 dB above the noise, noise below -75 dBFS); default false. */
  adaptive?: boolean;
  /** One gain for all channels, so that a stereo picture stands still; default false. */
  linkChannels?: boolean;
}

export interface LoadOptions {
  /** Another model: its place, or the bytes of its file. */
  model?: string | URL | ArrayBuffer | ArrayBufferView;
  /** Take the module with or without vectors; default: what runs here. */
  simd?: boolean;
}

export interface Assets {
  module: WebAssembly.Module;
  model: Uint8Array;
}

/** What is known of the last complete hop (16 ms). Levels are RMS in dBFS; -120 is silence. */
export interface Status {
  voiceProbability: number;
  voiceActive: boolean;
  snrDb: number;
  noiseDbfs: number;
  inputDbfs: number;
  outputDbfs: number;
}

/** What Pellucid throws: `message` is a sentence for people. */
export class PellucidError extends Error {
  constructor(code: PellucidError["code"], message: string);
  readonly code: "assets" | "memory" | "missing" | "model" | "setting" | "shape" | "unsupported" | "worklet";
}

/** Denoises a stream of Float32Arrays, one a channel, in blocks of any length. */
export class Denoiser {
  /** `sampleRate`: 8000 to 384000 Hz; `channels`: 1 (default) to 32. */
  constructor(assets: Assets, options: Settings & { sampleRate: number; channels?: number; blockFrames?: number });
  readonly sampleRate: number;
  readonly channels: number;
  /** How far the output lies behind the input. */
  readonly latencyFrames: number;
  /** Denoises a block into `output` (new arrays, unless given), which may be `input`. */
  process(input: Float32Array[], output?: Float32Array[]): Float32Array[];
  /** Forgets all sound so far. Settings stay. */
  reset(): void;
  set strength(value: number);
  set attenuationLimitDb(value: number);
  set postFilter(value: number);
  set adaptive(value: boolean);
  set bypass(value: boolean);
  readonly voiceActive: boolean;
  readonly status: Status;
}
