"""Plots as SVG text: axes, points with intervals, lines, bars. No library, the same bytes from the same numbers."""
import html
import math

INK, GREY, FAINT = "#222222", "#767676", "#e3e3e3"
COLOURS = ["#0b5fa5", "#c4501b", "#2b8a3e", "#7b3fa0", "#b8860b", "#00838f", "#ad1457", "#5d4037"]
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'


def text(x, y, words, size=12, colour=INK, anchor="start", weight="normal", turned=False):
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
            f'font-weight="{weight}"{turn}>{html.escape(words)}</text>')


def line(x1, y1, x2, y2, colour=INK, width=1.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def polyline(points, colour, width=2.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"{dashes}/>'


def dot(x, y, colour, radius=4.0, hollow=False):
    fill = "#ffffff" if hollow else colour
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'


def bar(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{colour}"/>'


def picture(width, height, title, parts):
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" {FONT} '
            f'role="img"><title>{html.escape(title)}</title>\n<rect width="{width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n')


def round_steps(low, high, count=5):
    """Ticks at 1, 2 or 5 times a power of ten."""
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def log_steps(low, high):
    steps = [factor * 10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
             for factor in (1, 2, 5)]
    steps = [step for step in steps if low * 0.999 <= step <= high * 1.001]
    tens = [step for step in steps if abs(math.log10(step) - round(math.log10(step))) < 1e-9]
    return tens if len(tens) >= 4 else steps


class Axis:
    """Numbers to pixels, linear or logarithmic, with a margin on both sides of the data."""

    def __init__(self, values, begin, end, log=False, margin=0.06, zero=False, label=None):
        self.log, self.begin, self.end = log, begin, end
        self.label = label or (lambda value: f"{value:g}")
        low, high = min(values), max(values)
        if zero:
            low, high = min(low, 0), max(high, 0)
        if log:
            low, high = math.log10(low), math.log10(high)
        pad = margin * ((high - low) or 1)
        self.low = low if zero and low == 0 else low - pad
        self.high = high + pad

    def __call__(self, value):
        at = math.log10(value) if self.log else value
        return self.begin + (at - self.low) / (self.high - self.low) * (self.end - self.begin)

    @property
    def ticks(self):
        if self.log:
            return log_steps(10 ** self.low, 10 ** self.high)
        return round_steps(self.low, self.high)


class Panel:
    """A rectangle with axes in a picture; `parts` collects the elements."""

    def __init__(self, left, top, width, height, title=""):
        self.left, self.top, self.right, self.bottom = left, top, left + width, top + height
        self.parts = [text(left, top - 12, title, 13, weight="bold")] if title else []

    def x_axis(self, values, name="", **options):
        self.x = Axis(values, self.left, self.right, **options)
        for tick in self.x.ticks:
            self.parts += [line(self.x(tick), self.top, self.x(tick), self.bottom, FAINT),
                           text(self.x(tick), self.bottom + 16, self.x.label(tick), 11, GREY, "middle")]
        if name:
            self.parts.append(text((self.left + self.right) / 2, self.bottom + 34, name, 12, INK, "middle"))

    def y_axis(self, values, name="", **options):
        self.y = Axis(values, self.bottom, self.top, **options)
        for tick in self.y.ticks:
            self.parts += [line(self.left, self.y(tick), self.right, self.y(tick), FAINT),
                           text(self.left - 6, self.y(tick) + 4, self.y.label(tick), 11, GREY, "end")]
        if name:
            self.parts.append(text(self.left - 44, (self.top + self.bottom) / 2, name, 12, INK, "middle", turned=True))

    def frame(self):
        self.parts += [line(self.left, self.bottom, self.right, self.bottom, GREY), line(self.left, self.top, self.left, self.bottom, GREY)]

    def labelled_points(self, points):
        """(x, y, label, colour, hollow): labels go beside their points, up or down where another one is in the way."""
        taken = [(self.x(x) - 5, self.y(y) - 5, self.x(x) + 5, self.y(y) + 5) for x, y, *_ in points]
        for x, y, label, colour, hollow in sorted(points, key=lambda point: (point[0], point[1])):
            at_x, at_y, width = self.x(x), self.y(y), 6.2 * len(label)
            self.parts.append(dot(at_x, at_y, colour, hollow=hollow))
            places = [(dx, dy) for dy in (4, -8, 16, -20, 28, -32, 40) for dx in (9, -9 - width)]
            places = [(dx, dy) for dx, dy in places if self.left <= at_x + dx and at_x + dx + width <= self.right + 90]
            free = [(dx, dy) for dx, dy in places
                    if not any(at_x + dx < b[2] and b[0] < at_x + dx + width and at_y + dy - 10 < b[3] and b[1] < at_y + dy + 2 for b in taken)]
            dx, dy = (free or places)[0]
            taken.append((at_x + dx, at_y + dy - 10, at_x + dx + width, at_y + dy + 2))
            self.parts.append(text(at_x + dx, at_y + dy, label, 11, colour if not hollow else GREY))


def legend(left, top, entries):
    """(label, colour, dash) one below the other."""
    parts = []
    for number, (label, colour, dash) in enumerate(entries):
        y = top + 18 * number
        parts += [line(left, y, left + 22, y, colour, 2.5, dash), text(left + 28, y + 4, label, 11)]
    return parts
