"""Figures inside the documents: `<!-- report:NAME ARGUMENT -->` … `<!-- /report -->` holds what the report puts there.

  readme           the table and the sentences of README.md
  systems          the same table and sentences elsewhere
  models           a line for each float model
  card MODEL       the figures of a model's card
  limits MODEL     what it does worst, as list items
  field MODEL      other systems on the same clips
  compression      int8 against float
  applications     what bench/applications.py measured
  ablations        what bench/ablations.py measured of the recipe's parts
  chips            embedded/budgets.csv
  mixers           and of networks of other kinds at the same cost
"""
import os
import re

import tables
from data import measure_of

BEGIN, END = re.compile(r"^<!-- report:", re.MULTILINE), re.compile(r"^<!-- /report -->$", re.MULTILINE)
BLOCK = re.compile(r"^(<!-- report:([a-z]+)(?: ([A-Za-z0-9_.-]+))? -->\n)(.*?)(<!-- /report -->)$", re.DOTALL | re.MULTILINE)
SHORT = ("pesq_wb", "stoi", "estoi", "si_sdr_db")


def fixed(value, measure, sign=False):
    decimals = measure_of(measure).decimals
    return f"{float(value):{'+' if sign else ''}.{decimals}f}"


def with_interval(row, key, sign=False):
    mean, low, high = (fixed(row[key + end], row["measure"], sign) for end in ("", "_low", "_high"))
    return f"{mean} [{low}, {high}]"


def to_model(name, data, here):
    path = os.path.relpath(os.path.join("models", name + ".md"), os.path.dirname(here) or ".")
    return f"[`{name}`]({path})"


def to_document(target, here):
    name, _, anchor = target.partition("#")
    path = os.path.relpath(name, os.path.dirname(here) or ".")
    return path + ("#" + anchor if anchor else "")


def the_clips(data, set_name, here):
    files = max(int(row["files"]) for row in data.quality if row["set"] == set_name and row["kind"] == "all")
    if set_name == "evaluation":
        return (f"the {files} clips of the [evaluation set]({to_document('docs/measuring.md#the-evaluation-set', here)}), "
                "speakers and noise recordings that training never saw")
    return (f"{files} recordings that come with the project ([tests]({to_document('tests/data/README.md', here)}), "
            f"[demo]({to_document('examples/audio/README.md', here)}))")


def harm(data, set_name, name, least_db=15.0):
    """One sentence about clips that hardly need a denoiser: how many lose words."""
    clips = [row for row in data.clips(set_name, name) if row["snr_db"] and float(row["snr_db"]) >= least_db]
    if not clips:
        return ""
    change = {row["file"]: float(row["stoi_denoised"]) - float(row["stoi_noisy"]) for row in clips}
    worst = min(clips, key=lambda row: change[row["file"]])
    many = sum(value < -0.01 for value in change.values())
    return (f"`{name}` takes more than .01 STOI from {many or 'none'} of the {len(clips)} clips with SNR ≥ {least_db:g} dB "
            f"(worst: {change[worst['file']]:+.4f}, {worst['noise']} at {float(worst['snr_db']):g} dB).")


def int8_sentence(data, set_name):
    worst = {}
    for before, after in data.pairs:
        for measure, row in data.comparison(set_name, before, after).items():
            worst[measure] = max(worst.get(measure, 0), abs(float(row["difference"])))
    if not worst:
        return ""
    return (f"The int8 models differ from their float ones by at most {worst['pesq_wb']:.3f} PESQ, {worst['stoi']:.4f} STOI and "
            f"{worst['si_sdr_db']:.2f} dB SI-SDR (means of paired differences).")


def file_size(data, name, shown):
    """Of the file; where the int8 model has no line of its own, of that one too."""
    smaller = [after for before, after in data.pairs if before == name and after not in shown]
    return ", ".join([tables.kilobytes(data.models[name]["bytes"]), *(f"int8 {tables.kilobytes(data.models[after]['bytes'])}" for after in smaller)])


def ranking(data, set_name, names, here, ours_bold=None):
    """Ours and others in one table, best PESQ first, the noisy clips last."""
    lines = []
    for name in names:
        rows = {measure: data.row(set_name, name, measure) for measure in SHORT}
        label = f"**Pellucid `{name}`**" if ours_bold else f"**{to_model(name, data, here)}**"
        lines.append((-float(rows["pesq_wb"]["denoised"]), label, tables.millions(data.models[name]["multiply_adds_per_s"]),
                      file_size(data, name, names), [fixed(rows[measure]["denoised"], measure) for measure in SHORT]))
    for row in data.field(set_name):
        low, high = row["multiply_adds_low"], row["multiply_adds_high"]
        cost = "–" if not low else tables.millions(low) if low == high else f"{float(low) / 1e9:g}–{tables.millions(high)}"
        lines.append((-float(row["pesq_wb"]), row["system"], cost, "", [fixed(row[measure], measure) for measure in SHORT]))
    lines.sort(key=lambda line: line[:2])
    noisy = [fixed(data.row(set_name, names[0], measure)["noisy"], measure) for measure in SHORT]
    return tables.markdown(["system", "multiply-adds/s", "file", "PESQ (wide band)", "STOI", "ESTOI", "SI-SDR dB"],
                           [[label, cost, size, *values] for _, label, cost, size, values in lines] + [["(noisy)", "", "", *noisy]])


def peak(data):
    """What the core can do at most, of the row in which rounding matters least."""
    row = max(data.speed.values(), key=lambda row: float(row["giga_multiply_adds_per_s"]))
    return f"{float(row['giga_multiply_adds_per_s']) / float(row['peak_share']):.0f} G multiply-adds a second"


def speed_sentence(data):
    rows = [data.speed[name] for name in data.order if name in data.speed]
    if not rows:
        return ""
    listed = ", ".join(f"`{row['model']}` {row['realtime_factor']}" for row in rows)
    return (f"Speed on one core of an {rows[0]['processor']} that does {peak(data)} at most ({rows[0]['kernels']} kernels, processor "
            f"time, the machine's load was {rows[0]['load']}): {listed} times real time.")


def systems(data, argument, here):
    set_name = data.sets[0]
    names = data.measured(set_name, data.floats)
    sentences = [harm(data, set_name, name) for name in names]
    sentences += [int8_sentence(data, set_name), speed_sentence(data)]
    return (f"Means over {the_clips(data, set_name, here)}; Pellucid in bold:\n\n" + ranking(data, set_name, names, here) + "\n" +
            "\n".join(sentence for sentence in sentences if sentence) + "\n")


def readme(data, argument, here):
    return systems(data, argument, here) + \
        f"The [report]({to_document('docs/report/README.md', here)}) has intervals, SNRs, noises, speed, chips and plots.\n"


def models(data, argument, here):
    set_name = data.sets[0]
    rows = [["(noisy)", "", "", "", ""] + [fixed(data.row(set_name, data.measured(set_name)[0], measure)["noisy"], measure)
                                           for measure in ("pesq_wb", "stoi", "si_sdr_db")]]
    for name in data.measured(set_name, data.floats):
        model = data.models[name]
        rows.append([to_model(name, data, here), tables.thousands(model["parameters"]), tables.millions(model["multiply_adds_per_s"]),
                     tables.kilobytes(model["bytes"]), model["training_hours"]] +
                    [fixed(data.row(set_name, name, measure)["denoised"], measure) for measure in ("pesq_wb", "stoi", "si_sdr_db")])
    return tables.markdown(["model", "parameters", "multiply-adds/s", "file", "hours of mixtures seen", "PESQ", "STOI", "SI-SDR dB"], rows)


def card(data, name, here):
    set_name = next((one for one in data.sets if name in data.measured(one)), None)
    if not set_name:
        return "Not measured yet.\n"
    model = data.models[name]
    measured = data.rows(set_name, name)[0]["measured"]
    start = f"Measured {measured} on {the_clips(data, set_name, here)}: means over files"
    if model["float"] in data.models:
        before = model["float"]
        rows = data.comparison(set_name, before, name)
        return (f"{start} of `{before}` and `{name}` and the mean difference (`pellucid eval --compare {before} {name}`), "
                "with 95 % bootstrap intervals and p-values of a paired randomisation test:\n\n" +
                tables.markdown(["", f"`{before}`", f"`{name}`", "difference", "p"],
                                [[measure_of(measure).title, fixed(row["float_mean"], measure), fixed(row["int8_mean"], measure),
                                  difference(row), f"{float(row['p']):.2f}"]
                                 for measure, row in rows.items() if measure in SHORT]))
    words = (f"{start} with 95 % bootstrap intervals of the mean (`pellucid eval --model {name}`):\n\n" +
             tables.markdown(["", "noisy", "denoised", "change"],
                             [[measure_of(row["measure"]).title, with_interval(row, "noisy"), with_interval(row, "denoised"),
                               with_interval(row, "change", True)] for row in data.rows(set_name, name)]))
    groups = data.groups(set_name, "snr")
    if len(groups) > 1:
        lines = []
        for group in groups:
            rows = [data.row(set_name, name, measure, "snr", group) for measure in ("pesq_wb", "si_sdr_db", "stoi")]
            lines.append([f"{group} dB", rows[0]["files"]] + [f"{fixed(row['noisy'], row['measure'])} → {fixed(row['denoised'], row['measure'])}"
                                                           for row in rows])
        words += "\n" + tables.markdown(["SNR", "files", "PESQ", "SI-SDR dB", "STOI"], lines)
    clips = data.clips(set_name, name)
    better = sum(float(row["stoi_denoised"]) > float(row["stoi_noisy"]) for row in clips)
    return words + f"\nSTOI rises in {better} of {len(clips)} files. {harm(data, set_name, name)}\n"


def difference(row):
    """One digit more than the means: what a compression costs is small."""
    decimals = measure_of(row["measure"]).decimals + 1
    mean, low, high = (f"{float(row['difference' + end]):+.{decimals}f}" for end in ("", "_low", "_high"))
    return f"{mean} [{low}, {high}]"


def limits(data, name, here):
    set_name = next((one for one in data.sets if name in data.measured(one)), None)
    if not set_name:
        return ""
    items = []
    noises = {row["group"]: row for row in data.rows(set_name, name, "noise") if row["measure"] == "stoi"}
    if noises:
        worst = min(noises.values(), key=lambda row: float(row["change"]))
        items.append(f"- By STOI its weakest noise is {worst['group']}: {fixed(worst['noisy'], 'stoi')} → "
                     f"{fixed(worst['denoised'], 'stoi')} on {worst['files']} clips.")
    clips = sorted(data.clips(set_name, name), key=lambda row: float(row["stoi_denoised"]) - float(row["stoi_noisy"]))[:3]
    listed = "; ".join(f"{row['noise'] or row['file']}{' at ' + row['snr_db'] + ' dB' if row['snr_db'] else ''} "
                       f"({float(row['stoi_denoised']) - float(row['stoi_noisy']):+.3f})" for row in clips)
    return "\n".join(items + [f"- The three files that change worst in STOI: {listed}."]) + "\n"


def field(data, name, here):
    return ranking(data, "evaluation", data.measured("evaluation", [name]), here, ours_bold=name) \
        if data.measured("evaluation", [name]) else "Not measured on the same clips yet.\n"


def compression(data, argument, here):
    set_name = data.sets[0]
    lines = []
    for before, after in data.pairs:
        rows = data.comparison(set_name, before, after)
        if not rows:
            continue
        cells = [f"{fixed(rows[measure]['float_mean'], measure)} → {fixed(rows[measure]['int8_mean'], measure)}, "
                 f"{difference(rows[measure])}" for measure in ("pesq_wb", "stoi", "si_sdr_db")]
        a, b = data.models[before], data.models[after]
        lines.append([f"`{before}` → `{after}`", *cells, f"{tables.kilobytes(a['bytes'])} → {tables.kilobytes(b['bytes'])}",
                      f"{a['state_bytes']} → {b['state_bytes']}"])
    return tables.markdown(["", "PESQ", "STOI", "SI-SDR dB", "file", "state of the network, bytes"], lines)


def applications(data, argument, here):
    if not data.applications:
        return "Not measured yet.\n"
    lines = []
    for row in data.applications:
        cells = [f"{float(row[key + '_before']):.{digits}f} → {float(row[key + '_after']):.{digits}f}"
                 for key, digits in (("si_sdr_db", 1), ("stoi", 3), ("pesq_wb", 2))]
        lines.append([row["application"], row["noise"], row["snrs_db"].replace(" ", ", "), f"`{row['options']}`", row["pairs"], *cells,
                      f"{float(row['noise_alone_db']):.1f} dB"])
    return tables.markdown(["application", "noise", "SNR dB", "`pellucid denoise`", "pairs", "SI-SDR dB", "STOI", "PESQ", "noise alone"], lines)


def chips(data, argument, here):
    return tables.markdown(["chip", "model", "instructions a hop, mean", "worst", "flash, kB", "memory, kB", "stack, bytes"],
                           [[f"`{row['chip']}`", f"`{row['model']}`", tables.thousands(row["mean_instructions"]), tables.thousands(row["worst_instructions"]),
                             f"{float(row['flash_bytes']) / 1000:.1f}", f"{float(row['ram_bytes']) / 1000:.1f}", row["stack_bytes"]]
                            for row in data.budgets])


def study(data, name):
    """A row a change: with one seed the mean over the pairs and its interval, with several the mean of theirs, and each."""
    measures = ("pesq_wb", "stoi", "si_sdr_db")

    def change(runs, measure):
        def said(value):
            return fixed(value, measure, True)
        if len(runs) == 1:
            mean, low, high = (said(runs[0][f"{measure}_{end}"]) for end in ("mean", "low", "high"))
            return f"{mean} [{low}, {high}]"
        means = [float(run[f"{measure}_mean"]) for run in runs]
        return f"{said(sum(means) / len(means))} ({', '.join(said(mean) for mean in means)})"
    found = {}
    for row in data.ablations:
        if row["study"] == name:
            found.setdefault(row["change"], []).append(row)
    rows = [[words, tables.millions(runs[0]["multiply_adds_per_s"]), *(change(runs, measure) for measure in measures)]
            for words, runs in found.items()]
    return tables.markdown(["what differs", "multiply-adds/s", *(measure_of(measure).title for measure in measures)], rows)


def ablations(data, argument, here):
    return study(data, "parts")


def mixers(data, argument, here):
    return study(data, "mixers")


MAKERS = {"readme": readme, "systems": systems, "models": models, "card": card, "limits": limits, "field": field, "compression": compression,
          "applications": applications, "chips": chips, "ablations": ablations, "mixers": mixers}


def filled(text, data, here):
    """The document with every block made anew. `here` is its path below the root, for links."""
    def fill(match):
        maker = MAKERS.get(match.group(2))
        if maker is None:
            raise SystemExit(f"report: {here}: no block is called '{match.group(2)}'; known: {', '.join(MAKERS)}.")
        if match.group(3) and match.group(3) not in data.models:
            raise SystemExit(f"report: {here}: the block '{match.group(2)} {match.group(3)}' names a model that is not in the report; "
                             "run `make report` or correct the name.")
        return match.group(1) + maker(data, match.group(3), here) + match.group(5)
    return BLOCK.sub(fill, text)
