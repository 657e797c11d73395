"""How permits, verdicts and status lists are told, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from insyn.base.clock import isoformat
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.trust.keys.envelope import Envelope
    from insyn.trust.keys.root import Root
    from insyn.trust.permit.model import Permit
    from insyn.trust.permit.status import StatusList
    from insyn.trust.permit.verify import Verdict


def tell_permit(
    envelope: Envelope,
    root: Root | None,
    as_json: bool,
    path: Path | None = None,
    status: StatusList | None = None,
) -> None:
    """Print a permit or a draft, and who signed it; `path` and `status` once it is issued."""
    from insyn.trust.permit.issue import plain_words
    from insyn.trust.permit.model import read_permit

    permit = read_permit(envelope)
    signatures = _signatures(envelope, root)
    if as_json:
        record: dict[str, Json] = {
            "permit": permit.id,
            "digest": envelope.digest,
            "statement": permit.to_json(),
            "signatures": signatures,
            "complete": _is_complete(envelope, root),
        }
        if path is not None:
            record |= {"path": str(path), "status_list": status.number if status else None}
        print(json.dumps(record, ensure_ascii=False))
        return
    for label, text in plain_words(permit):
        lines = shown(text).split("\n")
        print(f"{label:12} {lines[0]}")
        for line in lines[1:]:
            print(f"{'':12} {line}")
    for signature in signatures:
        print(f"{'signed by':12} {shown(str(signature['holder']))} ({signature['state']})")
    if not signatures:
        print(f"{'signed by':12} nobody yet")


def _signatures(envelope: Envelope, root: Root | None) -> list[dict[str, Json]]:
    """Who signed, and whether it is right; each signature is checked by itself."""
    from dataclasses import replace

    from insyn.trust.keys.envelope import check

    found: list[dict[str, Json]] = []
    for signature in envelope.signatures:
        held = None if root is None else root.keys.get(signature.key)
        state = "unknown key"
        if held is not None:
            alone = replace(envelope, signatures=(signature,))
            right = check(alone, {signature.key: held.public}).fault is None
            state = "right" if right else "wrong"
        holder = "unknown" if held is None else held.holder
        found.append({"key": signature.key, "holder": holder, "state": state})
    return found


def _is_complete(envelope: Envelope, root: Root | None) -> bool:
    from insyn.trust.permit.verify import believed_permit

    return root is not None and believed_permit(envelope.to_bytes(), root)[0] is not None


def tell_verdict(verdict: Verdict, as_json: bool) -> None:
    """Print a verdict; end with exit code 1 where the permit is refused."""
    from insyn.trust.permit.reasons import Standing

    if as_json:
        print(json.dumps(_verdict_record(verdict, verdict.permit), ensure_ascii=False))
    else:
        print(f"{verdict.standing}: {verdict.reason.sentence}")
        if verdict.detail:
            print(f"({shown(verdict.detail)})")
    if verdict.standing is Standing.REFUSED:
        raise typer.Exit(1)


def _verdict_record(verdict: Verdict, permit: Permit | None) -> dict[str, Json]:
    return {
        "standing": str(verdict.standing),
        "reason": verdict.reason.code,
        "sentence": verdict.reason.sentence,
        "detail": verdict.detail,
        "permit": None if permit is None else permit.id,
        "camera_cap": None if permit is None else permit.camera_cap,
        "not_after": None if permit is None else isoformat(permit.not_after),
        "ends_at": None if permit is None else isoformat(permit.ends_at),
    }


def tell_status(listed: StatusList, as_json: bool) -> None:
    """Print a status list."""
    if as_json:
        print(json.dumps(listed.to_json(), ensure_ascii=False))
        return
    print(
        f"status list {listed.number}, issued {isoformat(listed.issued_at)}, "
        f"next update {isoformat(listed.next_update)}"
    )
    rows = [
        (entry.permit, str(entry.state), isoformat(entry.at), entry.because)
        for entry in listed.entries.values()
    ]
    print_table(("permit", "state", "since", "because"), rows)
