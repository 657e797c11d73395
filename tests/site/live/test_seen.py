"""How much is covered, told to whoever watches: the newest alone, never in the picture's way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from insyn.site.live.hub import Hub
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say

CAMERA = "cam-1"


def init() -> tuple[Message, Message]:
    said = {"mime": 'video/mp4; codecs="avc1.42C01E"', "state": "RUN"}
    return (
        Message(kind=Say.INIT, body=json.dumps(said).encode()),
        Message(kind=Say.INIT_SEGMENT, body=b"init"),
    )


def seen(covered: float) -> Message:
    said = {"covered": covered, "activity": 0.1}
    return Message(kind=Say.SEEN, body=json.dumps(said).encode())


def key(number: int) -> Message:
    return Message(kind=Say.KEY, body=f"f{number}".encode())


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "shield.sock")
    made.start()
    yield made
    made.close()


def test_a_viewer_is_told_how_much_is_covered(publisher: Publisher, tmp_path: Path) -> None:
    async def look() -> list[str | bytes]:
        publisher.say(CAMERA, *init(), key(1))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        watched = hub.watch(CAMERA)
        async with asyncio.timeout(10):
            found = [await anext(watched) for _ in range(3)]
            publisher.say(CAMERA, seen(0.25), key(2))
            found += [await anext(watched) for _ in range(2)]
        await hub.close()
        return found

    found = asyncio.run(look())
    assert json.loads(found[3]) == {"type": "seen", "covered": 0.25, "activity": 0.1}
    assert found[4] == b"f2"


def test_a_slow_viewer_gets_the_newest_of_them_alone(publisher: Publisher, tmp_path: Path) -> None:
    async def look() -> list[str | bytes]:
        publisher.say(CAMERA, *init(), key(1))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        slow, quick = hub.watch(CAMERA), hub.watch(CAMERA)
        async with asyncio.timeout(10):
            found = [await anext(slow) for _ in range(3)]
            for _ in range(3):
                await anext(quick)
            publisher.say(CAMERA, *(seen(n / 100) for n in range(50)), key(2))
            while await anext(quick) != b"f2":
                pass
            found += [await anext(slow) for _ in range(2)]
        await hub.close()
        return found

    found = asyncio.run(look())
    assert json.loads(found[3])["covered"] == 0.49
    assert found[4] == b"f2"
