"""The tour's third part: a site of four virtual cameras, everybody masked, a release by two.

Always: the site's own processes run, as `insyn site serve` starts them; people, places and
passwords are invented, and the passwords are printed for who wants to look by hand.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.base.errors import InsynError, Refusal
from insyn.base.files import write_atomically
from insyn.demo.deciding import PASSWORD
from insyn.demo.one_person import export_one
from insyn.demo.sections import typed, working
from insyn.site.cameras import register
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import SiteDesk
from insyn.site.directory import SiteDirectory, site_directory
from insyn.site.export.making import Span, export_masked
from insyn.site.export.package import verify_export
from insyn.site.permission.judging import Permission, site_public_key
from insyn.site.playback.clip import Clip
from insyn.site.playback.span import pieces_of
from insyn.site.release.request import Request
from insyn.site.settings import change_settings
from insyn.site.shielding import masking
from insyn.site.shielding.scenes import SceneFolder
from insyn.site.store import open_site
from insyn.site.streams import StreamName
from insyn.site.vault.folder import make_vault
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords

PEOPLE = {
    "oskar": (Role.OPERATOR,),
    "ines": (Role.INVESTIGATOR, Role.OPERATOR),
    "carl": (Role.CUSTODIAN,),
    "cora": (Role.CUSTODIAN,),
}
WORDS = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
CAMERAS = ("Ticket hall", "North stairs", "Platform 2", "Concourse west")
EMPTY_S, WATCH_S, PATIENCE_S = 28, 14, 60
PORT = 8090


def watch(data: DataDirectory, console: Console, begin: Callable[[str], None]) -> SiteDirectory:
    """Make a site, let it run for a while, open what it sealed by two people, export."""
    begin("A site with four cameras: everybody masked, live and recorded")
    site = site_directory(data)
    people_come = time.monotonic() + EMPTY_S
    with working(console, "making the site: keys, passwords, a vault, four cameras"):
        ids = _make(site)
    with serving(site, console) as port:
        console.print(f"Its console answers at http://127.0.0.1:{port}", highlight=False)
        _learn(site, console)
        console.print("People come in now; the site masks, records and seals.")
        lasts_s = max(0.0, people_come - time.monotonic()) + WATCH_S
        with working(console, f"recording for {lasts_s:.0f} seconds"):
            time.sleep(lasts_s)
    desk = SiteDesk(site)
    try:
        with working(console, "reading what was recorded"):
            _show(desk, data.root, console)
        begin("Two custodians open what is sealed; one cannot")
        with working(console, "asking, agreeing, opening"):
            release = _open(desk, ids, console)
        if release:
            begin("One person is exported, everybody else masked")
            _export_one(desk, release, data.root, ids, console)
        begin("An export that anybody can verify")
        with working(console, "exporting eight masked seconds"):
            _export(desk, data.root, ids, console)
    finally:
        desk.close()
    return site


def stay(site: SiteDirectory, console: Console) -> None:
    """Open the console for somebody who sits at the terminal, until they are done."""
    if not (console.is_terminal and sys.stdin.isatty()):
        return
    console.rule("Look for yourself")
    with serving(site, console) as port:
        url = f"http://127.0.0.1:{port}"
        console.print(
            f"The console: [bold]{url}[/]\n"
            f"Sign in as oskar (live, playback), ines (asks for releases), carl or cora "
            f"(custodians), anna (runs it); the password is: {PASSWORD}\n"
            f"Passphrases: carl: {WORDS['carl']}; cora: {WORDS['cora']}",
            highlight=False,
        )
        webbrowser.open(url)
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            console.input("Press Enter to end. ")


def _make(site: SiteDirectory) -> dict[str, str]:
    """The site, its people by name, its vault and its cameras."""
    site_public_key(site)
    change_settings(
        site,
        name="Norrby station",
        time_zone="Europe/Stockholm",
        controller="Norrby Stationer (invented)",
        contact="privacy@norrby.example",
    )
    now, made = system_clock(), Actor(id="site", roles=frozenset(Role))
    passwords, ids = Passwords(), {}
    begins = int(time.time() % 86_400) + EMPTY_S
    keeper = CredentialKeeper(open_site_key(site.key))
    with open_site(site) as store, store.writing() as connection:
        token = users.invite_first(connection, now=now)
        users.claim(connection, token, password=PASSWORD, passwords=passwords, now=now, name="anna")
        for name, roles in PEOPLE.items():
            person, token = users.add(connection, name, roles=list(roles), actor=made, now=now)
            users.claim(connection, token, password=PASSWORD, passwords=passwords, now=now)
            ids[name] = person.id
        words = {ids[name]: text for name, text in WORDS.items()}
        make_vault(connection, site, words, needed=2, who="site", now=now)
        for number, name in enumerate(CAMERAS):
            url = f"virtual://concourse?seed={7 + number}&people=9&size=640x360&fps=12.5"
            register.add(
                connection,
                register.Wanted(name=name, main=read_address(f"{url}&empty={begins}")[0]),
                keeper=keeper,
                room_for=Permission(site).now().room_for,
                actor=made,
                now=now,
            )
            masking.ask(connection, name, masking.Asked.EMPTY_NOW, actor=made, now=now)
    return ids


@contextlib.contextmanager
def serving(site: SiteDirectory, console: Console) -> Iterator[int]:
    """The site's processes, until the block ends; gives the console's port."""
    port = _free_port()
    command = [sys.executable, "-m", "insyn.cli.main", "--data", str(site.root.parent)]
    log = (site.root / "serve.log").open("wb")
    with (
        log,
        subprocess.Popen(  # noqa: S603 - our own command
            [*command, "site", "serve", "--port", str(port)], stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield port
        finally:
            with working(console, "stopping the site; recordings are closed"):
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def _free_port() -> int:
    for port in (PORT, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise InsynError("no port is free on this machine")


def _learn(site: SiteDirectory, console: Console) -> None:
    """Wait until the shields know the empty scene."""
    ends = time.monotonic() + PATIENCE_S
    states: dict[str, str] = {}
    with working(console, "nobody is there yet: the shields look at the empty place"):
        while time.monotonic() < ends:
            states = {}
            for path in site.run.glob("shield-*.json"):
                with contextlib.suppress(OSError, ValueError):
                    said = json.loads(path.read_bytes())["cameras"]
                    states |= {name: one["state"] for name, one in said.items()}
            if len(states) == len(CAMERAS) and set(states.values()) == {"RUN"}:
                break
            time.sleep(0.5)
    running = sum(state == "RUN" for state in states.values())
    console.print(f"{running} of {len(CAMERAS)} shields know their empty scene.")


def _show(desk: SiteDesk, folder: Path, console: Console) -> None:
    """A sheet of what was recorded for everyday eyes."""
    tiles = []
    with contextlib.closing(desk.open_reader()) as reader:
        for camera in desk.cameras():
            kept = reader.recordings(camera.id, StreamName.MASKED, 0, 2**62)
            sealed = reader.recordings(camera.id, StreamName.MAIN, 0, 2**62)
            console.print(
                f"  {camera.name}: {sum(one.frames for one in kept)} masked pictures kept, "
                f"{sum(one.frames for one in sealed)} sealed",
                highlight=False,
            )
            pictures = _pictures(Clip(reader, pieces_of(kept, 0, 2**62)))
            if pictures:
                tiles.append(pictures[max(0, len(pictures) - 10)])
    if len(tiles) == len(CAMERAS):
        sheet = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
        path = folder / "masked.png"
        write_atomically(path, cv2.imencode(".png", sheet)[1].tobytes())
        console.print(f"Look at them: {path}", highlight=False)


def _pictures(clip: Clip) -> list[NDArray[np.uint8]]:
    content = io.BytesIO(b"".join(clip.read(0, clip.size)))
    with av.open(content, mode="r") as container:
        return [
            np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            for frame in container.decode(video=0)
        ]


def _open(desk: SiteDesk, ids: dict[str, str], console: Console) -> str:
    """The release that ines asks for and two custodians open; "" where nothing was sealed."""

    def person(name: str) -> Actor:
        return Actor(id=ids[name], roles=frozenset(PEOPLE[name]))

    camera = (_known(desk) or desk.cameras())[0]
    with contextlib.closing(desk.open_reader()) as reader:
        sealed = reader.recordings(camera.id, StreamName.MAIN, 0, 2**62)
    if not sealed:
        console.print("nothing was sealed on this machine in this time", style="yellow")
        return ""
    ends_ns = sealed[-1].end_wall_ns
    from_ns = max(sealed[0].start_wall_ns, ends_ns - 8 * 10**9)
    asked = Request(
        camera=camera.id,
        begins=_moment(from_ns),
        ends=_moment(ends_ns),
        reason="A bag was taken at the ticket machines.",
        basis="GDPR Article 6(1)(f)",
        case_number="K-17",
        minutes=5,
    )
    release = desk.releases.ask(asked, longest_minutes=60, actor=person("ines"))
    console.print(f"ines asks for eight seconds of {camera.name}, with a reason and a case.")
    desk.releases.agree(release.id, passphrase=WORDS["carl"], actor=person("carl"))
    console.print("carl agrees with his passphrase. Can ines look now?")
    try:
        desk.releases.reader(release.id, actor=person("ines"))
    except Refusal as refusal:
        console.print(f"  refused: {refusal}", style="yellow", highlight=False)
    desk.releases.agree(release.id, passphrase=WORDS["cora"], actor=person("cora"))
    opened, recordings = desk.releases.reader(release.id, actor=person("ines"))
    count = len(_pictures(Clip(opened, pieces_of(recordings, from_ns, ends_ns))))
    console.print(f"cora agrees too: {count} pictures open, for five minutes, in memory alone.")
    return release.id


def _known(desk: SiteDesk) -> list[Camera]:
    """Cameras whose empty scene is known: who sat there all the time is told by it alone."""
    folder = SceneFolder(desk.site.backgrounds, open_site_key(desk.site.key))
    return [one for one in desk.cameras() if folder.of(one.id)]


def _export_one(
    desk: SiteDesk, release: str, folder: Path, ids: dict[str, str], console: Console
) -> None:
    ines = Actor(id=ids["ines"], roles=frozenset(PEOPLE["ines"]))
    if not _known(desk):
        console.print("No shield knows its empty scene yet; nobody is exported.", style="yellow")
    elif (out := export_one(desk, release, folder, ines, console)) is not None:
        _verify(out, site_public_key(desk.site).fingerprint, console)
    desk.releases.end(release, actor=ines)
    console.print("ines ends the release; the keys are forgotten. Each step is a leaf.")


def _export(desk: SiteDesk, folder: Path, ids: dict[str, str], console: Console) -> None:
    camera = desk.cameras()[0]
    out = folder / "export.zip"
    oskar = Actor(id=ids["oskar"], roles=frozenset(PEOPLE["oskar"]))
    with contextlib.closing(desk.open_reader()) as reader:
        kept = reader.recordings(camera.id, StreamName.MASKED, 0, 2**62)
        if not kept:
            console.print("nothing was recorded in this time", style="yellow")
            return
        ends_ns = kept[-1].end_wall_ns
        span = Span(camera=camera.id, from_ns=ends_ns - 8 * 10**9, until_ns=ends_ns)
        export_masked(
            desk.site,
            desk.store,
            reader,
            span,
            out=out,
            allowed=desk.permission.now(),
            actor=oskar,
            now=desk.clock(),
        )
    fingerprint = site_public_key(desk.site).fingerprint
    _verify(out, fingerprint, console)
    content = bytearray(out.read_bytes())
    content[len(content) // 3] ^= 1
    altered = folder / "export-altered.zip"
    write_atomically(altered, bytes(content))
    console.print(f"with one bit flipped: {_verdict(altered, fingerprint)}", highlight=False)


def _verify(out: Path, fingerprint: str, console: Console) -> None:
    command = typed(f"export verify {out} --site {fingerprint}")
    console.print(f"  {command}", highlight=False, soft_wrap=True)
    console.print(_verdict(out, fingerprint), highlight=False)


def _verdict(path: Path, fingerprint: str) -> str:
    try:
        verified = verify_export(path, site=fingerprint)
    except InsynError as error:
        return f"[red]refused[/]: {error}"
    if verified.findings:
        return f"[red]refused[/]: {verified.findings[0].sentence}"
    return "[green]verified[/]: clip, manifest, site's key and ledger agree"


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, tz=UTC)
