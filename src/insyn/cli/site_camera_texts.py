"""What an ONVIF camera says, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.site.cameras.onvif.device import Found


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
