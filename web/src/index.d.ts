// Pellucid removes noise from speech, in browsers.
//
//   const context = new AudioContext();
//   const denoiser = await createDenoiser(context);
//   microphone.connect(denoiser).connect(context.destination);
//   denoiser.strength.value = 0.8;
//
// Every promise rejects with a PellucidError whose message can be shown to people.

import type { Assets, Denoiser, LoadOptions, Settings, Status } from "./engine.js";

export { Assets, Denoiser, LoadOptions, PellucidError, Settings, Status } from "./engine.js";

export interface NodeOptions extends Settings, LoadOptions {
  /** Channels of the node, 1 to 32; default 1: what comes in is mixed to so many. */
  channels?: number;
  /** How often "status" events come, in milliseconds; default 0: never. */
  statusIntervalMs?: number;
}

export interface NodeStatus extends Status {
  /** The context's time when this was so, in seconds. */
  time: number;
}

/** An AudioNode that denoises what flows through it, `latencyFrames` late. Made by createDenoiser. */
export class DenoiserNode extends AudioWorkletNode {
  private constructor();
  /** 0: output = input, delayed; 1: as clean as the model can. k-rate; changes are smooth. */
  readonly strength: AudioParam;
  /** How far the output lies behind the input, in frames and in seconds. Delay what is to be heard beside it as much. */
  readonly latencyFrames: number;
  readonly latency: number;
  /** What the last event told; null before the first. */
  readonly status: NodeStatus | null;
  /** Weaken no part of the spectrum by more than this; Infinity is no limit. */
  set attenuationLimitDb(value: number);
  /** 0 (none) to 1. */
  set postFilter(value: number);
  /** True: what needs no denoising is left alone. */
  set adaptive(value: boolean);
  /** True: output = input, delayed, while the network goes on listening. */
  set bypass(value: boolean);
  /** Forgets all sound so far. Settings stay. */
  reset(): void;
  /** Ends the processing for good. */
  close(): void;
  /** Somebody starts or stops speaking: event.detail.voiceActive. */
  addEventListener(
    type: "voicechange" | "status",
    listener: (event: CustomEvent<NodeStatus>) => void,
    options?: boolean | AddEventListenerOptions
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** Makes a DenoiserNode in a context of any sample rate from 8000 Hz, offline ones too. */
export function createDenoiser(context: BaseAudioContext, options?: NodeOptions): Promise<DenoiserNode>;

/** Denoises a whole AudioBuffer, each channel by itself unless linked, into a new one, time-aligned with it to the sample. */
export function denoiseBuffer(buffer: AudioBuffer, options?: Omit<NodeOptions, "channels" | "statusIntervalMs">): Promise<AudioBuffer>;

/** Why Pellucid cannot run on this page, as a sentence; null where it can. */
export function unsupportedReason(): string | null;

/** Whether WebAssembly has 128-bit vectors here; without them the engine costs some four times as much. */
export function hasSimd(): boolean;

/** Gets module and model, for `new Denoiser(await load(), …)`. createDenoiser and denoiseBuffer call it themselves. */
export function load(options?: LoadOptions): Promise<Assets>;

/** Names other places for the package's files, before their first use. */
export function setFiles(places: {
  "pellucid.wasm"?: string | URL;
  "pellucid-plain.wasm"?: string | URL;
  "small.bin"?: string | URL;
  "processor.js"?: string | URL;
}): void;
