"""Signing in and out, claiming an invitation, changing a password: pages that both consoles share.

Always: the session's secret is in a cookie that scripts cannot read and other sites cannot send;
who fails to sign in is told neither whether the name exists nor anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.clock import Clock
from insyn.base.errors import Refusal
from insyn.trust.people import sessions, signing_in, users
from insyn.trust.people.duties import Actor
from insyn.trust.people.passwords import Passwords
from insyn.trust.store import Store
from insyn.web.addresses import source_of
from insyn.web.pages import Pages, refused_by

COOKIE = "insyn-session"
SECURE_COOKIE = "__Host-insyn-session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is signed in, under which name, by which session (its secret, never shown)."""

    actor: Actor
    name: str
    session: str


def session_of(request: Request) -> str:
    """The secret that the browser sent, or a program as a bearer; "" where none.

    A page elsewhere can send no such header of ours, so it needs no Origin.
    """
    kept = request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE, "")
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kept or (given.strip() if kind.casefold() == "bearer" else "")


def visitor_of(request: Request, store: Store, clock: Clock) -> Visitor | None:
    """Who is signed in; asked once a request, and kept with it."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = identified(session_of(request), store, clock)
    found: Visitor | None = request.state.visitor
    return found


def identified(secret: str, store: Store, clock: Clock) -> Visitor | None:
    """Whose session this is; keeps it open. WebSockets ask again and again."""
    if not secret:
        return None
    now = clock()
    with store.reading() as connection:
        found = sessions.identify(connection, secret, now=now, touch=False)
        if found is None:
            return None
        name = users.find(connection, found.actor.id).name
        is_due = sessions.is_due(connection, secret, now=now)
    if is_due:
        with store.writing() as connection:
            sessions.identify(connection, secret, now=now)
    return Visitor(actor=found.actor, name=name, session=secret)


def signing_routes(store: Store, pages: Pages, clock: Clock, *, another: str) -> APIRouter:
    """The routes, all open to whoever is not signed in.

    `another`: how a one-time token is made in the place of one that is not taken, in a clause.
    """
    routes = APIRouter()
    passwords = Passwords()

    @routes.get("/sign-in")
    def show_sign_in(request: Request, to: str = "/") -> Response:
        return pages.show(request, "sign_in.html", to=_local(to), name="")

    @routes.post("/sign-in")
    def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1024)],
        to: Annotated[str, Form(max_length=500)] = "/",
    ) -> Response:
        secret, why_not = signing_in.sign_in(
            store.writing,
            name,
            password,
            source=source_of(request),
            passwords=passwords,
            now=clock(),
        )
        if secret is None:
            return pages.show(
                request,
                "sign_in.html",
                status=401,
                refused=refused_by(Refusal(why_not)),
                to=_local(to),
                name=name,
            )
        return _with_session(request, RedirectResponse(_local(to), 303), secret)

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        secret = session_of(request)
        if secret:
            with store.writing() as connection:
                sessions.end(connection, secret)
        answer = RedirectResponse("/sign-in", 303)
        for name in (COOKIE, SECURE_COOKIE):
            answer.delete_cookie(name, path="/", secure=name == SECURE_COOKIE)
        return answer

    @routes.get("/claim")
    def show_claim(request: Request, token: str = "") -> Response:
        return pages.show(request, "claim.html", token=token, name="")

    @routes.post("/claim")
    def claim(
        request: Request,
        token: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1024)],
        again: Annotated[str, Form(max_length=1024)],
        name: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        try:
            if password != again:
                raise Refusal("the two passwords differ; type the same one twice")
            with store.writing() as connection:
                person = users.claim(
                    connection,
                    token.strip(),
                    password=password,
                    passwords=passwords,
                    now=clock(),
                    name=name.strip() or None,
                )
                if not name.strip() and person.name == users.UNNAMED:
                    # In the transaction: what is refused leaves the token good.
                    raise Refusal("choose the name that you sign in with")
        except Refusal as error:
            if isinstance(error, users.NoInvitation):
                error = Refusal(f"{error}; {another}", field=error.field)
            refused = refused_by(error, ("token", "name"))
            return pages.show(
                request, "claim.html", status=400, refused=refused, token=token, name=name
            )
        return RedirectResponse("/sign-in", 303)

    @routes.get("/password")
    def show_password(request: Request) -> Response:
        if visitor_of(request, store, clock) is None:
            return RedirectResponse("/sign-in?to=/password", 303)
        return pages.show(request, "password.html")

    @routes.post("/password")
    def change_password(
        request: Request,
        old: Annotated[str, Form(max_length=1024)],
        password: Annotated[str, Form(max_length=1024)],
        again: Annotated[str, Form(max_length=1024)],
    ) -> Response:
        visitor = visitor_of(request, store, clock)
        if visitor is None:
            return RedirectResponse("/sign-in?to=/password", 303)
        try:
            if password != again:
                raise Refusal("the two new passwords differ; type the same one twice")
            signing_in.change_password(
                store.writing,
                visitor.actor.id,
                old=old,
                new=password,
                source=source_of(request),
                passwords=passwords,
                now=clock(),
            )
        except Refusal as error:
            return pages.show(request, "password.html", status=400, refused=refused_by(error))
        return RedirectResponse("/sign-in", 303)  # every session has ended

    return routes


def _with_session(request: Request, answer: Response, secret: str) -> Response:
    # Behind a proxy with TLS we are asked over http; the page that was filled in tells how it came.
    origin = request.headers.get("origin", "")
    is_secure = request.url.scheme == "https" or origin.startswith("https://")
    answer.set_cookie(
        SECURE_COOKIE if is_secure else COOKIE,
        secret,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )
    return answer


def _local(to: str) -> str:
    """A path of ours to go on to; anything else is the first page."""
    parts = urlsplit(to)
    is_ours = to.startswith("/") and not to.startswith(("//", "/\\")) and not parts.netloc
    return to if is_ours and to.isprintable() else "/"


Require = Callable[[Request, str], Visitor]
"""Who asks, if a duty allows it; raises otherwise."""
