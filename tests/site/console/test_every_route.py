"""Every route of the console: nothing without a session, and no picture that is not masked.

The routes are taken from the application, so that a new one is walked without being named here.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import av
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import START_NS, MaskedArchive, shade_of

from insyn.base.clock import system_clock
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.console.app import create_app
from insyn.site.console.desk import MENU, SiteDesk
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key
from insyn.site.store import open_site
from insyn.site.streams import SoundCodec
from insyn.site.vault import folder
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import Role, why_not
from insyn.trust.people.passwords import Passwords
from insyn.web.signing import COOKIE

CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
WORDS = {"u-one": "lantern under the stairs", "u-two": "nine geese went north"}
OPEN = {
    "/sign-in",
    "/sign-out",
    "/claim",
    "/static/{version}/{name}",
    "/healthz",
    "/metrics",  # to this machine
    "/privacy/notice",  # for who is on camera
    "/privacy/sign",
    "/privacy/notice.svg",  # its QR code
    "/api/v1/session",  # signing in; whoever is not signed in is told nothing else
    "/api/v1/claim",
}
"""Open to everybody; whatever else is must be added here by hand."""

SPAN = {"from": str(START_NS // 10**6), "until": str(START_NS // 10**6 + 10_000)}


@dataclass
class Console:
    app: Any
    routes: list[APIRoute]
    sockets: list[APIWebSocketRoute]
    camera: str
    sessions: dict[str, str]
    recordings: tuple[str, str]
    desk: SiteDesk

    def client(self, who: str = "") -> AsgiClient:
        client = AsgiClient(self.app)
        if who:
            client.cookies.set(COOKIE, self.sessions[who])
        return client

    def paths(self, route: APIRoute) -> list[str]:
        """The route's path with each value that might yield something."""
        masked, original = self.recordings
        found = []
        for recording in (masked, original):
            values = {
                "camera": self.camera, "recording": recording, "first": "0", "last": "5",
                "start_90k": "0", "path": "site.css", "release": "rel-000000000000",
                "person": "u-one", "day": "2026-11-18",
            }  # fmt: skip
            path = route.path
            for name in re.findall(r"\{(\w+)(?::\w+)?\}", path):
                path = re.sub(rf"\{{{name}(:\w+)?\}}", values.get(name, "x"), path)
            found.append(path)
        return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    site = SiteDirectory(root=tmp_path_factory.mktemp("site") / "site")
    site_public_key(site)
    now = datetime.now(UTC)
    secrets = {}
    with open_site(site) as store, store.writing() as connection:
        token = users.invite_first(connection, now=now)
        first = users.claim(
            connection, token, name="chief", password="a long password 1",
            passwords=CHEAP, now=now,
        )  # fmt: skip
        secrets["administrator"] = sessions.begin(connection, first.id, now=now)
        for role in (Role.OPERATOR, Role.INVESTIGATOR, Role.CUSTODIAN, Role.PRIVACY_OFFICER):
            invited, token = users.add(
                connection, role.value, roles=(role,), actor=first.actor, now=now
            )
            users.claim(connection, token, password="a long password 1", passwords=CHEAP, now=now)
            secrets[role.value] = sessions.begin(connection, invited.id, now=now)
        camera = add(
            connection,
            Wanted(name="Hall", main=read_address("virtual://concourse?seed=7")[0]),
            keeper=CredentialKeeper(open_site_key(site.key)),
            room_for=lambda _: "",
            actor=first.actor,
            now=now,
        ).id
        vault = folder.make_vault(
            connection, site, WORDS, needed=2, who=first.id, now=now, cost=1 << 14
        )
    archive = MaskedArchive(site.archive)
    masked = archive.record(0, 10, camera=camera, first=0)
    # The original is brighter throughout than any masked second, so that a mix-up is seen.
    original = archive.record(
        0, 10, camera=camera, run="original", first=12, seal=vault, sound=SoundCodec.AAC
    )
    archive.close()
    desk = SiteDesk(site, clock=system_clock)
    guard = create_app(desk)
    app = guard._app  # the application behind the guard has the routes
    assert isinstance(app, FastAPI)
    yield Console(
        app=guard,
        routes=[route for route in every_route(app.routes) if isinstance(route, APIRoute)],
        sockets=[one for one in every_route(app.routes) if isinstance(one, APIWebSocketRoute)],
        camera=camera,
        sessions=secrets,
        recordings=(masked.id, original.id),
        desk=desk,
    )
    desk.close()


def every_route(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes, and those of included routers, which newer versions of FastAPI keep apart."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from every_route(included.routes)


def test_nothing_is_told_without_a_session(console: Console) -> None:
    assert len(console.routes) > 25
    client = console.client()
    for route in console.routes:
        if route.path in OPEN:
            continue
        for method in {"GET", "POST"} & set(route.methods or ()):
            for path in console.paths(route):
                answer = client.request(
                    method, path, params={**SPAN, "at": SPAN["from"], "day": "2026-11-18"},
                    headers={"Origin": "http://127.0.0.1"},
                )  # fmt: skip
                where = f"{method} {path}: {answer.status_code}"
                assert answer.status_code in (303, 400, 401, 403, 405), where
                if answer.status_code == 303:
                    assert answer.headers["location"].startswith("/sign-in"), where
                assert answer.headers.get("content-type", "").split("/")[0] != "video", where
                assert console.camera not in answer.headers.get("content-type", "")
                assert "Hall" not in answer.text, where


def test_metrics_are_for_this_machine_alone(console: Console) -> None:
    assert console.client().get("/metrics").status_code == 200
    for header in ("X-Forwarded-For", "Forwarded"):
        answer = console.client().get("/metrics", headers={header: "for=192.0.2.7"})
        assert answer.status_code == 404


def shades(content: bytes) -> set[int]:
    """The luma of each picture that a file holds."""
    with av.open(io.BytesIO(content), mode="r") as container:
        return {int(f.to_ndarray(format="gray")[20, 20]) for f in container.decode(video=0)}


def kinds(content: bytes) -> set[str]:
    """Which kinds of tracks a file has."""
    with av.open(io.BytesIO(content), mode="r") as container:
        return {stream.type for stream in container.streams}


def full_range(shade: int) -> int:
    return round((shade - 16) * 255 / 219)


def test_whoever_has_a_page_in_the_menu_is_shown_it(console: Console) -> None:
    shown = set()
    for role, session in console.sessions.items():
        with console.desk.store.reading() as connection:
            found = sessions.identify(connection, session, now=system_clock(), touch=False)
        assert found is not None
        for link in MENU:
            answer = console.client(role).get(link.href)
            may = not why_not(found.actor, link.duty)
            assert (answer.status_code == 200) == may, f"{role} {link.href} {answer.status_code}"
            shown |= {link.href} if may else set()
    assert shown >= {link.href for link in MENU} - {"/audit"}


@pytest.mark.parametrize("who", ["administrator", "operator", "investigator", "custodian"])
def test_every_picture_is_a_masked_one(console: Console, who: str) -> None:
    allowed = {full_range(shade_of(number)) for number in range(10)}
    originals = {full_range(shade_of(number)) for number in range(12, 22)}
    assert not {a for a in allowed for o in originals if abs(a - o) <= 4}
    client = console.client(who)
    init = b""
    pictures = 0
    token = console.desk.tokens.make(
        console.sessions[who], f"/playback/{console.camera}/", now_s=int(time.time())
    )
    for route in sorted(console.routes, key=lambda one: "init" not in one.path):
        if "GET" not in (route.methods or ()):
            continue
        for path in console.paths(route):
            answer = client.get(
                path,
                params={**SPAN, "at": str(START_NS // 10**6 + 4000), "day": "2026-11-18",
                        "token": token},
            )  # fmt: skip
            assert answer.status_code < 500, f"{path}: {answer.text[:200]}"
            kind = answer.headers.get("content-type", "").split(";")[0]
            if answer.status_code != 200 or kind.split("/")[0] not in ("video", "image"):
                continue
            if kind == "image/svg+xml" or "/static/" in path:
                continue
            if "/init/" in path:
                init = answer.content
                assert b"soun" not in init, path
                continue
            content = init + answer.content if path.endswith(".m4s") else answer.content
            seen = shades(content)
            assert kinds(content) == {"video"}, f"{path} has a track of sound"
            assert b"soun" not in content[:4096], path
            pictures += len(seen)
            for shade in seen:
                assert min(abs(shade - one) for one in allowed) <= 5, f"{path} shows {shade}"
    if who == "operator":
        assert pictures > 10, "the walk saw none of the pictures that an operator sees"


def test_an_original_is_given_to_nobody_by_its_id(console: Console) -> None:
    _, original = console.recordings
    for who in console.sessions:
        token = console.desk.tokens.make(
            console.sessions[who], f"/playback/{console.camera}/",
            now_s=int(time.time()),
        )  # fmt: skip
        for path in (f"init/{original}.mp4", f"segment/{original}/0-2/0.m4s"):
            answer = console.client(who).get(
                f"/playback/{console.camera}/{path}", params={"token": token}
            )
            assert answer.status_code in (401, 403, 404), f"{who} {path}"


@pytest.mark.parametrize("cookie", ["", "no-such-session"])
def test_every_socket_refuses_whoever_is_not_signed_in(console: Console, cookie: str) -> None:
    assert console.sockets
    for route in console.sockets:
        path = route.path.replace("{camera}", console.camera)
        assert asked(console.app, path, cookie) == ["websocket.close"]


def asked(app: Any, path: str, cookie: str) -> list[str]:
    """The kinds of messages that a WebSocket is sent until it is closed."""
    headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
    if cookie:
        headers.append((b"cookie", f"{COOKIE}={cookie}".encode()))
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "subprotocols": [], "state": {},
    }  # fmt: skip
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))
    return sent
