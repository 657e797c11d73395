"""Masked pictures coded and decoded again, of every size that a sub-stream may have."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest

from insyn.site.archive import fmp4
from insyn.site.nal import length_prefixed
from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import coarse
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.streams import Codec


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (640, 360),
        (480, 270),  # U ends in the middle of a row
        (160, 90),
        (352, 198),
        (320, 240),
    ],
)
def test_a_picture_of_any_even_size_comes_back_as_it_was(width: int, height: int) -> None:
    clear = YuvFrame(
        y=np.full((height, width), 90, np.uint8),
        u=np.full((height // 2, width // 2), 200, np.uint8),
        v=np.full((height // 2, width // 2), 60, np.uint8),
        pts_90k=0,
    )
    masked = coarse(clear)
    encoder = MaskedEncoder(width=width, height=height, fps=12.5)
    packet = encoder.encode(masked)
    assert packet is not None
    sample = fmp4.Sample(
        data=length_prefixed(packet.data, Codec.H264), duration_90k=7200, offset_90k=0, is_key=True
    )
    content = fmp4.init_segment(encoder.parameters) + fmp4.fragment(1, 0, [sample])
    picture = _decoded(content)
    planes = [picture[:height], picture[height:].reshape(-1)]
    assert np.abs(planes[0].astype(int) - masked.y).max() <= 4
    half = masked.u.size
    assert np.abs(planes[1][:half].astype(int) - masked.u.reshape(-1)).max() <= 4
    assert np.abs(planes[1][half:].astype(int) - masked.v.reshape(-1)).max() <= 4


def _decoded(content: bytes) -> Any:
    """The first picture of a file, as stacked planes."""
    import io

    with av.open(io.BytesIO(content), mode="r") as container:
        return next(container.decode(video=0)).to_ndarray(format="yuv420p")
