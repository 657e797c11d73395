"""What an ONVIF camera says, and what is known of an empty scene, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insyn.base.clock import isoformat
from insyn.cli.days import local
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insyn.site.cameras.onvif.device import Found
    from insyn.site.serving.known import Known


def show_device(found: Found) -> None:
    """Print a camera and its streams."""
    print(shown(f"{found.maker} {found.model}, firmware {found.firmware}".strip()))
    if found.clock_off_s is None:
        print("clock     tells no time")
    elif abs(found.clock_off_s) > 2:
        ahead = "ahead" if found.clock_off_s > 0 else "behind"
        print(f"clock     {abs(found.clock_off_s):g} s {ahead}; set its NTP server")
    else:
        print("clock     right")
    has = [
        name for name, there in (("PTZ", found.has_ptz), ("imaging", found.has_imaging)) if there
    ]
    print(f"has       {', '.join(has) or 'no PTZ, no imaging'}")
    marks = {found.main.token: "main"} | ({found.sub.token: "sub"} if found.sub else {})
    print_table(
        ("", "profile", "codec", "size", "fps", "address"),
        [
            (
                marks.get(one.token, ""),
                one.name or one.token,
                one.codec,
                f"{one.width}x{one.height}",
                f"{one.fps:g}",
                one.stream.url,
            )
            for one in found.profiles
        ],
    )


def scene_words(known: Known, names: Mapping[str, str], zone: str) -> str:
    """How an empty scene is known, since when and by whose word; names by id, times in the zone."""
    said = "not known"
    if known.at is not None:
        who = f" by {names[known.by]}" if known.by in names else ""
        said = f"{known.how}{who} {local(isoformat(known.at), zone)}"
    return f"{said}. {known.text}" if known.text else said
