"""docs/report/README.md: every section a function from the data to Markdown, or nothing where nothing was measured."""
import blocks
import claims
import tables
from blocks import fixed, with_interval
from data import FOLDER, measure_of

HERE = f"{FOLDER}/README.md"
NAMES = {"evaluation": "Evaluation set", "shipped": "Recordings that come with the project"}


def picture(name, words, plots):
    return f"![{words}]({name})\n\n" if name in plots else ""


def quality(data, plots):
    words = "## Quality\n\n"
    for set_name in data.sets:
        main = set_name == data.sets[0]
        names = data.measured(set_name)
        words += f"### {NAMES[set_name]}\n\nMeans over {blocks.the_clips(data, set_name, HERE)}, with 95 % bootstrap intervals of the mean.\n\n"
        if main:
            words += picture("quality.svg", "PESQ, STOI and SI-SDR of every system", plots)
        measures = [row["measure"] for row in data.rows(set_name, names[0]) if main or row["measure"] in blocks.SHORT]
        rows = {name: {row["measure"]: row for row in data.rows(set_name, name)} for name in names}
        words += tables.markdown(["", "noisy", *(f"`{name}`" for name in names)],
                                 [[measure_of(measure).title, with_interval(rows[names[0]][measure], "noisy"),
                                   *(with_interval(rows[name][measure], "denoised") for name in names)] for measure in measures])
        if not main:
            words += "\n"
            continue
        if data.field(set_name):
            words += "\nOthers on the same clips ([how](../measuring.md#comparing-with-others)):\n\n" + blocks.ranking(data, set_name, names, HERE)
        groups = data.groups(set_name, "snr")
        if groups:
            words += "\n### By signal-to-noise ratio\n\n" + picture("snr.svg", "PESQ and STOI against SNR", plots)
            words += "Change against the noisy clips, mean and 95 % interval:\n\n" + by_group(data, set_name, "snr", groups, " dB")
        groups = data.groups(set_name, "noise")
        if groups:
            words += "\n### By noise\n\n" + picture("noise.svg", "Gain in each noise", plots) + \
                "Few clips each: the intervals are wide.\n\n" + by_group(data, set_name, "noise", groups, "")
        words += "\n" + "\n".join(f"- {sentence}" for name in data.measured(set_name, data.floats)
                                  for sentence in [blocks.harm(data, set_name, name)] if sentence) + "\n\n"
    return words


def by_group(data, set_name, kind, groups, unit):
    names = data.measured(set_name, data.floats)
    header = [kind if kind == "noise" else "SNR", "files"] + [f"`{name}` {short}" for name in names for short in ("PESQ", "STOI", "SI-SDR dB")]
    lines = []
    for group in groups:
        cells = [data.row(set_name, name, measure, kind, group) for name in names for measure in ("pesq_wb", "stoi", "si_sdr_db")]
        lines.append([group + unit, cells[0]["files"], *(with_interval(cell, "change", True) for cell in cells)])
    return tables.markdown(header, lines)


def compression(data, plots):
    words = ("## Compression\n\nInt8 models against the float models that they were made of ([how](../compression.md)): means, and the mean of the "
             "paired differences with its 95 % interval and p-value.\n\n")
    for set_name in data.sets:
        for before, after in data.pairs:
            rows = data.comparison(set_name, before, after)
            if not rows:
                continue
            words += f"`{after}` − `{before}`, {NAMES[set_name].lower()}, {next(iter(rows.values()))['pairs']} pairs:\n\n"
            words += tables.markdown(["", f"`{before}`", f"`{after}`", "difference", "p"],
                                     [[measure_of(measure).title, fixed(row["float_mean"], measure), fixed(row["int8_mean"], measure),
                                       blocks.difference(row),
                                       f"{float(row['p']):.3f}"] for measure, row in rows.items()
                                      if set_name == data.sets[0] or measure in blocks.SHORT]) + "\n"
    words += "What each model costs; an int8 model does the multiply-adds of its float one, in integers:\n\n"
    set_name = data.sets[0]
    lines = []
    for name in data.order:
        model = data.models[name]
        row = {measure: data.row(set_name, name, measure) for measure in ("pesq_wb", "stoi", "si_sdr_db")}
        lines.append([blocks.to_model(name, data, HERE), model["arithmetic"], tables.thousands(model["parameters"]), tables.thousands(model["bytes"]),
                      tables.millions(model["multiply_adds_per_s"]), tables.thousands(model["state_bytes"])] +
                     [fixed(one["denoised"], measure) if one else "–" for measure, one in row.items()])
    words += tables.markdown(["model", "arithmetic", "parameters", "bytes of the file", "multiply-adds/s", "bytes of state", "PESQ", "STOI", "SI-SDR dB"], lines)
    words += "\n"
    return words + picture("bytes.svg", "Quality against bytes", plots) + \
        "An int8 model stands where its float one does; where another system's multiply-adds depend on the build, it stands in the middle.\n\n" + \
        picture("multiply-adds.svg", "Quality against multiply-adds", plots)


def speed(data, plots):
    rows = [data.speed[name] for name in data.order if name in data.speed]
    if not rows:
        return ""
    ratio = {after: float(data.speed[after]["realtime_factor"]) / float(data.speed[before]["realtime_factor"])
             for before, after in data.pairs if before in data.speed and after in data.speed}
    first = rows[0]
    words = (f"## Speed\n\n`pellucid bench`, one core of an {first['processor']} that does {blocks.peak(data)} at most, {first['kernels']} kernels, {first['measured']}, medians of "
             f"{first['rounds']} rounds; the machine's load was {first['load']} ([what the columns mean](../measuring.md#speed)). Times real time are by "
             "processor time; the time of a frame is by the clock, and suffers from other load.\n\n" + picture("speed.svg", "Times real time", plots))
    return words + tables.markdown(
        ["model", "× real time", "lowest…highest", "int8 / float", "multiply-adds/s", "of the core's peak", "a frame, median, µs", "99 %, µs", "loading, ms"],
        [[f"`{row['model']}`", row["realtime_factor"], f"{row['lowest']}…{row['highest']}", f"{ratio[row['model']]:.2f}" if row["model"] in ratio else "",
          f"{float(row['giga_multiply_adds_per_s']):.1f} G", f"{100 * float(row['peak_share']):.0f} %", row["frame_p50_us"], row["frame_p99_us"],
          row["load_ms"]] for row in rows]) + "\n"


def chips(data, plots):
    if not data.budgets:
        return ""
    return ("## Chips\n\nThe budgets of `embedded/budgets.csv`, which the tests hold every chip's firmware to within 1 % in an emulator "
            "([how](../embedded.md#budgets)): executed instructions, not cycles.\n\n" + picture("chips.svg", "Instructions for a hop", plots) +
            blocks.chips(data, None, HERE) + "\n")


def scale(data, plots):
    found = claims.claims(data.scale)
    if not found:
        return ""
    lines = []
    for claim in found:
        sizes, times, peaks = ([row[key] for row in claim.rows] for key in ("size", "cpu_s", "peak_mb"))
        per = {"files": ("kB a file", claim.per_unit_mb * 1024), "hours": ("MB an hour", claim.per_unit_mb)}[claim.unit]
        memory = claim.memory if claim.memory == "bounded" else f"{claim.memory}: {per[1]:.1f} {per[0]}"
        sizes = [tables.thousands(size) if float(size) >= 1000 else size for size in sizes]
        lines.append([claim.case, f"{', '.join(sizes)} {claim.unit}", ", ".join(f"{float(value):.1f}" for value in times),
                      "" if claim.exponent is None else f"{claim.exponent:.2f}", claim.time, ", ".join(f"{float(value):.1f}" for value in peaks), memory])
    row = data.scale[0]
    return (f"## Scale\n\n`bench/scale.py`, {row['processor']}, {row['measured']}, `--jobs {row['jobs']}`. The claim is linear time and bounded memory: the exponent of "
            f"processor time against size is at most {claims.LINEAR:g}, and the peak of the command's own memory (mapped files left out) grows by at most "
            f"{100 * (claims.BOUNDED - 1):.0f} % over the whole range.\n\n" +
            picture("scale-hours.svg", "Time and memory against hours", plots) + picture("scale-files.svg", "Time and memory against files", plots) +
            tables.markdown(["what", "sizes", "processor time, s", "exponent", "time", "peak memory, MB", "memory"], lines) + "\n")


def applications(data, plots):
    if not data.applications:
        return ""
    return ("## Applications\n\n`bench/applications.py` degrades speech as four uses do ([which](../whitepaper.md#applications)):\n\n" +
            blocks.applications(data, None, HERE) + "\n")


def page(data, plots):
    days = sorted({row["measured"] for row in data.quality})
    head = ("# Report\n\nMade by `make report` of what it measured; nobody edits it by hand. `make report-draw` draws it again from the CSV files beside it: "
            "[models.csv](models.csv), [quality.csv](quality.csv), [files.csv](files.csv), [compare.csv](compare.csv), [speed.csv](speed.csv). "
            f"[measuring.md](../measuring.md) says what the figures mean. Quality was measured {' and '.join(days)}.\n\n")
    parts = [section(data, plots) for section in (quality, compression, speed, chips, applications, scale)]
    sums = ("## Files\n\n" + tables.markdown(["model", "checksum of the file"], [[f"`{name}`", f"`{data.models[name]['checksum']}`"] for name in data.order]))
    return head + "".join(parts) + sums
