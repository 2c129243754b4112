// `make bench-peers`: how fast others remove noise, and how well, beside our own; one table from one run.
//
//   node run.js [--build build/release] [--seconds 60] [--rounds 5] [--json]
//
// Every system goes over the same recording on one thread, one after the other, round by round, so that whatever else
// the machine does meets all of them alike. What counts is processor time, its median over the rounds.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { call, raw, root, systems } = require('./systems.js');
const { noisyQuality, quality } = require('./quality.js');

function parse(words) {
  const options = { build: path.join(root, 'build/release'), seconds: 60, rounds: 5, json: false };
  for (let i = 0; i < words.length; ++i) {
    const name = words[i].replace(/^--/, '');
    if (!(name in options)) throw new Error(`unknown option ${words[i]}; known: --build, --seconds, --rounds, --json`);
    options[name] = name === 'json' ? true : typeof options[name] === 'number' ? Number(words[++i]) : words[++i];
  }
  if (!(options.seconds >= 8 && options.rounds >= 1)) throw new Error('--seconds begins at 8, --rounds at 1');
  return options;
}

/** With family and model: processors of several generations say the same name. */
function processor() {
  const info = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'utf8') : '';
  const more = [['family', 'cpu family'], ['model', 'model']]
    .map(([word, key]) => [word, info.match(new RegExp(`^${key}\\s*: (\\d+)$`, 'm'))])
    .filter(([, found]) => found)
    .map(([word, found]) => `${word} ${found[1]}`);
  return os.cpus()[0].model + (more.length > 0 ? ` (${more.join(', ')})` : '');
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

function shippedModels(pellucid, bench, folder) {
  const files = fs.readdirSync(path.join(root, 'models')).filter((name) => name.endsWith('.safetensors')).sort();
  return files.map((entry) => {
    const name = path.basename(entry, '.safetensors');
    const file = path.join(root, 'models', entry);
    const graph = path.join(folder, `${name}.onnx`), empty = path.join(folder, `${name}-empty.onnx`);
    call(pellucid, ['export', file, '--onnx', graph]);
    call(bench, ['empty', '16000', file, empty, file]);
    return { name, file, graph, empty };
  });
}

// The example over and over, at both rates, and as every model's spectra.
function makeInputs(options, bench, models, folder) {
  const inputs = {};
  const example = path.join(root, 'examples/audio/noisy/office.flac');
  for (const rate of [16000, 48000]) {
    inputs[rate] = path.join(folder, `${rate}.f32`);
    const words = ['-v', 'error', '-y', '-stream_loop', '-1', '-i', example, '-t', String(options.seconds)];
    call('ffmpeg', [...words, ...raw(rate), inputs[rate]]);
  }
  for (const { name, file } of models) {
    inputs[name] = path.join(folder, `${name}.spectra`);
    call(bench, ['spectra', '16000', inputs[16000], inputs[name], file]);
  }
  return inputs;
}

function measure(options, folder) {
  const pellucid = path.join(options.build, 'pellucid'), bench = path.join(options.build, 'bench_peers');
  const models = shippedModels(pellucid, bench, folder);
  const inputs = makeInputs(options, bench, models, folder);
  const all = systems(bench, models);
  const times = Object.fromEntries(all.map(({ id }) => [id, []]));
  for (let round = 0; round < options.rounds; ++round) {
    for (const { id, input, run } of all) {
      if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${options.rounds}: ${id}\x1b[K`);
      times[id].push(run(inputs[input], path.join(folder, 'out')));
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const rows = all.map((system) => {
    const { id, name, from, form, input, against } = system;
    const speeds = times[id].map((cpu_s) => options.seconds / cpu_s);
    const row = { id, name, from, form, against, realtime_factor: median(speeds) };
    row.lowest = Math.min(...speeds);
    row.highest = Math.max(...speeds);
    // Round by round: what slowed one slowed the other.
    row.ours_is_faster_by = median(times[id].map((cpu_s, round) => cpu_s / times[against][round]));
    if (typeof input === 'number') Object.assign(row, { rate_hz: input }, quality(system, pellucid, folder));
    return row;
  });
  return { noisy: noisyQuality(pellucid), systems: rows };
}

function table({ noisy, systems }) {
  const number = (value, digits) => (value === undefined ? '' : value.toFixed(digits));
  const cells = [['system', 'from', 'runs as', 'kHz', 'x real time', 'lowest..highest', 'ours is x as fast', 'delay ms', 'SI-SDR dB', 'STOI']];
  const quality = ({ si_sdr_db, stoi }) => [number(si_sdr_db, 2), number(stoi, 3)];
  cells.push(['the noisy recording', '', '', '', '', '', '', '', ...quality(noisy)]);
  for (const row of systems) {
    cells.push([
      row.name, row.from, row.form, row.rate_hz === undefined ? '' : String(row.rate_hz / 1000),
      number(row.realtime_factor, 0), `${number(row.lowest, 0)}..${number(row.highest, 0)}`,
      row.against === row.id ? '' : number(row.ours_is_faster_by, 2), number(row.delay_ms, 1), ...quality(row),
    ]);
  }
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const pad = (text, column) => (column < 3 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

function main() {
  const options = parse(process.argv.slice(2));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pellucid-peers-'));
  try {
    const about = { processor: processor(), load: os.loadavg()[0], node: process.version };
    const { seconds, rounds, json } = options;
    const found = measure(options, folder);
    if (json) {
      console.log(JSON.stringify({ ...about, seconds, rounds, ...found }, null, 2));
      return;
    }
    console.log(`${about.processor}, load ${about.load.toFixed(1)}, Node.js ${about.node}: one thread, ${seconds} s of`);
    console.log(`examples/audio/noisy, processor time, median of ${rounds} rounds. "ours is x as fast": ours at the same rate,`);
    console.log('or the same network alone. Delay, SI-SDR and STOI: on the example, the delay taken off.\n');
    console.log(table(found));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

try {
  main();
} catch (error) {
  console.error(`bench-peers: ${error.message}`);
  process.exit(1);
}
