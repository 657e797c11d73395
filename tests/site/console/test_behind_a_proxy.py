"""The console as a network sees it: through nginx with TLS, set up as `deploy/` has it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support import nginx
from tests.support.guessing import FREE, guess
from tests.support.masked_archive import START_NS, MaskedArchive
from tests.support.served_site import PASSWORD, MadeSite, make_site, serving, serving_console
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from insyn.site.store import open_site
from insyn.web.signing import COOKIE, SECURE_COOKIE

SPAN = {"from": str(START_NS // 10**6), "until": str(START_NS // 10**6 + 8_000)}
needs_nginx = pytest.mark.skipif(bool(nginx.WHY_NOT), reason=nginx.WHY_NOT)


@dataclass(frozen=True, kw_only=True)
class Site:
    made: MadeSite
    console: str
    proxy: nginx.Proxy

    @property
    def camera(self) -> str:
        return self.made.cameras["Hall"]

    @contextlib.contextmanager
    def client(self, who: str = "") -> Iterator[httpx.Client]:
        """A browser's connection through the proxy; `who` has signed in there."""
        url, context = self.proxy.url, self.proxy.context
        with httpx.Client(base_url=url, verify=context, trust_env=False) as client:
            if who:
                sent = {"name": who, "password": PASSWORD}
                answer = client.post("/sign-in", data=sent, headers={"Origin": url})
                assert answer.status_code == 303
            yield client

    def socket(self, client: httpx.Client, origin: str) -> ClientConnection:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return connect(
            f"{self.proxy.url.replace('https', 'wss')}/live/{self.camera}",
            ssl=self.proxy.context,
            origin=Origin(origin),
            additional_headers={"Cookie": cookie},
            proxy=None,
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("proxied")
    url = "virtual://concourse?seed=7&people=2&size=320x180&fps=10"
    made = make_site(root, {"Hall": url}, has_vault=False)
    archive = MaskedArchive(made.site.archive)
    archive.record(0, 10, camera=made.cameras["Hall"])
    archive.close()
    with serving(made) as served, nginx.proxying(served.url, root) as proxy:
        yield Site(made=made, console=served.url, proxy=proxy)


@needs_nginx
def test_the_session_goes_over_tls_alone(site: Site) -> None:
    with site.client() as client:
        answer = client.post(
            "/sign-in",
            data={"name": "oskar", "password": PASSWORD},
            headers={"Origin": site.proxy.url},
        )
    kept = answer.headers["set-cookie"]
    assert kept.startswith(f"{SECURE_COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(kept.split("; "))
    assert answer.headers["strict-transport-security"]


@needs_nginx
def test_live_pictures_come_over_wss_as_they_are_made(site: Site) -> None:
    with site.client("oskar") as client, site.socket(client, site.proxy.url) as live:
        binary = 0
        while binary < 25:  # the init segment, and more than two seconds of pictures
            said = live.recv(60)
            if isinstance(said, bytes):
                binary += 1
            elif json.loads(said)["type"] == "init":
                binary = 0


@needs_nginx
def test_a_page_elsewhere_is_refused_by_its_origin(site: Site) -> None:
    with site.client("oskar") as client:
        for origin in ("https://elsewhere.example", site.console, "null", "http://["):
            with pytest.raises(InvalidStatus) as refused, site.socket(client, origin):
                pass
            assert refused.value.response.status_code == 403
            sent = client.post("/sign-out", headers={"Origin": origin})
            assert sent.status_code == 403, origin


@needs_nginx
def test_recordings_are_read_by_ranges_and_as_hls(site: Site) -> None:
    below = f"/playback/{site.camera}"
    with site.client("oskar") as client:
        token = client.get(f"{below}/token").json()["token"]
        asked = {**SPAN, "token": token}
        whole = client.get(f"{below}/stream.mp4", params=asked)
        part = client.get(f"{below}/stream.mp4", params=asked, headers={"Range": "bytes=1000-1999"})
        assert part.status_code == 206
        assert part.content == whole.content[1000:2000]
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
        playlist = client.get(f"{below}/index.m3u8", params=asked)
        lines = [line for line in playlist.text.splitlines() if line and not line.startswith("#")]
        assert lines
        for line in lines:
            segment = client.get(httpx.URL(playlist.url).join(line))
            assert segment.status_code == 200, line
            assert segment.content[4:8] in (b"moof", b"styp"), line


@needs_nginx
@pytest.mark.parametrize(
    "claimed",
    [
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": ""},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "127.0.0.1:8090"},
        {"Host": "localhost", "X-Forwarded-For": "::1"},
        {"Connection": "close, X-Forwarded-For"},
    ],
)
@pytest.mark.parametrize("path", ["/metrics", "/./metrics", "/metrics?", "/%6detrics"])
def test_metrics_are_not_told_beyond_this_machine(
    site: Site, claimed: dict[str, str], path: str
) -> None:
    with site.client() as client:
        answer = client.get(path, headers=claimed)
    assert answer.status_code in (400, 403, 404)
    assert "insyn_" not in answer.text


@needs_nginx
def test_a_file_of_a_mebibyte_reaches_the_console_and_a_larger_one_is_refused(site: Site) -> None:
    with site.client("anna") as client:
        for size, said in ((1 << 20, 400), (3 << 20, 413)):
            answer = client.post(
                "/permit",
                data={"kind": "permit"},
                files={"file": ("permit.json", b" " * size)},
                headers={"Origin": site.proxy.url},
            )
            assert answer.status_code == said


@needs_nginx
def test_the_sign_names_the_address_that_people_reach(site: Site) -> None:
    with site.client("paula") as client:
        assert f"{site.proxy.url}/privacy/notice" in client.get("/privacy/sign").text


@pytest.fixture
def console(tmp_path: Path) -> Iterator[tuple[MadeSite, str]]:
    made = make_site(tmp_path, {}, has_vault=False)
    with serving_console(made) as url:
        yield made, url


def guessed_before(made: MadeSite, address: str) -> None:
    """All but one of the failures that an address has before it waits."""
    with open_site(made.site) as store, store.writing() as connection:
        guess(connection, address, FREE - 1)


def sign_in(url: str, name: str, password: str, **headers: str) -> httpx.Response:
    sent = {"Origin": url, **{key.replace("_", "-"): value for key, value in headers.items()}}
    return httpx.post(
        f"{url}/sign-in", data={"name": name, "password": password}, headers=sent, trust_env=False
    )


def test_who_guesses_through_the_proxy_locks_out_nobody_else(console: tuple[MadeSite, str]) -> None:
    made, url = console
    guessed_before(made, "192.0.2.66")
    refused = sign_in(url, "nobody", "guessed", X_Forwarded_For="192.0.2.66")
    assert refused.status_code == 401
    assert "oo many tries" not in refused.text
    assert "oo many tries" in sign_in(url, "oskar", PASSWORD, X_Forwarded_For="192.0.2.66").text
    # A proxy that adds to what it was sent: the last is what it saw itself.
    spoofed = sign_in(url, "oskar", PASSWORD, X_Forwarded_For="198.51.100.9, 192.0.2.66")
    assert "oo many tries" in spoofed.text
    assert sign_in(url, "oskar", PASSWORD, X_Forwarded_For="192.0.2.67").status_code == 303


def test_a_cookie_is_secure_where_the_page_came_over_tls(console: tuple[MadeSite, str]) -> None:
    _, url = console
    host = urlsplit(url).netloc
    plain = sign_in(url, "oskar", PASSWORD)
    assert plain.headers["set-cookie"].startswith(f"{COOKIE}=")
    # A proxy that forgets to tell the scheme: the browser tells it.
    forgotten = sign_in(url, "oskar", PASSWORD, Origin=f"https://{host}")
    assert forgotten.headers["set-cookie"].startswith(f"{SECURE_COOKIE}=")
    assert "; Secure" in forgotten.headers["set-cookie"]


def test_a_proxy_that_tells_no_address_opens_no_metrics(console: tuple[MadeSite, str]) -> None:
    _, url = console
    assert httpx.get(f"{url}/metrics", trust_env=False).status_code == 200
    for host in ("cameras.example", "cameras.example:8090", "127.0.0.1.example", "localhost@x"):
        answer = httpx.get(f"{url}/metrics", headers={"Host": host}, trust_env=False)
        assert answer.status_code in (400, 404), host


@pytest.mark.parametrize(("named", "is_believed"), [((), False), (("--proxy", "127.0.0.2"), True)])
def test_a_proxy_on_another_machine_is_believed_where_it_is_named(
    tmp_path: Path, named: tuple[str, ...], is_believed: bool
) -> None:
    made = make_site(tmp_path, {}, has_vault=False)
    with serving_console(made, *named) as url:
        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=elsewhere, base_url=url, headers={"Origin": url}) as client:

            def guessed(address: str) -> str:
                return client.post(
                    "/sign-in",
                    data={"name": f"nobody-{address}", "password": "guessed"},
                    headers={"X-Forwarded-For": address},
                ).text

            guessed_before(made, "127.0.0.2")
            assert "oo many tries" not in guessed("192.0.2.66")
            # Believed: the guess came from an address of its own.
            assert ("oo many tries" in guessed("192.0.2.99")) is not is_believed


@pytest.mark.parametrize("named", ["cameras.example", "10.88.0.1/16", "*", "10.88"])
def test_a_proxy_is_named_by_an_address_or_a_network(tmp_path: Path, named: str) -> None:
    from tests.support.run_insyn import insyn

    insyn("--data", str(tmp_path), "site", "init")
    refused = insyn("--data", str(tmp_path), "site", "serve", "--proxy", named)
    assert refused.code == 2
    assert "no address" in refused.err
