#!/usr/bin/env python3
"""Three uses of the denoiser, each on speech that is spoilt as that use spoils it, measured before and after.

  bench/applications.py PROGRAM [--out docs/report/applications.csv]

Speech: the four held-out readers of tests/data and examples/audio. Noise: recipes/noise (training heard it), and a
machine, a siren and a crowd that are made here (the crowd of the readers in recipes/speech). Needs ffmpeg.
"""
import argparse
import array
import collections
import glob
import math
import os
import shutil
import subprocess
import sys
import tempfile
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "report"))
import machine  # noqa: E402
import tables  # noqa: E402
from data import COLUMNS, ROOT, shipped_models  # noqa: E402
from measure import ask  # noqa: E402

RATE_HZ = 16000
SECONDS = 40
Use = collections.namedtuple("Use", "name noise snrs_db radio model options")
RADIO_BAND = "aresample=8000,highpass=f=300:p=2,lowpass=f=3400:p=2"
# What the transmitter and the air do to the noisy side alone: cut off at a quarter of full scale, then hiss.
RADIO_CLIP = "asoftclip=type=hard:threshold=0.25"
RADIO_HISS = "aevalsrc=0.004*(2*random(7)-1):s=8000"
USES = [
    Use("headset", "wind", "0,5,10", False, "nano-int8", []),
    Use("headset", "coffee-shop", "0,5,10", False, "nano-int8", []),
    Use("industrial radio", "machine", "0,5,10", True, "small", []),
    Use("industrial radio", "machine", "0,5,10", True, "small", ["--atten-limit-db", "15"]),
    Use("public safety", "siren", "-5,0,5", False, "small", []),
    Use("public safety", "siren", "-5,0,5", False, "small", ["--adaptive", "--atten-limit-db", "12"]),
    Use("public safety", "crowd", "-5,0,5", False, "small", []),
    Use("public safety", "crowd", "-5,0,5", False, "small", ["--adaptive", "--atten-limit-db", "12"]),
]
# A motor's harmonics with unsteady load, a hammer twice a second, air; a siren's wail with overtones in a street.
MADE = {
    "machine": "(0.5+0.2*sin(2*PI*0.7*t))*(sin(2*PI*49.5*t)+0.8*sin(2*PI*99*t)+0.6*sin(2*PI*198*t)+0.5*sin(2*PI*396*t)+0.4*sin(2*PI*792*t)"
               "+0.3*sin(2*PI*1188*t))*0.1+0.5*exp(-40*mod(t\\,0.5))*(2*random(0)-1)+0.06*(2*random(1)-1)",
    "siren": "0.25*sin(2*PI*(1000*t-400*2/PI*cos(PI*t/2)))+0.12*sin(4*PI*(1000*t-400*2/PI*cos(PI*t/2)))"
             "+0.06*sin(6*PI*(1000*t-400*2/PI*cos(PI*t/2)))+0.02*(2*random(0)-1)",
}


def call(words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"applications: `{' '.join(words)}` ended with {done.returncode}:\n{done.stdout.decode()[-1500:]}")


def ffmpeg(*words):
    call(["ffmpeg", "-nostdin", "-v", "error", "-y", *words])


def level_db(path):
    with wave.open(path) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    return 10 * math.log10(sum(value * value for value in samples) / len(samples) + 1e-9)


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder, self.models = program, folder, shipped_models()
        for path in sorted(glob.glob(f"{ROOT}/tests/data/metrics/clean/*") + glob.glob(f"{ROOT}/examples/audio/clean/*")):
            name = os.path.basename(path)
            reader = self.path("speech", os.path.splitext(name)[0])
            os.makedirs(reader)
            shutil.copy(path, os.path.join(reader, name))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def noise(self, name):
        """The folder of a noise, made or copied when it is first asked for."""
        file = self.path("noise", name, name + ".wav")
        if os.path.exists(file):
            return file
        os.makedirs(os.path.dirname(file))
        if name in MADE:
            ffmpeg("-f", "lavfi", "-i", f"aevalsrc={MADE[name]}:s={RATE_HZ}:d={SECONDS}", "-c:a", "pcm_s16le", file)
        elif name == "crowd":
            voices = sorted(glob.glob(f"{ROOT}/recipes/speech/*/*.opus"))[::2]
            inputs = [word for voice in voices for word in ("-stream_loop", "-1", "-i", voice)]
            ffmpeg(*inputs, "-filter_complex", f"amix=inputs={len(voices)}:normalize=0,volume=0.2", "-ar", str(RATE_HZ), "-ac", "1",
                   "-t", str(SECONDS), file)
        else:
            ffmpeg("-i", f"{ROOT}/recipes/noise/{name}.opus", "-ar", str(RATE_HZ), "-ac", "1", "-t", str(SECONDS), file)
        return file

    def pairs(self, use):
        folder = self.path("pairs", f"{use.noise}-{use.radio}")
        if not os.path.exists(folder):
            call([self.program, "mix", "--speech", self.path("speech"), "--noise", os.path.dirname(self.noise(use.noise)), "--snr", use.snrs_db,
                  "--count", str(4 * (use.snrs_db.count(",") + 1)), "--level", "-20:-20", "--seed", "1", "--out", folder])
            if use.radio:
                for path in sorted(glob.glob(folder + "/*/*.wav")):
                    self.through_radio(path, spoil="/noisy/" in path)
        return folder

    def through_radio(self, path, spoil):
        out = path + ".radio.wav"
        if spoil:
            ffmpeg("-i", path, "-f", "lavfi", "-i", RADIO_HISS, "-filter_complex",
                   f"[0]{RADIO_BAND},{RADIO_CLIP}[voice];[voice][1]amix=inputs=2:duration=first:normalize=0", "-c:a", "pcm_s16le", out)
        else:
            ffmpeg("-i", path, "-af", RADIO_BAND, "-c:a", "pcm_s16le", out)
        os.replace(out, path)

    def at_16_khz(self, folder, use):
        """PESQ (wide band) is defined at 16 kHz: what came over the radio is taken there, all sides alike."""
        if not use.radio:
            return folder
        out = folder + ".16k"
        if not os.path.exists(out):
            os.makedirs(out)
            for path in sorted(glob.glob(folder + "/*.wav")):
                ffmpeg("-i", path, "-ar", str(RATE_HZ), os.path.join(out, os.path.basename(path)))
        return out

    def measure(self, number, use):
        folder, out = self.pairs(use), self.path(f"out-{number}")
        options = ["--model", self.models[use.model].path, *use.options]
        call([self.program, "denoise", folder + "/noisy", "-o", out, "--quiet", *options])
        clean, noisy, done = (self.at_16_khz(one, use) for one in (folder + "/clean", folder + "/noisy", out))
        found = ask([self.program, "eval", "--clean", clean, "--noisy", noisy, "--enhanced", done, "--json", "--jobs", "1"])["mean"]
        alone, left = self.noise(use.noise), self.path(f"left-{number}.wav")
        call([self.program, "denoise", alone, "-o", left, "--quiet", *options])
        values = [f"{found[side][measure]['mean']:.4f}" for measure in ("si_sdr_db", "stoi", "pesq_wb") for side in ("noisy", "enhanced")]
        return [use.name, use.noise, use.snrs_db.replace(",", " "), " ".join(["--model", use.model, *use.options]), use.model,
                self.models[use.model].checksum, found["files"], *values, f"{level_db(left) - level_db(alone):.1f}", machine.today()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/report/applications.csv"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pellucid-applications-") as folder:
        bench = Bench(options.program, folder)
        rows = []
        for number, use in enumerate(USES):
            print(f"applications: {use.name}, {use.noise} ({number + 1} of {len(USES)})", flush=True)
            rows.append(bench.measure(number, use))
    tables.write_csv(options.out, COLUMNS["applications.csv"], rows)
    print(f"applications: wrote {options.out}; `make report-draw` puts it into the documents.")


if __name__ == "__main__":
    main()
