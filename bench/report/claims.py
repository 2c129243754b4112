"""The claim "linear time, bounded memory", tested against what bench/scale.py measured."""
import collections
import math

LINEAR = 1.15   # largest exponent of processor time against size that is called linear
BOUNDED = 1.25  # largest growth of memory over the whole range that is called bounded
# What a run that is too short says nothing about: starting takes its share of so little.
LEAST_CPU_S = 0.5

Claim = collections.namedtuple("Claim", "case unit rows exponent growth per_unit_mb time memory")


def slope(points):
    """Exponent of y against x: least squares on the logarithms."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(one[axis] for one in logs) / len(logs) for axis in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def claim_of(case, unit, rows):
    first, last = rows[0], rows[-1]
    points = [(float(row["size"]), float(row["cpu_s"])) for row in rows]
    exponent = slope(points) if points[-1][1] >= LEAST_CPU_S and min(y for _, y in points) > 0 else None
    growth = float(last["peak_mb"]) / float(first["peak_mb"])
    per_unit = (float(last["peak_mb"]) - float(first["peak_mb"])) / (float(last["size"]) - float(first["size"]))
    if exponent is None:
        time = "too short to say"
    elif exponent > LINEAR:
        time = "**more than linear**"
    else:
        time = "linear" if exponent > 0.5 else "does not grow with it"
    memory = "bounded" if growth <= BOUNDED else "grows with it"
    return Claim(case, unit, rows, exponent, growth, per_unit, time, memory)


def claims(rows):
    """One for each case that was run at two sizes or more, in the order of the file."""
    cases = {}
    for row in rows:
        cases.setdefault((row["case"], row["unit"]), []).append(row)
    return [claim_of(case, unit, sorted(some, key=lambda row: float(row["size"])))
            for (case, unit), some in cases.items() if len(some) > 1]
