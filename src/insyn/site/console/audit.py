"""The audit page: the ledger's newest leaves, filtered by kind, and whether it is sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from insyn.site.console.desk import SiteDesk
from insyn.trust.ledger import check, log
from insyn.trust.ledger.keyfile import open_signer
from insyn.trust.ledger.kinds import Shape, all_kinds
from insyn.trust.ledger.leaf import KeptLeaf
from insyn.trust.people import users
from insyn.web.pages import Pages, shown_moment

PAGE = 100
LOOK_BACK = 5000
"""How many leaves a filtered page looks through."""


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    @made.get("/audit")
    def show_audit(
        request: Request,
        kind: Annotated[str, Query(max_length=64)] = "",
        before: Annotated[int | None, Query(ge=0)] = None,
        verify: Annotated[bool, Query()] = False,
    ) -> Response:
        desk.visitor(request, "ledger.read")
        report = None
        with desk.store.reading() as connection:
            size = log.size(connection)
            last = size if before is None else min(before, size)
            leaves: list[KeptLeaf] = []
            number = last
            while number > 0 and len(leaves) < PAGE and last - number < LOOK_BACK:
                number -= 1
                leaf = log.find(connection, number)
                if not kind or leaf.kind == kind:
                    leaves.append(leaf)
            names = {person.id: person.name for person in users.every(connection)}
            if verify:
                signer = open_signer(desk.site.root)
                report = check.check(connection, [signer.public])
        return pages.show(
            request,
            "audit.html",
            rows=[(leaf, _told(leaf, names, desk.settings().time_zone)) for leaf in leaves],
            names=names,
            size=size,
            kind=kind,
            kinds=sorted(name for name in all_kinds()),
            titles={name: each.title for name, each in all_kinds().items()},
            next_before=number if number > 0 else None,
            report=report,
        )

    return made


def _told(leaf: KeptLeaf, names: Mapping[str, str], zone: str) -> list[tuple[str, str]]:
    """What a leaf says, for people: times in the site's zone, people by name."""
    known = all_kinds().get(leaf.kind)
    told = []
    for key, value in leaf.what.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if known is not None and known.what.get(key) is Shape.TIME:
            text = shown_moment(text, zone)
        told.append((key.replace("_", " "), names.get(text, text)))
    return told
