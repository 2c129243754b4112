"""CSV files in and out, numbers as the documents write them, Markdown tables."""
import csv
import io
import os


def read_csv(path):
    """Rows as dictionaries; lines that begin with # are remarks. A file that is not there has no rows."""
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write_whole(path, text):
    """Written beside, then renamed: nobody sees half a file."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    beside = path + ".tmp"
    with open(beside, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(beside, path)


def csv_text(columns, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[row[column] for column in columns] if isinstance(row, dict) else row for row in rows])
    return out.getvalue()


def write_csv(path, columns, rows):
    write_whole(path, csv_text(columns, rows))


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def plain(words):
    """Markdown's marks of code taken out."""
    return words.replace("`", "")


def thousands(value):
    return f"{int(value):,}"


def kilobytes(value):
    return f"{float(value) / 1000:.0f} kB"


def millions(value):
    """9.3 M, 36 M, 350 M, 6 G: multiply-adds a second as the documents write them."""
    value = float(value)
    if value >= 1e9:
        return f"{value / 1e9:.0f} G"
    return f"{value / 1e6:.1f} M" if value < 10e6 else f"{value / 1e6:.0f} M"
