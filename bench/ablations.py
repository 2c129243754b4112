#!/usr/bin/env python3
"""What one change does to a model: trainings that differ in nothing else, each compared with the first on the same pairs.

  pellucid mix --corpus corpus --split valid --count 96 --length-s 6 --snr -5,0,5,10,15,20 --seed 11 --out pairs
  bench/ablations.py PROGRAM corpus pairs runs [--out docs/report/ablations.csv] [--only STUDY] [--seeds 1,2]

recipes/nano.toml with 2400 steps, each with several seeds and compared with the first of the same seed. What is trained
or compared already (a folder of `runs`, a row of the CSV file) is not done again; a training that was stopped goes on.
`make report-draw` puts table and plot into docs/models.md.
Of a recipe that has changed since, take all rows of a study out of the CSV file first: rows of two recipes do not belong together.
"""
import argparse
import collections
import json
import os
import sys

from harm import call

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(ROOT, "bench", "report"))
import tables  # noqa: E402
from data import COLUMNS  # noqa: E402

Change = collections.namedtuple("Change", "study name words settings")
NO_AUGMENTATION = [f"mix.{kind}_probability=0.0" for kind in (
    "equalizer", "room", "gain_ramp", "lowpass", "resampler", "clip", "quantize", "speed", "transient", "second_noise", "babble_room")]
SEED = ["train.seed=2"]  # by itself a change: compared with the first seed only
PLAIN = Change("", "plain", "", [])
CHANGES = [
    Change("parts", "seed2", "`train.seed=2`", SEED),
    Change("parts", "f20", "20/10 ms, the frame of LC3, Opus and WebRTC (`model.window_samples=320`, `hop_samples=160`), latency 20 ms",
           ["model.window_samples=320", "model.hop_samples=160"]),
    Change("parts", "f16", "16/8 ms (256, 128), latency 16 ms", ["model.window_samples=256", "model.hop_samples=128"]),
    Change("parts", "noaug", "no augmentation (equaliser, rooms, gain ramps, band limits, clipping, quantisation, speed, transients, "
           "second noise)", NO_AUGMENTATION),
    Change("parts", "noover", "`loss.over_suppression=0`", ["loss.over_suppression=0.0"]),
    Change("parts", "nocons", "`loss.consistency=0`", ["loss.consistency=0.0"]),
    Change("parts", "nowave", "`loss.waveform=0`", ["loss.waveform=0.0"]),
    Change("parts", "nocomplex", "`loss.complex=0`, `loss.magnitude=1`", ["loss.complex=0.0", "loss.magnitude=1.0"]),
    Change("parts", "batchstat", "`train.fixed_statistics=0`", ["train.fixed_statistics=0.0"]),
    Change("parts", "adamw", "`train.optimizer=adamw`, `train.weight_decay=1e-4`", ["train.optimizer=adamw", "train.weight_decay=1e-4"]),
    # Of one cost, within 3 %.
    Change("mixers", "seed2", "`train.seed=2`", SEED),
    Change("mixers", "conv-conv", "conv over time, conv over the bands: the plain CNN (width 14, 3 layers of 3 taps a block, 28 frames in all)",
           ["model.time_mixer=conv", "model.freq_mixer=conv", "model.width=14"]),
    Change("mixers", "attention-conv", "attention (16 units, 4 heads, 20 frames), conv",
           ["model.time_mixer=attention", "model.freq_mixer=conv", "model.context_frames=20"]),
    Change("mixers", "attention-dense", "attention (16 units, 4 heads, 28 frames), dense",
           ["model.time_mixer=attention", "model.context_frames=28"]),
    Change("mixers", "gru-conv", "GRU (15 units), conv", ["model.freq_mixer=conv", "model.hidden=15"]),
    Change("mixers", "gru-attention", "GRU (15 units), attention (8 units, 4 heads)",
           ["model.freq_mixer=attention", "model.hidden=15", "model.freq_hidden=8"]),
    Change("mixers", "gru-gru", "GRU (10 units), GRU up and down the bands (8 units each)",
           ["model.freq_mixer=gru", "model.hidden=10", "model.freq_hidden=8"]),
]
MEASURES = ("pesq_wb", "stoi", "si_sdr_db")


def train(options, change, seed):
    folder = os.path.join(options.runs, f"{change.name}-{seed}")
    model, finished = (os.path.join(folder, name) for name in ("nano.safetensors", "finished"))
    if not os.path.exists(finished):
        print(f"training {change.name} with seed {seed}", flush=True)
        begun = ["--resume"] if os.path.exists(os.path.join(folder, "last.ckpt")) else []
        settings = ["train.decay=0.5", "train.fixed_statistics=0.25", "train.steps=2400", "train.validate_every=2400", f"train.seed={seed}",
                    *change.settings]
        call([options.program, "train", os.path.join(ROOT, "recipes", "nano.toml"), "--corpus", options.corpus, "--out", folder, *begun,
              *(word for setting in settings for word in ("--set", setting))])
        open(finished, "w").close()
    return model


def row_of(options, change, seed, plain, model):
    print(f"comparing {change.name} with seed {seed}", flush=True)
    measured = json.loads(call([options.program, "eval", "--compare", plain, model, "--json", "--clean", os.path.join(options.pairs, "clean"),
                                "--noisy", os.path.join(options.pairs, "noisy")]))["measures"]
    about = json.loads(call([options.program, "info", model, "--json"]))
    row = {"study": change.study, "change": change.words, "seed": seed, "multiply_adds_per_s": f"{about['multiply_adds_per_s']:.0f}",
           "hours": f"{about['training']['hours_of_audio']:.1f}"}
    for measure in MEASURES:
        one = measured[measure]
        row[measure] = f"{one['b']:.4f}"
        row.update({f"{measure}_{key}": f"{one['difference'][key]:.4f}" for key in ("mean", "low", "high")})
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("program", "corpus", "pairs", "runs"):
        parser.add_argument(name)
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "report", "ablations.csv"))
    parser.add_argument("--only", choices=["parts", "mixers"], help="one study")
    parser.add_argument("--seeds", default="1,2", type=lambda text: text.split(","))
    options = parser.parse_args()
    rows = {(row["study"], row["change"], row["seed"]): row for row in tables.read_csv(options.out)}
    order = [(change.study, change.words) for change in CHANGES]
    for seed in options.seeds:
        plain = train(options, PLAIN, seed)
        for change in CHANGES:
            key = (change.study, change.words, seed)
            if key in rows or options.only not in (None, change.study) or (change.settings is SEED and seed != options.seeds[0]):
                continue
            rows[key] = row_of(options, change, seed, plain, train(options, change, seed))
            tables.write_csv(options.out, COLUMNS["ablations.csv"], sorted(rows.values(), key=lambda row: order.index((row["study"], row["change"]))))


if __name__ == "__main__":
    main()
