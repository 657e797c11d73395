"""`/api/v1/lists/...`: one list and its snapshots; all lists together stand in `api`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.api import STATUS_FIELDS
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import SHOWS, PageOf, PathId, Told, answers
from insyn.office.console.resources.desk import AtDesk, Desk
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.console.schemas import ListStatus
from insyn.office.lists.snapshots import ListStore, Snapshot
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/lists", tags=["Lists"])

Reads = Annotated[Identified, Depends(Wants(scope="lists", reads=True))]


class SnapshotTold(Told):
    """One import of a list; `digest` names its content."""

    digest: str
    entries: int
    format: str
    published: str | None
    imported_at: str
    in_force: bool


class SnapshotPage(PageOf):
    """A page of a list's snapshots, in the order they were imported."""

    items: list[SnapshotTold]


@router.get(
    "/{list_id}",
    summary="One list",
    dependencies=[SHOWS],
    responses=answers(ListStatus, 404, etag=True),
)
def get_list(request: Request, desk: AtDesk, list_id: PathId, asking: Reads) -> Response:
    """Show how a list stands: its snapshot in force, its age, whether and why it is degraded."""
    store = _store(desk, list_id)
    state = next((state for state in store.states() if state.list == list_id), None)
    shown: dict[str, Json]
    if state is None:
        reason = store.failures().get(list_id)
        shown = {"list": list_id, "snapshot": None, "entries": 0, "degraded": reason}
    else:
        shown = {field: getattr(state, field) for field in STATUS_FIELDS}
    return etags.answer(request, shown)


@router.get(
    "/{list_id}/snapshots",
    summary="The snapshots of a list",
    responses=answers(SnapshotPage, 400, 404),
)
def list_snapshots(
    request: Request, desk: AtDesk, page: Paged, list_id: PathId, asking: Reads
) -> Response:
    """List every import of a list, oldest first, and which is in force."""
    store = _store(desk, list_id)
    register = store.register(list_id)
    last = page.after_number()
    start = 0 if last is None else last + 1
    found = list(enumerate(register.snapshots))[start : start + page.wanted]
    return answer_page(
        request,
        page,
        found,
        key=lambda item: item[0],
        show=lambda item: _told(item[1], register.in_force),
    )


def _store(desk: Desk, list_id: str) -> ListStore:
    store = ListStore(desk.data.lists, desk.now)
    # Compared, never joined to a path: the name comes from outside.
    if list_id not in store.lists():
        raise Problem(404, "there is no such list; GET /api/v1/lists has them all")
    return store


def _told(snapshot: Snapshot, in_force: str | None) -> dict[str, Json]:
    return {
        "digest": snapshot.digest,
        "entries": snapshot.entries,
        "format": snapshot.format,
        "published": snapshot.published,
        "imported_at": snapshot.imported_at,
        "in_force": snapshot.digest == in_force,
    }
