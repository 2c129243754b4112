#!/usr/bin/env python3
"""Four uses of the denoiser, each on speech that is spoilt as that use spoils it, measured before and after.

  bench/applications.py PROGRAM [--only "consumer electronics"] [--out docs/report/applications.csv]

Speech: the four held-out readers of tests/data and examples/audio. Noise: recipes/noise (training heard it), and a
machine, a siren, a vacuum cleaner, a kitchen and a crowd that are made here (the crowd of the readers in recipes/speech).
Needs ffmpeg.
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
Use = collections.namedtuple("Use", "name noise snrs_db channel model options")
RADIO, CALL = "radio", "call"
# A television, a loudspeaker or a browser hands over 48 kHz, and noise up to 24.
CALL_RATE_HZ = 48000
RADIO_BAND = "aresample=8000,highpass=f=300:p=2,lowpass=f=3400:p=2"
# What the transmitter and the air do to the noisy side alone: cut off at a quarter of full scale, then hiss.
RADIO_CLIP = "asoftclip=type=hard:threshold=0.25"
RADIO_HISS = "aevalsrc=0.004*(2*random(7)-1):s=8000"
USES = [
    Use("headset", "wind", "0,5,10", "", "nano-int8", []),
    Use("headset", "coffee-shop", "0,5,10", "", "nano-int8", []),
    Use("consumer electronics", "vacuum cleaner", "0,5,10", CALL, "small", []),
    Use("consumer electronics", "vacuum cleaner", "0,5,10", CALL, "base", []),
    Use("consumer electronics", "kitchen", "0,5,10", CALL, "small", []),
    Use("consumer electronics", "kitchen", "0,5,10", CALL, "base", []),
    Use("industrial radio", "machine", "0,5,10", RADIO, "small", []),
    Use("industrial radio", "machine", "0,5,10", RADIO, "small", ["--atten-limit-db", "15"]),
    Use("public safety", "siren", "-5,0,5", "", "small", []),
    Use("public safety", "siren", "-5,0,5", "", "small", ["--adaptive", "--atten-limit-db", "12"]),
    Use("public safety", "crowd", "-5,0,5", "", "small", []),
    Use("public safety", "crowd", "-5,0,5", "", "small", ["--adaptive", "--atten-limit-db", "12"]),
]
# A motor's harmonics with unsteady load, a hammer twice a second, air; a siren's wail with overtones in a street; a fast
# motor over carpet and floor, mostly air; a cooker's hood with water from a tap and two dishes that clink.
MADE = {
    "machine": "(0.5+0.2*sin(2*PI*0.7*t))*(sin(2*PI*49.5*t)+0.8*sin(2*PI*99*t)+0.6*sin(2*PI*198*t)+0.5*sin(2*PI*396*t)+0.4*sin(2*PI*792*t)"
               "+0.3*sin(2*PI*1188*t))*0.1+0.5*exp(-40*mod(t\\,0.5))*(2*random(0)-1)+0.06*(2*random(1)-1)",
    "siren": "0.25*sin(2*PI*(1000*t-400*2/PI*cos(PI*t/2)))+0.12*sin(4*PI*(1000*t-400*2/PI*cos(PI*t/2)))"
             "+0.06*sin(6*PI*(1000*t-400*2/PI*cos(PI*t/2)))+0.02*(2*random(0)-1)",
    "vacuum cleaner": "(0.8+0.2*sin(2*PI*0.4*t))*(0.08*sin(2*PI*310*t)+0.05*sin(2*PI*620*t)+0.03*sin(2*PI*930*t)+0.03*sin(2*PI*1860*t)"
                      "+0.2*(2*random(0)-1))",
    "kitchen": "0.05*sin(2*PI*100*t)+0.04*sin(2*PI*235*t)+0.02*sin(2*PI*470*t)+0.1*(2*random(0)-1)"
               "+0.3*exp(-25*mod(t\\,0.73))*sin(2*PI*3120*mod(t\\,0.73))+0.2*exp(-35*mod(t\\,1.17))*sin(2*PI*4750*mod(t\\,1.17))",
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


def rate_of(use):
    return CALL_RATE_HZ if use.channel == CALL else RATE_HZ


def words_of(use):
    return " ".join(["--model", use.model, *use.options])


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder, self.models = program, folder, shipped_models()
        for path in sorted(glob.glob(f"{ROOT}/tests/data/metrics/clean/*") + glob.glob(f"{ROOT}/examples/audio/clean/*")):
            name = os.path.splitext(os.path.basename(path))[0]
            for rate_hz in (RATE_HZ, CALL_RATE_HZ):
                reader = self.path(f"speech-{rate_hz}", name)
                os.makedirs(reader)
                if rate_hz == RATE_HZ:
                    shutil.copy(path, reader)
                else:
                    ffmpeg("-i", path, "-ar", str(rate_hz), os.path.join(reader, name + ".wav"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def noise(self, name, rate_hz):
        """The file of a noise, made or copied when it is first asked for; its folder holds nothing else."""
        file = self.path(f"noise-{rate_hz}", name, name + ".wav")
        if os.path.exists(file):
            return file
        os.makedirs(os.path.dirname(file))
        if name in MADE:
            ffmpeg("-f", "lavfi", "-i", f"aevalsrc={MADE[name]}:s={rate_hz}:d={SECONDS}", "-c:a", "pcm_s16le", file)
        elif name == "crowd":
            voices = sorted(glob.glob(f"{ROOT}/recipes/speech/*/*.opus"))[::2]
            inputs = [word for voice in voices for word in ("-stream_loop", "-1", "-i", voice)]
            ffmpeg(*inputs, "-filter_complex", f"amix=inputs={len(voices)}:normalize=0,volume=0.2", "-ar", str(rate_hz), "-ac", "1",
                   "-t", str(SECONDS), file)
        else:
            ffmpeg("-i", f"{ROOT}/recipes/noise/{name}.opus", "-ar", str(rate_hz), "-ac", "1", "-t", str(SECONDS), file)
        return file

    def pairs(self, use):
        folder, rate_hz = self.path("pairs", f"{use.noise}-{use.channel}"), rate_of(use)
        if not os.path.exists(folder):
            call([self.program, "mix", "--speech", self.path(f"speech-{rate_hz}"), "--noise", os.path.dirname(self.noise(use.noise, rate_hz)),
                  "--rate", str(rate_hz), "--snr", use.snrs_db, "--count", str(4 * (use.snrs_db.count(",") + 1)), "--level", "-20:-20",
                  "--seed", "1", "--out", folder])
            if use.channel == RADIO:
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
        """PESQ (wide band) is defined at 16 kHz: what came over the radio or a call is taken there, all sides alike."""
        if not use.channel:
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
        alone, left = self.noise(use.noise, rate_of(use)), self.path(f"left-{number}.wav")
        call([self.program, "denoise", alone, "-o", left, "--quiet", *options])
        values = [f"{found[side][measure]['mean']:.4f}" for measure in ("si_sdr_db", "stoi", "pesq_wb") for side in ("noisy", "enhanced")]
        return [use.name, use.noise, use.snrs_db.replace(",", " "), words_of(use), use.model,
                self.models[use.model].checksum, found["files"], *values, f"{level_db(left) - level_db(alone):.1f}", machine.today()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/report/applications.csv"))
    parser.add_argument("--only", choices=sorted({use.name for use in USES}), help="measure one application and keep the others' rows")
    options = parser.parse_args()
    kept = {(row["application"], row["noise"], row["options"]): list(row.values()) for row in tables.read_csv(options.out)} if options.only else {}
    with tempfile.TemporaryDirectory(prefix="pellucid-applications-") as folder:
        bench = Bench(options.program, folder)
        rows = []
        for number, use in enumerate(USES):
            if options.only not in (None, use.name):
                rows += [kept[key] for key in [(use.name, use.noise, words_of(use))] if key in kept]
                continue
            print(f"applications: {use.name}, {use.noise} ({number + 1} of {len(USES)})", flush=True)
            rows.append(bench.measure(number, use))
    tables.write_csv(options.out, COLUMNS["applications.csv"], rows)
    print(f"applications: wrote {options.out}; `make report-draw` puts it into the documents.")


if __name__ == "__main__":
    main()
