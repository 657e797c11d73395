"""What of a recording is whole can be looked at while it is written; nothing else can."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.masked_archive import SECOND_NS, START_NS, STEP, MaskedArchive, second

from insyn.base.errors import Refusal
from insyn.site.archive.recording import EndReason
from insyn.site.archive.unfinished import unfinished
from insyn.site.archive.writing import Begin, Picture, RecordingWriter
from insyn.site.clocks import Reading
from insyn.site.streams import TICKS, StreamName
from insyn.site.vault.public import VaultPublicKey


def begun(
    made: MaskedArchive, seconds: int, *, seal: VaultPublicKey | None = None
) -> RecordingWriter:
    """A recording of so many seconds that is not closed."""
    parameters, packets = second(100)
    writer = made.archive.begin(
        Begin(
            camera="cam-1",
            stream=StreamName.MAIN if seal else StreamName.MASKED,
            run="run",
            parameters=parameters,
            started=Reading(wall_ns=START_NS, monotonic_ns=0),
            boot="boot",
            media_start_90k=0,
        ),
        seal=seal,
    )
    for number in range(seconds):
        writer.append(
            [
                Picture(
                    data=data,
                    dts_90k=number * TICKS + place * STEP,
                    pts_90k=number * TICKS + place * STEP,
                    duration_90k=STEP,
                    is_key=place == 0,
                )
                for place, data in enumerate(packets)
            ]
        )
    return writer


@pytest.fixture
def made(tmp_path: Path) -> MaskedArchive:
    return MaskedArchive(tmp_path / "archive")


def test_what_is_whole_is_shown_and_the_same_after_the_end(made: MaskedArchive) -> None:
    writer = begun(made, 3)
    reader = made.reader()
    (shown,) = reader.shown("cam-1", START_NS, START_NS + 10 * SECOND_NS)
    assert (shown.id, len(shown.fragments)) == (writer.id, 3)
    before = [reader.fragment(shown, number) for number in range(3)]
    writer.close(made.index, EndReason.ROTATED, wall_duration_ns=3 * SECOND_NS, activity=bytes(3))
    (closed,) = reader.shown("cam-1", START_NS, START_NS + 10 * SECOND_NS)
    assert [reader.fragment(closed, number) for number in range(3)] == before
    assert reader.find_shown("cam-1", writer.id) == closed
    reader.close()
    made.close()


def test_a_torn_fragment_is_left_out(made: MaskedArchive) -> None:
    writer = begun(made, 2)
    (part,) = made.path.rglob("*.part")
    with part.open("ab") as file:
        file.write(b"\x00\x00\x00\x58moof, and cut")
    (shown,) = unfinished(made.path, "cam-1")
    assert (shown.id, len(shown.fragments)) == (writer.id, 2)
    made.close()


def test_an_original_being_written_is_not_shown(made: MaskedArchive) -> None:
    key = VaultPublicKey(raw=X25519PrivateKey.generate().public_key().public_bytes_raw())
    writer = begun(made, 2, seal=key)
    assert unfinished(made.path, "cam-1") == []
    reader = made.reader()
    with pytest.raises(Refusal):
        reader.find_shown("cam-1", writer.id)
    reader.close()
    made.close()


@pytest.mark.parametrize("camera", ["", "..", "../cam-1", "cam-1/masked", "/"])
def test_a_camera_that_is_a_path_is_refused(made: MaskedArchive, camera: str) -> None:
    begun(made, 1)
    with pytest.raises(Refusal):
        unfinished(made.path, camera)
    made.close()
