// How good a system makes the recording in examples/audio: SI-SDR and STOI by `pellucid eval`, its delay taken off first.
'use strict';
const fs = require('fs');
const path = require('path');
const { call, raw, root } = require('./systems.js');

const rate = 16000;
const examples = path.join(root, 'examples/audio');
const floats = (file) => new Float32Array(new Uint8Array(fs.readFileSync(file)).buffer);

// How many samples `output` lies behind `clean`: where the two correlate best, up to 100 ms.
function delayOf(output, clean) {
  let best = 0, largest = -Infinity;
  for (let lag = 0; lag <= rate / 10; ++lag) {
    let sum = 0;
    for (let i = 0; i < clean.length; ++i) sum += clean[i] * output[i + lag];
    if (sum > largest) [best, largest] = [lag, sum];
  }
  return best;
}

/// {delay_ms, si_sdr_db, stoi} of a system that takes sound; `folder` is for what is written on the way.
function quality(system, pellucid, folder) {
  const file = (name) => path.join(folder, `${system.id}-${name}`);
  // A tenth of a second more, so that what is late comes out.
  const noisy = ['-i', path.join(examples, 'noisy/office.flac'), '-af', 'apad=pad_dur=0.1'];
  call('ffmpeg', ['-v', 'error', '-y', ...noisy, ...raw(system.input), file('in.f32')]);
  call('ffmpeg', ['-v', 'error', '-y', '-i', path.join(examples, 'clean/office.flac'), ...raw(rate), file('clean.f32')]);
  system.run(file('in.f32'), file('out.f32'));
  call('ffmpeg', ['-v', 'error', '-y', ...raw(system.input), '-i', file('out.f32'), ...raw(rate), file('out16.f32')]);

  const clean = floats(file('clean.f32'));
  const cleaned = new Float32Array(clean.length + rate / 5);
  cleaned.set(floats(file('out16.f32')).subarray(0, cleaned.length));
  const delay = delayOf(cleaned, clean);
  fs.writeFileSync(file('aligned.f32'), Buffer.from(cleaned.slice(delay, delay + clean.length).buffer));
  const enhanced = file('enhanced');
  fs.mkdirSync(enhanced, { recursive: true });
  call('ffmpeg', ['-v', 'error', '-y', ...raw(rate), '-i', file('aligned.f32'), path.join(enhanced, 'office.flac')]);
  const words = ['--clean', path.join(examples, 'clean'), '--noisy', path.join(examples, 'noisy'), '--enhanced', enhanced];
  const scores = JSON.parse(call(pellucid, ['eval', ...words, '--json']).stdout).files[0].enhanced;
  return { delay_ms: (1000 * delay) / rate, si_sdr_db: scores.si_sdr_db, stoi: scores.stoi };
}

/// {si_sdr_db, stoi} of the recording as it is.
function noisyQuality(pellucid) {
  const words = ['--clean', path.join(examples, 'clean'), '--noisy', path.join(examples, 'noisy'), '--json'];
  const { si_sdr_db, stoi } = JSON.parse(call(pellucid, ['eval', ...words]).stdout).files[0].noisy;
  return { si_sdr_db, stoi };
}

module.exports = { noisyQuality, quality };
