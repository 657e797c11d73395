"""What programs ask of the console in JSON: a session, one's account, releases.

Always: the same duties as the pages; a passphrase is used in this process and kept nowhere. A
program sends its session as a bearer token and no cookie. Problems are `{"status", "detail"}`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from insyn.base.clock import isoformat, isoformat_ms
from insyn.base.errors import Refusal, UsageError
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import NotSignedIn, SiteDesk
from insyn.site.console.forms import AGAIN, moment_of
from insyn.site.release import matter
from insyn.site.release.live import LiveRequest
from insyn.site.release.matter import Release
from insyn.site.release.request import Request as ReleaseRequest
from insyn.trust.people import sessions, signing_in, users
from insyn.trust.people.passwords import Passwords
from insyn.web.addresses import source_of
from insyn.web.pages import Pages
from insyn.web.signing import Visitor, session_of, visitor_of

Words = Annotated[str, Field(max_length=1024)]
Text = Annotated[str, Field(max_length=2000)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Sent):
    """A name and its password."""

    name: Words
    password: Words


class Claim(_Sent):
    """A one-time token, and the name and password wanted."""

    token: Words
    password: Words
    name: Words | None = None


class NewPassword(_Sent):
    """The present password and the next."""

    old: Words
    password: Words


class Asked(_Sent):
    """A release asked for; without a span where it is live."""

    camera: Words
    reason: Text
    basis: Text
    case_number: Text
    minutes: Annotated[int, Field(ge=1, le=1440)]
    begins: Words = ""
    ends: Words = ""
    live: bool = False


class Agreed(_Sent):
    """A custodian's passphrase."""

    passphrase: Words


class Refused(_Sent):
    """Why a custodian refuses."""

    because: Text


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes below `/api/v1`."""
    made = APIRouter(prefix="/api/v1")
    passwords = Passwords()

    def visitor(request: Request) -> Visitor:
        found = visitor_of(request, desk.store, desk.clock)
        if found is None:
            raise NotSignedIn
        return found

    @made.post("/session")
    def sign_in(request: Request, sent: SignIn) -> Response:
        secret, why_not = signing_in.sign_in(
            desk.store.writing,
            sent.name,
            sent.password,
            source=source_of(request),
            passwords=passwords,
            now=desk.clock(),
        )
        if secret is None:
            return JSONResponse({"status": 401, "detail": why_not}, 401)
        with desk.store.reading() as connection:
            found = sessions.identify(connection, secret, now=desk.clock(), touch=False)
            assert found is not None
            person = users.find(connection, found.actor.id)
        return JSONResponse({"session": secret, "person": person.to_json()})

    @made.get("/session")
    def who(request: Request) -> Response:
        with desk.store.reading() as connection:
            person = users.find(connection, visitor(request).actor.id)
        return JSONResponse({"person": person.to_json()})

    @made.delete("/session")
    def sign_out(request: Request) -> Response:
        with desk.store.writing() as connection:
            sessions.end(connection, session_of(request))
        return Response(status_code=204)

    @made.post("/claim")
    def claim(sent: Claim) -> Response:
        with desk.store.writing() as connection:
            try:
                person = users.claim(
                    connection,
                    sent.token.strip(),
                    password=sent.password,
                    passwords=passwords,
                    now=desk.clock(),
                    name=(sent.name or "").strip() or None,
                )
            except users.NoInvitation as error:
                raise Refusal(f"{error}; {AGAIN}") from error
            if not sent.name and person.name == users.UNNAMED:
                # In the transaction: what is refused leaves the token good.
                raise UsageError("choose the name that you sign in with, and claim again")
        return JSONResponse({"person": person.to_json()})

    @made.post("/password")
    def change_password(request: Request, sent: NewPassword) -> Response:
        signing_in.change_password(
            desk.store.writing,
            visitor(request).actor.id,
            old=sent.old,
            new=sent.password,
            source=source_of(request),
            passwords=passwords,
            now=desk.clock(),
        )
        return Response(status_code=204)

    def answer(found: Release, code: int = 200) -> Response:
        """One release, with what is kept of it and whom it names."""
        with desk.store.reading() as connection:
            names = {one.id: one.name for one in users.every(connection)}
        whom = [found.asked_by, *(one.custodian for one in found.answers)]
        said = told(found, desk.needed()) | {
            "needs_again": list(desk.releases.needs_again(found)),
            "names": {one: names[one] for one in whom if one in names},
            "time_zone": desk.settings().time_zone,
        }
        holds = desk.releases.held(found)
        if holds is not None:
            said["kept_s"] = holds.kept_ns / 1e9
            said["missing"] = [
                {
                    "begins": isoformat_ms(one.from_ns),
                    "ends": isoformat_ms(one.until_ns),
                    "because": one.because,
                }
                for one in holds.missing
            ]
        return JSONResponse(said, code)

    @made.get("/releases")
    def list_releases(request: Request) -> Response:
        desk.visitor(request, "site.read")
        with desk.store.reading() as connection:
            found = matter.every(connection)
        needed = desk.needed()
        said = [told(one, needed) for one in found]
        return JSONResponse({"releases": said, "time_zone": desk.settings().time_zone})

    @made.post("/releases")
    def ask(request: Request, sent: Asked) -> Response:
        actor = desk.visitor(request, "release.request").actor
        camera = _camera_of(desk, sent.camera)
        texts = {"reason": sent.reason, "basis": sent.basis, "case_number": sent.case_number}
        if sent.live:
            if sent.begins or sent.ends:
                raise UsageError("a break-glass begins when it is opened; give no span")
            wanted_live = LiveRequest(camera=camera.id, minutes=sent.minutes, **texts)
            found = desk.releases.ask_live(wanted_live, actor=actor)
        else:
            settings = desk.settings()
            wanted = ReleaseRequest(
                camera=camera.id,
                begins=moment_of(sent.begins, settings.time_zone),
                ends=moment_of(sent.ends, settings.time_zone),
                minutes=sent.minutes,
                **texts,
            )
            found = desk.releases.ask(wanted, longest_minutes=settings.release_minutes, actor=actor)
        return answer(found, 201)

    @made.get("/releases/{release}")
    def show(request: Request, release: str) -> Response:
        desk.visitor(request, "site.read")
        with desk.store.reading() as connection:
            found = matter.find(connection, release)
        return answer(found)

    @made.post("/releases/{release}/agree")
    def agree(request: Request, release: str, sent: Agreed) -> Response:
        actor = desk.visitor(request, "site.read").actor
        found = desk.releases.agree(release, passphrase=sent.passphrase, actor=actor)
        return answer(found)

    @made.post("/releases/{release}/refuse")
    def refuse(request: Request, release: str, sent: Refused) -> Response:
        actor = desk.visitor(request, "site.read").actor
        found = desk.releases.refuse(release, because=sent.because, actor=actor)
        return answer(found)

    @made.post("/releases/{release}/withdraw")
    def withdraw(request: Request, release: str) -> Response:
        actor = desk.visitor(request, "site.read").actor
        return answer(desk.releases.withdraw(release, actor=actor))

    @made.post("/releases/{release}/end")
    def end(request: Request, release: str) -> Response:
        actor = desk.visitor(request, "site.read").actor
        return answer(desk.releases.end(release, actor=actor))

    return made


# `Any`: JSON.
def told(release: Release, needed: int) -> dict[str, Any]:
    """A release as programs are told of it; `needed` is how many custodians must agree."""

    def at(moment: datetime | None) -> str | None:
        return isoformat(moment) if moment else None

    return {
        "id": release.id,
        "kind": str(release.kind),
        "state": str(release.state),
        "camera": release.camera,
        "begins": at(release.begins),
        "ends": at(release.ends),
        "reason": release.reason,
        "basis": release.basis,
        "case_number": release.case_number,
        "minutes": release.minutes,
        "asked_by": release.asked_by,
        "asked_at": at(release.asked_at),
        "opened_at": at(release.opened_at),
        "until": at(release.until),
        "closed_at": at(release.closed_at),
        "needed": needed,
        "answers": [
            {
                "custodian": one.custodian,
                "agrees": one.agrees,
                "because": one.because,
                "at": at(one.at),
            }
            for one in release.answers
        ],
    }


def _camera_of(desk: SiteDesk, named: str) -> Camera:
    """A camera by its id or its name."""
    found = [one for one in desk.cameras() if one.name.casefold() == named.strip().casefold()]
    if len(found) > 1:
        raise Refusal(f"several cameras are called {named[:64]!r}; name one by its id")
    return found[0] if found else desk.camera(named.strip())
