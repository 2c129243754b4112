// The systems that `make bench-peers` compares: what each is called, how it runs, and a function that sends one raw
// recording through it and returns the processor seconds that took.
'use strict';
const path = require('path');
const { spawnSync } = require('child_process');

const root = path.resolve(__dirname, '../..');
const npm = (name) => path.join(root, 'build/npm', name, 'node_modules');

function call(program, words, environment = {}) {
  const env = { ...process.env, ...environment };
  const ran = spawnSync(program, words, { encoding: 'utf8', env, maxBuffer: 1 << 26 });
  if (ran.error || ran.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${ran.error || ran.stderr}`);
  return ran;
}

// How ffmpeg is told of raw sound.
const raw = (rate) => ['-f', 'f32le', '-ar', String(rate), '-ac', '1'];

// ffmpeg says what the whole process took: a run with a filter that does nothing is taken off.
function ffmpegFilter(filter) {
  const one = (name, input, output) => {
    const words = ['-hide_banner', '-nostats', '-y', '-threads', '1', '-filter_threads', '1', '-benchmark'];
    const { stderr } = call('ffmpeg', [...words, ...raw(16000), '-i', input, '-af', name, ...raw(16000), output]);
    const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr);
    return Number(user) + Number(system);
  };
  return (input, output) => {
    const nothing = one('anull', input, output);
    return one(filter, input, output) - nothing;
  };
}

// "name version" of a library, a program, a package of npm.
const library = (name) => `${name} ${call('pkg-config', ['--modversion', name]).stdout.trim()}`;
const ffmpeg = () => `ffmpeg ${/version ([\d.]+)/.exec(call('ffmpeg', ['-version']).stdout)[1]}`;
const npmPackage = (folder, name) => {
  const { version } = require(path.join(npm(folder), name, 'package.json'));
  return `${path.basename(name)} ${version}`;
};

/// `models` are {name, file, graph, empty}; `bench` is the program bench_peers.
/// `input` of a system is 16000 or 48000, a sound of that rate, or a model's name, its spectra. `against` is the id of
/// what it is compared with: our own at the same work.
function systems(bench, models) {
  const native = (name, rate, words = []) => (input, output) =>
    JSON.parse(call(bench, [name, String(rate), input, output, ...words]).stdout).cpu_s;
  const web = (name) => (input, output) => {
    const words = [path.join(__dirname, 'web.js'), name, input, output];
    return JSON.parse(call('node', words, { NODE_PATH: npm('peers') }).stdout).cpu_s;
  };
  const runtime = (graph) => (input, output) => {
    const words = [path.join(root, 'tests/onnx/stream.js'), graph, input, output, '2'];
    return JSON.parse(call('node', words, { NODE_PATH: npm('onnx') }).stdout).cpu_s[1];
  };

  const all = [];
  const ours = (models.find(({ name }) => name === 'small') || models[0]).name;
  const add = (id, name, from, form, input, against, run) => all.push({ id, name, from, form, input, against, run });
  const own = call(path.join(path.dirname(bench), 'pellucid'), ['--version']).stdout.trim();
  const onnxruntime = npmPackage('onnx', 'onnxruntime-node');
  const suppressor = npmPackage('peers', '@sapphi-red/web-noise-suppressor');
  for (const { name, file, graph, empty } of models) {
    for (const rate of [16000, 48000]) {
      const id = `engine-${rate}-${name}`;
      add(id, name, own, 'native', rate, id, native('engine', rate, [file]));
    }
    const network = `network-${name}`;
    add(network, `${name}, network alone`, own, 'native', name, network, native('network', 16000, [file]));
    add(`onnx-${name}`, `${name} in ONNX Runtime`, onnxruntime, 'Node.js', name, network, runtime(graph));
    add(`empty-${name}`, '  of that, calls alone', onnxruntime, 'Node.js', name, network, runtime(empty));
  }
  const at16 = [16000, `engine-16000-${ours}`], at48 = [48000, `engine-48000-${ours}`];
  add('speexdsp', 'SpeexDSP preprocessor', library('speexdsp'), 'native', ...at16, native('speexdsp', 16000));
  add('webrtc', 'WebRTC noise suppression', library('webrtc-audio-processing'), 'native', ...at16, native('webrtc', 16000));
  // At its default noise floor afftdn hardly acts on noise as loud as the example's: it gets one set by hand.
  add('afftdn', 'ffmpeg afftdn, nf=-25:nr=20', ffmpeg(), 'native', ...at16, ffmpegFilter('afftdn=nf=-25:nr=20'));
  add('anlmdn', 'ffmpeg anlmdn', ffmpeg(), 'native', ...at16, ffmpegFilter('anlmdn'));
  add('rnnoise', 'RNNoise 0.1', suppressor, 'WebAssembly', ...at48, web('rnnoise'));
  add('gtcrn', 'GTCRN', suppressor, 'WebAssembly', ...at16, web('gtcrn'));
  return all;
}

module.exports = { call, raw, root, systems };
