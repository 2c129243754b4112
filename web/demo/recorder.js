// An audio worklet that hands on what it hears, in pieces of a tenth of a second or so.
class Recorder extends AudioWorkletProcessor {
  #piece = new Float32Array(4096);
  #filled = 0;
  #done = false;

  constructor() {
    super();
    this.port.onmessage = () => (this.#done = true); // any message: nobody listens any more
  }

  process([[samples]]) {
    if (this.#done) return false;
    if (samples === undefined) return true;
    this.#piece.set(samples, this.#filled);
    this.#filled += samples.length;
    if (this.#filled === this.#piece.length) {
      this.port.postMessage(this.#piece, [this.#piece.buffer]);
      this.#piece = new Float32Array(4096);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
