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
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.site.cameras.address import Address, Credentials
    from insyn.site.cameras.keeping import CredentialKeeper
    from insyn.site.directory import SiteDirectory

app = typer.Typer(no_args_is_help=True, help="The site's cameras.")

UrlArgument = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="rtsp://HOST/PATH, a file, or virtual://concourse?seed=7; a password in it is taken "
        "out and kept encrypted.",
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
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Add it without looking whether it answers.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Add a camera: looks whether it answers; it is recorded and masked from then on."""
    from insyn.site.cameras.register import Wanted, add
    from insyn.site.permission.judging import Permission
    from insyn.site.store import open_site

    site = _site(data)
    main, credentials = _address(url, user, password_file)
    sub_address = _address(sub, None, None)[0] if sub else None
    found: dict[str, Json] = {}
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
        device={key: str(value) for key, value in found.items() if key in ("codec", "size")},
    )
    with open_site(site) as store, store.writing() as connection:
        camera = add(
            connection,
            wanted,
            keeper=_keeper(site),
            room_for=Permission(site).now().room_for,
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
    """List the site's cameras."""
    from insyn.site.cameras.register import every
    from insyn.site.store import open_site

    with open_site(_site(data)) as store, store.reading() as connection:
        found = every(connection)
    if as_json:
        print(json.dumps([camera.to_json() for camera in found], ensure_ascii=False))
    elif not found:
        print("there is no camera yet; add one (insyn site camera add NAME URL)")
    else:
        print_table(
            ("id", "name", "place", "address", "masked"),
            [(c.id, c.name, c.place, c.main.url, c.style) for c in found],
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
    found = _probed(main, credentials)
    if as_json:
        print(json.dumps({"url": main.url, **found}, ensure_ascii=False))
        return
    for key, value in found.items():
        print(f"{key.replace('_', ' '):14} {value}")


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

    address, credentials = read_address(url)
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
