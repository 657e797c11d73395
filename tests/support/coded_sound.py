"""Real AAC, Opus and G.711 for tests: a tone with a beep a second, coded through PyAV."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np

from insyn.site.sound import frame_samples
from insyn.site.streams import TICKS, Sound, SoundCodec, SoundParameters

_ENCODERS = {
    SoundCodec.AAC: "aac",
    SoundCodec.OPUS: "libopus",
    SoundCodec.PCMU: "pcm_mulaw",
    SoundCodec.PCMA: "pcm_alaw",
}
_PLAIN = 160
"""Samples of a frame of G.711: 20 ms."""


def coded_sound(
    codec: SoundCodec, *, seconds: int, rate: int = 16_000, channels: int = 1
) -> tuple[SoundParameters, list[Sound]]:
    """Frames of so many seconds, as a camera sends them; times in `pts_90k` from 0."""
    layout = "mono" if channels == 1 else "stereo"
    # `Any`: the stubs do not know an audio context's attributes.
    encoder: Any = av.CodecContext.create(_ENCODERS[codec], "w")
    rate = {SoundCodec.OPUS: 48_000, SoundCodec.PCMU: 8_000, SoundCodec.PCMA: 8_000}.get(
        codec, rate
    )
    form = {SoundCodec.AAC: "fltp", SoundCodec.OPUS: "flt"}.get(codec, "s16")
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, form
    encoder.time_base = Fraction(1, rate)
    encoder.open()
    config = bytes(encoder.extradata) if codec is SoundCodec.AAC else b""
    parameters = SoundParameters(codec=codec, rate=rate, channels=channels, config=config)
    size = encoder.frame_size or _PLAIN
    found: list[bytes] = []
    for number in range(seconds * rate // size):
        found += [
            bytes(packet)
            for packet in encoder.encode(_wave(number * size, size, rate, form, layout))
        ]
    sounds, at = [], 0
    for data in found:
        samples = frame_samples(parameters, data)
        sounds.append(
            Sound(
                data=data, at_samples=at, samples=samples, received_ns=0, pts_90k=at * TICKS // rate
            )
        )
        at += samples
    return parameters, sounds


def _wave(at: int, size: int, rate: int, form: str, layout: str) -> Any:
    number = at + np.arange(size)
    wave = 0.1 * np.sin(2 * np.pi * 220 * number / rate)
    wave += np.where(number % rate < rate // 10, 0.5 * np.sin(2 * np.pi * 880 * number / rate), 0)
    channels = 1 if layout == "mono" else 2
    if form == "fltp":
        samples: Any = np.tile(wave.astype(np.float32), (channels, 1))
    else:
        kind = np.float32 if form == "flt" else np.int16
        scaled = wave if form == "flt" else wave * 32_000
        samples = np.repeat(scaled.astype(kind), channels)[None, :]
    frame: Any = av.AudioFrame.from_ndarray(samples, format=form, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame
