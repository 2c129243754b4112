"""The pictures of the report, each a function from the data to SVG text, or None where there is nothing to draw."""
import svg
import tables
from data import measure_of

NOISY = "#9a9a9a"


def colours(data):
    """A colour a float model; an int8 model has that of its float one."""
    chosen = {name: svg.COLOURS[number % len(svg.COLOURS)] for number, name in enumerate(data.floats)}
    for name in data.models:
        chosen.setdefault(name, chosen.get(data.models[name]["float"], svg.INK))
    return chosen


def numbers(row, *keys):
    return [float(row[key]) for key in keys]


def systems(data, set_name):
    """Models, others, noisy: three panels of means, ours with intervals."""
    ours = data.measured(set_name)
    if not ours:
        return None
    others = data.field(set_name)
    by_quality = [(float(data.row(set_name, name, "pesq_wb")["denoised"]), name, None) for name in ours]
    by_quality += [(float(row["pesq_wb"]), row["system"], row) for row in others]
    lines = sorted(by_quality, key=lambda one: (-one[0], one[1]))
    paint = colours(data)
    height = 22 * (len(lines) + 1)
    parts = [svg.text(20, 62 + 22 * number, name, 12, svg.INK if row is None else svg.GREY, weight="bold" if row is None else "normal")
             for number, (_, name, row) in enumerate(lines)]
    parts.append(svg.text(20, 62 + 22 * len(lines), "(noisy)", 12, svg.GREY))
    for column, measure in enumerate(("pesq_wb", "stoi", "si_sdr_db")):
        panel = svg.Panel(215 + 225 * column, 46, 195, height, measure_of(measure).title)
        rows = {name: data.row(set_name, name, measure) for name in ours}
        noisy = float(rows[ours[0]]["noisy"])
        values = [noisy] + [value for row in rows.values() for value in numbers(row, "denoised_low", "denoised_high")]
        panel.x_axis(values + [float(row[measure]) for row in others])
        panel.frame()
        for number, (_, name, row) in enumerate(lines):
            y = 58 + 22 * number
            if row is None:
                low, mean, high = numbers(rows[name], "denoised_low", "denoised", "denoised_high")
                panel.parts += [svg.line(panel.x(low), y, panel.x(high), y, paint[name], 2), svg.dot(panel.x(mean), y, paint[name])]
            else:
                panel.parts.append(svg.dot(panel.x(float(row[measure])), y, svg.GREY, hollow=True))
        panel.parts.append(svg.dot(panel.x(noisy), 58 + 22 * len(lines), NOISY, hollow=True))
        parts += panel.parts
    return svg.picture(890, height + 80, "Quality of each system", parts)


def by_snr(data, set_name):
    """PESQ and STOI against SNR: float models, the noisy clips, others in grey."""
    names, groups = data.measured(set_name, data.floats), data.groups(set_name, "snr")
    if not names or len(groups) < 2:
        return None
    paint, parts = colours(data), []
    for column, measure in enumerate(("pesq_wb", "stoi")):
        panel = svg.Panel(60 + 360 * column, 46, 290, 300, measure_of(measure).title)
        rows = {name: [data.row(set_name, name, measure, "snr", group) for group in groups] for name in names}
        others = []
        for system in data.field(set_name):
            points = [tuple(map(float, point.split(":"))) for point in system[f"{measure}_by_snr"].split()]
            others.append(points)
        values = [value for some in rows.values() for row in some for value in numbers(row, "noisy", "denoised")]
        panel.x_axis([float(group) for group in groups], "SNR of the clips, dB")
        panel.y_axis(values + [y for points in others for _, y in points])
        panel.frame()
        for points in others:
            panel.parts.append(svg.polyline([(panel.x(x), panel.y(y)) for x, y in points], "#c9c9c9", 1.2))
        first = rows[names[0]]
        panel.parts.append(svg.polyline([(panel.x(float(row["group"])), panel.y(float(row["noisy"]))) for row in first], NOISY, 2, "5 4"))
        for name in names:
            points = [(panel.x(float(row["group"])), panel.y(float(row["denoised"]))) for row in rows[name]]
            panel.parts += [svg.polyline(points, paint[name], 2.4)] + [svg.dot(x, y, paint[name], 3.2) for x, y in points]
        parts += panel.parts
    entries = [(name, paint[name], "") for name in names] + [("noisy", NOISY, "5 4")]
    if data.field(set_name):
        entries.append(("others", "#c9c9c9", ""))
    return svg.picture(860, 400, "Quality against the signal-to-noise ratio", parts + svg.legend(730, 60, entries))


def by_noise(data, set_name):
    """What each float model gains in each noise, with intervals."""
    names, groups = data.measured(set_name, data.floats), data.groups(set_name, "noise")
    if not names or len(groups) < 2:
        return None
    paint, step = colours(data), 9 * len(names) + 8
    height, parts = step * len(groups), []
    for number, group in enumerate(groups):
        files = data.row(set_name, names[0], "stoi", "noise", group)["files"]
        parts.append(svg.text(20, 46 + step * (number + 0.5) + 4, f"{group} ({files})", 12))
    for column, measure in enumerate(("pesq_wb", "stoi", "si_sdr_db")):
        panel = svg.Panel(150 + 225 * column, 46, 195, height, "change of " + measure_of(measure).title.replace(" (wide band)", ""))
        rows = {name: [data.row(set_name, name, measure, "noise", group) for group in groups] for name in names}
        panel.x_axis([0.0] + [v for some in rows.values() for row in some for v in numbers(row, "change_low", "change_high")])
        panel.frame()
        panel.parts.append(svg.line(panel.x(0), panel.top, panel.x(0), panel.bottom, svg.INK))
        for place, name in enumerate(names):
            for number, row in enumerate(rows[name]):
                y = panel.top + step * number + 8 + 9 * place
                low, mean, high = numbers(row, "change_low", "change", "change_high")
                panel.parts += [svg.line(panel.x(low), y, panel.x(high), y, paint[name], 1.6), svg.dot(panel.x(mean), y, paint[name], 3)]
        parts += panel.parts
    return svg.picture(960, height + 90, "Gain in each noise", parts + svg.legend(830, 56, [(name, paint[name], "") for name in names]))


def cost(data, set_name, what):
    """PESQ, STOI and SI-SDR against multiply-adds (with others) or against bytes."""
    names = data.measured(set_name)
    if len(names) < 2:
        return None
    paint, parts = colours(data), []
    others = []
    if what == "multiply_adds_per_s":
        names = [name for name in names if name in data.floats]  # an int8 model does the same multiply-adds
        others = [row for row in data.field(set_name) if row["multiply_adds_low"]]
    label = (lambda v: tables.millions(v).replace(".0", "")) if what == "multiply_adds_per_s" else tables.kilobytes
    for number, measure in enumerate(("pesq_wb", "stoi", "si_sdr_db")):
        panel = svg.Panel(70, 46 + 300 * number, 560, 210, measure_of(measure).title)
        points = [(float(data.models[name][what]), float(data.row(set_name, name, measure)["denoised"]), name, paint[name], False)
                  for name in names]
        for row in others:
            middle = (float(row["multiply_adds_low"]) * float(row["multiply_adds_high"])) ** 0.5
            points.append((middle, float(row[measure]), row["system"], svg.GREY, True))
        panel.x_axis([x for x, *_ in points], "multiply-adds a second of sound" if others or what == "multiply_adds_per_s" else "bytes of the file",
                     log=True, label=label)
        panel.y_axis([y for _, y, *_ in points])
        panel.frame()
        panel.labelled_points(points)
        parts += panel.parts
    return svg.picture(740, 920, f"Quality against {what.replace('_', ' ')}", parts)


def speed(data):
    names = [name for name in data.order if name in data.speed]
    if not names:
        return None
    paint = colours(data)
    panel = svg.Panel(120, 40, 560, 26 * len(names), "times real time, one core")
    panel.x_axis([float(data.speed[name]["highest"]) for name in names], zero=True)
    panel.frame()
    for number, name in enumerate(names):
        row, y = data.speed[name], panel.top + 26 * number + 4
        factor, low, high = numbers(row, "realtime_factor", "lowest", "highest")
        panel.parts += [svg.text(112, y + 13, name, 12, anchor="end"), svg.bar(panel.left, y, panel.x(factor) - panel.left, 18, paint[name]),
                        svg.line(panel.x(low), y + 9, panel.x(high), y + 9, svg.INK, 1.4),
                        svg.text(panel.x(max(factor, high)) + 6, y + 13, f"{factor:.0f}", 11)]
    return svg.picture(760, panel.bottom + 36, "Speed of each model", panel.parts)


def chips(data):
    rows = data.budgets
    if not rows:
        return None
    paint = colours(data)
    panel = svg.Panel(190, 40, 480, 22 * len(rows), "executed instructions for a hop of 16 ms, millions")
    panel.x_axis([float(row["worst_instructions"]) / 1e6 for row in rows], zero=True)
    panel.frame()
    for number, row in enumerate(rows):
        y, value = panel.top + 22 * number + 3, float(row["worst_instructions"]) / 1e6
        panel.parts += [svg.text(182, y + 13, f"{row['chip']}, {row['model']}", 11, anchor="end"),
                        svg.bar(panel.left, y, panel.x(value) - panel.left, 16, paint.get(row["model"], svg.GREY)),
                        svg.text(panel.x(value) + 6, y + 13, f"{value:.2f}", 11)]
    return svg.picture(760, panel.bottom + 36, "Instructions on chips", panel.parts)


def scale(data, unit):
    """Processor time and peak memory against size, both axes logarithmic."""
    rows = [row for row in data.scale if row["unit"] == unit]
    cases = [case for case in dict.fromkeys(row["case"] for row in rows) if sum(row["case"] == case for row in rows) > 1]
    if not cases:
        return None
    parts = []
    for column, (key, title) in enumerate((("cpu_s", "processor time, s"), ("peak_mb", "peak memory, MB"))):
        panel = svg.Panel(60 + 370 * column, 46, 300, 300, title)
        panel.x_axis([float(row["size"]) for row in rows], unit, log=True, label=lambda v: tables.thousands(v) if v >= 1000 else f"{v:g}")
        panel.y_axis([max(float(row[key]), 0.01) for row in rows], log=True, label=lambda v: f"{v:g}")
        panel.frame()
        for number, case in enumerate(cases):
            points = [(panel.x(float(row["size"])), panel.y(max(float(row[key]), 0.01))) for row in rows if row["case"] == case]
            colour = svg.COLOURS[number % len(svg.COLOURS)]
            panel.parts += [svg.polyline(points, colour)] + [svg.dot(x, y, colour, 3.2) for x, y in points]
        parts += panel.parts
    entries = [(case, svg.COLOURS[number % len(svg.COLOURS)], "") for number, case in enumerate(cases)]
    return svg.picture(1040, 400, f"Time and memory against {unit}", parts + svg.legend(748, 60, entries))


def ablations(data):
    """What one change does, with intervals, a line a seed; zero is the training that nothing was changed of."""
    rows = data.ablations
    if not rows:
        return None
    changes = list(dict.fromkeys((row["study"], row["change"]) for row in rows))
    step, parts = 24, []
    height = step * len(changes)
    for number, name in enumerate(tables.plain(change) for _, change in changes):
        parts.append(svg.text(20, 46 + step * number + 16, name if len(name) <= 46 else name[:44].rstrip(" ,(") + " …", 12))
    for column, measure in enumerate(("pesq_wb", "stoi", "si_sdr_db")):
        panel = svg.Panel(330 + 215 * column, 46, 190, height, "change of " + measure_of(measure).title.replace(" (wide band)", ""))
        panel.x_axis([0.0] + [value for row in rows for value in numbers(row, measure + "_low", measure + "_high")])
        panel.frame()
        panel.parts.append(svg.line(panel.x(0), panel.top, panel.x(0), panel.bottom, svg.INK))
        for row in rows:
            seeds = [other["seed"] for other in rows if (other["study"], other["change"]) == (row["study"], row["change"])]
            aside = 7 * (seeds.index(row["seed"]) - (len(seeds) - 1) / 2)
            y = panel.top + step * changes.index((row["study"], row["change"])) + 12 + aside
            colour = svg.COLOURS[0 if row["study"] == rows[0]["study"] else 1]
            low, mean, high = numbers(row, measure + "_low", measure + "_mean", measure + "_high")
            panel.parts += [svg.line(panel.x(low), y, panel.x(high), y, colour, 1.8), svg.dot(panel.x(mean), y, colour, 3.4)]
        parts += panel.parts
    return svg.picture(980, height + 90, "What one change does to nano after eleven hours of mixtures", parts)


def hours(data):
    """SI-SDR and STOI on the validation pairs against hours of mixtures seen, a line a run."""
    names = [name for name in data.floats if any(row["model"] == name for row in data.hours)]
    if not names:
        return None
    paint, parts = colours(data), []
    for column, measure in enumerate(("si_sdr_db", "stoi")):
        panel = svg.Panel(60 + 400 * column, 46, 330, 300, measure_of(measure).title + ", validation")
        panel.x_axis([float(row["hours"]) for row in data.hours], "hours of mixtures seen", zero=True)
        panel.y_axis([float(row[measure]) for row in data.hours])
        panel.frame()
        for name in names:
            mine = [row for row in data.hours if row["model"] == name]
            for run in dict.fromkeys(row["run"] for row in mine):
                points = [(panel.x(float(row["hours"])), panel.y(float(row[measure]))) for row in mine if row["run"] == run]
                panel.parts += [svg.polyline(points, paint[name])] + [svg.dot(x, y, paint[name], 2.4) for x, y in points]
        parts += panel.parts
    return svg.picture(890, 400, "Quality against hours of training", parts + svg.legend(800, 60, [(name, paint[name], "") for name in names]))


def all_plots(data):
    main = data.sets[0] if data.sets else ""
    found = {"quality.svg": systems(data, main), "snr.svg": by_snr(data, main), "noise.svg": by_noise(data, main),
             "multiply-adds.svg": cost(data, main, "multiply_adds_per_s"), "bytes.svg": cost(data, main, "bytes"),
             "speed.svg": speed(data), "chips.svg": chips(data),
             "ablations.svg": ablations(data), "hours.svg": hours(data),
             "scale-hours.svg": scale(data, "hours"), "scale-files.svg": scale(data, "files")}
    return {name: picture for name, picture in found.items() if picture}
