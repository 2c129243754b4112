#!/usr/bin/env python3
"""Time and peak memory of the commands as their input grows: many files, a long recording, many short files.

  bench/scale.py PROGRAM [--files 25000,50000,100000] [--hours 1,3,10] [--short 1000,10000]
                 [--held-hours 0.1,0.3,1] [--jobs 1] [--work DIR] [--out docs/report/scale.csv] [--only PART]

The material is made of the speech in recipes/ in a folder of its own, which is removed at the end; it needs about 60 kB
a file of the largest --files, 350 MB an hour of the longest --hours, and 100 kB a file of the largest --short; in TMPDIR
or /var/tmp 500 MB an hour more. --held-hours are for what takes long or holds a pair in memory, up to 1 GB an hour.
The CSV has a line for each run; lines of cases or sizes that were not run this time stay. --only takes cases whose name
holds PART; `none` in place of sizes leaves a group out. `make report-draw` makes the table and tests the claims.
"""
import argparse
import array
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "report"))
import machine  # noqa: E402
import tables  # noqa: E402

LEAST_MB = 0.1             # no command runs in less: it was looked at before it began, or the kernel does not tell
RATE_HZ = 16000
FILE_SAMPLES = 11200       # 0.7 s: 22 kB, and no shorter than `prepare` takes
SHORT_SAMPLES = 16000      # 1 s
COLUMNS = ["case", "unit", "size", "wall_s", "cpu_s", "peak_mb", "resident_mb", "result", "jobs", "measured", "processor"]


def numbers(text):
    if text == "none":
        return []
    values = sorted(float(word) for word in text.split(","))
    if not values or values[0] <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of sizes above zero, such as 1,3,10")
    return [int(value) if value == int(value) else value for value in values]


def run(words):
    """Runs a command to its end: wall clock, processor time, and in MB the peaks of its own memory (RssAnon, looked at
    every 20 ms) and of all that was resident (maxrss: files that it maps, such as a corpus, count too). Of a command that
    ends before it was looked at in earnest, and on kernels that do not tell RssAnon, all that was resident stands for both."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT)
        anonymous_kb = 0
        while True:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    for line in status:
                        key, *value = line.split()
                        if key == "RssAnon:":
                            anonymous_kb = max(anonymous_kb, int(value[0]))
            except OSError:
                pass
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(code)
                break
            time.sleep(0.02)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"scale: {' '.join(words)} ended with {process.returncode}:\n{said.read()[-2000:].decode()}")
    resident_mb, anonymous_mb = usage.ru_maxrss / 1024, anonymous_kb / 1024
    own_mb = anonymous_mb if anonymous_mb >= LEAST_MB else resident_mb
    return [time.monotonic() - begin, usage.ru_utime + usage.ru_stime, own_mb, resident_mb]


class Material:
    """Speech of the repository as one stretch of samples, clean and with noise, and files cut out of it."""

    def __init__(self, program, recipes, folder):
        self.folder = folder
        pairs = os.path.join(folder, "pairs")
        subprocess.run([program, "mix", "--speech", os.path.join(recipes, "speech"), "--noise",
                        os.path.join(recipes, "noise"), "--snr", "5", "--level", "-24:-24", "--out", pairs, "--jobs", "1"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.samples = {kind: b"".join(self.pcm(path) for path in sorted(glob.glob(f"{pairs}/{kind}/*.wav")))
                        for kind in ("clean", "noisy")}

    @staticmethod
    def pcm(path):
        with wave.open(path) as file:
            return file.readframes(file.getnframes())

    @staticmethod
    def write(path, blocks):
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            for block in blocks:
                file.writeframesraw(block)

    def cut(self, kind, number, samples):
        """Stretch `number`: another start each time, so that no two files are alike."""
        room = len(self.samples[kind]) // 2 - samples
        start = 2 * (number * 2477 % room)
        return self.samples[kind][start:start + 2 * samples]

    def long(self, path, kind, hours):
        left = int(hours * 3600 * RATE_HZ) * 2
        os.makedirs(os.path.dirname(path), exist_ok=True)

        def blocks(left=left):
            while left > 0:
                block = self.samples[kind][:left]
                left -= len(block)
                yield block
        self.write(path, blocks())

    def speakers(self, folder, count):
        """`count` files, a hundred a folder, each with a fifth of silence, so that `prepare` finds it fit."""
        silence = bytes(2 * FILE_SAMPLES // 5)
        for number in range(count):
            speaker = os.path.join(folder, f"{number // 100:05}")
            if number % 100 == 0:
                os.makedirs(speaker, exist_ok=True)
            path = os.path.join(speaker, f"{number:06}.wav")
            if not os.path.exists(path):
                samples = self.cut("clean", number, FILE_SAMPLES - len(silence) // 2)
                mark = array.array("h", [number % 30000, number // 30000]).tobytes()
                self.write(path, [silence, samples[4:], mark])

    def pairs(self, folder, count):
        for kind in ("clean", "noisy"):
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
            for number in range(count):
                path = os.path.join(folder, kind, f"{number:06}.wav")
                if not os.path.exists(path):
                    self.write(path, [self.cut(kind, number, SHORT_SAMPLES)])


class Runner:
    def __init__(self, options, work):
        self.program, self.jobs, self.work = options.program, str(options.jobs), work
        self.held_hours, self.only = options.held_hours, options.only
        self.out = options.out
        self.rows = [[row[column] for column in COLUMNS] for row in tables.read_csv(self.out)]

    def measure(self, case, unit, size, words, result=None):
        if self.only not in case:
            return
        print(f"scale: {case}, {size} {unit} ...", end=" ", flush=True)
        wall_s, cpu_s, peak_mb, resident_mb = run([self.program, *words])
        made = result() if result else ""
        print(f"{wall_s:.1f} s, {cpu_s:.1f} s of processor time, {peak_mb:.1f} MB, resident {resident_mb:.1f} MB {made}", flush=True)
        self.rows = [row for row in self.rows if row[:3] != [case, unit, str(size)]]
        self.rows.append([case, unit, str(size), f"{wall_s:.2f}", f"{cpu_s:.2f}", f"{peak_mb:.1f}", f"{resident_mb:.1f}", made,
                          self.jobs, machine.today(), machine.processor()])
        tables.write_csv(self.out, COLUMNS, self.rows)

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def many_files(self, material, sizes):
        for size in sizes:
            material.speakers(self.path("speakers"), size)
            corpus = self.path("corpus")
            self.measure("prepare", "files", size,
                         ["prepare", "--speech", self.path("speakers"), "--out", corpus, "--valid", "0", "--jobs", self.jobs],
                         lambda: kept(corpus))
            remove(corpus)
        shutil.rmtree(self.path("speakers"), ignore_errors=True)

    def long_recording(self, material, sizes):
        speech, noisy = self.path("long", "clean", "0", "long.wav"), self.path("long", "noisy", "long.wav")
        few, out, corpus, mixed = (self.path(name) for name in ("few", "out", "corpus", "mixed"))
        material.speakers(few, 200)
        pairs = ["--count", "100", "--length-s", "6", "--snr", "5", "--out", mixed, "--jobs", self.jobs]
        for hours in sizes:
            material.long(noisy, "noisy", hours)
            noise = os.path.dirname(noisy)
            self.measure("denoise", "hours", hours, ["denoise", noisy, "--model", "small", "-o", out + ".wav", "--quiet"])
            remove(out + ".wav")
            self.measure("prepare", "hours", hours,
                         ["prepare", "--speech", few, "--noise", noise, "--out", corpus, "--valid", "0", "--jobs", self.jobs],
                         lambda: kept(corpus))
            self.measure("mix, 100 pairs of 6 s from that corpus", "hours", hours,
                         ["mix", "--corpus", corpus, "--split", "train", *pairs])
            remove(corpus)
            remove(mixed)
            self.measure("mix, 100 pairs of 6 s from the file", "hours", hours,
                         ["mix", "--speech", few, "--noise", noise, *pairs])
            remove(mixed)
            self.measure("spectrogram", "hours", hours, ["spectrogram", noisy, "-o", out + ".png", "--force"])
        for hours in self.held_hours:
            material.long(speech, "clean", hours)
            material.long(noisy, "noisy", hours)
            self.measure("mix, the recording as one pair", "hours", hours,
                         ["mix", "--speech", self.path("long", "clean"), "--noise", "fan", "--count", "1", "--snr", "5",
                          "--out", mixed, "--jobs", self.jobs])
            remove(mixed)
            self.measure("eval", "hours", hours, ["eval", "--clean", speech, "--noisy", noisy, "--brief", "--jobs", self.jobs])
        shutil.rmtree(self.path("long"), ignore_errors=True)

    def short_files(self, material, sizes):
        for size in sizes:
            material.pairs(self.path("short"), size)
            clean, noisy, out = self.path("short", "clean"), self.path("short", "noisy"), self.path("denoised")
            self.measure("denoise, files of 1 s", "files", size, ["denoise", noisy, "--model", "small", "-o", out, "--jobs", self.jobs, "--quiet"])
            self.measure("eval, files of 1 s", "files", size,
                         ["eval", "--clean", clean, "--noisy", noisy, "--brief", "--jobs", self.jobs])
            remove(out)


def remove(path):
    """A file or a folder, where a case that was not run left none."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


def kept(corpus):
    with open(os.path.join(corpus, "index.jsonl"), encoding="utf-8") as index:
        return f"{json.loads(index.readline())['clips']} clips"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--files", type=numbers, default=numbers("25000,50000,100000"))
    parser.add_argument("--hours", type=numbers, default=numbers("1,3,10"))
    parser.add_argument("--held-hours", type=numbers, default=numbers("0.1,0.3,1"))
    parser.add_argument("--short", type=numbers, default=numbers("1000,10000"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", metavar="PART")
    parser.add_argument("--work", help="folder for the material (default: the system's temporary folder)")
    parser.add_argument("--out", default="docs/report/scale.csv")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    needed = sum(each * max(sizes, default=0) for each, sizes in ((60e3, options.files), (350e6, options.hours),
                                                                   (700e6, options.held_hours), (100e3, options.short)))
    with tempfile.TemporaryDirectory(prefix="pellucid-scale-", dir=options.work) as work:
        free = shutil.disk_usage(work).free
        if free < 1.2 * needed:
            sys.exit(f"scale: {work} has {free / 1e9:.1f} GB free, this needs {1.2 * needed / 1e9:.1f}; "
                     "give another folder by --work or smaller sizes.")
        material = Material(options.program, os.path.join(os.path.dirname(__file__), "..", "recipes"), work)
        runner = Runner(options, work)
        runner.long_recording(material, options.hours)
        runner.many_files(material, options.files)
        runner.short_files(material, options.short)
    print(f"scale: wrote {options.out}; `make report-draw` puts it into the report.")


if __name__ == "__main__":
    main()
