"""What an Axis camera tells beyond ONVIF: its full name, architecture and built-in features.

Source: Axis VAPIX library, "Basic device information" and "Parameter management" (`param.cgi`).
"""

from __future__ import annotations

from insyn.base.canonical import Json
from insyn.site.cameras.onvif.soap import Conversation

_GROUPS = (
    "Brand",
    "Properties.Firmware",
    "Properties.System",
    "Properties.Image.Resolution",
    "Properties.Image.Format",
)
_ASKED = "/axis-cgi/param.cgi?action=list&group=" + ",".join(_GROUPS)
_WORTH = {
    "Brand.ProdFullName": "full_name",
    "Properties.Firmware.Version": "firmware_full",
    "Properties.System.Architecture": "architecture",
    "Properties.System.SerialNumber": "mac",
    "Properties.Image.Resolution": "resolutions",
    "Properties.Image.Format": "formats",
}


def about(talk: Conversation) -> dict[str, Json]:
    """What `param.cgi` says; nothing where it does not answer."""
    answer = talk.get(_ASKED)
    if answer is None:
        return {}
    found: dict[str, Json] = {}
    for line in answer.text.splitlines()[:500]:
        name, _, value = line.partition("=")
        if key := _WORTH.get(name.strip().removeprefix("root.")):
            found[key] = value.strip()[:300]
    return {"vapix": found} if found else {}
