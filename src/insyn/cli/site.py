"""`insyn site`: the operator's half; made, allowed, run, looked at."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import EnvironmentFailure, Refusal, UsageError
from insyn.base.files import alone
from insyn.cli import (
    site_camera,
    site_check,
    site_masking,
    site_people,
    site_processes,
    site_record,
    site_release,
    site_vault,
)
from insyn.cli.options import DataOption, JsonOption, ProxyOption, data_directory
from insyn.cli.passphrases import PassphraseFileOption, passphrase
from insyn.cli.tables import shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.site.directory import SiteDirectory
    from insyn.site.permission.allowed import Allowed

app = typer.Typer(
    no_args_is_help=True,
    help="The site: cameras recorded and shown, everyone masked, under a permit.",
)
permit_app = typer.Typer(
    no_args_is_help=True, help="What this site may do: the office's root, permit and status list."
)
app.add_typer(permit_app, name="permit")
site_camera.app.command("scene")(site_masking.scene)
site_camera.app.command("zones")(site_masking.zones)
app.add_typer(site_camera.app, name="camera")
app.add_typer(site_vault.app, name="vault")
app.add_typer(site_release.app, name="release")
app.add_typer(site_people.app, name="user")
app.command("sign-in")(site_people.sign_in)
app.command("sign-out")(site_people.sign_out)
app.command("whoami")(site_people.whoami)
app.command("claim")(site_people.claim)
app.command("password")(site_people.password)
app.command("check")(site_check.check)
app.command("record", hidden=True)(site_record.record)
app.command("shield-worker", hidden=True)(site_processes.shield_worker)
app.command("web", hidden=True)(site_processes.web)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="File from the office.")]
LONGEST_FILE = 1 << 20


def site_of(data: Path | None) -> SiteDirectory:
    """The site's part of the data directory that a command works in."""
    from insyn.site.directory import site_directory

    return site_directory(data_directory(data))


@app.command()
def init(
    new_token: Annotated[
        bool,
        typer.Option("--new-token", help="The token was lost: another one, and that one is void."),
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Make the site: its key, its database, and its first administrator's one-time token.

    The fingerprint is what the office binds the permit to. A site is made once; `insyn site status`
    tells the fingerprint again.
    """
    from insyn.site.permission.judging import site_public_key
    from insyn.site.store import open_site
    from insyn.trust.people import users
    from insyn.trust.people.duties import Role

    site = site_of(data)
    fingerprint = site_public_key(site).fingerprint
    with open_site(site) as store, store.writing() as connection:
        known = users.every(connection)
        if any(person.state is not users.State.INVITED for person in known):
            raise Refusal(
                "the site has people already; an administrator invites others (insyn site user add)"
            )
        waiting = [person for person in known if Role.ADMINISTRATOR in person.roles]
        if waiting and not new_token:
            raise Refusal(
                "the site is made already, and the token that was printed then is good for 24 "
                "hours; if it is lost or over: insyn site init --new-token"
            )
        token = users.invite_first(connection, now=system_clock())
    if as_json:
        said = {"fingerprint": fingerprint, "token": token, "voids_earlier": bool(waiting)}
        print(json.dumps(said))
        return
    typer.echo(f"the site's key, for its permit:\n  {fingerprint}", err=True)
    typer.echo(
        "one-time token of the first administrator, for 24 hours, shown once; start the site "
        "(insyn site serve) and open its console to use it, or insyn site claim:",
        err=True,
    )
    print(token)
    if waiting:
        typer.echo("the token that was printed before is void", err=True)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address that the console listens on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of the console.")
    ] = 8090,
    proxy: ProxyOption = None,
    data: DataOption = None,
) -> None:
    """Record, mask and show until told to stop (Ctrl-C or SIGTERM).

    Starts the recorder, the shield's workers and the console, each a process of its own; one that
    ends is started again. The connection is not encrypted: beyond this machine, put a proxy with
    TLS before it.
    """
    from insyn.site.serving.jobs import jobs_of
    from insyn.site.serving.supervisor import Supervisor
    from insyn.web.addresses import believed_proxies

    site = _made(site_of(data))
    believed_proxies(proxy)  # refused here, not by a process that is started again and again
    supervisor = Supervisor(
        lambda: jobs_of(site, host=host, port=port, proxies=tuple(proxy or ())),
        states=site.run / "processes.json",
        environment=None,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    with alone(site.run, "serve.lock") as is_alone:
        if not is_alone:
            raise Refusal(f"{site.root} is served by another process already; stop that one first")
        _check_free(host, port)  # here, not by a console that is started again and again
        typer.echo(f"insyn: the console is at http://{host}:{port} in a moment", err=True)
        supervisor.run()


def _check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise EnvironmentFailure(
            f"{host}:{port} cannot be listened on ({error.strerror}); take another with --port"
        ) from error


@app.command()
def status(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show what the site may do, its cameras and what runs. Exit code 1 where it may not record."""
    from insyn.site.permission.judging import judge, site_public_key
    from insyn.site.vault.folder import public_key

    site = _made(site_of(data))
    allowed = judge(site, system_clock())
    processes = _processes(site)
    if as_json:
        said: dict[str, Json] = {
            "fingerprint": site_public_key(site).fingerprint,
            "permit": to_json(allowed),
            "processes": processes,
        }
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(f"site key   {site_public_key(site).fingerprint}")
        _print_allowed(allowed)
        if public_key(site) is None:
            print("vault      none, so no originals are kept; make one (insyn site vault init)")
        running = ", ".join(sorted(processes)) if processes else "nothing (insyn site serve)"
        print(f"running    {running}")
    if allowed.may_record():
        raise typer.Exit(1)


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    passphrase_file: PassphraseFileOption = None,
    data: DataOption = None,
) -> None:
    """Back up keys, people, cameras, permit, ledger and the archive's index under a passphrase.

    Recordings are not in it: copy the archive's folder as well. The site may run meanwhile.
    """
    from insyn.site.archive.place import place_of
    from insyn.site.serving.backup import back_up

    site = _made(site_of(data))
    words = passphrase(passphrase_file, "Passphrase of the backup", new=True)
    count = back_up(site, place_of(site), out, words)
    print(f"{out} holds {count} files; keep it apart from its passphrase")


@app.command()
def restore(
    backup_file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    archive: Annotated[
        Path | None,
        typer.Option("--archive", metavar="DIR", help="Where the recordings are now."),
    ] = None,
    passphrase_file: PassphraseFileOption = None,
    data: DataOption = None,
) -> None:
    """Put a backup back, in a data directory without a site. Then: insyn site check."""
    from insyn.site.archive.place import move_place
    from insyn.site.serving.backup import restore as put_back

    site = site_of(data)
    words = passphrase(passphrase_file, "Passphrase of the backup")
    count = put_back(site, archive or site.root / "archive", backup_file, words)
    if archive is not None:
        move_place(site, archive)
    print(f"{site.root} holds {count} files again; look at it with: insyn site check")


@app.command()
def archive(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where the archive is from the next start on."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Show where the recordings lie; or name their folder, as on a disk of its own.

    With an archive in DIR, that one is taken; without, a new one is made there, and what was
    recorded before stays where it was, unknown to the new one. To keep it, stop the site and move
    the whole folder first.
    """
    from insyn.site.archive.place import move_place, place_of

    site = _made(site_of(data))
    if folder is not None:
        root = move_place(site, folder)
        typer.echo(f"archive {root.id} is used from the next start of the site on", err=True)
    print(place_of(site))


@app.command()
def settings(
    change: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="What to change.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show or change what the site is told: name, contact, time zone, retention."""
    from dataclasses import asdict

    from insyn.cli.site_acting import named_at_site
    from insyn.site.permission.judging import judge
    from insyn.site.settings import Settings, read_settings, record_change
    from insyn.site.store import open_site

    site = _made(site_of(data))
    changed: dict[str, str | int] = {}
    for one in change or ():
        name, is_given, value = one.partition("=")
        if not is_given:
            raise UsageError(f"write {name}=VALUE; insyn site settings shows the names")
        is_number = isinstance(getattr(Settings(), name, ""), int)
        changed[name] = int(value) if is_number and value.isdecimal() else value
    found = read_settings(site)
    if changed:
        with open_site(site) as store:
            with store.reading() as connection:
                who = named_at_site(connection)
            found = record_change(site, store, changed, who=who, now=system_clock())
        if "retention_days" in changed:
            cut = judge(site, system_clock()).cut_days(found.retention_days)
            if cut:
                typer.echo(cut, err=True)
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    for name, value in asdict(found).items():
        print(f"{name:16} {shown(str(value))}")


@permit_app.command("root")
def take_root(
    file: FileArgument,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="Of the first root: as the office tells it."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Take up the office's root: whose signatures count here from now on."""
    from insyn.site.permission.judging import take_up_root

    root = take_up_root(site_of(data), _content(file), fingerprint=fingerprint)
    print(f"root {root.version} is in force until {isoformat(root.expires_at)}")


@permit_app.command("take-up")
def take_permit(file: FileArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Take up a permit for this site. Exit code 1 where it does not allow recording now."""
    from insyn.site.permission.judging import take_up_permit

    _told(take_up_permit(site_of(data), _content(file), now=system_clock()), as_json)


@permit_app.command("status")
def take_status(file: FileArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Take up the office's newest status list, carried over by hand."""
    from insyn.site.permission.judging import take_up_status

    _told(take_up_status(site_of(data), _content(file), now=system_clock()), as_json)


@permit_app.command("show")
def show_permit(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show what this site may do now, and why. Exit code 1 where it may not record."""
    from insyn.site.permission.judging import judge

    _told(judge(site_of(data), system_clock()), as_json)


def to_json(allowed: Allowed) -> dict[str, Json]:
    """What holds, for programs."""
    return {
        "standing": str(allowed.standing),
        "reason": allowed.code,
        "sentence": allowed.sentence,
        "self_declared": allowed.is_self_declared,
        "permit": allowed.permit.id if allowed.permit else None,
        "camera_cap": allowed.camera_cap,
        "custodians": allowed.custodians,
        "retention_days": allowed.retention_days,
        "live_break_glass_minutes": allowed.live_minutes,
        "sound": not allowed.may_hear(),
        "ends_at": isoformat(allowed.ends_at) if allowed.ends_at else None,
    }


def _told(allowed: Allowed, as_json: bool) -> None:
    if as_json:
        print(json.dumps(to_json(allowed), ensure_ascii=False))
    else:
        _print_allowed(allowed)
    if allowed.may_record():
        raise typer.Exit(1)


def _print_allowed(allowed: Allowed) -> None:
    named = allowed.permit.id if allowed.permit else "none"
    print(f"permit     {'self-declared' if allowed.is_self_declared else named}")
    print(f"standing   {allowed.standing}: {allowed.sentence}")
    print(f"cameras    at most {allowed.camera_cap}")
    print(f"retention  at most {allowed.retention_days} days")
    kept = f"sealed, opened by {allowed.custodians} custodians" if allowed.custodians else "none"
    print(f"originals  {kept}")
    if allowed.live_minutes:
        print(f"live       unmasked by break-glass, at most {allowed.live_minutes} minutes")
    print(f"sound      {allowed.may_hear() or 'in sealed originals, of cameras that are set so'}")
    if allowed.ends_at:
        print(f"ends       {isoformat(allowed.ends_at)}")


def _made(site: SiteDirectory) -> SiteDirectory:
    if not (site.root / "site-key.pem").exists():
        raise EnvironmentFailure(f"{site.root} is no site yet; make it first (insyn site init)")
    return site


def _processes(site: SiteDirectory) -> dict[str, Json]:
    try:
        found = json.loads((site.run / "processes.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > LONGEST_FILE:
            raise UsageError(f"{file} is far too large for a file of the office; name another")
        return file.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {file}: {error.strerror}") from error
