#!/usr/bin/env python3
"""Measures every shipped model and writes what it finds as CSV files; draw.py makes the report of them.

  bench/report/measure.py PROGRAM [--eval DIR] [--out docs/report] [--rounds 3] [--seconds 5] [--jobs 0]

DIR holds clean/, noisy/ and list.json or log.csv: the evaluation set (docs/measuring.md). Where it is not there, figures
on it stay as they were for models whose file has not changed, and others have none.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import machine
import tables
from data import COLUMNS, ROOT, shipped_models

BY_GROUP = ("pesq_wb", "stoi", "estoi", "si_sdr_db")
SIDES = ("noisy", "enhanced", "change")


def say(text):
    print(f"report: {text}", flush=True)


def ask(words):
    """What a command prints as JSON. Its progress goes to the terminal."""
    done = subprocess.run(words, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"report: `{' '.join(words)}` ended with {done.returncode}; nothing was written.")
    return json.loads(done.stdout)


def number(value):
    return "" if value is None else f"{value:.5f}"


def gather_shipped(folder):
    """The pairs that come with the project, as one set: recordings of the tests and of the demo."""
    log = []
    for source in ("tests/data/metrics", "examples/audio"):
        known = {row["id"]: row for row in tables.read_csv(os.path.join(ROOT, source, "expected.csv")) if row["set"] == "noisy"}
        for kind in ("clean", "noisy"):
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
            for name in sorted(os.listdir(os.path.join(ROOT, source, kind))):
                shutil.copy(os.path.join(ROOT, source, kind, name), os.path.join(folder, kind, name))
                if kind == "noisy":
                    row = known.get(os.path.splitext(name)[0], {})
                    log.append((name, row.get("snr_db", ""), row.get("noise", "")))
    tables.write_csv(os.path.join(folder, "log.csv"), ["name", "snr", "noise"], log)
    return folder


class Measuring:
    def __init__(self, options):
        self.options, self.models = options, shipped_models()
        self.day, self.tables = machine.today(), {}

    def write(self):
        """Everything at the end: a run that fails leaves the report as it was."""
        for name, rows in self.tables.items():
            tables.write_csv(os.path.join(self.options.out, name), COLUMNS[name], rows)

    def describe(self):
        infos = {name: ask([self.options.program, "info", "--json", model.path]) for name, model in self.models.items()}
        floats = {info["checksum"]: name for name, info in infos.items() if info["arithmetic"] != "int8"}
        rows = []
        for name, info in infos.items():
            rows.append([name, info["checksum"], info["arithmetic"],
                         floats.get(info.get("quantization", {}).get("float_checksum"), ""), info["bytes"], info["parameters"],
                         f"{info['multiply_adds_per_s']:.0f}", info["state_bytes"], info["memory_bytes"],
                         info["latency_samples"], info["sample_rate_hz"],
                         f"{info.get('training_runs', {}).get('hours_of_audio', 0):.0f}"])
        self.tables["models.csv"] = rows
        return [(row[3], row[0]) for row in rows if row[3]]

    def evaluate(self, name, folder, words):
        log = next((path for path in (os.path.join(folder, file) for file in ("log.csv", "list.json")) if os.path.exists(path)), "")
        return ask([self.options.program, "eval", "--clean", os.path.join(folder, "clean"), "--noisy",
                    os.path.join(folder, "noisy"), "--jobs", str(self.options.jobs), "--json", *words,
                    *(["--log", log] if log else [])])

    def quality(self, sets, pairs):
        rows = {name: [] for name in ("quality.csv", "files.csv", "compare.csv")}
        for name in rows:
            rows[name] = [row for row in tables.read_csv(os.path.join(self.options.out, name)) if row["set"] not in sets and self.current(row)]
            kept = sorted({row["set"] for row in rows[name]})
            if kept and name == "quality.csv":
                say(f"kept what was measured on: {', '.join(kept)}")
        for set_name, folder in sets.items():
            for model in self.models.values():
                say(f"quality of {model.name} on the {set_name} set")
                found = self.evaluate(set_name, folder, ["--model", model.path])
                start = [set_name, model.name, model.checksum, self.day]
                groups = [("all", found["mean"])]
                if found["mean"]["files"] >= 20:  # means of one or two clips say nothing
                    groups += [("snr", part) for part in found["by_snr"]] + [("noise", part) for part in found["by_noise"]]
                for kind, part in groups:
                    for measure in part["noisy"] if kind == "all" else BY_GROUP:
                        values = [part[side][measure] for side in SIDES]
                        rows["quality.csv"].append(start + [kind, part["label"], values[1]["files"], measure] +
                                                   [number(value[key]) for value in values for key in ("mean", "low", "high")])
                for file in found["files"]:
                    snr = file.get("snr_db")
                    rows["files.csv"].append(start[:3] + [file["name"], "" if snr is None else f"{snr:g}", file.get("noise", "")] +
                                             [number(file[side].get(measure)) for measure in BY_GROUP for side in SIDES[:2]])
            for before, after in pairs:
                say(f"{after} against {before} on the {set_name} set")
                found = self.evaluate(set_name, folder, ["--compare", self.models[before].path, self.models[after].path])
                for measure, value in found["measures"].items():
                    rows["compare.csv"].append([set_name, before, after, self.models[before].checksum, self.models[after].checksum,
                                                self.day, measure, value["pairs"], number(value["a"]), number(value["b"])] +
                                               [number(value["difference"][key]) for key in ("mean", "low", "high")] +
                                               [number(value["p"])])
        for name, lines in rows.items():
            self.tables[name] = sorted(lines, key=lambda row: row["set"] if isinstance(row, dict) else row[0])

    def current(self, row):
        """Whether the files that a line speaks of are those that lie there."""
        names = [(row["model"], row["checksum"])] if "model" in row else \
            [(row["float"], row["float_checksum"]), (row["int8"], row["int8_checksum"])]
        return all(name in self.models and self.models[name].checksum == checksum for name, checksum in names)

    def speed(self):
        rounds = []
        for count in range(self.options.rounds):
            say(f"speed, round {count + 1} of {self.options.rounds}")
            words = [self.options.program, "bench", "--json", "--seconds", str(self.options.seconds)]
            found = ask(words + [model.path for model in self.models.values()])["models"]
            rounds.append(dict(zip(self.models, found)))
        rows = []
        for name, model in self.models.items():
            found = [one[name] for one in rounds]
            factors = [one["realtime_factor"] for one in found]

            def middle(key, part=None):
                return statistics.median(one[key] if part is None else one[key][part] for one in found)
            rows.append([name, model.checksum, found[0]["kernels"], f"{middle('realtime_factor'):.0f}", f"{min(factors):.0f}",
                         f"{max(factors):.0f}", f"{middle('multiply_adds_per_s') / 1e9:.2f}", f"{middle('peak_share'):.3f}",
                         f"{middle('load_ms'):.2f}", f"{middle('frame_us', 'p50'):.0f}", f"{middle('frame_us', 'p99'):.0f}",
                         machine.processor(), machine.load(), self.options.rounds, self.day])
        self.tables["speed.csv"] = rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--eval", default="", help="folder of the evaluation set")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/report"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--jobs", type=int, default=0)
    options = parser.parse_args()
    if options.eval and not os.path.isdir(os.path.join(options.eval, "noisy")):
        sys.exit(f"report: the evaluation set '{options.eval}' has no folder noisy/; give EVAL= a folder with clean/ and noisy/, or none.")
    measuring = Measuring(options)
    pairs = measuring.describe()
    with tempfile.TemporaryDirectory(prefix="pellucid-report-") as folder:
        sets = {"shipped": gather_shipped(folder)}
        if options.eval:
            sets["evaluation"] = options.eval
        else:
            say("no evaluation set; only what comes with the project is measured")
        measuring.quality(sets, pairs)
    measuring.speed()
    measuring.write()


if __name__ == "__main__":
    main()
