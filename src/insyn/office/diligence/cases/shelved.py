"""Files of roots, permits and status lists held against the leaves that must come before them.

Always: a file without its leaf is a finding, for nobody of this office put it there; a leaf without
its file is told with what completes it, for a crash between the two leaves just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from insyn.office.diligence.cases.issuing import ISSUED, ROOT_CHANGED, STATUS_SIGNED
from insyn.trust.ledger import log
from insyn.trust.ledger.audit import Finding
from insyn.trust.ledger.leaf import KeptLeaf
from insyn.trust.permit.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """What is wrong with the files, and what is unfinished, in sentences."""

    findings: tuple[Finding, ...] = ()
    unfinished: tuple[str, ...] = ()


def compare(connection: sa.Connection, shelf: Shelf) -> Shelved:
    """Hold the shelf against the ledger.

    Raises:
        Refusal, UnreadableInput: a file on the shelf is not what it should be.
    """
    leaves = list(log.of_kind(connection, ROOT_CHANGED.name, ISSUED.name, STATUS_SIGNED.name))
    roots = _said(leaves, ROOT_CHANGED.name, "version")
    issued = _said(leaves, ISSUED.name, "permit")
    signed = _said(leaves, STATUS_SIGNED.name, "number")
    permits = {name: shelf.permit(name).digest for name in shelf.permit_ids()}
    lists = {str(number): digest for number, digest in shelf.status_digests().items()}
    # Lists of before there was a leaf for each are not held against what nobody could record.
    first = min(map(int, signed), default=None)
    lists = {n: digest for n, digest in lists.items() if first is not None and int(n) >= first}
    here = {str(version): digest for version, digest in shelf.root_digests().items()}
    findings = [
        *_without("root", here, roots),
        *_without("permit", permits, issued),
        *_without("status list", lists, signed),
    ]
    unfinished = [
        *_missing("root", here, roots, "install it again (insyn key root install FILE)"),
        *_missing("permit", permits, issued, "issue it again (insyn permit issue FILE)"),
        *_missing("status list", lists, signed, "sign the next (insyn permit status --renew)"),
    ]
    return Shelved(findings=tuple(findings), unfinished=tuple(unfinished))


def _said(leaves: list[KeptLeaf], kind: str, key: str) -> dict[str, set[str]]:
    """By name, the digests that leaves of a kind said: several where a crash came between."""
    found: dict[str, set[str]] = {}
    for leaf in leaves:
        if leaf.kind == kind:
            found.setdefault(str(leaf.what[key]), set()).add(str(leaf.what["digest"]))
    return found


def _without(what: str, here: Mapping[str, str], said: Mapping[str, set[str]]) -> list[Finding]:
    found = []
    for name, digest in here.items():
        code = what.replace(" ", "-")
        if name not in said:
            text = f"{what} {name} lies on the shelf, and no leaf records it"
            found.append(Finding(code=f"{code}-unrecorded", message=text))
        elif digest not in said[name]:
            text = f"{what} {name} on the shelf is not the one that the ledger records"
            found.append(Finding(code=f"{code}-altered", message=text))
    return found


def _missing(
    what: str, here: Mapping[str, str], said: Mapping[str, set[str]], remedy: str
) -> list[str]:
    return [
        f"{what} {name} is recorded, and its file is not here: the step was cut short; {remedy}"
        for name in said
        if name not in here
    ]
