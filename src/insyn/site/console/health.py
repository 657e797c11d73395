"""Health: storage, processes, each camera's recording and masking; and the same for Prometheus."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from insyn.base.errors import InsynError, Refusal
from insyn.site.archive import place
from insyn.site.console.desk import SiteDesk
from insyn.site.streams import StreamName
from insyn.site.vault import folder
from insyn.trust.people.duties import require
from insyn.web.pages import Pages
from insyn.web.signing import visitor_of

LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOCAL_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?", re.IGNORECASE)


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    @made.get("/health")
    def show_health(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return pages.show(request, "health.html", **_health(desk))

    @made.get("/metrics")
    def metrics(request: Request) -> Response:
        visitor = visitor_of(request, desk.store, desk.clock)
        if visitor is not None:
            require(visitor.actor, "site.read")
        elif not _is_this_machine(request):
            raise Refusal("metrics are for this machine, or for whoever is signed in")
        return Response(_metrics(desk), media_type="text/plain; version=0.0.4; charset=utf-8")

    @made.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", media_type="text/plain")

    return made


def _is_this_machine(request: Request) -> bool:
    # A proxy on this machine asks for others, and says so; one that does not say so still passes
    # on the name that they asked for, or nobody could sign in through it.
    is_forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    is_local = LOCAL_HOST.fullmatch(request.headers.get("host", "")) is not None
    is_near = request.client is not None and request.client.host in LOOPBACK
    return is_near and is_local and not is_forwarded


# `Any`: what the processes' state files hold.
def _health(desk: SiteDesk) -> dict[str, Any]:
    recorders, shields = desk.states("recorder"), desk.states("shield")
    recorded = {name: one for said in recorders for name, one in said.get("cameras", {}).items()}
    masked = {name: one for said in shields for name, one in said.get("cameras", {}).items()}
    root = place.place_of(desk.site)
    holdings: dict[str, dict[str, Any]] = {}
    alarms: list[str] = []
    disk = None
    try:
        disk = shutil.disk_usage(root)
        reader = desk.open_reader()
        try:
            for each in reader.holdings():
                kept = holdings.setdefault(each.camera, {"masked": None, "main": None})
                kept[str(each.stream)] = each
        finally:
            reader.close()
    except (InsynError, OSError) as error:
        alarms.append(str(error))
    if not recorders:
        alarms.append("No recorder runs; nothing is recorded now. Start the site: insyn site serve")
    if not shields:
        alarms.append("No shield runs; nothing is shown now. Start the site: insyn site serve")
    for said in recorders:
        alarms += [str(said[key]) for key in ("trouble", "text") if said.get(key)]
    alarms += [str(said["archive_trouble"]) for said in shields if said.get("archive_trouble")]
    cameras = desk.cameras()
    allowed, settings = desk.permission.now(), desk.settings()
    mute = allowed.may_hear()
    for camera in cameras:
        for state, what in ((recorded, "is not recorded"), (masked, "gives no picture")):
            one = state.get(camera.id, {})
            if one.get("trouble"):
                because = one.get("text") or one["trouble"]
                alarms.append(f"{camera.name} {what}: {because}")
        heard = str(recorded.get(camera.id, {}).get("sound", ""))
        if heard.startswith("sound not recorded"):
            alarms.append(f"{camera.name}: {heard}")
        elif camera.records_sound and mute:
            alarms.append(f"{camera.name}: its sound is not recorded: {mute}")
    return {
        "alarms": sorted(set(alarms)),
        "disk": disk,
        "archive": str(root),
        "recorders": recorders,
        "shields": shields,
        "processes": _processes(desk),
        "rows": [
            {
                "camera": camera,
                "recorded": recorded.get(camera.id, {}),
                "masked": masked.get(camera.id, {}),
                "held": holdings.get(camera.id, {}),
            }
            for camera in cameras
        ],
        "has_vault": folder.public_key(desk.site) is not None,
        "kept_days": allowed.kept_days(settings.retention_days),
        "cut_days": allowed.cut_days(settings.retention_days),
    }


def _processes(desk: SiteDesk) -> dict[str, Any]:
    try:
        found = json.loads((desk.site.run / "processes.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _metrics(desk: SiteDesk) -> bytes:
    """All numbers that the processes tell of themselves, by camera."""
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}

    def told(name: str, text: str, value: object, **labels: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        gauge = gauges.get(name)
        if gauge is None:
            gauge = gauges[name] = Gauge(name, text, sorted(labels), registry=registry)
        gauge.labels(**labels).set(value) if labels else gauge.set(value)

    for kind in ("recorder", "shield"):
        states = desk.states(kind)
        told(f"insyn_{kind}_processes", f"Running {kind} processes", len(states))
        for said in states:
            for camera, state in said.get("cameras", {}).items():
                for key, value in state.items():
                    name = f"insyn_{kind}_{key}"
                    told(name, f"{key} as the {kind} tells it", value, camera=camera)
    disk = shutil.disk_usage(place.place_of(desk.site).parent)
    told("insyn_archive_disk_free_bytes", "Free bytes on the archive's disk", disk.free)
    told("insyn_cameras", "Cameras in use", len(desk.cameras()))
    watching = desk.hub.watchers()
    told("insyn_live_viewers", "Who watches live now", sum(watching.values()))
    try:
        reader = desk.open_reader()
    except InsynError:
        return generate_latest(registry)
    try:
        for each in reader.holdings():
            stream = "sealed" if each.stream is StreamName.MAIN else str(each.stream)
            labels = {"camera": each.camera, "stream": stream}
            told("insyn_archive_bytes", "Bytes of recordings", each.size_bytes, **labels)
    finally:
        reader.close()
    return generate_latest(registry)
