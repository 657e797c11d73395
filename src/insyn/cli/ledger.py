"""`insyn ledger`: verify, prove, checkpoint, export, show and erase what was recorded."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.cli.erasure import erase
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import counted, print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.base.config import DataDirectory
    from insyn.office.diligence.cases.shelved import Shelved
    from insyn.trust.ledger.audit import Report
    from insyn.trust.ledger.leaf import KeptLeaf
    from insyn.trust.ledger.note import PublicKey

app = typer.Typer(
    no_args_is_help=True,
    help="The ledger: what was recorded, that nothing of it was changed, and proofs of both.",
)

app.command("erase")(erase)

FINDING = 1
_PROOF_LIMIT = 4 * 1024 * 1024  # bytes; a proof has a leaf and a few dozen hashes

KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The ledger's public key, NAME+ID+KEY, or a file with it; else this office's own.",
        show_default=False,
    ),
]


@app.command("verify")
def verify_ledger(
    export: Annotated[
        Path | None,
        typer.Argument(metavar="[EXPORT]", help="An export or a proof; else the office's ledger."),
    ] = None,
    key: KeyOption = None,
    seen: Annotated[
        Path | None,
        typer.Option(
            "--seen", metavar="FILE", help="A checkpoint handed over earlier: is it continued?"
        ),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Verify every leaf and every signed checkpoint, and name what is wrong.

    Of the office's own ledger, facts, evidence, steps of cases and parties in their tables, and
    roots, permits and status lists on the shelf, are held against their leaves too. With EXPORT
    only that file and --key are needed: no database, no office.

    Exit 1: something was altered, cut, moved or added.
    """
    notes = [_text_of(seen)] if seen else []
    if export is None:
        report = _check_database(data_directory(data), key, notes)
    else:
        keys = _keys(key, data_directory(data))
        if _is_proof(export):
            _verify_proof(export, keys, as_json=as_json)
            return
        from insyn.trust.ledger.verify import verify_file

        report = verify_file(export, keys, seen=notes)
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print_report(report)
    raise typer.Exit(0 if report.is_sound else FINDING)


@app.command("prove")
def prove_leaf(
    leaf: Annotated[int, typer.Argument(metavar="LEAF", min=0, help="The leaf's number.")],
    personal: Annotated[
        bool, typer.Option("--personal", help="Show what is kept of its personal data too.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Prove that a leaf is in the ledger, under its newest checkpoint.

    With --json the proof itself, which `insyn ledger verify FILE --key KEY` verifies anywhere.
    """
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger.note import read_note
    from insyn.trust.ledger.proving import prove

    with open_store(data_directory(data)) as store, store.reading() as connection:
        proof = prove(connection, leaf, personal=personal)
    if as_json:
        print(json.dumps(proof.to_json(), ensure_ascii=False))
        return
    top = read_note(proof.checkpoint).checkpoint
    print_table(("number", "at", "kind", "who", "what"), [_row(proof.leaf)])
    for name in proof.leaf.personal:
        item = proof.personal.get(name)
        if item is not None:
            print(f"{name}: {shown(json.dumps(item.data, ensure_ascii=False))}")
        elif personal:
            print(f"{name}: erased")
    print(
        f"leads by {counted(len(proof.path), 'hash', 'hashes')} to the checkpoint of "
        f"{counted(top.size, 'leaf', 'leaves')}, {top.origin}"
    )


@app.command("checkpoint")
def sign_checkpoint(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Sign the ledger as it is now, with the key in the data directory (made at first use).

    Print the signed checkpoint (c2sp.org/tlog-checkpoint). Hand it to someone: from then on
    nothing that it covers can be changed without their seeing it.
    """
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger import checkpoints
    from insyn.trust.ledger.keyfile import open_signer

    directory = data_directory(data)
    with open_store(directory) as store:
        signer = open_signer(directory.root)
        with store.writing() as connection:
            note = checkpoints.make(connection, signer)
    if as_json:
        print(json.dumps({"checkpoint": note, "key": str(signer.public)}, ensure_ascii=False))
    else:
        print(note, end="")
        print(f"insyn: verify with --key {signer.public}", file=sys.stderr)


@app.command("export")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="Where to write it; an existing file is replaced.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Write checkpoints and leaves to a file for an auditor; personal data stays here.

    A checkpoint is signed first, so that every leaf in the file is covered.
    """
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger import checkpoints, export
    from insyn.trust.ledger.keyfile import open_signer
    from insyn.trust.ledger.note import read_note

    directory = data_directory(data)
    with open_store(directory) as store:
        signer = open_signer(directory.root)
        with store.writing() as connection:
            note = checkpoints.make(connection, signer)
        with store.reading() as connection:
            size = _write_lines(file, export.lines(connection))
    count = read_note(note).checkpoint.size
    if as_json:
        record: dict[str, Json] = {
            "file": str(file),
            "size": count,
            "size_bytes": size,
            "key": str(signer.public),
        }
        print(json.dumps(record, ensure_ascii=False))
    else:
        print(f"{counted(count, 'leaf', 'leaves')} written to {file}")
        print(f"verify with: insyn ledger verify {file} --key {signer.public}")


@app.command("show")
def show_ledger(
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="How many.")] = 20,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the newest leaves, oldest first; with --json, one object a line."""
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger import log
    from insyn.trust.ledger.leaf import read_leaf

    with open_store(data_directory(data)) as store, store.reading() as connection:
        size = log.size(connection)
        rows = log.contents(connection, start=max(0, size - last))
        leaves = [read_leaf(content) for _, content in rows]
    if as_json:
        for leaf in leaves:
            print(json.dumps(leaf.to_json(), ensure_ascii=False))
    elif leaves:
        print_table(("number", "at", "kind", "who", "what"), [_row(leaf) for leaf in leaves])
    else:
        print("the ledger is empty")


def _check_database(directory: DataDirectory, key: list[str] | None, seen: list[str]) -> Report:
    from insyn.office.diligence.cases import rows
    from insyn.office.diligence.cases.shelved import compare
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger.check import check
    from insyn.trust.ledger.checkpoints import is_due
    from insyn.trust.ledger.keyfile import find_signer
    from insyn.trust.permit.shelf import Shelf

    # Before the first checkpoint there is no key, and nothing signed to hold against it.
    own = find_signer(directory.root)
    keys = _keys(key, directory) if key or own else []
    with open_store(directory) as store, store.reading() as connection:
        if own is None and is_due(connection, now=system_clock()):
            print(
                "insyn: no checkpoint was signed yet; insyn ledger checkpoint signs the first, and "
                "from then on one is signed daily or every 1,000 leaves",
                file=sys.stderr,
            )
        report = check(connection, keys, seen=seen)
        report = dataclasses.replace(report, findings=(*report.findings, *rows.compare(connection)))
        return _with_shelf(report, compare(connection, Shelf(directory.root / "trust")))


def _with_shelf(report: Report, shelved: Shelved) -> Report:
    """The report with what is wrong with roots, permits and status lists as files."""
    for text in shelved.unfinished:
        print(f"insyn: {text}", file=sys.stderr)
    return dataclasses.replace(report, findings=(*report.findings, *shelved.findings))


def _keys(given: list[str] | None, directory: DataDirectory) -> list[PublicKey]:
    from insyn.trust.ledger.note import read_public_key

    if given:
        return [read_public_key(text if "+" in text else _text_of(Path(text))) for text in given]
    from insyn.trust.ledger.keyfile import find_signer

    signer = find_signer(directory.root)
    if signer is None:
        raise UsageError("give the ledger's public key with --key; this office has none of its own")
    return [signer.public]


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_PROOF_LIMIT).decode("utf-8", errors="replace")
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from None


def _is_proof(path: Path) -> bool:
    """A proof is one JSON object that says so; an export's first line is another."""
    from insyn.trust.ledger.proofs import FORMAT

    return FORMAT in _text_of(path).partition("\n")[0]


def _verify_proof(path: Path, keys: list[PublicKey], *, as_json: bool) -> None:
    from insyn.trust.ledger.proofs import check_proof, read_proof

    proof = read_proof(_text_of(path))
    findings = check_proof(proof, keys)
    if as_json:
        record: dict[str, Json] = {
            "sound": not findings,
            "leaf": proof.leaf.number,
            "findings": [finding.to_json() for finding in findings],
        }
        print(json.dumps(record, ensure_ascii=False))
    elif findings:
        for finding in findings:
            print(shown(finding.message))
    else:
        print(f"leaf {proof.leaf.number} is in the ledger as it stands in this proof")
    raise typer.Exit(FINDING if findings else 0)


def _write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write beside the file and put it in its place whole; gives its bytes."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        part.replace(path)
    except OSError as error:
        raise EnvironmentFailure(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _print_report(report: Report) -> None:
    for finding in report.findings:
        print(shown(finding.message))
    erased = f", personal data of {report.erased} fields erased" if report.erased else ""
    print(
        f"{report.size} leaves, {report.covered} of them under {report.checkpoints} signed "
        f"checkpoints{erased}"
    )
    if report.is_sound:
        print("nothing was changed")
    else:
        findings = counted(len(report.findings), "finding")
        print(f"{findings}: this ledger was tampered with, or is damaged")


def _row(leaf: KeptLeaf) -> tuple[str, ...]:
    what = ", ".join(f"{name} {_brief(value)}" for name, value in leaf.what.items())
    return str(leaf.number), leaf.at, leaf.kind, leaf.who, what


def _brief(value: Json) -> str:
    if isinstance(value, str):
        return value if len(value) < 64 else f"{value[:12]}…"
    if isinstance(value, list | tuple):
        return f"({len(value)})"
    return json.dumps(value, ensure_ascii=False)
