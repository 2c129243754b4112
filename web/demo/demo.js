// The demo page: what its buttons do.
import { denoiseBuffer, hasSimd, load, unsupportedReason } from "../pellucid/index.js";
import { Live, microphoneProblem } from "./live.js";
import { Player } from "./player.js";
import { drawBuffer } from "./spectrogram.js";
import { wavFile } from "./wav.js";

const $ = (id) => document.getElementById(id);
const LONGEST_S = 3600;

let context;
let player;
let live = null;
let wish = 0; // the newest for a sound, from a file or the microphone
let starting = false; // a microphone that was asked for and is not there yet
let recording = null; // { name, buffer, clean }
let task = 0; // the newest denoising; older ones that are not done yet are dropped

function problem(text) {
  $("problem").textContent = text ?? "";
  $("problem").hidden = !text;
}

const state = (text) => ($("state").textContent = text);
const strength = () => Number($("strength").value) / 100;
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Runs what a person asked for; what goes wrong is said on the page, and the rest of it goes on working. */
async function attempt(work) {
  problem(null);
  try {
    await work();
  } catch (error) {
    problem(error.message);
    state(recording ? "The last recording is still here." : "Choose a sound to begin.");
    console.error(error);
  }
}

function ready() {
  if (context === undefined) {
    context = new AudioContext();
    player = new Player(context);
    player.addEventListener("voice", (event) => showVoice(event.detail));
    player.addEventListener("ended", () => showPlaying());
  }
}

function showVoice(active) {
  $("voice").classList.toggle("on", active);
  $("voice").lastElementChild.textContent = active ? "Voice" : "No voice";
}

function showPlaying() {
  $("play").textContent = player?.playing ? "Pause" : "Play";
  if (!player?.playing) showVoice(false);
}

function showPosition() {
  const { position, duration } = player;
  if (document.activeElement !== $("position") || player.playing) $("position").value = duration > 0 ? position / duration : 0;
  $("position").setAttribute("aria-valuetext", clock(position));
  $("clock").textContent = `${clock(position)} / ${clock(duration)}`;
  for (const head of document.querySelectorAll(".head")) {
    head.style.transform = `translateX(${((position / duration || 0) * head.parentElement.clientWidth).toFixed(1)}px)`;
  }
}

function everyFrame() {
  if (recording !== null && live === null) showPosition();
  if (live !== null) $("clock").textContent = clock(live.seconds);
  requestAnimationFrame(everyFrame);
}

function showSide() {
  const side = document.querySelector("input[name=side]:checked").value;
  $("before-view").classList.toggle("heard", side === "before" && live === null);
  $("after-view").classList.toggle("heard", side === "after" && live === null);
  if (player) player.side = side;
}

function showControls() {
  for (const id of ["play", "download", "position"]) $(id).disabled = live !== null || recording === null;
  $("listen").disabled = live !== null;
  for (const head of document.querySelectorAll(".head")) head.hidden = live !== null;
  $("stage").hidden = live === null && recording === null;
  showSide();
}

/** Computes and draws the denoised recording at the strength that is set. */
async function denoise() {
  const mine = ++task;
  const wanted = recording;
  state("Denoising …");
  const start = performance.now();
  const clean = await denoiseBuffer(wanted.buffer, { strength: strength() });
  if (mine !== task) return;
  wanted.clean = clean;
  drawBuffer($("after"), clean);
  const took = (performance.now() - start) / 1000;
  state(`${wanted.name}: ${wanted.buffer.duration.toFixed(1)} s denoised in ${took.toFixed(2)} s.`);
}

async function open(name, buffer, mine = ++wish) {
  if (buffer.duration > LONGEST_S) throw new Error(`${name} lasts more than an hour; the command line tool takes files of any length.`);
  await player.load(buffer);
  if (mine !== wish) return;
  recording = { name, buffer, clean: null };
  showControls();
  showPlaying();
  drawBuffer($("before"), buffer);
  await denoise();
}

/** `read` gives the bytes. What is wished for meanwhile goes first. */
async function openBytes(name, read) {
  const mine = ++wish;
  const bytes = await read();
  if (mine !== wish) return;
  ready();
  state(`Reading ${name} …`);
  let buffer;
  try {
    buffer = await context.decodeAudioData(bytes);
  } catch {
    if (mine !== wish) return;
    throw new Error(`${name} is no sound that this browser can read; WAV, FLAC, MP3 and Ogg usually are.`);
  }
  if (mine === wish) await open(name, buffer, mine);
}

const openFile = (file) =>
  attempt(async () => {
    if (file === undefined) return;
    stopLive();
    await openBytes(file.name, () => file.arrayBuffer());
  });

function stopLive() {
  const buffer = live?.stop() ?? null;
  live = null;
  $("microphone").classList.remove("recording");
  $("microphone").lastElementChild.textContent = "Use the microphone";
  showVoice(false);
  showControls();
  return buffer;
}

async function finishLive() {
  const buffer = stopLive();
  if (buffer === null) state("Nothing was recorded.");
  else await open("recording", buffer);
}

async function startLive() {
  if (starting) return; // the browser still asks whether it may
  const mine = ++wish;
  ready();
  player.pause();
  showPlaying();
  $("stage").hidden = false;
  starting = true;
  let opened;
  try {
    opened = await Live.start(context, { strength: strength(), monitor: $("monitor").checked, before: $("before"), after: $("after") });
  } catch (error) {
    showControls();
    if (recording !== null) drawBuffer($("before"), recording.buffer);
    throw error.name === "PellucidError" ? error : new Error(microphoneProblem(error));
  } finally {
    starting = false;
  }
  if (mine !== wish) {
    opened.stop(); // a recording was opened meanwhile
    return;
  }
  live = opened;
  live.addEventListener("voice", (event) => showVoice(event.detail));
  live.addEventListener("full", () => attempt(finishLive));
  live.addEventListener("gone", () =>
    attempt(async () => {
      await finishLive();
      throw new Error("The microphone went away; what it heard until then is here.");
    })
  );
  $("microphone").classList.add("recording");
  $("microphone").lastElementChild.textContent = "Stop";
  state("Speak: the upper picture is what the microphone hears, the lower what is left of it.");
  showControls();
}

async function togglePlay() {
  if (player.playing) player.pause();
  else await player.play();
  showPlaying();
}

function download() {
  const { name, clean } = recording;
  if (clean === null) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(wavFile(clean));
  link.download = `${name.replace(/\.[^.]*$/, "")}.denoised.wav`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function connect() {
  $("file").addEventListener("change", (event) => openFile(event.target.files[0]));
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", type === "dragover");
      if (type === "drop") openFile(event.dataTransfer.files[0]);
    });
  }
  $("example").addEventListener("click", () =>
    attempt(async () => {
      stopLive();
      await openBytes("example.flac", async () => {
        const response = await fetch(new URL("./example.flac", import.meta.url));
        if (!response.ok) throw new Error("The example recording could not be loaded.");
        return response.arrayBuffer();
      });
    })
  );
  $("microphone").addEventListener("click", () => attempt(live === null ? startLive : finishLive));
  $("monitor").addEventListener("change", () => live !== null && (live.monitor = $("monitor").checked));
  $("play").addEventListener("click", () => attempt(togglePlay));
  $("download").addEventListener("click", () => attempt(download));
  $("listen").addEventListener("change", showSide);
  $("position").addEventListener("input", () => attempt(() => player.seek(Number($("position").value) * player.duration)));
  for (const view of document.querySelectorAll(".canvas")) {
    view.addEventListener("click", (event) => {
      if (recording !== null && live === null) attempt(() => player.seek((event.offsetX / view.clientWidth) * player.duration));
    });
  }
  $("strength").addEventListener("input", () => {
    $("strength-value").textContent = `${$("strength").value} %`;
    if (live !== null) live.strength = strength();
    if (player) player.strength = strength();
  });
  $("strength").addEventListener("change", () => live === null && recording !== null && attempt(denoise));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || recording === null || live !== null) return;
    const typing = event.target instanceof HTMLButtonElement || event.target.type === "checkbox";
    if (event.key === " " && !typing) {
      event.preventDefault();
      attempt(togglePlay);
    } else if (event.key === "b" || event.key === "B") {
      const other = document.querySelector("input[name=side]:not(:checked)");
      other.checked = true;
      showSide();
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && !(event.target instanceof HTMLInputElement)) {
      attempt(() => player.seek(player.position + (event.key === "ArrowLeft" ? -2 : 2)));
    }
  });
  everyFrame();
}

const reason = unsupportedReason();
if (reason) {
  problem(reason);
  for (const control of document.querySelectorAll("button, input")) control.disabled = true;
  state("");
} else {
  connect();
  attempt(async () => {
    await load();
    $("facts").textContent = `The network runs here in WebAssembly${hasSimd() ? " with vectors" : ", without vectors, which is slower"}.`;
  });
}
