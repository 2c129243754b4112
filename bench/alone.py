#!/usr/bin/env python3
"""What a denoiser leaves of noise where nobody speaks, second by second.

  pellucid mix --corpus corpus --split valid --count 90 --length-s 8 --snr -5,0,5,10,15,20 --seed 11 --out pairs
  bench/alone.py PROGRAM pairs [--models large,base,small,nano] [--count 60]

The noise of a pair is its noisy file less its clean one. The row is the level of the denoised noise against the noise
itself, dB, in each second: the median over the first `--count` pairs.
"""
import argparse
import glob
import math
import os
import statistics
import tempfile

from harm import RATE_HZ, call, power, read, write


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("pairs")
    parser.add_argument("--models", default="large,base,small,nano")
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        noises = os.path.join(folder, "noise")
        os.makedirs(noises)
        names = [os.path.basename(path) for path in sorted(glob.glob(os.path.join(options.pairs, "noisy", "*.wav")))[:options.count]]
        if not names:
            parser.error(f"{options.pairs}: found no noisy/*.wav; make pairs with `pellucid mix --out`")
        for name in names:
            noisy, clean = (read(os.path.join(options.pairs, side, name)) for side in ("noisy", "clean"))
            write(os.path.join(noises, name), [a - b for a, b in zip(noisy, clean)])
        for model in options.models.split(","):
            out = os.path.join(folder, "left")
            call([options.program, "denoise", noises, "-o", out, "--model", model, "--force", "--quiet"])
            seconds = {}
            for name in names:
                before, after = read(os.path.join(noises, name)), read(os.path.join(out, name))
                for second in range(len(before) // RATE_HZ):
                    was, left = (power(x[second * RATE_HZ:(second + 1) * RATE_HZ]) for x in (before, after))
                    seconds.setdefault(second, []).append(10 * math.log10((left + 1e-3) / (was + 1e-3)))
            print(f"| `{model}` |", " | ".join(f"{statistics.median(values):.1f}" for values in seconds.values()), "|", flush=True)


if __name__ == "__main__":
    main()
