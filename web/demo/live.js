// The microphone: shows it before and after as it comes, lets it be heard, and keeps it as a recording.
import { createDenoiser } from "../pellucid/index.js";
import { scroller } from "./spectrogram.js";

const LONGEST_S = 600;

/** What a person can do about a microphone that cannot be had. */
export function microphoneProblem(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser did not allow the microphone. Allow it beside the page's address, then try again; files work without it.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no microphone. Connect one and try again; files work without it.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is there but cannot be opened: another program may be using it. Close that and try again.";
    default:
      return `The microphone cannot be used: ${error.message}`;
  }
}

export class Live extends EventTarget {
  #context;
  #stream;
  #nodes = [];
  #pieces = [];
  #length = 0;
  #frame = 0;
  #denoiser;
  #monitor;
  #recorder;

  /** Opens the microphone; rejects with what the browser says. */
  static async start(context, { strength, monitor, before, after }) {
    if (navigator.mediaDevices?.getUserMedia === undefined) {
      throw new Error("this browser gives pages no microphone, or this page was not opened over https or from localhost.");
    }
    // The browser's own clean-up would come before ours.
    const audio = { noiseSuppression: false, echoCancellation: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const live = new Live();
    live.#context = context;
    live.#stream = stream;
    try {
      await live.#build(strength, monitor, before, after);
    } catch (error) {
      live.#release();
      throw error;
    }
    return live;
  }

  async #build(strength, monitor, before, after) {
    const context = this.#context;
    await context.resume();
    await context.audioWorklet.addModule(new URL("./recorder.js", import.meta.url));
    const source = context.createMediaStreamSource(this.#stream);
    this.#denoiser = await createDenoiser(context, { strength });
    this.#denoiser.addEventListener("voicechange", (event) => {
      this.dispatchEvent(new CustomEvent("voice", { detail: event.detail.voiceActive }));
    });
    const wait = new DelayNode(context, { delayTime: this.#denoiser.latency });
    const [heardBefore, heardAfter] = [new AnalyserNode(context), new AnalyserNode(context)];
    const recorder = new AudioWorkletNode(context, "recorder", { channelCount: 1, channelCountMode: "explicit", numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => {
      this.#pieces.push(data);
      this.#length += data.length;
      if (this.#length > LONGEST_S * context.sampleRate) this.dispatchEvent(new Event("full"));
    };
    this.#monitor = new GainNode(context, { gain: monitor ? 1 : 0 });
    source.connect(recorder);
    source.connect(wait).connect(heardBefore);
    source.connect(this.#denoiser).connect(heardAfter);
    this.#denoiser.connect(this.#monitor).connect(context.destination);
    this.#nodes = [source, wait, recorder, this.#monitor];
    this.#recorder = recorder;
    // A microphone that is pulled out ends its track.
    this.#stream.getAudioTracks()[0].onended = () => this.dispatchEvent(new Event("gone"));
    const columns = [scroller(before, heardBefore), scroller(after, heardAfter)];
    const draw = () => {
      columns.forEach((column) => column());
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  get seconds() {
    return this.#length / this.#context.sampleRate;
  }

  set strength(value) {
    this.#denoiser.strength.value = value;
  }

  set monitor(on) {
    this.#monitor.gain.setTargetAtTime(on ? 1 : 0, this.#context.currentTime, 0.01);
  }

  /** Closes the microphone; gives what it heard as an AudioBuffer, null when that was nothing. */
  stop() {
    this.#release();
    if (this.#length === 0) return null;
    const buffer = new AudioBuffer({ length: this.#length, sampleRate: this.#context.sampleRate });
    let at = 0;
    for (const piece of this.#pieces) {
      buffer.copyToChannel(piece, 0, at);
      at += piece.length;
    }
    return buffer;
  }

  #release() {
    cancelAnimationFrame(this.#frame);
    for (const track of this.#stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    this.#denoiser?.close();
    this.#recorder?.port.postMessage("stop");
    this.#nodes.forEach((node) => node.disconnect());
  }
}
