"""`insyn site camera scene | zones`: what a camera's shield knows and always or never covers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.site_acting import acting_at_site
from insyn.cli.tables import shown

CameraArgument = Annotated[str, typer.Argument(metavar="CAMERA", help="Its id or name.")]


def scene(
    camera: CameraArgument,
    empty_now: Annotated[
        bool, typer.Option("--empty-now", help="Nobody is in view: learn the empty scene now.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget the scenes; everything is covered again.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Tell the shield that nobody is in view of a camera, or have it forget what it knows.

    It waits for ten quiet seconds, three minutes at most, with everything covered. Without this it
    learns the empty scene by itself, over ten minutes and more.
    """
    from insyn.site.directory import site_directory
    from insyn.site.shielding.masking import Asked, ask
    from insyn.site.store import open_site

    if empty_now == forget:
        raise UsageError("say either --empty-now or --forget")
    asked = Asked.EMPTY_NOW if empty_now else Asked.FORGET
    with open_site(site_directory(data_directory(data))) as store, store.writing() as connection:
        actor = acting_at_site(connection)
        order = ask(connection, camera, asked, actor=actor, now=system_clock())
    if as_json:
        print(json.dumps({"camera": camera, "asked": str(order.asked), "number": order.number}))
    elif empty_now:
        print(f"{shown(camera)}: the empty scene is taken from the next ten quiet seconds")
    else:
        print(f"{shown(camera)}: its scenes are forgotten; everything is covered until it learns")


def zones(
    camera: CameraArgument,
    always: Annotated[
        list[str] | None,
        typer.Option("--always", metavar="ZONE", help="Always covered: '0,0 0.3,0 0.3,1 0,1'."),
    ] = None,
    never: Annotated[
        list[str] | None,
        typer.Option("--never", metavar="ZONE", help="Never covered, once somebody else agrees."),
    ] = None,
    because: Annotated[
        str, typer.Option("--because", help="Why a zone may never be covered, in a sentence.")
    ] = "",
    days: Annotated[
        int | None,
        typer.Option("--days", help="For so long (else 30); then it is covered again."),
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Agree to what somebody else wants never covered.")
    ] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all zones.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show or set a camera's zones: polygons of corners x,y in shares of the picture, 0 to 1.

    Each call sets all zones anew. A zone that is never covered shows whoever steps into it: it
    takes a reason and a second person who agrees, is at most a quarter of the picture, and ends
    after 30 days (--days, 90 at most). Pages, notice and exports say so while it lasts.
    """
    from insyn.site.cameras.register import find
    from insyn.site.directory import site_directory
    from insyn.site.shielding import masking
    from insyn.site.shielding.uncovered import USUAL_DAYS
    from insyn.site.store import open_site

    sets = bool(always or never or clear)
    if sets and confirm:
        raise UsageError("--confirm goes alone: it takes what is proposed as it stands")
    covered = tuple(masking.read_zone(text) for text in always or ())
    uncovered = tuple(masking.read_zone(text) for text in never or ())
    now = system_clock()
    with open_site(site_directory(data_directory(data))) as store:
        if sets or confirm:
            with store.writing() as connection:
                actor = acting_at_site(connection)
                if confirm:
                    masking.confirm_zones(connection, camera, actor=actor, now=now)
                else:
                    masking.set_zones(
                        connection,
                        camera,
                        always=covered,
                        never=uncovered,
                        because=because,
                        days=USUAL_DAYS if days is None else days,
                        actor=actor,
                        now=now,
                    )
        with store.reading() as connection:
            held = masking.masking_of(connection, find(connection, camera).id, now=now)
    told = {"always": held.always, "never": held.never, "proposed": held.proposed}
    until = isoformat(held.open.ends) if held.open.ends else None
    if as_json:
        more = {
            "because": held.open.because,
            "until": until,
            "proposed_because": held.because,
            "proposed_days": held.days,
        }
        print(json.dumps({"camera": camera, **told, **more}))
        return
    for name, some in told.items():
        print(f"{name:9} {len(some)}")
        for zone in some:
            print("          " + " ".join(f"{x:g},{y:g}" for x, y in zone))
    if until:
        print(f"never     until {until}, because: {shown(held.open.because)}")
    if held.proposed:
        print(
            f"proposed  for {held.days} days, because: {shown(held.because)}; somebody else agrees "
            "with --confirm"
        )
