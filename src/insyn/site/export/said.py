"""What an export says of itself, as its manifest's predicate: what is shown, and of when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insyn.base.canonical import Json
from insyn.base.clock import epoch_ns, from_epoch_ns, isoformat, isoformat_ms
from insyn.site.archive.held import Held, Missing

PREDICATE_TYPE = "urn:insyn:export:2"
BEFORE = "urn:insyn:export:1"
"""Says the span that was asked for, and nothing of what of it the clip holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an export says, but for digest and proof.

    Attributes:
        export: `exp-` and 12 hexadecimal digits.
        held: what the clip holds of the span that was asked for.
        time_zone: the site's.
        masking: `everyone`; `everyone-but-one` for a person of a release; where zones of the camera
            were uncovered in this time, `everyone-outside-zones`.
        style: solid, ghost or mosaic.
        permit: the permit's id, or `self-declared`.
        release: the id of the release that opened the original; "" for masked recordings.
        recordings: id and SHA-256 of each recording that it was made from.
    """

    export: str
    camera: str
    held: Held
    time_zone: str
    made_at: datetime
    masking: str
    style: str
    permit: str
    release: str
    recordings: tuple[tuple[str, str], ...]


def predicate_of(said: Said) -> dict[str, Json]:
    """Its words; the manifest adds digests, key and proof."""
    return {
        "export": said.export,
        "camera": said.camera,
        **extent_of(said.held),
        "asked": _span(said.held.from_ns, said.held.until_ns),
        "holds": [_span(start, end) for start, end in said.held.spans],
        "missing": [
            {**_span(one.from_ns, one.until_ns), "because": one.because}
            for one in said.held.missing
        ],
        "time_zone": said.time_zone,
        "made_at": isoformat(said.made_at),
        "masking": said.masking,
        "style": said.style,
        "permit": said.permit,
        "release": said.release,
        "recordings": [{"id": name, "sha256": digest} for name, digest in said.recordings],
    }


def extent_of(held: Held) -> dict[str, Json]:
    """From the first that is held to the last, to the second: as the ledger's leaf says it."""
    begins, ends = (from_epoch_ns(at) for at in held.extent)
    return {"begins": isoformat(begins), "ends": isoformat(ends)}


# `Any`: what a file holds, looked into with care; each wrong shape ends in an exception.
def held_of(predicate: Mapping[str, Any]) -> Held:
    """What a manifest says that its clip holds.

    Raises:
        KeyError, TypeError, ValueError: it says it in another shape.
    """
    from_ns, until_ns = _times(predicate["asked"])
    return Held(
        from_ns=from_ns,
        until_ns=until_ns,
        spans=tuple(_times(one) for one in predicate["holds"]),
        missing=tuple(
            Missing(from_ns=start, until_ns=end, because=str(one["because"]))
            for one in predicate["missing"]
            for start, end in [_times(one)]
        ),
    )


def _span(from_ns: int, until_ns: int) -> dict[str, Json]:
    return {"begins": isoformat_ms(from_ns), "ends": isoformat_ms(until_ns)}


def _times(said: Mapping[str, Any]) -> tuple[int, int]:
    begins, ends = (datetime.fromisoformat(said[name]) for name in ("begins", "ends"))
    return epoch_ns(begins), epoch_ns(ends)
