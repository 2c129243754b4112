// Plays a recording as it is and denoised, in step, and changes between the two without a click.
import { createDenoiser } from "../pellucid/index.js";

export class Player extends EventTarget {
  #context;
  #buffer = null;
  #denoiser = null;
  #dry;
  #wet;
  #source = null;
  #started = 0; // the context's time at which the recording's start would lie
  #offset = 0;
  #side = "after";
  #strength = 1;
  #loads = 0;

  constructor(context) {
    super();
    this.#context = context;
    this.#dry = new GainNode(context, { gain: 0 });
    this.#wet = new GainNode(context, { gain: 1 });
    this.#dry.connect(context.destination);
    this.#wet.connect(context.destination);
  }

  get playing() {
    return this.#source !== null;
  }

  get duration() {
    return this.#buffer?.duration ?? 0;
  }

  /** Seconds of the recording that are heard now. */
  get position() {
    if (!this.playing) return this.#offset;
    const heard = this.#context.currentTime - this.#started - this.#denoiser.latency;
    return Math.min(Math.max(heard, 0), this.duration);
  }

  async load(buffer) {
    this.pause();
    this.#denoiser?.close();
    this.#denoiser = null;
    const channels = Math.min(buffer.numberOfChannels, 2);
    const mine = ++this.#loads;
    const denoiser = await createDenoiser(this.#context, { channels, strength: this.#strength });
    if (mine !== this.#loads) return denoiser.close(); // another recording came meanwhile
    denoiser.addEventListener("voicechange", (event) => this.dispatchEvent(new CustomEvent("voice", { detail: event.detail.voiceActive })));
    denoiser.connect(this.#wet);
    this.#denoiser = denoiser;
    this.#buffer = buffer;
    this.#offset = 0;
  }

  async play() {
    if (this.playing || this.#denoiser === null) return;
    await this.#context.resume();
    if (this.#offset >= this.duration - 0.05) this.#offset = 0;
    this.#denoiser.reset();
    const source = new AudioBufferSourceNode(this.#context, { buffer: this.#buffer });
    // The recording as it is has to wait for the denoised one.
    const wait = new DelayNode(this.#context, { delayTime: this.#denoiser.latency });
    source.connect(this.#denoiser);
    source.connect(wait).connect(this.#dry);
    source.start(0, this.#offset);
    source.onended = () => {
      if (this.#source !== source) return;
      this.pause();
      this.#offset = this.duration;
      this.dispatchEvent(new Event("ended"));
    };
    this.#source = source;
    this.#started = this.#context.currentTime - this.#offset;
  }

  pause() {
    if (!this.playing) return;
    this.#offset = this.position;
    const source = this.#source;
    this.#source = null;
    source.stop();
    source.disconnect();
  }

  async seek(seconds) {
    const playing = this.playing;
    this.pause();
    this.#offset = Math.min(Math.max(seconds, 0), this.duration);
    if (playing) await this.play();
  }

  set side(side) {
    this.#side = side;
    const now = this.#context.currentTime;
    this.#dry.gain.setTargetAtTime(side === "before" ? 1 : 0, now, 0.01);
    this.#wet.gain.setTargetAtTime(side === "after" ? 1 : 0, now, 0.01);
  }

  get side() {
    return this.#side;
  }

  set strength(value) {
    this.#strength = value;
    if (this.#denoiser !== null) this.#denoiser.strength.value = value;
  }
}
