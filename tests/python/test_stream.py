"""pellucid.Denoiser, block by block."""

import ast
import threading
from pathlib import Path

import numpy as np
import pellucid
import pytest


def as_float(samples):
    return samples.astype(np.float32) / 32768


def test_blocks_of_any_size_equal_the_whole(recording):
    x, rate = as_float(recording[0][:48000]), recording[1]
    stream = pellucid.Denoiser(rate)
    sizes = np.random.default_rng(3).integers(0, 2000, 200)
    parts, start = [], 0
    for size in sizes:
        parts.append(stream.process(x[start : start + size]))
        assert parts[-1].shape == x[start : start + size].shape
        start += size
    y = np.concatenate([*parts, stream.process(x[start:]), stream.flush()])
    assert stream.latency_samples == 511
    assert np.array_equal(y[stream.latency_samples :], pellucid.denoise(x, rate))


def test_int16_and_stereo(recording):
    x, rate = recording
    x = np.stack([x, x[::-1]], axis=1)
    stream = pellucid.Denoiser(rate, 2)
    y = np.concatenate([stream.process(x), stream.flush(np.int16)])[stream.latency_samples :]
    assert y.dtype == np.int16 and np.array_equal(y, pellucid.denoise(x, rate))


def test_reset_forgets(recording):
    x, rate = as_float(recording[0][:16000]), recording[1]
    stream = pellucid.Denoiser(rate)
    first = stream.process(x)
    assert not np.array_equal(stream.process(x), first)
    stream.reset()
    assert np.array_equal(stream.process(x), first)


def test_settings_change_while_it_runs(recording):
    x, rate = as_float(recording[0][:16000]), recording[1]
    stream = pellucid.Denoiser(rate, strength=0.5, attenuation_limit_db=20, post_filter=0.25)
    assert (stream.strength, stream.attenuation_limit_db, stream.post_filter, stream.bypass) == (0.5, 20, 0.25, False)
    stream.bypass = True
    y = stream.process(x)
    assert np.array_equal(y[1024:], x[1024 - 511 : -511])
    stream.bypass = False
    stream.strength = 1
    stream.attenuation_limit_db = None
    stream.post_filter = 0
    assert (stream.strength, stream.attenuation_limit_db, stream.post_filter) == (1, None, 0)
    assert np.abs(stream.process(x)).mean() < np.abs(x).mean()
    with pytest.raises(ValueError, match="strength is 2"):
        stream.strength = 2
    assert stream.strength == 1


def test_adaptive_leaves_alone_what_needs_nothing():
    x = np.random.default_rng(1).normal(0, 2e-5, 64000).astype(np.float32)
    left = pellucid.denoise(x, 16000, adaptive=True)
    assert np.abs(left - x)[48000:].mean() < 0.1 * np.abs(pellucid.denoise(x, 16000) - x)[48000:].mean()
    stream = pellucid.Denoiser(16000)
    stream.adaptive = True
    y = np.concatenate([stream.process(x), stream.flush()])[stream.latency_samples :]
    assert stream.adaptive and np.array_equal(y, left)


def test_status_tells_speech_from_silence(recording):
    x, rate = as_float(recording[0]), recording[1]
    stream = pellucid.Denoiser(rate)
    assert stream.status() == pellucid.Status(0.0, False, -20.0, -120.0, -120.0, -120.0)
    seen = []
    for start in range(0, len(x), 256):
        stream.process(x[start : start + 256])
        seen.append(stream.status())
    assert any(s.voice_active for s in seen)
    assert -80 < seen[-1].noise_dbfs < -10 and seen[-1].input_dbfs > -90
    stream.process(np.zeros(rate, np.float32))
    assert not stream.status().voice_active and stream.status().input_dbfs == -120


def test_threads_take_turns():
    x = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    stream = pellucid.Denoiser(16000)
    results = []
    workers = [threading.Thread(target=lambda: results.append(stream.process(x))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stream.reset()
    expected = [stream.process(x) for _ in workers]
    for want in expected:
        assert any(np.array_equal(want, got) for got in results)


@pytest.mark.parametrize("x, error, says", [
    (np.zeros((9, 3), np.float32), ValueError, r"shape \(9, 3\), but this denoiser has 2 channels"),
    (np.zeros(9, np.float32), ValueError, r"shape \(9,\)"),
    (np.full((9, 2), np.nan), ValueError, r"18 samples that are NaN"),
    (np.zeros((9, 2), np.uint64), TypeError, r"uint64"),
])  # fmt: skip
def test_bad_blocks_get_a_sentence_and_the_stream_goes_on(x, error, says):
    stream = pellucid.Denoiser(16000, 2)
    with pytest.raises(error, match=says):
        stream.process(x)
    assert stream.process(np.zeros((9, 2))).shape == (9, 2)


@pytest.mark.parametrize("channels, error", [(0, ValueError), (33, ValueError), (1.5, TypeError), (None, TypeError)])
def test_bad_channels_get_a_sentence(channels, error):
    with pytest.raises(error, match=f"channels is {channels}"):
        pellucid.Denoiser(16000, channels)


def test_the_stub_lists_what_is_there():
    package = Path(pellucid.__file__).parent
    assert (package / "py.typed").exists()
    tree = ast.parse((package / "_core.pyi").read_text())
    core = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Core")
    stub = {node.name for node in core.body if isinstance(node, ast.FunctionDef)}
    real = {name for name in vars(pellucid._core.Core) if not name.startswith("_")} | {"__init__"}
    assert stub == real
    names = {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)} | {"Core", "CoreError"}
    assert names == {name for name in vars(pellucid._core) if not name.startswith("_")}


def test_everything_public_has_types():
    tree = ast.parse(Path(pellucid.__file__).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                assert argument.arg == "self" or argument.annotation is not None, (node.name, argument.arg)
            assert node.returns is not None, node.name
