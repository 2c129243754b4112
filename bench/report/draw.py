#!/usr/bin/env python3
"""Makes docs/report and the figures in other documents out of the CSV files of docs/report. Measures nothing.

  bench/report/draw.py [--check] [--root DIR]

--check writes nothing: it names every file that is not what the report makes of it, every model that the report does not
know, and every figure in README.md that does not come from here, and ends with 1 when there is one.
"""
import argparse
import glob
import os
import re
import sys

import blocks
import page
import plots
import tables
from data import FOLDER, ROOT, Data

# Figures that are measured: they belong into a block of the report.
FIGURE = re.compile(r"\b(PESQ|E?STOI|SI-SDR)\b[^|.\n]{0,40}\d*\.\d|\d[\d.,]* ?(kB|MB|GB)\b|\d[\d.,]* (×|times) real time|\d M multiply-adds")


def documents(root):
    return sorted(os.path.relpath(path, root) for pattern in ("*.md", "docs/*.md", "models/*.md")
                  for path in glob.glob(os.path.join(root, pattern)))


def made(data, root):
    """{path below the root: text} of everything that the report writes."""
    drawn = plots.all_plots(data)
    files = {f"{FOLDER}/{name}": text for name, text in drawn.items()}
    files[page.HERE] = page.page(data, drawn)
    for name in documents(root):
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        begun = len(blocks.BEGIN.findall(text))
        if begun != len(blocks.END.findall(text)):
            sys.exit(f"report: {name}: a block is not closed; every `<!-- report:… -->` needs its `<!-- /report -->`.")
        if begun:
            files[name] = blocks.filled(text, data, name)
    return files


def free_figures(text):
    """Lines of README.md with a measured figure outside the report's blocks."""
    outside = blocks.BLOCK.sub(lambda match: "\n" * match.group(0).count("\n"), text)
    return [(number, line.strip()) for number, line in enumerate(outside.split("\n"), 1) if FIGURE.search(line)]


def complaints(data, files, root):
    found = data.stale()
    for name, text in files.items():
        path = os.path.join(root, name)
        there = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        if there != text:
            found.append(f"{name} is not what the report makes of docs/report/*.csv; run `make report-draw`.")
    for path in glob.glob(os.path.join(root, FOLDER, "*.svg")):
        if f"{FOLDER}/{os.path.basename(path)}" not in files:
            found.append(f"{FOLDER}/{os.path.basename(path)} is drawn by nobody; delete it.")
    for name in data.shipped:
        if f"<!-- report:card {name} -->" not in files.get(f"models/{name}.md", ""):
            found.append(f"models/{name}.md has no figures from the report; give it the lines `<!-- report:card {name} -->` and "
                         "`<!-- /report -->` and run `make report-draw`.")
        row = f"| file | `{name}.safetensors`, {tables.kilobytes(data.models[name]['bytes'])}" if name in data.models else ""
        if not re.search(re.escape(row) + r"\b", files.get(f"models/{name}.md", row)):
            found.append(f"models/{name}.md does not say how large the file is; it begins its table with `{row}`.")
    readme = files.get("README.md", "")
    if "<!-- report:readme -->" not in readme:
        found.append("README.md has no block `<!-- report:readme -->`.")
    found += [f"README.md:{number}: a figure that does not come from the report: {line}" for number, line in free_figures(readme)]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", default=ROOT)
    options = parser.parse_args()
    data = Data(options.root)
    if not data.sets:
        sys.exit(f"report: {FOLDER}/quality.csv has no figures; run `make report` first.")
    files = made(data, options.root)
    if options.check:
        found = complaints(data, files, options.root)
        print("\n".join(found) or f"report: {len(files)} files are what the report makes of its figures.")
        sys.exit(1 if found else 0)
    for name, text in files.items():
        tables.write_whole(os.path.join(options.root, name), text)
    for path in glob.glob(os.path.join(options.root, FOLDER, "*.svg")):
        if f"{FOLDER}/{os.path.basename(path)}" not in files:
            os.remove(path)
    print(f"report: wrote {len(files)} files; {page.HERE} is the first to read.")


if __name__ == "__main__":
    main()
