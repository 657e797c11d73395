"""A site of virtual cameras, served by its real processes, with a person of each role."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from insyn.site.cameras import register
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import Permission, site_public_key
from insyn.site.settings import change_settings
from insyn.site.store import open_site
from insyn.site.vault.folder import make_vault
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords

PASSWORD = "a long password 1"
PEOPLE = {
    "anna": (Role.ADMINISTRATOR,),
    "oskar": (Role.OPERATOR,),
    "ines": (Role.INVESTIGATOR,),
    "carl": (Role.CUSTODIAN,),
    "cora": (Role.CUSTODIAN,),
    "paula": (Role.PRIVACY_OFFICER,),
    "ada": (Role.AUDITOR,),
}
WORDS = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
PATIENCE_S = 180.0


@dataclass(frozen=True, kw_only=True)
class MadeSite:
    """A site that exists; `cameras` and `people` are ids by name."""

    site: SiteDirectory
    cameras: Mapping[str, str]
    people: Mapping[str, str]

    def session(self, who: str) -> str:
        """A session's secret, as signing in yields one."""
        with open_site(self.site) as store, store.writing() as connection:
            return sessions.begin(connection, self.people[who], now=datetime.now(UTC))


def make_site(
    root: Path, cameras: Mapping[str, str], *, name: str = "Norrby station", has_vault: bool = True
) -> MadeSite:
    """Make a site with these cameras, by their addresses, and with all `PEOPLE`."""
    site = SiteDirectory(root=root / "site")
    site_public_key(site)
    change_settings(site, name=name, time_zone="Europe/Stockholm", contact="privacy@norrby.example")
    now, maker = datetime.now(UTC), Actor(id="site", roles=frozenset(Role))
    ids: dict[str, str] = {}
    made: dict[str, str] = {}
    keeper = CredentialKeeper(open_site_key(site.key))
    with open_site(site) as store, store.writing() as connection:
        for who, roles in PEOPLE.items():
            if Role.ADMINISTRATOR in roles:
                token = users.invite_first(connection, now=now)
                person = users.claim(
                    connection, token, password=PASSWORD, passwords=CHEAP, now=now, name=who
                )
            else:
                person, token = users.add(connection, who, roles=roles, actor=maker, now=now)
                users.claim(connection, token, password=PASSWORD, passwords=CHEAP, now=now)
            ids[who] = person.id
        if has_vault:
            words = {ids[who]: text for who, text in WORDS.items()}
            make_vault(connection, site, words, needed=2, who="site", now=now, cost=1 << 14)
        for camera, url in cameras.items():
            made[camera] = register.add(
                connection,
                register.Wanted(name=camera, main=read_address(url)[0]),
                keeper=keeper,
                room_for=Permission(site).now().room_for,
                actor=maker,
                now=now,
            ).id
    return MadeSite(site=site, cameras=made, people=ids)


@dataclass(kw_only=True)
class ServedSite:
    """A site whose processes run."""

    made: MadeSite
    url: str
    process: subprocess.Popen[bytes]

    def child(self, name: str) -> int:
        """The process id of one of the supervisor's children, such as `shield-1`."""
        said = json.loads((self.made.site.run / "processes.json").read_bytes())
        return int(said[name]["pid"])


@contextlib.contextmanager
def serving(made: MadeSite) -> Iterator[ServedSite]:
    """`insyn site serve`, until the block ends."""
    with _running(made, "serve") as (url, process):
        yield ServedSite(made=made, url=url, process=process)


@contextlib.contextmanager
def serving_console(made: MadeSite, *arguments: str) -> Iterator[str]:
    """`insyn site web` alone, without recorder and shield; gives its address."""
    with _running(made, "web", *arguments) as (url, _):
        yield url


@contextlib.contextmanager
def _running(
    made: MadeSite, command: str, *more: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    insyn = [sys.executable, "-m", "insyn.cli.main", "--data", str(made.site.root.parent)]
    log_path = made.site.root / "serve.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*insyn, "site", command, "--port", str(port), *more], stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(url), f"the console; see {log_path}")
            yield url, process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come to hold.
    """
    ends = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.05)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to one process."""
    os.kill(pid, number)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
