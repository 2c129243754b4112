"""What was measured on: the processor, its load, the day."""
import datetime
import os
import platform


def processor(info="/proc/cpuinfo"):
    """Its name with family and model, since virtual machines on processors of several generations say the same name."""
    found = {}
    try:
        with open(info) as file:
            for line in file:
                key, _, value = line.partition(":")
                found.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    more = [f"{word} {found[key]}" for word, key in (("family", "cpu family"), ("model", "model")) if key in found]
    return found.get("model name", platform.machine()) + (f" ({', '.join(more)})" if more else "")


def load():
    return f"{os.getloadavg()[0]:.1f}"


def today():
    return datetime.date.today().isoformat()
