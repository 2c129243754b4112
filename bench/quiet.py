#!/usr/bin/env python3
"""What is left of a denoiser where recordings are quiet: pairs weakened by some levels, heard as a stream and as files.

  pellucid mix --corpus corpus --split valid --count 96 --length-s 6 --snr -5,0,5,10,15,20 --seed 11 --out pairs
  bench/quiet.py PROGRAM pairs [--models base,small,nano] [--weaker-db 0,12,24,36,48]

A cell has SI-SDR and PESQ, each as a stream (`eval --model`, which learns the level as it goes) and as files (`denoise`,
which knows the whole of them). Needs ffmpeg.
"""
import argparse
import os
import sys
import tempfile

from harm import call

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "report"))
from measure import ask  # noqa: E402


def weaken(pairs, by_db, out):
    for side in ("clean", "noisy"):
        os.makedirs(os.path.join(out, side))
        for name in sorted(os.listdir(os.path.join(pairs, side))):
            call(["ffmpeg", "-nostdin", "-v", "error", "-i", os.path.join(pairs, side, name), "-af", f"volume=-{by_db}dB:precision=float",
                  "-c:a", "pcm_f32le", os.path.join(out, side, name)])


def score(program, pairs, more):
    words = [program, "eval", "--clean", os.path.join(pairs, "clean"), "--noisy", os.path.join(pairs, "noisy"), "--json"]
    mean = ask(words + more)["mean"]["enhanced"]
    return mean["si_sdr_db"]["mean"], mean["pesq_wb"]["mean"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("pairs")
    parser.add_argument("--models", default="base,small,nano")
    parser.add_argument("--weaker-db", default="0,12,24,36,48")
    options = parser.parse_args()
    models = options.models.split(",")
    print("| weaker by | " + " | ".join(f"`{model}`" for model in models) + " |\n|---|" + "---|" * len(models))
    with tempfile.TemporaryDirectory() as folder:
        for by_db in options.weaker_db.split(","):
            pairs = os.path.join(folder, by_db)
            weaken(options.pairs, by_db, pairs)
            cells = []
            for model in models:
                stream = score(options.program, pairs, ["--model", model])
                out = os.path.join(folder, "out")
                call([options.program, "denoise", os.path.join(pairs, "noisy"), "-o", out, "--model", model, "--force", "--quiet"])
                whole = score(options.program, pairs, ["--enhanced", out])
                cells.append(f"{stream[0]:.1f}, {whole[0]:.1f} dB; {stream[1]:.2f}, {whole[1]:.2f}")
            print(f"| {by_db} dB | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
