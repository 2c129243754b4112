"""Pellucid removes noise from speech.

    import pellucid
    clean = pellucid.denoise(x, rate)                  # any numpy array of sound; the same shape, type and timing back

    stream = pellucid.Denoiser(rate, channels=1)       # sound that comes block by block
    out = stream.process(block)                        # as long as the block, stream.latency_samples behind it
    stream.status().voice_active

Sound is an array (frames,) or (frames, channels) of float16, float32 or float64, where full scale is 1, or of int16, int32
or uint8, where it is the type's own (uint8 has its zero at 128, as WAV has). The network computes in float32.
"""

from __future__ import annotations

import math
import operator
import os
from pathlib import Path
from typing import NamedTuple, Union

import numpy as np
import numpy.typing  # for type hints that are asked for

from . import _core

__all__ = ["Denoiser", "ModelError", "Status", "denoise", "__version__"]
__version__: str = _core.VERSION

Model = Union[None, str, "os.PathLike[str]", bytes]

_FLOATS = (np.float16, np.float32, np.float64)
_BLOCK_FRAMES = 1 << 19  # between two chances for Ctrl-C
_OUT_OF_MEMORY = 10  # PELLUCID_ERROR_OUT_OF_MEMORY
_FIRST_MODEL_RESULT = 11  # PELLUCID_ERROR_MODEL_FORMAT; those up to 15 are about the model


class ModelError(ValueError):
    """A model that is damaged, of another version, or none."""


class Status(NamedTuple):
    """What is known of the sound up to the last complete hop (16 ms). Levels are RMS in dBFS; -120 is silence."""

    voice_probability: float
    voice_active: bool
    snr_db: float
    noise_dbfs: float
    input_dbfs: float
    output_dbfs: float


class Denoiser:
    """Denoises a stream, block by block.

    Threads may share one: their calls take turns. The interpreter is free meanwhile.
    """

    def __init__(
        self,
        rate: int,
        channels: int = 1,
        *,
        strength: float = 1.0,
        attenuation_limit_db: float | None = None,
        post_filter: float = 0.0,
        link_channels: bool = False,
        adaptive: bool = False,
        model: Model = None,
    ) -> None:
        """rate: 8000 to 384000 Hz. channels: 1 to 32, each denoised by itself, or with one gain for all (link_channels).

        strength: 0 (output = input) to 1. attenuation_limit_db: weaken nothing by more; None is no limit.
        post_filter: 0 to 1. adaptive: leave alone what needs no denoising. model: a path or the bytes of a model; None is the one inside the package.
        """
        self._rate = _whole("rate", rate, _core.MIN_SAMPLE_RATE_HZ, _core.MAX_SAMPLE_RATE_HZ, " Hz")
        self._channels = _whole("channels", channels, 1, _core.MAX_CHANNELS)
        self._strength = _share("strength", strength)
        self._limit_db = _limit(attenuation_limit_db)
        self._post_filter = _share("post_filter", post_filter)
        self._adaptive = bool(adaptive)
        self._bypass = False
        content, name = _read_model(model)
        try:
            self._core = _core.Core(
                content,
                self._rate,
                self._channels,
                self._strength,
                self._limit_value(),
                self._post_filter,
                bool(link_channels),
                self._adaptive,
            )
        except _core.CoreError as error:
            text, result = error.args
            if result == _OUT_OF_MEMORY:
                raise MemoryError(text) from None
            kind = ModelError if result >= _FIRST_MODEL_RESULT else ValueError
            raise kind(f"{name}: {text}") from None
        self.latency_samples: int = self._core.latency_samples()

    def process(self, x: np.ndarray) -> np.ndarray:
        """Denoises the next block, of any length: (frames,) for one channel, else (frames, channels).

        The result has the block's shape and type and lies latency_samples behind the input.
        """
        samples, kind = _samples_of(x)
        if samples.shape[1] != self._channels:
            raise ValueError(
                f"x has the shape {np.shape(x)}, but this denoiser has {_count(self._channels, 'channel')}:"
                f" give it blocks of shape (frames, {self._channels})."
            )
        return _as_kind(self._core.process(samples), kind).reshape(np.shape(x))

    def flush(self, dtype: np.typing.DTypeLike = np.float32) -> np.ndarray:
        """The last latency_samples of output, by feeding silence; (frames,) for one channel, else (frames, channels)."""
        shape = (self.latency_samples, self._channels)
        zero = 128 if np.dtype(dtype) == np.uint8 else 0
        return self.process(np.full(shape[: 1 if self._channels == 1 else 2], zero, dtype))

    def reset(self) -> None:
        """Forgets all sound so far. Settings stay."""
        self._core.reset()

    def status(self) -> Status:
        """Voice activity, SNR and levels of the last complete hop."""
        return Status(*self._core.status())

    @property
    def rate(self) -> int:
        return self._rate

    @property
    def channels(self) -> int:
        return self._channels

    @property
    def strength(self) -> float:
        """0: output = input, delayed; 1: as clean as the model can. Changes without a click."""
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        self._strength = _share("strength", value)
        self._core.set_strength(self._strength)

    @property
    def attenuation_limit_db(self) -> float | None:
        """Weaken no part of the spectrum by more than this; None is no limit."""
        return self._limit_db

    @attenuation_limit_db.setter
    def attenuation_limit_db(self, value: float | None) -> None:
        self._limit_db = _limit(value)
        self._core.set_attenuation_limit_db(self._limit_value())

    @property
    def post_filter(self) -> float:
        """0 (none) to 1."""
        return self._post_filter

    @post_filter.setter
    def post_filter(self, value: float) -> None:
        self._post_filter = _share("post_filter", value)
        self._core.set_post_filter(self._post_filter)

    @property
    def adaptive(self) -> bool:
        """True: what needs no denoising is left alone: speech 40 dB above the noise, noise below -75 dBFS."""
        return self._adaptive

    @adaptive.setter
    def adaptive(self, value: bool) -> None:
        self._adaptive = bool(value)
        self._core.set_adaptive(self._adaptive)

    @property
    def bypass(self) -> bool:
        """True: output = input, delayed, while the network goes on listening."""
        return self._bypass

    @bypass.setter
    def bypass(self, value: bool) -> None:
        self._bypass = bool(value)
        self._core.set_bypass(self._bypass)

    def _limit_value(self) -> float:
        return _core.NO_ATTENUATION_LIMIT_DB if self._limit_db is None else self._limit_db


def denoise(
    x: np.ndarray,
    rate: int,
    strength: float = 1.0,
    *,
    axis: int = 0,
    attenuation_limit_db: float | None = None,
    post_filter: float = 0.0,
    link_channels: bool = False,
    adaptive: bool = False,
    model: Model = None,
) -> np.ndarray:
    """Denoises a whole recording: an array of x's shape and type, time-aligned with it to the sample.

    axis: the axis of time of a two-dimensional x: 0 for (frames, channels), 1 or -1 for (channels, frames).
    The rest is as in Denoiser.
    """
    x = np.asarray(x)
    if x.ndim == 2 and axis not in (0, 1, -1, -2):
        raise ValueError(f"axis is {axis!r}; x has the axes 0 and 1.")
    turned = x.ndim == 2 and axis in (1, -1)
    samples, kind = _samples_of(x.T if turned else x)
    frames, channels = samples.shape
    if channels > _core.MAX_CHANNELS:
        raise ValueError(
            f"x has the shape {x.shape}: {channels} channels of {_count(frames, 'frame')}, and at most"
            f" {_core.MAX_CHANNELS} channels are possible. If the other axis is that of time, say axis={0 if turned else 1}."
        )
    stream = Denoiser(
        rate,
        max(channels, 1),
        strength=strength,
        attenuation_limit_db=attenuation_limit_db,
        post_filter=post_filter,
        link_channels=link_channels,
        adaptive=adaptive,
        model=model,
    )
    out = np.empty_like(samples)
    if out.size > 0:
        late = stream.latency_samples
        for start in range(0, frames + late, _BLOCK_FRAMES):
            block = samples[start : start + _BLOCK_FRAMES]
            missing = min(frames + late - start, _BLOCK_FRAMES) - len(block)
            if missing > 0:
                block = np.concatenate([block, np.zeros((missing, channels), samples.dtype)])
            done = stream._core.process(block)
            skip = max(late - start, 0)
            first = max(start - late, 0)
            if skip < len(done):
                out[first : first + len(done) - skip] = done[skip:]
    out = _as_kind(out, kind)
    return np.ascontiguousarray(out.T) if turned else out.reshape(x.shape)


def _samples_of(x: np.ndarray) -> tuple[np.ndarray, np.dtype]:
    """x as (frames, channels), contiguous, float32 or int16; and x's own type. Says what is wrong with x."""
    x = np.asarray(x)
    kind = x.dtype.newbyteorder("=")
    if kind not in (*_FLOATS, np.int16, np.int32, np.uint8):
        hint = "; for whole numbers say which full scale they have, for example x.astype(numpy.int16)" if kind.kind in "iu" else ""
        raise TypeError(f"x holds {x.dtype}; float16, float32, float64, int16, int32 and uint8 are sound{hint}.")
    if x.ndim not in (1, 2):
        raise ValueError(f"x has the shape {x.shape}; sound has the shape (frames,) or (frames, channels).")
    samples = x.reshape(len(x), -1) if x.size > 0 else x.reshape(len(x), 1 if x.ndim == 1 else x.shape[1])
    if kind.kind == "f":
        bad = samples.size - np.count_nonzero(np.isfinite(samples))
        if bad > 0:
            first = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
            raise ValueError(
                f"x holds {_count(bad, 'sample')} that {'is' if bad == 1 else 'are'} NaN or infinite, the first in frame"
                f" {first}; numpy.nan_to_num(x, posinf=0, neginf=0) makes silence of them."
            )
        # What float32 cannot hold is beyond all that the engine takes anyway.
        samples = np.clip(samples, -1e9, 1e9).astype(np.float32) if kind == np.float64 else samples.astype(np.float32)
    elif kind == np.int32:
        samples = (samples / 2.0**31).astype(np.float32)
    elif kind == np.uint8:
        samples = ((samples.astype(np.float32) - 128) / 128).astype(np.float32)
    return np.ascontiguousarray(samples, samples.dtype.newbyteorder("=")), x.dtype


def _as_kind(samples: np.ndarray, kind: np.dtype) -> np.ndarray:
    """What the engine gave, as the type that came in: whole numbers are rounded, and end at their largest."""
    native = kind.newbyteorder("=")
    if native == np.int32:
        samples = np.clip(np.rint(samples.astype(np.float64) * 2.0**31), -(2.0**31), 2.0**31 - 1)
    elif native == np.uint8:
        samples = np.clip(np.rint(samples * 128 + 128), 0, 255)
    elif native == np.float16:
        samples = np.clip(samples, np.finfo(native).min, np.finfo(native).max)
    return samples.astype(kind, copy=False)


def _read_model(model: Model) -> tuple[bytes, str]:
    """A model's bytes, and how to call it in a sentence."""
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model), "The given model"
    path = Path(__file__).with_name("base.safetensors") if model is None else Path(model)
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        hint = "install the package again" if model is None else "give the path of a model file, or leave model out"
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
        raise kind(f"The model {path} cannot be read ({error.strerror}); {hint}.") from None


def _whole(name: str, value: int, least: int, most: int, unit: str = "") -> int:
    try:
        number = operator.index(int(value) if isinstance(value, float) and value.is_integer() else value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; a whole number from {least} to {most}{unit} is needed.") from None
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}{unit}; it can be {least} to {most}{unit}.")
    return number


def _share(name: str, value: float) -> float:
    number = float(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} is {number:g}; it can be 0 to 1.")
    return number


def _limit(value: float | None) -> float | None:
    if value is None:
        return None
    number = float(value)
    if math.isnan(number) or number < 0:
        raise ValueError(f"attenuation_limit_db is {number:g}; it can be 0 dB or more, or None for no limit.")
    return number


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
