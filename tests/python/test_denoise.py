"""pellucid.denoise: equal to the command line tool, for every shape and type; and what it says of bad input."""

import sys
import threading
import time

import numpy as np
import pellucid
import pytest


def as_float(samples):
    return samples.astype(np.float32) / 32768


def test_equals_the_tool(recording, by_cli):
    x, rate = as_float(recording[0]), recording[1]
    y = pellucid.denoise(x, rate)
    assert y.dtype == np.float32 and y.shape == x.shape
    assert np.abs(y - by_cli(x, rate)).max() <= 1e-6
    assert np.abs(y).mean() < 0.9 * np.abs(x).mean()  # it did something


def test_settings_equal_the_tools(recording, by_cli):
    x, rate = as_float(recording[0][:48000]), recording[1]
    y = pellucid.denoise(x, rate, 0.7, attenuation_limit_db=12, post_filter=0.5)
    options = ("--strength", "0.7", "--atten-limit-db", "12", "--post-filter", "0.5")
    assert np.abs(y - by_cli(x, rate, *options)).max() <= 1e-6


def test_linked_stereo_at_another_rate_equals_the_tool(recording, by_cli):
    x = as_float(recording[0][:60000])
    x = np.stack([x, 0.5 * x[::-1]], axis=1)
    y = pellucid.denoise(x, 44100, link_channels=True)
    assert np.abs(y - by_cli(x, 44100, "--link-channels")).max() <= 1e-6
    assert np.abs(y - pellucid.denoise(x, 44100)).max() > 1e-3


def test_int16_equals_the_tool(recording, by_cli):
    x, rate = recording
    y = pellucid.denoise(x, rate)
    assert y.dtype == np.int16
    assert np.abs(y.astype(int) - by_cli(x, rate).astype(int)).max() <= 1


@pytest.mark.parametrize("kind, scale, offset, tolerance", [
    (np.float16, 1, 0, 1e-3),
    (np.float64, 1, 0, 1e-6),
    (">f4", 1, 0, 1e-6),
    (np.int16, 2**15, 0, 2**-15),
    (">i2", 2**15, 0, 2**-15),
    (np.int32, 2**31, 0, 1e-6),
    (np.uint8, 2**7, 128, 2**-7),
])  # fmt: skip
def test_every_type_comes_back_as_itself(recording, kind, scale, offset, tolerance):
    x, rate = as_float(recording[0][:32000]), recording[1]
    given = (x.astype(np.float64) * scale + offset).astype(kind)
    y = pellucid.denoise(given, rate)
    assert y.dtype == np.dtype(kind) and y.shape == given.shape
    same = ((given.astype(np.float64) - offset) / scale).astype(np.float32)
    assert np.abs((y.astype(np.float64) - offset) / scale - pellucid.denoise(same, rate)).max() <= tolerance


def test_what_float16_cannot_hold_ends_at_its_largest():
    x = np.tile(np.array([65504, -65504], np.float16), 8000)
    y = pellucid.denoise(x, 16000, 0.5)
    assert y.dtype == np.float16 and np.isfinite(y).all()


def test_strength_0_is_the_input(recording):
    x, rate = recording
    assert np.array_equal(pellucid.denoise(x, rate, 0), x)
    assert np.array_equal(pellucid.denoise(x.astype(np.int32) << 16, rate, 0), x.astype(np.int32) << 16)
    assert np.array_equal(pellucid.denoise(as_float(x), rate, strength=0.0), as_float(x))


def test_whole_numbers_end_at_their_largest():
    x = (np.sign(np.sin(np.arange(16000) * 0.2)) * (2**31 - 1)).astype(np.int32)
    y = pellucid.denoise(x, 16000, 0)
    assert y.max() == 2**31 - 1 and y.min() <= -(2**31 - 2**8)


@pytest.mark.parametrize("frames", [0, 1, 511, 512, 5000])
@pytest.mark.parametrize("channels", [None, 1, 2, 5])
def test_every_shape_comes_back_as_itself(frames, channels):
    shape = (frames,) if channels is None else (frames, channels)
    x = np.random.default_rng(1).normal(0, 0.1, shape).astype(np.float32)
    assert np.array_equal(pellucid.denoise(x, 16000, 0), x)
    y = pellucid.denoise(x, 16000)
    assert y.shape == shape
    if channels:
        for c in range(channels):
            assert np.array_equal(y[:, c], pellucid.denoise(x[:, c], 16000))


def test_blocks_inside_leave_no_seam(recording, monkeypatch):
    x, rate = as_float(recording[0][:40000]), recording[1]
    whole = pellucid.denoise(x, rate)
    for block in (100, 511, 4096):
        monkeypatch.setattr(pellucid, "_BLOCK_FRAMES", block)
        assert np.array_equal(pellucid.denoise(x, rate), whole)


def test_views_axes_and_lists(recording):
    x, rate = as_float(recording[0][:32000]), recording[1]
    two = np.stack([x, -0.3 * x])
    assert np.array_equal(pellucid.denoise(two, rate, axis=1), pellucid.denoise(two.T, rate).T)
    assert np.array_equal(pellucid.denoise(two, rate, axis=-1)[0], pellucid.denoise(x, rate))
    assert np.array_equal(pellucid.denoise(x[::2], rate), pellucid.denoise(x[::2].copy(), rate))
    assert np.abs(pellucid.denoise(x.tolist(), rate) - pellucid.denoise(x, rate)).max() <= 1e-6
    before = x.copy()
    pellucid.denoise(x, rate)
    assert np.array_equal(x, before)  # the input stays as it is


@pytest.mark.parametrize("x, rate, error, says", [
    (np.array([0.0, np.nan, 1.0, np.inf]), 16000, ValueError, r"2 samples that are NaN or infinite, the first in frame 1"),
    (np.zeros((2, 3, 4)), 16000, ValueError, r"shape \(2, 3, 4\)"),
    (np.float32(1), 16000, ValueError, r"shape \(\)"),
    (np.zeros((2, 48000)), 16000, ValueError, r"48000 channels of 2 frames.*axis=1"),
    (np.zeros(9, np.int64), 16000, TypeError, r"int64.*astype"),
    (np.zeros(9, bool), 16000, TypeError, r"bool"),
    (np.zeros(9, complex), 16000, TypeError, r"complex128"),
    (["a"], 16000, TypeError, r"<U1"),
    (np.zeros(9), 7999, ValueError, r"rate is 7999 Hz; it can be 8000 to 384000 Hz"),
    (np.zeros(9), 16000.5, TypeError, r"rate is 16000.5; a whole number"),
    (np.zeros(9), "16000", TypeError, r"rate is '16000'"),
])  # fmt: skip
def test_bad_sound_gets_a_sentence(x, rate, error, says):
    with pytest.raises(error, match=says):
        pellucid.denoise(x, rate)


@pytest.mark.parametrize("options, says", [
    ({"strength": 1.5}, "strength is 1.5; it can be 0 to 1"),
    ({"strength": float("nan")}, "strength is nan"),
    ({"post_filter": -1}, "post_filter is -1"),
    ({"attenuation_limit_db": -3}, "attenuation_limit_db is -3"),
    ({"axis": 2}, "axis is 2"),
])  # fmt: skip
def test_bad_settings_get_a_sentence(options, says):
    with pytest.raises(ValueError, match=says):
        pellucid.denoise(np.zeros((9, 2)), 16000, **options)


def test_models(tmp_path, recording):
    x, rate = as_float(recording[0][:16000]), recording[1]
    inside = tmp_path / "copy.safetensors"
    inside.write_bytes((pellucid.Path(pellucid.__file__).with_name("base.safetensors")).read_bytes())
    y = pellucid.denoise(x, rate)
    assert np.array_equal(pellucid.denoise(x, rate, model=inside), y)
    assert np.array_equal(pellucid.denoise(x, rate, model=str(inside)), y)
    assert np.array_equal(pellucid.denoise(x, rate, model=inside.read_bytes()), y)
    with pytest.raises(FileNotFoundError, match=r"nothing\.here cannot be read \(No such file"):
        pellucid.denoise(x, rate, model=tmp_path / "nothing.here")
    with pytest.raises(pellucid.ModelError, match=r"The given model: The model is not a Pellucid model"):
        pellucid.denoise(x, rate, model=b"x" * 99)
    damaged = bytearray(inside.read_bytes())
    damaged[-9] ^= 1
    inside.write_bytes(damaged)
    with pytest.raises(pellucid.ModelError, match=r"copy\.safetensors: The model is damaged"):
        pellucid.denoise(x, rate, model=inside)


@pytest.mark.parametrize("result, kind, says", [
    (4, ValueError, "base.safetensors: a sentence"),
    (10, MemoryError, "^a sentence"),
    (11, pellucid.ModelError, "base.safetensors: a sentence"),
])  # fmt: skip
def test_what_the_engine_refuses_is_the_fitting_error(monkeypatch, result, kind, says):
    def refuse(*_):
        raise pellucid._core.CoreError("a sentence", result)

    monkeypatch.setattr(pellucid._core, "Core", refuse)
    with pytest.raises(kind, match=says) as caught:
        pellucid.Denoiser(16000)
    assert type(caught.value) is kind


def test_the_interpreter_is_free_meanwhile():
    x = np.random.default_rng(1).normal(0, 0.1, 16000 * 60).astype(np.float32)
    sys.setswitchinterval(0.001)
    worker = threading.Thread(target=pellucid.denoise, args=(x, 16000))
    worker.start()
    ticks, longest, before = 0, 0.0, time.thread_time()
    while worker.is_alive() and time.thread_time() - before < 20:
        ticks += 1
    worker.join()
    # With the GIL held, this loop would stand still for the whole of the call and count next to nothing.
    assert ticks > 1000
