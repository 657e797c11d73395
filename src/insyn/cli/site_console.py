"""A site's running console, asked over HTTP: where it is, and who asks.

Always: keys and passphrases are used in the console's process; what is typed here goes there, in
the clear to this machine alone, and encrypted to any other. The session is kept as `insyn sign-in`
keeps it: readable by this user alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from insyn.base.errors import EnvironmentFailure, Refusal, UsageError
from insyn.cli.options import data_directory

if TYPE_CHECKING:
    import sqlalchemy as sa

    from insyn.site.directory import SiteDirectory

VARIABLE = "INSYN_CONSOLE"
USUAL = "http://127.0.0.1:8090"
TIMEOUT_S = 30.0
"""A passphrase costs half a second; the console answers the rest at once."""

ConsoleOption = Annotated[
    str | None,
    typer.Option(
        "--console",
        metavar="URL",
        envvar=VARIABLE,
        help="The site's console (else the one that runs on this machine).",
        show_default=False,
    ),
]
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Console:
    """The console of a site, and the session that was begun at it."""

    def __init__(self, url: str, place: str) -> None:
        self.url = url
        self._place = place

    # `Any`: JSON.
    def ask(self, method: str, path: str, sent: object = None, *, as_who: bool = True) -> Any:
        """What the console answers.

        Raises:
            Refusal: it refuses, or nobody is signed in; says why.
            UsageError: it does not understand what was asked.
            EnvironmentFailure: it does not answer.
        """
        import httpx

        from insyn.cli.acting import kept_at

        headers = {}
        if as_who:
            session = kept_at(self._place)
            if not session:
                raise Refusal("sign in at the site first (insyn site sign-in)")
            headers["Authorization"] = f"Bearer {session}"
        try:
            answer = httpx.request(
                method,
                f"{self.url}/api/v1{path}",
                json=sent,
                headers=headers,
                timeout=TIMEOUT_S,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise EnvironmentFailure(
                f"the console at {self.url} does not answer ({type(error).__name__}); start it "
                "(insyn site serve), or name another (--console URL)"
            ) from error
        if answer.status_code == 204:
            return {}
        try:
            said = answer.json()
            if answer.is_success:
                return said
            detail = str(said["detail"]).rstrip(".")
        except (ValueError, KeyError, TypeError) as error:
            raise EnvironmentFailure(
                f"{self.url} answers, and is no console of a site; name it with --console URL"
            ) from error
        if answer.status_code == 401 and as_who:
            raise Refusal("your session at the site has ended; sign in again (insyn site sign-in)")
        problem = detail[:1].lower() + detail[1:]
        raise UsageError(problem) if answer.status_code == 400 else Refusal(problem)

    def keep(self, session: str | None) -> None:
        """Keep the session for later commands; None forgets it."""
        from insyn.cli.acting import keep_at

        keep_at(self._place, session)


def console_of(console: str | None, data: Path | None) -> Console:
    """The console named, or the one that runs on the data directory's site.

    Raises:
        UsageError: its address is none, or what is typed would go over a network in the clear.
    """
    from insyn.site.directory import site_directory

    if console is not None:
        url = _checked(console)
        return Console(url, place_of_url(url))
    site = site_directory(data_directory(data))
    return Console(_running(site), place_of_site(site.root))


def place_of_url(url: str) -> str:
    """Under what a session at a console elsewhere is kept."""
    return hashlib.sha256(f"console {url}".encode()).hexdigest()


def place_of_site(root: Path) -> str:
    """Under what a session at the site in this folder is kept."""
    return hashlib.sha256(f"site {root.resolve()}".encode()).hexdigest()


def kept_here(connection: sa.Connection) -> str:
    """The session that was begun at the site whose database this is; "" where there is none."""
    from insyn.cli.acting import kept_at

    database = connection.engine.url.database
    return kept_at(place_of_site(Path(database).parent)) if database else ""


def _running(site: SiteDirectory) -> str:
    """The console that runs on this site, as it told when it started."""
    try:
        return _checked(str(json.loads((site.run / "web.json").read_bytes())["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return os.environ.get(VARIABLE, "") or USUAL


def _checked(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise UsageError("write the console's address such as https://cameras.example:8090")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            "passwords and passphrases would go over the network in the clear; use the console's "
            "https address, or a tunnel to this machine"
        )
    return url.strip().rstrip("/")
