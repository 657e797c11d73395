"""`insyn export make | verify`: take a masked span out of a site; judge an export anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import epoch_ns, isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli.days import local
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.site_acting import acting_at_site
from insyn.cli.tables import shown

if TYPE_CHECKING:
    from insyn.site.archive.held import Held
    from insyn.site.export.manifest import Verified

app = typer.Typer(no_args_is_help=True, help="Exports of a site: made here, verified anywhere.")

SHOWN = ("camera", "begins", "ends", "masking", "style", "permit", "release", "made_at")
TIMES = ("asked", "holds", "missing", "time_zone")


@app.callback()
def root() -> None:
    """Exports of a site: made here, verified anywhere."""


@app.command()
def make(
    camera: Annotated[str, typer.Option("--camera", metavar="CAMERA", help="Its id or name.")],
    begins: Annotated[
        str,
        typer.Option("--from", metavar="T", help="As 2026-11-24T08:30:00Z, or in the site's zone."),
    ],
    ends: Annotated[str, typer.Option("--until", metavar="T", help="At most two hours later.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The ZIP to write.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Export a span of masked recordings: a ZIP of clip, signed manifest and a page that verifies.

    For one person, unmasked, ask for a release in the console: two custodians open the original.
    """
    import contextlib

    from insyn.site.archive import place
    from insyn.site.archive.index import NAME, Index
    from insyn.site.archive.reading import Reader
    from insyn.site.cameras.register import find
    from insyn.site.console.forms import moment_of
    from insyn.site.directory import site_directory
    from insyn.site.export.making import MASKED, Span, export_masked
    from insyn.site.permission.judging import judge, site_public_key
    from insyn.site.settings import read_settings
    from insyn.site.store import open_site

    site = site_directory(data_directory(data))
    zone = read_settings(site).time_zone
    span_ns = [epoch_ns(moment_of(text, zone)) for text in (begins, ends)]
    now = system_clock()
    with open_site(site) as store:
        with store.writing() as connection:
            actor = acting_at_site(connection)
            found = find(connection, camera)
        root = place.open_place(site)
        with contextlib.closing(Reader(root.path, Index(root.path / NAME))) as reader:
            made = export_masked(
                site,
                store,
                reader,
                Span(camera=found.id, from_ns=span_ns[0], until_ns=span_ns[1]),
                out=out,
                allowed=judge(site, now),
                actor=actor,
                now=now,
            )
    fingerprint = site_public_key(site).fingerprint
    if as_json:
        said = {"export": made.export, "file": str(out), "camera": found.id, "site": fingerprint,
                "masking": made.masking, "made_at": isoformat(now),
                "is_whole": not made.held.missing, "kept_s": made.held.kept_ns / 1e9}  # fmt: skip
        print(json.dumps(said, ensure_ascii=False))
        return
    print(
        f"{shown(str(out))} holds {made.export}, masked: {MASKED[made.masking]}; {made.held.words}"
    )
    for line in _missing(made.held, zone):
        print(line)
    print(f"verify it with: insyn export verify {shown(str(out))} --site {fingerprint}")


@app.command()
def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The export (ZIP), its folder, or its clip.mp4."),
    ],
    site: Annotated[
        str | None,
        typer.Option("--site", metavar="FINGERPRINT", help="The site that must have signed it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify an export: signature, clip and ledger proof. Exit code 1 where anything is wrong."""
    from insyn.site.export.package import verify_export

    wanted = site.replace(" ", "").lower() if site is not None else None
    if wanted is not None and not re.fullmatch("[0-9a-f]{64}", wanted):
        raise UsageError(
            "a fingerprint is 64 hexadecimal digits, as the site's notice shows it; --site has "
            f"{len(wanted)} characters"
        )
    verified = verify_export(file, site=wanted)
    if as_json:
        findings = [
            {"reason": str(one.fault), "sentence": one.sentence} for one in verified.findings
        ]
        said = {name: verified.said.get(name) for name in ("export", *SHOWN, *TIMES)}
        answer = {
            "valid": verified.is_sound,
            "site": verified.site,
            "is_site_compared": wanted is not None,
            "is_whole": not verified.held.missing if verified.held else None,
            "findings": findings,
            **said,
        }
        print(json.dumps(answer, ensure_ascii=False))
    elif verified.is_sound:
        _tell(verified, is_compared=wanted is not None)
    else:
        for one in verified.findings:
            print(f"refused ({one.fault}): {one.sentence}")
    raise typer.Exit(0 if verified.is_sound else 1)


def _tell(verified: Verified, *, is_compared: bool) -> None:
    """What a sound export says, in the zone of its site."""
    said, held = verified.said, verified.held
    if is_compared:
        print("valid: the clip is as the site that you named signed it, and its ledger holds it")
    else:
        print("valid: the clip is as the key below signed it, and a ledger of its holds it")
    zone = str(said.get("time_zone") or "UTC")
    rows = {name.replace("_", " "): said[name] for name in SHOWN if said.get(name)}
    for name in rows.keys() & {"begins", "ends", "made at"}:
        rows[name] = local(str(rows[name]), zone)
    for name, value in rows.items():
        print(f"  {name:10} {shown(str(value))}")
    if held is None:
        print("  holds      its version does not say how much of this time the clip holds")
    else:
        print(f"  {'holds':10} {held.words}")
        for line in _missing(held, zone):
            print(f"  {line}")
    print(f"  {'site':10} {verified.site}")
    if not is_compared:
        print(
            "compare this fingerprint with the site's notice or permit (--site): anybody has a key"
        )


def _missing(held: Held, zone: str) -> list[str]:
    """A line for each time that is missing."""
    return [
        f"{'missing':10} {local(one.begins.isoformat(), zone, named=False)} to "
        f"{local(one.ends.isoformat(), zone)}: {shown(one.because)}"
        for one in held.missing
    ]
