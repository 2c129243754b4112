"""`pip install ./python` from the checkout, without a network, into a folder; and what it leaves behind: nothing."""

import importlib.util
import os
import re
import subprocess
import sys

import numpy as np
import pellucid
import pytest
from conftest import SOURCE, read_wav, write_wav


@pytest.mark.skipif(importlib.util.find_spec("wheel") is None, reason="the package python3-wheel is not installed")
def test_pip_installs_from_the_checkout(tmp_path):
    before = sorted(path for path in (SOURCE / "python").rglob("*"))
    pip = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--root-user-action=ignore"]
    # Unoptimised, because that is much sooner built.
    environment = {**os.environ, "CMAKE_ARGS": "-DCMAKE_BUILD_TYPE=Debug", "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    subprocess.run([*pip, "--target", str(tmp_path / "place"), str(SOURCE / "python")], check=True, env=environment)
    code = (
        "import numpy, pellucid, sys; assert pellucid.__file__.startswith(sys.argv[1]), pellucid.__file__;"
        "x = numpy.random.default_rng(1).normal(0, .1, 16000); assert (abs(pellucid.denoise(x, 16000)) < abs(x).max()).all()"
    )
    place = str(tmp_path / "place")
    subprocess.run([sys.executable, "-B", "-c", code, place], check=True, env={**os.environ, "PYTHONPATH": place})
    assert sorted(path for path in (SOURCE / "python").rglob("*")) == before
    package = tmp_path / "place/pellucid"
    assert (package / "LICENSE").read_bytes() == (SOURCE / "LICENSE").read_bytes()
    assert "| licence | MIT" in (package / "base.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in (package / "small.md").read_text(encoding="utf-8")
    for card in package.glob("*.md"):  # a link leads to what is there
        for target in re.findall(r"\]\(([^)\s#]+)", card.read_text(encoding="utf-8")):
            assert "://" in target or (package / target).exists(), f"{card.name}: {target}"


def test_the_example_cleans_a_file(tmp_path, recording):
    x, rate = recording
    write_wav(tmp_path / "in.wav", x, rate)
    example = str(SOURCE / "examples/python/denoise.py")
    subprocess.run([sys.executable, "-B", example, tmp_path / "in.wav", tmp_path / "out.wav"], check=True)
    y, _ = read_wav(tmp_path / "out.wav")
    assert np.array_equal(y[:, 0], pellucid.denoise(x, rate))
