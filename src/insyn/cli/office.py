"""`insyn office`: the office made, and run as a service."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.cli.options import DataOption, JsonOption, ProxyOption, data_directory

app = typer.Typer(no_args_is_help=True, help="The office: made, and run as a service over HTTP.")

KEY_VARIABLE = "INSYN_API_KEY"
MIN_KEY = 16
"""Characters of an API key; a shorter one can be guessed."""


@app.command()
def init(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Make the office: its data directory, its database, and its first administrator's token.

    The one-time token is printed once and lasts 24 hours. While nobody has claimed it, running
    this again makes a new one, and says that the earlier one is void.
    """
    from insyn.base.clock import system_clock
    from insyn.office.diligence.cases import rulebooks
    from insyn.office.screening.store import open_store
    from insyn.trust.people import users

    now = system_clock()
    with open_store(data_directory(data)) as store, store.writing() as connection:
        rulebooks.adopt_ours(connection, now=now)
        again = users.are_any(connection)
        token = users.invite_first(connection, now=now)
    if as_json:
        print(json.dumps({"token": token, "voids_earlier": again}))
        return
    print(token)
    typer.echo(
        "one-time token of the first administrator, for 24 hours, shown once:\n"
        "  insyn user claim --name YOUR_NAME",
        err=True,
    )
    if again:
        typer.echo("the token that was printed before is void", err=True)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; others than loopback want a key.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 8080,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            "--api-key-file",
            metavar="FILE",
            help="File with the API key that clients must send (else INSYN_API_KEY, else none).",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Requests a second and client; 0: no limit.")
    ] = 100,
    burst: Annotated[
        int, typer.Option("--burst", min=1, help="Requests that a client may make at once.")
    ] = 200,
    proxy: ProxyOption = None,
    data: DataOption = None,
) -> None:
    """Answer screening requests over HTTP until told to stop (Ctrl-C or SIGTERM).

    POST /api/v1/screen screens one subject or up to 500; GET /api/v1/lists shows the lists;
    /match/{dataset} answers clients of yente; GET /openapi.json describes it all. The first line
    on stdout is the URL. Lists and clearances that change are taken up within seconds, without a
    restart. The connection is not encrypted: beyond this machine, put a proxy with TLS before it.
    """
    from insyn.office.console.app import create_app
    from insyn.office.console.guard import Rules, is_loopback
    from insyn.office.console.server import open_socket, serve, start_logging, url_of
    from insyn.office.console.standing import InForce
    from insyn.web.addresses import believed_proxies

    proxies = believed_proxies(proxy)
    key = _api_key(api_key_file)
    if key is None and not is_loopback(host):
        raise UsageError(
            f"--host {host} can be reached from other machines, so an API key is needed: put one "
            f"of at least {MIN_KEY} characters in {KEY_VARIABLE} or in a file for --api-key-file"
        )
    start_logging()
    with open_socket(host, port) as opened:
        in_force = InForce(data_directory(data))
        typer.echo("insyn: opening the lists in force", err=True)
        in_force.refresh()
        if in_force.trouble:
            typer.echo(f"insyn: not ready: {in_force.trouble}", err=True)
        app = create_app(in_force, Rules(api_key=key, rate=rate, burst=burst))
        url = url_of(opened)

        def say() -> None:
            print(url, flush=True)

        serve(app, opened, say, proxies)


def _api_key(path: Path | None) -> str | None:
    if path is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not key:
            return None
    else:
        try:
            key = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EnvironmentFailure(
                f"the API key cannot be read from {path} ({type(error).__name__})"
            ) from error
    if len(key) < MIN_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"the API key must be at least {MIN_KEY} visible ASCII characters without a blank; "
            "make one with: openssl rand -hex 32"
        )
    return key
