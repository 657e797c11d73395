"""The sound of a virtual camera: a quiet tone with a beep at each second, nobody's voice."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import av
import numpy as np

from insyn.site.streams import Sound, SoundCodec, SoundParameters

RATE = 16_000
FRAME = 1024
LONGEST_S = 2.0
"""What would have to be made up for longer is left out."""

HUM_HZ, BEEP_HZ = 220, 880
HUM, BEEP = 0.02, 0.2
BEEP_SAMPLES = RATE // 10


class Tone:
    """Encodes the tone as AAC, frame by frame, by the clock of the day."""

    def __init__(self) -> None:
        # `Any`: the stubs do not know an audio context's attributes.
        encoder: Any = av.CodecContext.create("aac", "w")
        encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "fltp"
        encoder.bit_rate, encoder.time_base = 32_000, Fraction(1, RATE)
        encoder.open()
        self._encoder = encoder
        self._next: int | None = None
        self.parameters = SoundParameters(
            codec=SoundCodec.AAC, rate=RATE, channels=1, config=bytes(encoder.extradata)
        )

    def until(self, second: float) -> list[Sound]:
        """The frames that end by this second of the day and were not given yet."""
        last = int(second * RATE) // FRAME
        if self._next is None or not 0 <= last - self._next <= LONGEST_S * RATE / FRAME:
            self._next = last
        found: list[Sound] = []
        for number in range(self._next, last):
            found += self._coded(number)
        self._next = last
        return found

    def _coded(self, number: int) -> list[Sound]:
        at = number * FRAME + np.arange(FRAME)
        wave = HUM * np.sin(2 * np.pi * HUM_HZ * at / RATE)
        wave += np.where(
            at % RATE < BEEP_SAMPLES, BEEP * np.sin(2 * np.pi * BEEP_HZ * at / RATE), 0
        )
        frame: Any = av.AudioFrame.from_ndarray(
            wave.astype(np.float32)[None, :], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, number * FRAME, Fraction(1, RATE)
        now_ns = time.monotonic_ns()
        return [
            Sound(
                data=bytes(coded),
                at_samples=number * FRAME & 0xFFFFFFFF,
                samples=FRAME,
                received_ns=now_ns,
            )
            for coded in self._encoder.encode(frame)
        ]
