// Spectrograms of recordings and of what is just playing, 0 to 8 kHz, -90 to -10 dBFS.

const SIZE = 1024;
const TOP_HZ = 8000;
const LOUD_DB = -25;
const QUIET_DB = -95;

const WINDOW = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
const COSINE = Float32Array.from({ length: SIZE / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / SIZE));
const SINE = Float32Array.from({ length: SIZE / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / SIZE));

/** Radix-2 Fourier transform in place. */
function transform(re, im) {
  for (let i = 1, j = 0; i < SIZE; ++i) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let half = 1; half < SIZE; half *= 2) {
    const step = SIZE / 2 / half;
    for (let start = 0; start < SIZE; start += 2 * half) {
      for (let k = 0; k < half; ++k) {
        const a = start + k;
        const b = a + half;
        const c = COSINE[k * step];
        const s = -SINE[k * step];
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

// From black over violet and orange to pale yellow: as bright as it is loud, also for those who see no colours.
const STOPS = [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];
const COLOURS = Uint8ClampedArray.from({ length: 256 * 3 }, (_, i) => {
  const at = (Math.floor(i / 3) / 255) * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  const [a, b] = [STOPS[low][i % 3], STOPS[low + 1][i % 3]];
  return a + (b - a) * (at - low);
});

/** Writes the pixels of one column; `level(row)` is the level in dB of a row, from the bottom, 0 to 1. */
function paint(pixels, x, level) {
  const { width, height, data } = pixels;
  for (let y = 0; y < height; ++y) {
    const share = (level((height - 1 - y) / height) - QUIET_DB) / (LOUD_DB - QUIET_DB);
    const colour = 3 * Math.round(255 * Math.min(Math.max(share, 0), 1));
    const at = 4 * (y * width + x);
    data[at] = COLOURS[colour];
    data[at + 1] = COLOURS[colour + 1];
    data[at + 2] = COLOURS[colour + 2];
    data[at + 3] = 255;
  }
}

/** Draws a whole AudioBuffer (its first channel) over the canvas. */
export function drawBuffer(canvas, buffer) {
  const [width, height] = [(canvas.width = 900), (canvas.height = 200)];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  const samples = buffer.getChannelData(0);
  const re = new Float32Array(SIZE);
  const im = new Float32Array(SIZE);
  const scale = 4 / SIZE / SIZE; // a window's mean power is 3/8, a sine has half a side's: near enough to dBFS
  for (let x = 0; x < width; ++x) {
    const start = Math.round((x / width) * samples.length - SIZE / 2);
    for (let i = 0; i < SIZE; ++i) re[i] = (samples[start + i] ?? 0) * WINDOW[i];
    im.fill(0);
    transform(re, im);
    paint(pixels, x, (share) => {
      const k = Math.round((share * TOP_HZ * SIZE) / buffer.sampleRate);
      return k < SIZE / 2 ? 10 * Math.log10(scale * (re[k] * re[k] + im[k] * im[k]) + 1e-12) : QUIET_DB;
    });
  }
  context.putImageData(pixels, 0, 0);
}

/** Lets what an AnalyserNode hears run through the canvas, a column a call. */
export function scroller(canvas, analyser) {
  const [width, height] = [(canvas.width = 900), (canvas.height = 200)];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#000004";
  context.fillRect(0, 0, width, height);
  analyser.fftSize = 1024;
  analyser.smoothingTimeConstant = 0.3;
  const levels = new Float32Array(analyser.frequencyBinCount);
  const column = context.createImageData(2, height);
  return () => {
    analyser.getFloatFrequencyData(levels);
    for (const x of [0, 1]) {
      paint(column, x, (share) => levels[Math.round((share * TOP_HZ * analyser.fftSize) / analyser.context.sampleRate)] ?? QUIET_DB);
    }
    context.drawImage(canvas, -2, 0);
    context.putImageData(column, width - 2, 0);
  };
}
