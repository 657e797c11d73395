"""People: invited with a one-time token, given and taken roles, disabled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed
from insyn.trust.people import signing_in, users
from insyn.trust.people.duties import Role, SiteRole, require_at_site
from insyn.web.pages import Pages, refused_by

ABOUT = {
    Role.OPERATOR: "watches live and recorded, masked",
    Role.INVESTIGATOR: "may ask for a release of an original",
    Role.CUSTODIAN: "agrees to releases with a share of the vault's key",
    Role.PRIVACY_OFFICER: "looks after masking, papers, notices and requests of people",
    Role.AUDITOR: "reads the ledger, and does nothing else",
    Role.ADMINISTRATOR: "cameras, people and settings; sees no recordings",
}


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(
        request: Request,
        error: InsynError | None = None,
        *,
        form: str = "",
        token: str = "",
        name: str = "",
        chosen: Sequence[Role] = (),
    ) -> Response:
        with desk.store.reading() as connection:
            everybody = users.every(connection)
        return pages.show(
            request,
            "people.html",
            status=400 if error else 200,
            refused=refused_by(error, ("name", "role") if form else (), form) if error else None,
            people=[one for one in everybody if one.state is not users.State.ERASED],
            roles=[(role, ABOUT[role]) for role in map(Role, SiteRole)],
            token=token,
            name=name,
            chosen=chosen,
        )

    @made.get("/people")
    def show_people(request: Request) -> Response:
        desk.visitor(request, "user.manage")
        return shown(request)

    @made.post("/people")
    def invite(
        request: Request,
        name: Typed = "",
        role: Annotated[list[Role] | None, Form()] = None,
    ) -> Response:
        visitor = desk.visitor(request, "user.manage")
        try:
            require_at_site(role or ())
            with desk.store.writing() as connection:
                person, token = users.add(
                    connection,
                    name.strip(),
                    roles=role or [],
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            return shown(request, error, form="invite", name=name, chosen=role or ())
        return shown(request, token=token, name=person.name)

    @made.post("/people/{person}")
    def change(
        request: Request,
        person: str,
        action: Annotated[str, Form(max_length=20)],
        role: Annotated[Role | None, Form()] = None,
    ) -> Response:
        visitor = desk.visitor(request, "user.manage")
        now = desk.clock()
        token = ""
        try:
            with desk.store.writing() as connection:
                actor = visitor.actor
                if action == "grant" and role is not None:
                    require_at_site((role,))
                    users.grant(connection, person, role, actor=actor, now=now)
                elif action == "withdraw" and role is not None:
                    users.withdraw(connection, person, role, actor=actor, now=now)
                elif action in ("disable", "enable"):
                    state = users.State.DISABLED if action == "disable" else users.State.ACTIVE
                    users.set_state(connection, person, state, actor=actor, now=now)
                elif action == "unlock":
                    signing_in.unlock(connection, person, actor=actor, now=now)
                elif action == "invite":
                    token = users.invite_again(connection, person, actor=actor, now=now)
                found = users.find(connection, person)
        except InsynError as error:
            return shown(request, error)
        if token:
            return shown(request, token=token, name=found.name)
        return RedirectResponse("/people", 303)

    return made
