"""What the report knows: shipped models, the CSV files of docs/report, budgets of chips, other systems."""
import collections
import functools
import glob
import os
import re
import zlib

import tables

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = "docs/report"
VALUES = [f"{side}{end}" for side in ("noisy", "denoised", "change") for end in ("", "_low", "_high")]
COLUMNS = {
    "models.csv": ["model", "checksum", "arithmetic", "float", "bytes", "parameters", "multiply_adds_per_s", "state_bytes",
                   "memory_bytes", "latency_samples", "sample_rate_hz", "training_hours"],
    "quality.csv": ["set", "model", "checksum", "measured", "kind", "group", "files", "measure", *VALUES],
    "files.csv": ["set", "model", "checksum", "file", "snr_db", "noise",
                  *(f"{measure}_{side}" for measure in ("pesq_wb", "stoi", "estoi", "si_sdr_db") for side in ("noisy", "denoised"))],
    "compare.csv": ["set", "float", "int8", "float_checksum", "int8_checksum", "measured", "measure", "pairs", "float_mean",
                    "int8_mean", "difference", "difference_low", "difference_high", "p"],
    "speed.csv": ["model", "checksum", "kernels", "realtime_factor", "lowest", "highest", "giga_multiply_adds_per_s",
                  "peak_share", "load_ms", "frame_p50_us", "frame_p99_us", "processor", "load", "rounds", "measured"],
    "applications.csv": ["application", "noise", "snrs_db", "options", "model", "checksum", "pairs",
                         *(f"{measure}_{side}" for measure in ("si_sdr_db", "stoi", "pesq_wb") for side in ("before", "after")),
                         "noise_alone_db", "measured"],
    "ablations.csv": ["study", "change", "seed", "multiply_adds_per_s", "hours",
                      *(measure + key for measure in ("pesq_wb", "stoi", "si_sdr_db") for key in ("", "_mean", "_low", "_high"))],
    "hours.csv": ["model", "run", "hours", "si_sdr_db", "stoi"],
}
Model = collections.namedtuple("Model", "name path checksum")
Measure = collections.namedtuple("Measure", "title decimals unit")
MEASURES = {
    "si_sdr_db": Measure("SI-SDR dB", 2, " dB"),
    "pesq_wb": Measure("PESQ (wide band)", 2, ""),
    "stoi": Measure("STOI", 3, ""),
    "estoi": Measure("ESTOI", 3, ""),
    "csig": Measure("CSIG", 2, ""),
    "cbak": Measure("CBAK", 2, ""),
    "covl": Measure("COVL", 2, ""),
    "seg_snr_db": Measure("segmental SNR dB", 2, " dB"),
    "llr": Measure("LLR (lower is better)", 2, ""),
    "wss": Measure("WSS (lower is better)", 1, ""),
    "lsd_db": Measure("LSD dB (lower is better)", 2, " dB"),
}


def measure_of(name):
    return MEASURES.get(name, Measure(name, 3, ""))


def checksum_of(path):
    """As the file states it; `crc32:damaged` where it is not that of its bytes (docs/network.md, "The file")."""
    with open(path, "rb") as file:
        content = file.read()
    header = content[:8 + int.from_bytes(content[:8], "little")]
    stated = re.search(rb'(?<!\\)"checksum"\s*:\s*"crc32:([0-9a-f]{8})"', header)
    if not stated:
        return "none"
    blanked = content[:stated.start(1)] + b"0" * 8 + content[stated.end(1):]
    found = f"{zlib.crc32(blanked):08x}"
    return f"crc32:{found}" if found == stated.group(1).decode() else "crc32:damaged"


def shipped_models(root=ROOT):
    files = sorted(glob.glob(os.path.join(root, "models", "*.safetensors")))
    return {name: Model(name, file, checksum_of(file))
            for file in files for name in [os.path.splitext(os.path.basename(file))[0]]}


class Data:
    """Everything that is drawn, read from the files below a root."""

    def __init__(self, root=ROOT):
        self.root = root
        self.shipped = shipped_models(root)
        rows = {name: tables.read_csv(self.path(name)) for name in COLUMNS}
        self.models = {row["model"]: row for row in rows["models.csv"]}
        self.quality, self.files, self.compare = rows["quality.csv"], rows["files.csv"], rows["compare.csv"]
        self.speed = {row["model"]: row for row in rows["speed.csv"]}
        self.scale = tables.read_csv(self.path("scale.csv"))
        self.applications = rows["applications.csv"]
        self.ablations, self.hours = rows["ablations.csv"], rows["hours.csv"]
        self.budgets = tables.read_csv(os.path.join(root, "embedded", "budgets.csv"))
        self.all_field = tables.read_csv(os.path.join(root, "bench", "report", "field.csv"))

    def path(self, name):
        return os.path.join(self.root, FOLDER, name)

    @functools.cached_property
    def order(self):
        """Small models first, an int8 model behind its float one."""
        return sorted(self.models, key=lambda name: (float(self.models[name]["multiply_adds_per_s"]), name))

    def measured(self, set_name, names=None):
        have = {row["model"] for row in self.quality if row["set"] == set_name}
        return [name for name in self.order if name in have and (names is None or name in names)]

    @property
    def floats(self):
        return [name for name in self.order if self.models[name]["arithmetic"] != "int8"]

    @property
    def pairs(self):
        """(float, int8) where both are shipped."""
        return [(self.models[name]["float"], name) for name in self.order if self.models[name]["float"] in self.models]

    @functools.cached_property
    def sets(self):
        have = {row["set"] for row in self.quality}
        return [name for name in ("evaluation", "shipped") if name in have]

    def field(self, set_name):
        """Other systems on the same clips: none where the noisy clips have other means than theirs."""
        ours = self.measured(set_name)
        noisy = next(row for row in self.all_field if row["system"] == "(noisy)")
        same = ours and all(abs(float(self.row(set_name, ours[0], measure)["noisy"]) - float(noisy[measure])) <= 0.006
                            for measure in ("pesq_wb", "stoi", "estoi", "si_sdr_db"))
        return [row for row in self.all_field if row is not noisy] if same else []

    def rows(self, set_name, model, kind="all"):
        return [row for row in self.quality if (row["set"], row["model"], row["kind"]) == (set_name, model, kind)]

    def row(self, set_name, model, measure, kind="all", group="all"):
        return next((row for row in self.rows(set_name, model, kind)
                     if row["measure"] == measure and row["group"] == group), None)

    def clips(self, set_name, model):
        return [row for row in self.files if (row["set"], row["model"]) == (set_name, model)]

    def groups(self, set_name, kind):
        found = list(dict.fromkeys(row["group"] for row in self.quality if row["set"] == set_name and row["kind"] == kind))
        return sorted(found, key=float) if kind == "snr" else sorted(found)

    def comparison(self, set_name, before, after):
        return {row["measure"]: row for row in self.compare
                if (row["set"], row["float"], row["int8"]) == (set_name, before, after)}

    def stale(self):
        """Sentences: where the report speaks of other files than those that lie in models/."""
        problems = []
        for name, model in self.shipped.items():
            if name not in self.models:
                problems.append(f"models/{name}.safetensors is not in the report; run `make report`.")
            elif self.models[name]["checksum"] != model.checksum:
                problems.append(f"models/{name}.safetensors is {model.checksum}, the report is of "
                                f"{self.models[name]['checksum']}; run `make report`.")
            if not os.path.exists(os.path.join(self.root, "models", name + ".md")):
                problems.append(f"models/{name}.md, the card of models/{name}.safetensors, is missing.")
        problems += [f"The report has a model {name}, models/ has none." for name in self.models if name not in self.shipped]
        stated = {name: row["checksum"] for name, row in self.models.items()}
        for table, rows in (("quality.csv", self.quality), ("files.csv", self.files), ("speed.csv", self.speed.values()),
                            ("applications.csv", self.applications)):
            bad = sorted({row["model"] for row in rows if stated.get(row["model"]) != row["checksum"]})
            problems += [f"{FOLDER}/{table}: {name} was measured with another file; run `make report`." for name in bad]
        for row in self.compare:
            if (stated.get(row["float"]), stated.get(row["int8"])) != (row["float_checksum"], row["int8_checksum"]):
                problems.append(f"{FOLDER}/compare.csv: {row['int8']} was compared with other files; run `make report`.")
                break
        return problems
