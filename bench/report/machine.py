"""What was measured on: the processor's name, its load, the day."""
import datetime
import os
import platform


def processor():
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def load():
    return f"{os.getloadavg()[0]:.1f}"


def today():
    return datetime.date.today().isoformat()
