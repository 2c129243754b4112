"""Mixes training pairs in Python with scipy and soundfile, and by bench_loader, in turn; prints both speeds and their ratio.

    python3 bench/python/loader.py BUILD_FOLDER [--rounds 3] [--seconds 10] [--chunk 3]

Both take the same recordings (made up, 16-bit, `pellucid prepare` for the one, WAV files for the other) through the
same chain with the same probabilities, those of a recipe without a [mix] table: src/corpus/loader_pair.cpp says what
happens to a pair. Speed is seconds of pairs for each second of processor time. The Python is written as scipy is fast:
whole arrays, no loop over samples.
"""
import argparse
import os
import shutil
import subprocess
import tempfile
import time

import numpy as np
import soundfile
from scipy import ndimage, signal

RATE = 16000


def random_equalizer(rng):
    return np.concatenate(([1.0], rng.uniform(-3 / 8, 3 / 8, 2))), np.concatenate(([1.0], rng.uniform(-3 / 8, 3 / 8, 2)))


def gain_ramp(rng, range_db, x):
    points = rng.integers(2, 6)
    at = np.linspace(0, len(x) - 1, points)
    return x * 10 ** (np.interp(np.arange(len(x)), at, rng.uniform(-range_db, range_db, points)) / 20)


def rms(x):
    return np.sqrt(np.mean(np.square(x)) + 1e-20)


def active_level(x):
    """ITU-T P.56, method B."""
    g = np.exp(-1 / (RATE * 0.03))
    envelope = signal.lfilter([1 - g], [1, -g], np.abs(x))
    envelope = signal.lfilter([1 - g], [1, -g], envelope)
    hangover = int(0.2 * RATE)
    # The largest of the last 200 ms decides whether a sample is active.
    held = ndimage.maximum_filter1d(envelope, hangover, origin=(hangover - 1) // 2)
    energy = np.sum(np.square(x)) + 1e-20
    thresholds = 2.0 ** np.arange(-20, 0)
    counts = len(held) - np.searchsorted(np.sort(held), thresholds)
    levels = 10 * np.log10(energy / np.maximum(counts, 1))
    delta = levels - 20 * np.log10(thresholds) - 15.9
    below = np.nonzero((delta[:-1] > 0) & (delta[1:] <= 0))[0]
    if len(below) == 0:
        return 20 * np.log10(rms(x))
    j = below[0]
    t = delta[j] / (delta[j] - delta[j + 1])
    return levels[j] + t * (levels[j + 1] - levels[j])


def simulate_room(rng):
    """Image sources to the third order, then a decaying diffuse tail."""
    size = np.array([rng.uniform(3, 8), rng.uniform(3, 8), rng.uniform(2.4, 3.5)])
    rt60 = rng.uniform(0.1, 0.8)
    source, microphone = rng.uniform(0.3, 0.7, 3) * size, rng.uniform(0.3, 0.7, 3) * size
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    reflection = np.sqrt(max(0.0, 1 - 0.161 * volume / (surface * rt60)))
    n = np.arange(-3, 4)
    order = np.abs(np.stack(np.meshgrid(n, n, n, indexing="ij"), -1).reshape(-1, 3))
    cell = np.stack(np.meshgrid(n, n, n, indexing="ij"), -1).reshape(-1, 3)
    keep = order.sum(1) <= 3
    order, cell = order[keep].sum(1), cell[keep]
    image = cell * size + np.where(cell % 2 == 0, source, size - source)
    distance = np.linalg.norm(image - microphone, axis=1)
    delay = distance / 343 * RATE
    delay -= delay.min()
    length = min(RATE, int(0.8 * rt60 * RATE) + 400)
    response = np.zeros(length)
    inside = delay < length
    np.add.at(response, delay[inside].astype(int), (reflection ** order * distance.min() / distance)[inside])
    t = np.arange(length) / RATE
    tail = rng.standard_normal(length) * 10 ** (-3 * t / rt60)
    tail = signal.lfilter([0.5, 0.5], [1], tail) * (t > 0.02)
    critical = 0.057 * np.sqrt(volume / rt60)
    return response + tail * distance.min() / critical / np.sqrt(np.sum(np.square(tail)) + 1e-12)


def synthetic(rng, count):
    kind = rng.integers(6)
    if kind < 3:  # white, pink, brown
        spectrum = np.fft.rfft(rng.standard_normal(count))
        return np.fft.irfft(spectrum * np.maximum(np.arange(len(spectrum)), 1) ** (-0.5 * kind), count)
    t = np.arange(count) / RATE
    if kind == 3:  # hum
        base = rng.choice([50.0, 60.0])
        return sum(np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) / k for k in range(1, 9))
    if kind == 4:  # wind
        b, a = signal.butter(2, rng.uniform(100, 400), fs=RATE)
        gusts = np.interp(t, np.linspace(0, t[-1], 12), rng.uniform(0, 1, 12))
        return signal.lfilter(b, a, rng.standard_normal(count)) * gusts
    return transients(rng, count)


def transients(rng, count):
    out = np.zeros(count)
    for at in rng.integers(0, count, rng.integers(1, 12)):
        length = min(count - at, int(rng.uniform(0.002, 0.03) * RATE))
        out[at:at + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / (0.2 * length + 1))
    return out


class Loader:
    def __init__(self, folder, chunk):
        self.speakers = [[os.path.join(folder, "speech", s, f) for f in sorted(os.listdir(os.path.join(folder, "speech", s)))]
                         for s in sorted(os.listdir(os.path.join(folder, "speech")))]
        self.noises = [os.path.join(folder, "noise", s, f) for s in sorted(os.listdir(os.path.join(folder, "noise")))
                       for f in sorted(os.listdir(os.path.join(folder, "noise", s)))]
        self.frames = {p: soundfile.info(p).frames for group in self.speakers + [self.noises] for p in group}
        self.count = round(chunk * RATE)

    def read(self, rng, paths):
        """Stretches of random files, one behind the other until the chunk is full."""
        parts, have = [], 0
        while have < self.count:
            path = paths[rng.integers(len(paths))]
            take = min(self.frames[path], self.count - have)
            start = rng.integers(self.frames[path] - take + 1)
            parts.append(soundfile.read(path, frames=take, start=start, dtype="float32")[0])
            have += take
        return np.concatenate(parts)

    def noise(self, rng):
        kind = rng.uniform()
        if kind < 0.10:
            return sum(self.read(rng, self.speakers[rng.integers(len(self.speakers))]) for _ in range(rng.integers(3, 9)))
        return synthetic(rng, self.count) if kind < 0.35 else self.read(rng, self.noises)

    def pair(self, rng):
        what, chance = rng.uniform(), lambda p: rng.uniform() < p
        silent, pure = what < 0.02, 0.02 <= what < 0.07
        snr_db = rng.uniform(30, 40) if chance(0.10) else rng.uniform(-5, 20)
        level_db = rng.uniform(-45, -3)
        if silent:
            target = np.zeros(self.count)
        else:
            target = self.read(rng, self.speakers[rng.integers(len(self.speakers))])
            if chance(0.4):
                target = signal.lfilter(*random_equalizer(rng), target)
            if chance(0.1):
                target = gain_ramp(rng, 5, target)
        wet = target
        if not silent and not pure and chance(0.3):
            response = simulate_room(rng)
            wet = signal.fftconvolve(target, response)[:self.count]
            target = signal.fftconvolve(target, response[:int(0.05 * RATE)])[:self.count]
        band = signal.butter(16, rng.choice([3400, 4000, 5500, 7000]), fs=RATE, output="sos") if chance(0.2) else None
        if pure:
            noise = np.zeros(self.count)
        else:
            noise = self.noise(rng)
            if chance(0.3):
                second = self.noise(rng)
                noise = noise + second * rms(noise) / rms(second) * 10 ** (rng.uniform(-12, 3) / 20)
            if chance(0.4):
                noise = signal.lfilter(*random_equalizer(rng), noise)
            if chance(0.2):
                noise = gain_ramp(rng, 10, noise)
            if chance(0.1):
                clicks = transients(rng, self.count)
                noise = noise + clicks * rms(noise) / rms(clicks) * 10 ** (rng.uniform(-15, 0) / 20)
        if band is not None:
            target, wet = signal.sosfilt(band, target), signal.sosfilt(band, wet)
            noise = signal.sosfilt(band, noise)
        speech_db = active_level(target) if not silent else level_db
        speech_gain = 10 ** ((level_db - speech_db) / 20)
        noise_gain = 10 ** ((level_db - snr_db) / 20) / rms(noise)
        clean = speech_gain * target
        noisy = speech_gain * wet + noise_gain * noise
        peak = np.max(np.abs(noisy))
        if peak > 0.99:
            clean, noisy = clean * 0.99 / peak, noisy * 0.99 / peak
        if not pure and chance(0.05):
            limit = np.max(np.abs(noisy)) * 10 ** (rng.uniform(-14, -1) / 20)
            noisy = limit * np.tanh(noisy / limit) if chance(0.3) else np.clip(noisy, -limit, limit)
        if not pure and chance(0.05):
            if chance(0.35):
                compressed = np.sign(noisy) * np.log1p(255 * np.abs(noisy)) / np.log(256)
                noisy = np.sign(compressed) * np.expm1(np.abs(np.round(compressed * 127) / 127) * np.log(256)) / 255
            else:
                noisy = np.round(noisy * 32767) / 32768
        return noisy.astype(np.float32), clean.astype(np.float32)

    def audio_s_per_s(self, rng, seconds):
        start, pairs = time.process_time(), 0
        while time.process_time() - start < seconds:
            self.pair(rng)
            pairs += 1
        return pairs * self.count / RATE / (time.process_time() - start)


def make_recordings(folder):
    """Ten speakers and ten sources, short and long files each; half a second of sound, a quarter of quiet."""
    rng = np.random.default_rng(1)
    for k in range(20):
        for j, seconds in enumerate((2, 10)):
            x = 0.05 * rng.standard_normal(seconds * RATE)
            if k < 10:
                x *= np.where(np.arange(len(x)) // 4000 % 3 == 2, 0.003, 1)
            path = os.path.join(folder, "speech" if k < 10 else "noise", f"group{k}")
            os.makedirs(path, exist_ok=True)
            soundfile.write(os.path.join(path, f"{j}.wav"), x, RATE, subtype="PCM_16")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--chunk", type=float, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pellucid-loader-")
    try:
        make_recordings(folder)
        corpus = os.path.join(folder, "corpus")
        subprocess.run([os.path.join(options.build, "pellucid"), "prepare", "--speech", os.path.join(folder, "speech"),
                        "--noise", os.path.join(folder, "noise"), "--out", corpus], check=True, capture_output=True)
        loader, rng = Loader(folder, options.chunk), np.random.default_rng(2)
        command = [os.path.join(options.build, "bench_loader"), corpus, str(options.chunk), "usual"]
        ours, theirs = [], []
        loader.pair(rng)
        for _ in range(options.rounds):
            theirs.append(loader.audio_s_per_s(rng, options.seconds))
            ours.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-2]))
        a, b = (sorted(each)[len(each) // 2] for each in (ours, theirs))
        print(f"pairs of {options.chunk:g} s, seconds of audio for each second of one core, medians of {options.rounds}:")
        print(f"  pellucid            {a:8.0f}")
        print(f"  scipy and soundfile {b:8.0f}")
        print(f"  ratio               {a / b:8.1f}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
