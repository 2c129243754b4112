"""Sound files for the tests, read and written plainly, and the command line tool to compare with."""

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(os.environ["PELLUCID_SOURCE_DIR"])


def write_wav(path, samples, rate):
    """(frames,) or (frames, channels) of float32 or int16."""
    samples = np.ascontiguousarray(samples)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    code, width = (3, 4) if samples.dtype == np.float32 else (1, 2)
    body = samples.tobytes()
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * width, channels * width, 8 * width)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body)) + body
    Path(path).write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


def read_wav(path):
    """The samples, (frames, channels), and the rate."""
    data = Path(path).read_bytes()
    position, form = 12, None
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", body)
        elif name == b"data":
            kind = {16: np.int16, 32: np.float32}[form[5]]
            return np.frombuffer(body, kind).reshape(-1, form[1]), form[2]
        position += 8 + size + size % 2
    raise ValueError(f"{path}: no data chunk")


def cli(*arguments):
    subprocess.run([os.environ["PELLUCID_PROGRAM"], "denoise", "--quiet", "--force", *map(str, arguments)], check=True)


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A real recording, int16 (frames,), and its rate: strength 0 makes a WAV file of the FLAC file, to the bit."""
    path = tmp_path_factory.mktemp("recording") / "noisy.wav"
    cli(SOURCE / "examples/audio/noisy/office.flac", "--strength", "0", "-o", path)
    samples, rate = read_wav(path)
    return samples[:, 0], rate


@pytest.fixture
def by_cli(tmp_path):
    """What the command line tool makes of an array."""

    def denoise(samples, rate, *options):
        write_wav(tmp_path / "in.wav", samples, rate)
        cli(tmp_path / "in.wav", "-o", tmp_path / "out.wav", *options)
        return read_wav(tmp_path / "out.wav")[0].reshape(samples.shape)

    return denoise
