"""`insyn site camera`: add, list, probe, discover, change and remove a site's cameras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import InsynError, UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.passphrases import passphrase
from insyn.cli.site_acting import acting_at_site
from insyn.cli.site_camera_texts import scene_words, show_device
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.site.cameras.address import Address, Credentials
    from insyn.site.cameras.keeping import CredentialKeeper
    from insyn.site.cameras.onvif.device import Found
    from insyn.site.directory import SiteDirectory

DEVICE_SCHEME = "onvif"

app = typer.Typer(no_args_is_help=True, help="The site's cameras.")

UrlArgument = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="rtsp://HOST/PATH, onvif://HOST (asked for its streams), a file, or "
        "virtual://concourse?seed=7; a password in it is taken out and kept encrypted.",
    ),
]
UserOption = Annotated[str | None, typer.Option("--user", help="The camera's user.")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="File with the camera's password."),
]
CameraArgument = Annotated[str, typer.Argument(metavar="CAMERA", help="A camera's id or name.")]
StyleOption = Annotated[
    str, typer.Option("--style", help="How people are masked: solid, ghost or mosaic.")
]


@app.command("add")
def add_camera(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    url: UrlArgument,
    sub: Annotated[
        str | None,
        typer.Option("--sub", metavar="URL", help="Its sub-stream, some 640x360, for live view."),
    ] = None,
    user: UserOption = None,
    password_file: PasswordFileOption = None,
    place: Annotated[str, typer.Option("--place", help="Where it hangs.")] = "",
    style: StyleOption = "solid",
    sound: Annotated[
        bool,
        typer.Option("--sound", help="Record its sound too, where the permit allows it."),
    ] = False,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Add it without looking whether it answers.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Add a camera: looks whether it answers; it is recorded and masked from then on."""
    from insyn.site.cameras.address import read_address
    from insyn.site.cameras.register import Wanted, add
    from insyn.site.permission.judging import Permission
    from insyn.site.store import open_site

    site = _site(data)
    read_address(url, or_device=True)
    sub_address = _address(sub, None, None)[0] if sub else None
    _require_may(site)
    main, credentials = _address(url, user, password_file)
    found: dict[str, Json] = {}
    told: dict[str, str] = {}
    if main.scheme == DEVICE_SCHEME:
        device = _asked(main, credentials)
        told = {"maker": device.maker, "model": device.model, "firmware": device.firmware}
        main = device.main.stream
        if sub_address is None and device.sub is not None:
            sub_address = device.sub.stream
    if not no_probe:
        found = _probed(main, credentials)
        if sub_address is not None:
            _probed(sub_address, credentials)
    wanted = Wanted(
        name=name,
        main=main,
        sub=sub_address,
        place=place,
        credentials=credentials,
        style=style,
        records_sound=sound,
        device=told | {k: str(value) for k, value in found.items() if k in ("codec", "size")},
    )
    allowed = Permission(site).now()
    with open_site(site) as store, store.writing() as connection:
        camera = add(
            connection,
            wanted,
            keeper=_keeper(site),
            room_for=allowed.room_for,
            may_hear=allowed.may_hear,
            actor=acting_at_site(connection),
            now=system_clock(),
        )
    if as_json:
        print(json.dumps({**camera.to_json(), "probe": found}, ensure_ascii=False))
        return
    seen = f": {found['codec']} {found['size']}" if found else ""
    print(f"{camera.id} is added{shown(seen)}")


@app.command("list")
def list_cameras(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the site's cameras, and whether the shield knows the empty scene of each.

    While it does not, all of the camera's picture is covered.
    """
    from insyn.site.cameras.register import every
    from insyn.site.serving.known import known_of
    from insyn.site.settings import read_settings
    from insyn.site.shielding.masking import masking_of
    from insyn.site.shielding.scenes import SceneFolder
    from insyn.site.store import open_site
    from insyn.trust.keys.site import open_site_key
    from insyn.trust.people import users

    site, now = _site(data), system_clock()
    zone = read_settings(site).time_zone
    with open_site(site) as store, store.reading() as connection:
        found = every(connection)
        orders = {camera.id: masking_of(connection, camera.id, now=now).order for camera in found}
        names = {person.id: person.name for person in users.every(connection)}
    known = {}
    if found:
        scenes = SceneFolder(site.backgrounds, open_site_key(site.key))
        known = {
            id_: known_of(site.run, scenes, id_, order, now=now) for id_, order in orders.items()
        }
    if as_json:
        told = [{**camera.to_json(), "scene": known[camera.id].to_json()} for camera in found]
        print(json.dumps(told, ensure_ascii=False))
    elif not found:
        print("there is no camera yet; add one (insyn site camera add NAME URL)")
    else:
        print_table(
            ("id", "name", "place", "address", "masked", "empty scene"),
            [
                (c.id, c.name, c.place, c.main.url, c.style, scene_words(known[c.id], names, zone))
                for c in found
            ],
        )


@app.command("probe")
def probe_camera(
    url: UrlArgument,
    user: UserOption = None,
    password_file: PasswordFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look what a camera sends. Exit code 3, with the reason, where it sends nothing."""
    main, credentials = _address(url, user, password_file)
    if main.scheme == DEVICE_SCHEME:
        device = _asked(main, credentials)
        if as_json:
            print(json.dumps({"url": main.url, **device.to_json()}, ensure_ascii=False))
        else:
            show_device(device)
        return
    found = _probed(main, credentials)
    if as_json:
        print(json.dumps({"url": main.url, **found}, ensure_ascii=False))
        return
    for key, value in found.items():
        print(f"{key.replace('_', ' '):14} {value}")


@app.command("discover")
def discover_cameras(
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.5, max=60, help="Seconds to wait for answers.")
    ] = 4.0,
    interface: Annotated[
        str | None,
        typer.Option("--interface", metavar="ADDRESS", help="Ask on this address's network."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find ONVIF cameras on this network. They are asked nothing but who they are."""
    from insyn.site.cameras.onvif.discovery import discover

    typer.echo(f"insyn: asking the network, {timeout:g} s ...", err=True)
    found = discover(timeout_s=timeout, interface=interface)
    if as_json:
        print(json.dumps([one.to_json() for one in found], ensure_ascii=False))
    elif not found:
        print("no camera answered; cameras in other networks are reached by insyn site camera "
              "probe onvif://HOST, other interfaces by --interface")  # fmt: skip
    else:
        print_table(
            ("address", "name", "model", "place"),
            [(one.url, one.name, one.model, one.place) for one in found],
        )


@app.command("change")
def change_camera(
    camera: CameraArgument,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Its address.")] = None,
    sub: Annotated[
        str | None, typer.Option("--sub", metavar="URL", help="Its sub-stream; '' for none.")
    ] = None,
    user: UserOption = None,
    password_file: PasswordFileOption = None,
    place: Annotated[str | None, typer.Option("--place", help="Where it hangs.")] = None,
    style: Annotated[str | None, typer.Option("--style", help="solid, ghost or mosaic.")] = None,
    retention_days: Annotated[
        int | None, typer.Option("--retention-days", help="Shorter than the site's; 0: as it.")
    ] = None,
    sound: Annotated[
        bool | None,
        typer.Option("--sound/--no-sound", help="Record its sound too, where the permit allows."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Change a camera. A password is kept while the host stays; another host needs it anew."""
    from insyn.site.cameras.address import read_address
    from insyn.site.cameras.register import Wanted, change, find
    from insyn.site.permission.judging import Permission
    from insyn.site.store import open_site

    if all(one is None for one in (name, url, sub, user, place, style, retention_days, sound)):
        raise UsageError("say what to change, such as --name or --url; see --help")
    site = _site(data)
    _require_may(site)
    with open_site(site) as store:
        with store.reading() as connection:
            before = find(connection, camera)
        main, credentials = before.main, None
        if url is not None:
            main, credentials = read_address(url)
        if user is not None:
            credentials = _address(main.url, user, password_file)[1]
        smaller = None if before.sub == before.main else before.sub
        if sub is not None:
            smaller = read_address(sub)[0] if sub else None
        days = before.retention_days if retention_days is None else retention_days or None
        wanted = Wanted(
            name=before.name if name is None else name,
            main=main,
            sub=smaller,
            place=before.place if place is None else place,
            credentials=credentials,
            style=before.style if style is None else style,
            device=before.device,
            is_recorded=before.is_recorded,
            records_sound=before.records_sound if sound is None else sound,
            retention_days=days,
            floor_bytes=before.floor_bytes,
        )
        with store.writing() as connection:
            changed = change(
                connection,
                before.id,
                wanted,
                keeper=_keeper(site),
                may_hear=Permission(site).now().may_hear,
                actor=acting_at_site(connection),
                now=system_clock(),
            )
    if as_json:
        print(json.dumps(changed.to_json(), ensure_ascii=False))
    else:
        print(f"{changed.id} is changed; it is recorded and masked so within seconds")


@app.command("remove")
def remove_camera(
    camera: CameraArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Take a camera out of use. What it recorded stays, and keeps its retention."""
    from insyn.site.cameras.register import find, remove
    from insyn.site.store import open_site

    with open_site(_site(data)) as store:
        with store.reading() as connection:
            found = find(connection, camera)
        if not yes and not typer.confirm(
            f"take {shown(found.name)} out of use? its recordings stay", err=True
        ):
            raise typer.Exit(1)
        with store.writing() as connection:
            removed = remove(
                connection, found.id, actor=acting_at_site(connection), now=system_clock()
            )
    if as_json:
        print(json.dumps({"removed": removed.id}))
    else:
        print(f"{removed.id} is out of use; its recordings stay")


def _site(data: Path | None) -> SiteDirectory:
    from insyn.site.directory import site_directory

    return site_directory(data_directory(data))


def _require_may(site: SiteDirectory) -> None:
    """Refuse whoever may not set cameras up, before a password is asked for or a camera looked at.

    Raises:
        Refusal: they lack the role, or nobody is signed in.
    """
    from insyn.site.store import open_site
    from insyn.trust.people.duties import require

    with open_site(site) as store, store.writing() as connection:
        require(acting_at_site(connection), "camera.manage")


def _keeper(site: SiteDirectory) -> CredentialKeeper:
    from insyn.site.cameras.keeping import CredentialKeeper
    from insyn.site.permission.judging import site_public_key
    from insyn.trust.keys.site import open_site_key

    site_public_key(site)  # makes the key where there is none yet
    return CredentialKeeper(open_site_key(site.key))


def _address(
    url: str, user: str | None, password_file: Path | None
) -> tuple[Address, Credentials | None]:
    from insyn.site.cameras.address import Credentials, read_address

    address, credentials = read_address(url, or_device=True)
    if user is None:
        if password_file is not None:
            raise UsageError("--password-file needs the user it is for (--user)")
        return address, credentials
    secret = passphrase(
        password_file,
        "The camera's password",
        what="password",
        option="--password-file",
    )
    return address, Credentials(user=user, password=secret)


def _asked(address: Address, credentials: Credentials | None) -> Found:
    """What an ONVIF camera says it has.

    Raises:
        CameraFailure: nothing, and why.
    """
    from urllib.parse import urlsplit

    from insyn.site.cameras.onvif.device import ask

    typer.echo(f"insyn: asking {shown(address.name)} ...", err=True)
    parts = urlsplit(address.url)
    return ask(parts.hostname or "", parts.port or 80, credentials)


def _probed(address: Address, credentials: Credentials | None) -> dict[str, Json]:
    """What a camera sends in its first second or two.

    Raises:
        CameraFailure: nothing, and why.
    """
    from insyn.site.cameras.opening import source_for
    from insyn.site.cameras.probing import look

    typer.echo(f"insyn: looking at {shown(address.name)} ...", err=True)
    try:
        return look(source_for(address, credentials))
    except InsynError:
        typer.echo("insyn: nothing was changed (--no-probe adds it anyway)", err=True)
        raise
