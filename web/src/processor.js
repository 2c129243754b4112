// The audio worklet of DenoiserNode. web/build.mjs puts engine.js before it, so that the file stands alone.
import { Denoiser } from "./engine.js";

const QUANTUM = 128;

class PellucidProcessor extends AudioWorkletProcessor {
  static get parameterDescriptors() {
    return [{ name: "strength", defaultValue: 1, minValue: 0, maxValue: 1, automationRate: "k-rate" }];
  }

  #denoiser = null;
  #strength;
  #speaking = false;
  #statusFrames;
  #untilStatus;

  constructor({ processorOptions }) {
    super();
    const { assets, statusIntervalMs = 0, ...settings } = processorOptions;
    try {
      this.#denoiser = new Denoiser(assets, { ...settings, sampleRate, blockFrames: QUANTUM });
    } catch (error) {
      this.port.postMessage({ error: { code: error.code ?? "worklet", message: error.message } });
      return;
    }
    this.#strength = settings.strength;
    this.#statusFrames = Math.round((statusIntervalMs * sampleRate) / 1000);
    this.#untilStatus = this.#statusFrames;
    this.port.onmessage = ({ data }) => this.#obey(data);
    this.port.postMessage({ latencyFrames: this.#denoiser.latencyFrames });
  }

  process([input], [output], parameters) {
    const denoiser = this.#denoiser;
    if (denoiser === null) return false;
    const strength = parameters.strength[0];
    if (strength !== this.#strength && strength >= 0 && strength <= 1) {
      this.#strength = strength;
      denoiser.strength = strength;
    }
    denoiser.process(input, output);
    const speaking = denoiser.voiceActive;
    if (speaking !== this.#speaking) {
      this.#speaking = speaking;
      this.#tell("voicechange");
    }
    if (this.#statusFrames > 0 && (this.#untilStatus -= output[0].length) <= 0) {
      this.#untilStatus += this.#statusFrames;
      this.#tell("status");
    }
    return true;
  }

  #tell(type) {
    this.port.postMessage({ type, detail: { time: currentTime, ...this.#denoiser.status } });
  }

  #obey(message) {
    if (message.close) this.#denoiser = null;
    if (this.#denoiser === null) return;
    if (message.reset) this.#denoiser.reset();
    for (const name of ["attenuationLimitDb", "postFilter", "adaptive", "bypass"]) {
      if (name in message) this.#denoiser[name] = message[name];
    }
  }
}

registerProcessor("pellucid", PellucidProcessor);
