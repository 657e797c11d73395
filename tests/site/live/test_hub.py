"""Live view from a worker's socket to viewers: real sockets, real loop, invented fragments."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from insyn.site.live.hub import MAX_BEHIND, Hub
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say

CAMERA = "cam-1"


def init() -> tuple[Message, Message]:
    said = {"mime": 'video/mp4; codecs="avc1.42C01E"', "state": "RUN"}
    return (
        Message(kind=Say.INIT, body=json.dumps(said).encode()),
        Message(kind=Say.INIT_SEGMENT, body=b"init"),
    )


def fragment(number: int, *, is_key: bool = False) -> Message:
    return Message(kind=Say.KEY if is_key else Say.FRAGMENT, body=f"f{number}".encode())


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "shield.sock")
    made.start()
    yield made
    made.close()


async def take(watched: AsyncIterator[str | bytes], count: int) -> list[str | bytes]:
    async with asyncio.timeout(10):
        return [await anext(watched) for _ in range(count)]


def test_a_viewer_gets_init_then_the_newest_gop_then_what_comes(
    publisher: Publisher, tmp_path: Path
) -> None:
    async def look() -> list[str | bytes]:
        publisher.say(CAMERA, *init(), fragment(1, is_key=True), fragment(2))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        watched = hub.watch(CAMERA)
        found = await take(watched, 4)
        publisher.say(CAMERA, fragment(3))
        found += await take(watched, 1)
        await hub.close()
        return found

    first, *rest = asyncio.run(look())
    assert json.loads(first)["type"] == "init"
    assert rest == [b"init", b"f1", b"f2", b"f3"]


def test_a_second_viewer_begins_at_a_key_frame(publisher: Publisher, tmp_path: Path) -> None:
    async def look() -> list[str | bytes]:
        publisher.say(CAMERA, *init(), *(fragment(n, is_key=n == 1) for n in range(1, 5)))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        await take(hub.watch(CAMERA), 6)
        found = await take(hub.watch(CAMERA), 3)
        await hub.close()
        return found

    assert asyncio.run(look())[1:] == [b"init", b"f1"]


def test_a_slow_viewer_is_put_forward_to_a_key_frame_and_told(
    publisher: Publisher, tmp_path: Path
) -> None:
    many = MAX_BEHIND * 3

    async def look() -> list[str | bytes]:
        publisher.say(CAMERA, *init(), fragment(0, is_key=True))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        slow, quick = hub.watch(CAMERA), hub.watch(CAMERA)
        await take(slow, 3)
        await take(quick, 3)
        for number in range(1, many):
            publisher.say(CAMERA, fragment(number))
            await take(quick, 1)
        publisher.say(CAMERA, fragment(many, is_key=True))
        await take(quick, 1)
        found = await take(slow, 2)
        await hub.close()
        return found

    told, picture = asyncio.run(look())
    assert json.loads(told) == {"type": "drop", "frames": many - 1}
    assert picture == f"f{many}".encode()


def test_a_worker_that_dies_is_told_and_its_successor_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "shield.sock"

    async def look() -> list[str]:
        first = Publisher(path)
        first.start()
        first.say(CAMERA, *init(), fragment(1, is_key=True))
        hub = Hub(lambda _: path)
        watched = hub.watch(CAMERA)
        await take(watched, 3)
        await asyncio.to_thread(first.close)
        told = json.loads((await take(watched, 1))[0])
        second = Publisher(path)
        second.start()
        second.say(CAMERA, *init(), fragment(9, is_key=True))
        back = await take(watched, 3)
        await hub.close()
        await asyncio.to_thread(second.close)
        return [told["reason"], str(back[-1])]

    assert asyncio.run(look()) == ["worker gone", "b'f9'"]


def test_a_camera_without_a_worker_says_so(tmp_path: Path) -> None:
    async def look() -> str | bytes:
        hub = Hub(lambda _: None)
        (found,) = await take(hub.watch(CAMERA), 1)
        await hub.close()
        return found

    assert json.loads(asyncio.run(look()))["reason"] == "no worker"


def test_an_error_takes_the_picture_away_from_who_comes_later(
    publisher: Publisher, tmp_path: Path
) -> None:
    async def look() -> list[str | bytes]:
        failed = Message(kind=Say.ERROR, body=b'{"reason": "stalled", "text": "no picture"}')
        publisher.say(CAMERA, *init(), fragment(1, is_key=True), failed)
        hub = Hub(lambda _: tmp_path / "shield.sock")
        found = await take(hub.watch(CAMERA), 1)
        publisher.say(CAMERA, *init(), fragment(2, is_key=True))
        found += await take(hub.watch(CAMERA), 2)
        await hub.close()
        return found

    told, *_ = asyncio.run(look())
    assert json.loads(told)["reason"] == "stalled"


def test_who_comes_later_hears_what_the_shield_does_now(
    publisher: Publisher, tmp_path: Path
) -> None:
    async def look() -> list[str | bytes]:
        changed = Message(kind=Say.STATE, body=b'{"state": "LIGHT", "text": ""}')
        publisher.say(CAMERA, *init(), fragment(1, is_key=True), changed)
        publisher.say(CAMERA, fragment(2, is_key=True))
        hub = Hub(lambda _: tmp_path / "shield.sock")
        first = await take(hub.watch(CAMERA), 4)
        second = await take(hub.watch(CAMERA), 4)
        await hub.close()
        return [first[2], second[2]]

    for told in asyncio.run(look()):
        assert json.loads(told) == {"type": "state", "state": "LIGHT", "text": ""}
