"""Who asks: a person by an API token or by a session's cookie, and what the route wants of them.

Always: a token is limited to its scopes, a person to their roles, both at once; a change that
comes with a cookie comes from a page of ours, or is refused (a browser sends the cookie with
whatever page made it ask). That one act excludes another is not judged here but by the room
(`trust.people.duties`). Sources: RFC 6750 for what a 401 and a 403 say; RFC 6454 for Origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from insyn.office.console.guard import host_name, is_loopback
from insyn.office.console.problems import Problem
from insyn.office.console.resources.desk import Desk
from insyn.trust.people.duties import Actor, no_role
from insyn.trust.people.identity import Identified

COOKIE = "__Host-insyn"
LOCAL_COOKIE = "insyn"
"""On a loopback address without TLS: a `__Host-` cookie must be Secure, and needs TLS."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = 'Bearer realm="insyn"'


class People(Protocol):
    """What the routes need of the office's people (`people.OfficePeople`)."""

    def are_any(self, desk: Desk) -> bool:
        """Whether the office has people at all."""

    def by_token(self, desk: Desk, secret: str) -> Identified | None:
        """Whose token it is; None: nobody's, expired, revoked, or of somebody not active."""

    def by_session(self, desk: Desk, secret: str) -> Identified | None:
        """Whose session it is; None: nobody's, or over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """The dependency of a route: a person with this scope, who holds a role for the action.

    `scope`: one of `identity.SCOPES`; `reads`: the scope `read` suffices too. `action`: a name of
    `duties.DUTIES`; "": every person may.
    """

    scope: str
    action: str = ""
    reads: bool = False

    def __call__(self, request: Request) -> Identified:
        """Who asks.

        Raises:
            Problem: 401, nobody we know; 403, the scope, the role or the right Origin is missing.
        """
        desk: Desk = request.app.state.desk
        people: People = request.app.state.people
        asking = who(
            desk, people, request.headers, method=request.method, scheme=request.url.scheme
        )
        if asking is None:
            raise unknown()
        self.require(asking)
        return asking

    def require(self, asking: Identified) -> None:
        """Refuse whoever lacks the scope or every role that the action asks for.

        Raises:
            Problem: 403, which is missing.
        """
        enough = {self.scope, "read"} if self.reads else {self.scope}
        if asking.scopes is not None and not asking.scopes & enough:
            raise Problem(
                403,
                f"this token lacks the scope {self.scope}; make one that has it",
                headers={
                    "WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", '
                    f'scope="{self.scope}"'
                },
            )
        if self.action:
            require_role(asking.actor, self.action)


def require_role(actor: Actor, action: str) -> None:
    """Refuse whoever holds none of the roles of an action.

    Raises:
        Problem: 403, which roles have it.
    """
    lacking = no_role(actor, action)
    if lacking:
        raise Problem(403, lacking)


def who(
    desk: Desk, people: People, headers: Headers, *, method: str, scheme: str
) -> Identified | None:
    """Who sent a request; None: no credentials, or none that stand.

    Raises:
        Problem: 403, a change by cookie that no page of ours sent.
    """
    if not desk.is_made():
        return None
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return people.by_token(desk, secret.strip())
    session = session_of(headers, scheme=scheme)
    if session is None:
        return None
    if method not in SAFE_METHODS:
        require_own_origin(headers, scheme=scheme)
    return people.by_session(desk, session)


def unknown() -> Problem:
    """What whoever we do not know is answered with; it does not say whether there are people."""
    return Problem(
        401,
        "this asks for a person: sign in (POST /api/v1/session), or send a token as "
        "`Authorization: Bearer TOKEN`",
        headers={"WWW-Authenticate": _CHALLENGE},
    )


def require_own_origin(headers: Headers, *, scheme: str) -> None:
    """Refuse a change that another site's page had a browser send.

    Raises:
        Problem: 403.
    """
    if not is_own_origin(headers, scheme=scheme):
        raise Problem(
            403,
            "a change with a cookie must come from a page of this office: its Origin is another, "
            "or was not sent",
        )


def is_own_origin(headers: Headers, *, scheme: str) -> bool:
    """Whether `Origin` is the host asked; one that is not sent counts as another's.

    Behind a proxy with TLS we see http and the browser https: then the host alone decides, and
    https may stand for http but never the other way.
    """
    origin = headers.get("origin", "")
    host = headers.get("host", "")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    own: Iterable[str] = (
        (f"https://{host}",)
        if scheme == "https"
        else (
            f"http://{host}",
            f"https://{host}",
        )
    )
    return bool(host) and origin.lower() in {one.lower() for one in own}


def session_of(headers: Headers, *, scheme: str) -> str | None:
    """The secret of a session's cookie, or None."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    found = jar.get(cookie_name(headers, scheme=scheme))
    return found.value if found is not None and found.value else None


def cookie_name(headers: Headers, *, scheme: str) -> str:
    """What the session's cookie is called for whoever asks by this host."""
    is_local = scheme != "https" and is_loopback(host_name(headers.get("host", "")))
    return LOCAL_COOKIE if is_local else COOKIE


def set_cookie(
    response: Response, request: Request, secret: str, *, max_age_s: int | None
) -> Response:
    """Give a browser the session; `max_age_s` of 0 takes it away, None: until it closes."""
    name = cookie_name(request.headers, scheme=request.url.scheme)
    response.set_cookie(
        name,
        secret,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="strict",
        secure=name == COOKIE,
    )
    return response
