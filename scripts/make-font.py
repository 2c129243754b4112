#!/usr/bin/env python3
"""Rasterises DejaVu Sans into src/metrics/font_data.hpp (needs python3-pil and fonts-dejavu-core)."""
from PIL import Image, ImageDraw, ImageFont

FOLDER = "/usr/share/fonts/truetype/dejavu/"
CODES = list(range(32, 127)) + list(range(160, 256))


def table(name, file, size):
    font = ImageFont.truetype(FOLDER + file, size)
    ascent, descent = font.getmetrics()
    height = ascent + descent
    lines = []
    for code in CODES:
        width = round(font.getlength(chr(code)))
        image = Image.new("L", (max(width, 1), height), 0)
        ImageDraw.Draw(image).text((0, 0), chr(code), fill=255, font=font)
        rows = ["".join("%x" % round(image.getpixel((x, y)) / 17) for x in range(width)) for y in range(height)]
        # Empty rows at both ends are most of a glyph: keep the number of the first row and the rows that have ink.
        inked = [y for y, row in enumerate(rows) if row.strip("0")] or [0]
        ink = "".join(rows[inked[0]:inked[-1] + 1])
        lines.append('    {%d, %d, "%s"},' % (width, inked[0], ink))
    return "inline constexpr int %sHeight = %d;\ninline constexpr FontGlyph %s[] = {\n%s\n};\n" % (
        name, height, name, "\n".join(lines))


print("""// Glyphs 32..126 and 160..255 of DejaVu Sans as 16 levels of ink, written by scripts/make-font.py; not edited by hand.
// DejaVu fonts: Bitstream Vera Fonts Copyright (c) 2003 Bitstream, Inc.; DejaVu changes are in the public domain. Free
// to use, embed and change.
#pragma once

namespace pellucid::metrics {

struct FontGlyph {
  int width;        // pixels, also the step to the next glyph
  int top;          // first row that has ink
  const char* ink;  // rows of `width` hexadecimal digits, 0 paper to f ink
};

// clang-format off
""" + table("kRegular", "DejaVuSans.ttf", 15) + "\n" + table("kBold", "DejaVuSans-Bold.ttf", 16) + """// clang-format on

}  // namespace pellucid::metrics""")
