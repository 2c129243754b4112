#!/usr/bin/env python3
"""What a denoiser does to speech that needs none: clean recordings at several levels, denoised, and compared with themselves.

  bench/harm.py PROGRAM CLEAN [--models large,base,small,nano] [--jobs 2]

CLEAN is a folder of clean speech, 16 kHz (other rates are resampled); needs ffmpeg. A frame is 20 ms; those less than
15.9 dB below their recording's level count as active. The table says which share of them lost more than 6 dB, and the
mean and least PESQ of the outputs against their inputs, both without what is below 60 Hz: there PESQ jumps where nothing
does (docs/measuring.md).
"""
import argparse
import array
import glob
import math
import os
import subprocess
import sys
import tempfile
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "report"))
from measure import ask  # noqa: E402

RATE_HZ = 16000
FRAME = RATE_HZ // 50
ACTIVE_DB = -15.9
LOST_DB = -6
LEVELS = [("-50 dBFS", -50), ("-35 dBFS", -35), ("-20 dBFS", -20), ("-3 dBFS (peak)", None)]


def call(words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        sys.exit(f"{os.path.basename(sys.argv[0])}: `{' '.join(words)}` ended with {done.returncode}:\n{done.stderr.decode()[-1500:]}")
    return done.stdout


def read(path):
    with wave.open(path) as file:
        return array.array("h", file.readframes(file.getnframes()))


def write(path, samples):
    with wave.open(path, "w") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(array.array("h", (max(-32768, min(32767, round(value))) for value in samples)).tobytes())


def power(samples):
    return sum(value * value for value in samples) / max(1, len(samples))


def scaled(samples, level_db):
    """To a level of RMS in dBFS (of a full-scale square), or, for None, to a peak of -3 dBFS."""
    now = math.sqrt(power(samples)) if level_db is not None else max(map(abs, samples))
    factor = 32768 * 10 ** ((-3 if level_db is None else level_db) / 20) / now
    return [value * factor for value in samples]


def lost_frames(before, after):
    """Active frames, and those of them that lost more than 6 dB."""
    floor = power(before) * 10 ** (ACTIVE_DB / 10)
    active = lost = 0
    for at in range(0, len(before) - FRAME + 1, FRAME):
        was, is_now = power(before[at:at + FRAME]), power(after[at:at + FRAME])
        if was > floor:
            active += 1
            lost += is_now < was * 10 ** (LOST_DB / 10)
    return active, lost


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.recordings = []
        for path in sorted(glob.glob(os.path.join(options.clean, "*"))):
            data = call(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"])
            self.recordings.append((os.path.splitext(os.path.basename(path))[0] + ".wav", array.array("h", data)))
        if not self.recordings:
            sys.exit(f"harm: {options.clean}: found no recordings, expected a folder of clean speech")
        for title, level in LEVELS:
            os.makedirs(self.path(title))
            for name, samples in self.recordings:
                write(self.path(title, name), scaled(samples, level))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def measure(self, title, model, more):
        out = self.path("out")
        call([self.options.program, "denoise", self.path(title), "-o", out, "--model", model, "--jobs", self.options.jobs, "--force", "--quiet", *more])
        active = lost = 0
        for name, _ in self.recordings:
            a, b = lost_frames(read(self.path(title, name)), read(os.path.join(out, name)))
            active, lost = active + a, lost + b
        for side, folder in (("before", self.path(title)), ("after", out)):
            os.makedirs(self.path(side), exist_ok=True)
            for name, _ in self.recordings:
                call(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", os.path.join(folder, name), "-af", ",".join(2 * ["highpass=f=60"]),
                      "-c:a", "pcm_f32le", self.path(side, name)])
        scores = ask([self.options.program, "eval", "--clean", self.path("before"), "--noisy", self.path("after"), "--jobs", self.options.jobs, "--json"])
        pesq = [row["noisy"]["pesq_wb"] for row in scores["files"] if row["noisy"]["pesq_wb"] is not None]
        return active, lost, min(pesq), sum(pesq) / len(pesq)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("clean")
    parser.add_argument("--models", default="large,base,small,nano")
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        cases = [(model, more) for model in options.models.split(",") for more in ([], ["--adaptive"])]
        print("| level | " + " | ".join(f"`{model}`" + (", `--adaptive`" if more else "") for model, more in cases) + " |")
        print("|---|" + "---|" * len(cases))
        for title, _ in LEVELS:
            cells = []
            for model, more in cases:
                active, lost, least, mean = bench.measure(title, model, more)
                cells.append(f"{100 * lost / active:.2f} %, PESQ {mean:.2f} ({least:.2f})")
            print(f"| {title} | " + " | ".join(cells) + " |", flush=True)
        print(f"\n{len(bench.recordings)} recordings, {active} active frames.")


if __name__ == "__main__":
    main()
