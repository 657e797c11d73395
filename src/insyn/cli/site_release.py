"""`insyn site release`: asked for, answered and ended at the site's running console.

Always: the keys are in the memory of the console's process alone, so the console is asked over
HTTP; who asks is whoever is signed in here (`insyn site sign-in`).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from insyn.base.clock import spoken
from insyn.base.errors import UsageError
from insyn.cli.days import local
from insyn.cli.options import DataOption, JsonOption
from insyn.cli.passphrases import PassphraseFileOption, passphrase
from insyn.cli.site_console import ConsoleOption, console_of
from insyn.cli.tables import print_table, shown

app = typer.Typer(
    no_args_is_help=True,
    help="Releases: an original opened by custodians together, for a reason, for minutes.",
)

ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="Its id, as in rel-...")]


@app.command("ask")
def ask(
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="Its id or name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    basis: Annotated[str, typer.Option("--basis", help="The legal basis.")],
    case: Annotated[str, typer.Option("--case", help="The case number.")],
    begins: Annotated[
        str, typer.Option("--from", metavar="TIME", help="In the site's zone, or with an offset.")
    ] = "",
    ends: Annotated[
        str, typer.Option("--until", metavar="TIME", help="At most two hours later.")
    ] = "",
    minutes: Annotated[
        int | None, typer.Option("--minutes", min=1, max=1440, help="Open for so long at most.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Break-glass: live, where the permit allows it.")
    ] = False,
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Ask for the original of a camera: of a span that was recorded, or live."""
    if live and (begins or ends):
        raise UsageError("a break-glass begins when it is opened; give no --from and --until")
    if not live and not (begins and ends):
        raise UsageError("give the span: --from TIME and --until TIME (or --live)")
    sent: dict[str, object] = {
        "camera": camera,
        "reason": reason,
        "basis": basis,
        "case_number": case,
        "minutes": minutes or (5 if live else 30),
        "begins": begins,
        "ends": ends,
        "live": live,
    }
    _tell(console_of(console, data).ask("POST", "/releases", sent), as_json)


@app.command("list")
def list_releases(
    console: ConsoleOption = None, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """List releases, the newest first."""
    said = console_of(console, data).ask("GET", "/releases")
    found, zone = said["releases"], said["time_zone"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    rows = [
        (
            shown(str(one["id"])),
            shown(str(one["camera"])),
            "live" if one["kind"] == "live" else local(one["begins"], zone),
            shown(str(one["case_number"])),
            _standing(one, zone),
        )
        for one in found
    ]
    print_table(("release", "camera", "from", "case", "state"), rows)


@app.command("show")
def show(
    release: ReleaseArgument,
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show a release: what was asked, why, and what each custodian said."""
    _tell(console_of(console, data).ask("GET", f"/releases/{_id(release)}"), as_json)


@app.command("agree")
def agree(
    release: ReleaseArgument,
    passphrase_file: PassphraseFileOption = None,
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Agree as a custodian, with your own passphrase; the last one needed opens the release."""
    reached = console_of(console, data)
    words = passphrase(passphrase_file, "Your passphrase")
    sent = {"passphrase": words}
    _tell(reached.ask("POST", f"/releases/{_id(release)}/agree", sent), as_json)


@app.command("refuse")
def refuse(
    release: ReleaseArgument,
    because: Annotated[str, typer.Option("--because", help="Why, in a sentence.")],
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Refuse as a custodian; the matter is over."""
    reached = console_of(console, data)
    sent = {"because": because}
    _tell(reached.ask("POST", f"/releases/{_id(release)}/refuse", sent), as_json)


@app.command("withdraw")
def withdraw(
    release: ReleaseArgument,
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Take a request back that still waits: whoever asked for it."""
    _tell(console_of(console, data).ask("POST", f"/releases/{_id(release)}/withdraw"), as_json)


@app.command("end")
def end(
    release: ReleaseArgument,
    console: ConsoleOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Close an open release now: whoever asked for it, or agreed to it."""
    _tell(console_of(console, data).ask("POST", f"/releases/{_id(release)}/end"), as_json)


def _id(release: str) -> str:
    """The id as it stands in an address."""
    if not all(ch.isascii() and (ch.isalnum() or ch == "-") for ch in release) or not release:
        raise UsageError("a release's id is such as rel-0123456789ab; insyn site release list")
    return release


# `Any`: JSON of the console.
def _standing(said: dict[str, Any], zone: str) -> str:
    agreed = sum(bool(one["agrees"]) for one in said["answers"])
    if said["state"] == "asked":
        return f"asked, {agreed} of {said['needed']} agreed"
    if said["state"] == "forgotten":
        return "forgotten: its keys went with the console; ask for a new one"
    return (
        f"open until {local(said['until'], zone)}"
        if said["state"] == "open"
        else str(said["state"])
    )


def _tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
        return
    zone, names = str(said["time_zone"]), said["names"]
    span = f"{local(said['begins'], zone, named=False)} to {local(said['ends'], zone)}"

    def who(person: str) -> str:
        return f"{names[person]} ({person})" if person in names else person

    if said["kind"] == "live":
        span = "live, unmasked" + (f": {span}" if said["opened_at"] else "")
    rows = {
        "release": said["id"],
        "state": _standing(said, zone),
        "camera": said["camera"],
        "span": span,
        "reason": said["reason"],
        "basis": said["basis"],
        "case": said["case_number"],
        "open for": f"{said['minutes']} minutes",
        "asked by": f"{who(said['asked_by'])}, {local(said['asked_at'], zone)}",
    }
    if said["state"] in ("asked", "open") and "kept_s" in said:
        rows["kept"] = spoken(round(said["kept_s"] * 10**9)) + " of it"
    for name, value in rows.items():
        print(f"{name:10} {shown(str(value))}")
    for one in said["answers"]:
        answer = "agreed" if one["agrees"] else f"refused: {one['because']}"
        told = f"{who(one['custodian'])} {answer}, {local(one['at'], zone)}"
        if one["custodian"] in said.get("needs_again", ()):
            told += "; the passphrase is needed again"
        print(f"{'answer':10} {shown(told)}")
    for one in said.get("missing", ()) if "kept" in rows else ():
        span = f"{local(one['begins'], zone, named=False)} to {local(one['ends'], zone)}"
        print(f"{'missing':10} {span}: {shown(str(one['because']))}")
