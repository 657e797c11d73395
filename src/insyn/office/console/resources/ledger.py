"""`/api/v1/ledger`: the leaves, their proofs, and the newest signed checkpoint; read only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import SHOWS, Number, PageOf, Told, answers
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.trust.ledger import checkpoints, log, proving
from insyn.trust.ledger.leaf import read_leaf
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/ledger", tags=["Ledger"])

Reads = Annotated[Identified, Depends(Wants(scope="ledger", reads=True, action="ledger.read"))]


class LeafTold(Told):
    """A leaf as it is hashed; `personal` holds salted hashes, never the data."""

    number: int
    kind: str
    at: str
    who: str
    what: dict[str, Any]
    personal: dict[str, str]


class LeafPage(PageOf):
    """A page of leaves, by number."""

    items: list[LeafTold]


class ProofTold(Told):
    """That a leaf is in the ledger: `insyn ledger verify` checks it with the public key alone."""

    format: str
    leaf: LeafTold
    path: list[str]
    checkpoint: str
    personal: dict[str, Any]


class CheckpointTold(Told):
    """The newest signed checkpoint."""

    origin: str
    size: int
    root: str
    note: str


class ConsistencyTold(Told):
    """That the first `old` leaves were kept in the first `new` (RFC 6962, section 2.1.2)."""

    old: int
    new: int
    path: list[str]


@router.get("/leaves", summary="Leaves of the ledger", responses=answers(LeafPage, 400))
def list_leaves(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the leaves in the order they were added, without anything personal."""
    last = page.after_number()
    start = 0 if last is None else last + 1
    with desk.reading() as connection:
        content = log.contents(connection, start=start, end=start + page.wanted)
        found = [read_leaf(leaf) for _, leaf in content]
    return answer_page(
        request, page, found, key=lambda leaf: leaf.number, show=lambda leaf: leaf.to_json()
    )


@router.get(
    "/leaves/{number}",
    summary="One leaf",
    dependencies=[SHOWS],
    responses=answers(LeafTold, 404, etag=True),
)
def get_leaf(request: Request, desk: AtDesk, number: Number, asking: Reads) -> Response:
    """Show one leaf as it is hashed; its number is its place in the tree."""
    with desk.reading() as connection, missing_is_404("leaf"):
        found = log.find(connection, number)
    return etags.answer(request, found.to_json())


@router.get(
    "/leaves/{number}/proof",
    summary="That a leaf is in the ledger",
    responses=answers(ProofTold, 404, 409),
)
def prove_leaf(request: Request, desk: AtDesk, number: Number, asking: Reads) -> Response:
    """Prove a leaf under the newest checkpoint; 409 while no checkpoint covers it."""
    with desk.reading() as connection:
        with missing_is_404("leaf"):
            log.find(connection, number)
        found = proving.prove(connection, number)
    return etags.answer(request, found.to_json())


@router.get(
    "/checkpoint",
    summary="The newest checkpoint",
    dependencies=[SHOWS],
    responses=answers(CheckpointTold, 404, etag=True),
)
def get_checkpoint(request: Request, desk: AtDesk, asking: Reads) -> Response:
    """Show the newest signed checkpoint; `note` is what is signed, as it is handed over."""
    with desk.reading() as connection:
        last = checkpoints.latest(connection)
    if last is None:
        raise Problem(404, "no checkpoint was signed yet; `insyn ledger checkpoint` signs one")
    note, signed = last
    top = signed.checkpoint
    return etags.answer(
        request, {"origin": top.origin, "size": top.size, "root": top.root.hex(), "note": note}
    )


@router.get(
    "/consistency",
    summary="That the ledger only grew",
    responses=answers(ConsistencyTold, 409),
)
def prove_consistency(
    request: Request,
    desk: AtDesk,
    asking: Reads,
    old: Annotated[int, Query(ge=0, le=2**53 - 1, description="The earlier size.")],
    new: Annotated[int, Query(ge=0, le=2**53 - 1, description="The later size.")],
) -> Response:
    """Prove that the ledger of the later size continues that of the earlier one."""
    with desk.reading() as connection:
        path = proving.consistency_path(connection, old, new)
    return etags.answer(request, {"old": old, "new": new, "path": [item.hex() for item in path]})
