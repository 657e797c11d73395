"""Full resolution on demand, put together: main streams, scenes that are only read, a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from insyn.site.cameras.register import Camera
from insyn.site.cameras.source import Source
from insyn.site.clocks import system_clocks
from insyn.site.directory import SiteDirectory
from insyn.site.serving.model import SiteDetector
from insyn.site.serving.plans import SitePlans
from insyn.site.settings import read_settings
from insyn.site.shield.engine import Settings
from insyn.site.shield.paint import Style
from insyn.site.shielding.kept import KeptShield
from insyn.site.shielding.line import LARGEST, Shielding
from insyn.site.shielding.masking import Masking, Order
from insyn.site.shielding.on_demand import OnDemand, usual_budget
from insyn.site.shielding.scenes import ReadOnlyScenes
from insyn.site.shielding.worker import Plan
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key


def full_socket(site: SiteDirectory) -> Path:
    """Where live view connects for full resolution."""
    return site.run / "full-1.sock"


def on_demand_of(site: SiteDirectory) -> OnDemand:
    """The process that masks in full resolution what somebody looks at alone."""
    folder = ReadOnlyScenes(site.backgrounds, open_site_key(site.key))
    model = SiteDetector(site)

    def plan(camera: Camera, source: Source, masking: Masking) -> Plan | None:
        if _is_small(camera):
            return None
        # It learns nothing: what the everyday line knows is taken up, or everything is covered.
        settings = Settings(
            style=Style(camera.style), always=masking.always, never=masking.never, learns=False
        )

        def make_shield(width: int, height: int, fps: float) -> Shielding:
            return KeptShield(
                camera.id,
                (width, height),
                fps,
                replace(settings, detectors=model.for_camera()),
                order=Order(),
                folder=folder,
                clocks=system_clocks,
            )

        version = (camera.version, masking.version, masking.never, model.path)
        return Plan(source=source, make_shield=make_shield, settings=version)

    plans = SitePlans(site, StreamName.MAIN, plan)

    def planned() -> Mapping[str, Plan]:
        # What masks more every day than is masked here would make the large picture show more.
        if model.has_changed():
            plans.forget()
        return {name: each for name, each in plans.now().items() if each is not None}

    return OnDemand(
        planned,
        budget=lambda: read_settings(site).full_views or usual_budget(),
        socket=full_socket(site),
        state=site.run / "full-1.json",
        clocks=system_clocks,
    )


def _is_small(camera: Camera) -> bool:
    """Whether its main stream, as it was found, is no larger than what is shown every day."""
    width, _, height = camera.device.get("size", "").partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        return False
    return int(width) <= LARGEST[0] and int(height) <= LARGEST[1]
