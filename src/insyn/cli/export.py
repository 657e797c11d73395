"""`insyn export verify`: judge an export with nothing but its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from insyn.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, help="Exports of a site: verified anywhere.")

SHOWN = ("camera", "begins", "ends", "masking", "style", "permit", "release", "made_at")


@app.callback()
def root() -> None:
    """Exports of a site: verified anywhere."""


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

    wanted = site.replace(" ", "").lower() if site else None
    verified = verify_export(file, site=wanted)
    if as_json:
        findings = [
            {"reason": str(one.fault), "sentence": one.sentence} for one in verified.findings
        ]
        said = {name: verified.said.get(name) for name in ("export", *SHOWN)}
        answer = {"valid": verified.is_sound, "site": verified.site, "findings": findings, **said}
        print(json.dumps(answer, ensure_ascii=False))
    elif verified.is_sound:
        print("valid: the clip is as the site signed it, and its ledger holds it")
        for name in SHOWN:
            if verified.said.get(name):
                print(f"  {name.replace('_', ' '):10} {verified.said[name]}")
        print(f"  {'site':10} {verified.site}")
        if wanted is None:
            print("compare this fingerprint with the site's notice or permit (--site)")
    else:
        for one in verified.findings:
            print(f"refused ({one.fault}): {one.sentence}")
    raise typer.Exit(0 if verified.is_sound else 1)
