"""`/api/v1/permits`: what was issued, how it stands, and permits signed elsewhere taken in.

Always: no key and no passphrase comes here. Approvers sign on their own machine (`insyn permit
sign`); what arrives is the envelope with their signatures, and the root decides whether they
suffice. A status list is signed the same way, and until one names a permit no site accepts it.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.clock import isoformat
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CREATES,
    SHOWS,
    Digest,
    Given,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Desk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.cases import casebook, issuing
from insyn.trust.keys.envelope import Envelope, read_envelope
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.root import Root
from insyn.trust.people.identity import Identified
from insyn.trust.permit.issue import completed
from insyn.trust.permit.model import read_permit
from insyn.trust.permit.shelf import Shelf
from insyn.trust.permit.verify import LastSeen, Verdict, verify

router = APIRouter(prefix="/api/v1", tags=["Permits"])

Reads = Annotated[Identified, Depends(Wants(scope="permits", reads=True))]
Issues = Annotated[Identified, Depends(Wants(scope="permits", action="permit.issue"))]

_Base64 = Annotated[
    str, StringConstraints(min_length=4, max_length=400_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
]


class SignatureSent(Given):
    """One signature: the key's fingerprint, and 64 bytes in base64."""

    keyid: Digest
    sig: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class EnvelopeSent(Given):
    """A DSSE envelope, as `insyn permit sign` wrote it."""

    payload: _Base64
    payloadType: Annotated[str, StringConstraints(min_length=1, max_length=128)]  # noqa: N815 - DSSE's name
    signatures: Annotated[list[SignatureSent], Field(max_length=32)]

    def read(self, what: str) -> Envelope:
        """The envelope, if it is spelt as ours are; raises `UnreadableInput`."""
        return read_envelope(canonical_bytes(self.model_dump()) + b"\n", what)


class SignatureTold(Told):
    """One signature."""

    keyid: str
    sig: str


class EnvelopeTold(Told):
    """A DSSE envelope: a file of it is its canonical JSON (RFC 8785) and a line end."""

    payload: str
    payloadType: str  # noqa: N815 - DSSE's name
    signatures: list[SignatureTold]


class PermitLine(Told):
    """A permit in a list."""

    id: str


class PermitPage(PageOf):
    """A page of permits, by id."""

    items: list[PermitLine]


class PermitTold(Told):
    """An issued permit: what it says, and the envelope that proves it."""

    id: str
    statement: dict[str, Any] = Field(description="docs/reference/permit.schema.json.")
    envelope: EnvelopeTold


class NewPermit(Given):
    """A permit that enough approvers have signed."""

    envelope: EnvelopeSent


class ToVerify(Given):
    """A permit, the site that asks, and the status list it has; ours if not given."""

    envelope: EnvelopeSent
    site_key: Digest = Field(description="The site's public key: 32 bytes in hexadecimal.")
    status: EnvelopeSent | None = None


class VerdictTold(Told):
    """Whether a permit is good, for this site, now; `reason` is a stable word."""

    standing: str
    reason: str
    sentence: str
    detail: str
    permit: str | None
    camera_cap: int | None
    not_after: str | None
    ends_at: str | None


@router.get("/permits", summary="All permits", responses=answers(PermitPage, 400))
def list_permits(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the ids of all permits ever issued here, in order."""
    every = _shelf(desk).permit_ids()
    return answer_whole(request, page, every, key=str, show=lambda id_: {"id": id_})


@router.post(
    "/permits",
    status_code=201,
    summary="Issue a permit that was signed",
    dependencies=[CREATES],
    responses=answers(PermitTold, 400, 404, 409, 413, status=201, etag=True),
)
def issue_permit(
    request: Request, desk: AtDesk, body: Sent, asking: Issues, given: NewPermit
) -> Response:
    """Take in a permit that enough approvers signed, if it says what was approved in its case."""
    envelope = given.envelope.read("the permit")
    shelf = _shelf(desk)
    root = _root(shelf)
    permit = completed(envelope, root)
    shelf.require_free(envelope)

    def make(connection: sa.Connection) -> Response:
        with missing_is_404("case"):
            casebook.id_of(connection, permit.case)
        issuing.record_issue(connection, envelope, root, actor=asking.actor, now=desk.now())
        answer = etags.answer(request, _told(envelope), status=201)
        answer.headers["Location"] = f"{router.prefix}/permits/{permit.id}"
        return answer

    made = desk.create(request, body, asking.actor.id, make)
    # After its leaf, and again where a crash came between: cases/issuing.py says why.
    with shelf.writing():
        shelf.keep_permit(envelope, root)
    return made


@router.post(
    "/permits/verification",
    summary="Judge a permit",
    responses=answers(VerdictTold, 400, 409, 413),
)
def verify_permit(request: Request, desk: AtDesk, asking: Reads, given: ToVerify) -> Response:
    """Judge a permit as its site does now, with one reason; nothing is remembered of it."""
    shelf = _shelf(desk)
    status = shelf.status_file()
    if given.status is not None:
        status = given.status.read("the status list").to_bytes()
    found = verify(
        canonical_bytes(given.envelope.model_dump()) + b"\n",
        _root(shelf),
        PublicKey.from_hex(given.site_key),
        status,
        desk.now(),
        LastSeen(),
    )
    return Response(orjson.dumps(_verdict(found)), media_type="application/json")


@router.get(
    "/permits/{permit}",
    summary="One permit",
    dependencies=[SHOWS],
    responses=answers(PermitTold, 404, etag=True),
)
def get_permit(request: Request, desk: AtDesk, permit: PathId, asking: Reads) -> Response:
    """Show what an issued permit says, and the envelope with its signatures."""
    with missing_is_404("permit"):
        envelope = _shelf(desk).permit(permit)
    return etags.answer(request, _told(envelope))


@router.get(
    "/permit-status",
    summary="The newest status list",
    dependencies=[SHOWS],
    responses=answers(EnvelopeTold, 404, etag=True),
)
def get_permit_status(request: Request, desk: AtDesk, asking: Reads) -> Response:
    """Give the newest signed status list: which permits stand, as sites are handed it."""
    content = _shelf(desk).status_file()
    if content is None:
        raise Problem(404, "no status list was signed yet; `insyn permit status --renew` signs one")
    return etags.answer(request, told_envelope(read_envelope(content, "the status list")))


@router.get(
    "/permit-root",
    summary="The root in force",
    dependencies=[SHOWS],
    responses=answers(EnvelopeTold, 404, etag=True),
)
def get_permit_root(request: Request, desk: AtDesk, asking: Reads) -> Response:
    """Give the root that names whose keys count, signed, as sites take it up by its fingerprint."""
    content = _shelf(desk).root_file()
    if content is None:
        raise Problem(404, "no root is in force yet; `insyn key root install` puts one in force")
    return etags.answer(request, told_envelope(read_envelope(content, "the root")))


def told_envelope(envelope: Envelope) -> dict[str, Json]:
    """An envelope as JSON."""
    told: dict[str, Json] = orjson.loads(envelope.to_bytes())
    return told


def _told(envelope: Envelope) -> dict[str, Json]:
    permit = read_permit(envelope)
    return {
        "id": permit.id,
        "statement": permit.to_json(),
        "envelope": told_envelope(envelope),
    }


def _verdict(found: Verdict) -> dict[str, Json]:
    permit = found.permit
    return {
        "standing": str(found.standing),
        "reason": found.reason.code,
        "sentence": found.reason.sentence,
        "detail": found.detail,
        "permit": None if permit is None else permit.id,
        "camera_cap": None if permit is None else permit.camera_cap,
        "not_after": None if permit is None else isoformat(permit.not_after),
        "ends_at": None if permit is None else isoformat(permit.ends_at),
    }


def _shelf(desk: Desk) -> Shelf:
    return Shelf(desk.data.root / "trust")


def _root(shelf: Shelf) -> Root:
    root = shelf.root_or_none()
    if root is None:
        raise Problem(
            409, "this office has no root, so no signature counts yet (insyn key root install)"
        )
    return root
