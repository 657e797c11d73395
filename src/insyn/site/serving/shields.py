"""A site's shield worker, put together: its cameras, its shields, its archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from insyn.site.archive import place
from insyn.site.cameras.register import Camera
from insyn.site.cameras.source import Source
from insyn.site.clocks import system_clocks
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import Permission
from insyn.site.recorder.plans import Part
from insyn.site.recorder.process import boot_id
from insyn.site.serving.model import SiteDetector
from insyn.site.serving.plans import SitePlans
from insyn.site.shield.engine import Settings
from insyn.site.shield.paint import Style
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.kept import KeptShield
from insyn.site.shielding.line import Shielding
from insyn.site.shielding.masking import Masking
from insyn.site.shielding.scenes import SceneFolder
from insyn.site.shielding.worker import Plan, Worker
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key


def shield_worker_of(site: SiteDirectory, part: Part) -> Worker:
    """The shield worker for its part of the cameras."""
    folder = SceneFolder(site.backgrounds, open_site_key(site.key))
    model = SiteDetector(site)

    def plan(camera: Camera, source: Source, masking: Masking) -> Plan:
        settings = Settings(style=Style(camera.style), always=masking.always, never=masking.never)

        def make_shield(width: int, height: int, fps: float) -> Shielding:
            return KeptShield(
                camera.id,
                (width, height),
                fps,
                replace(settings, detectors=model.for_camera()),
                order=masking.order,
                folder=folder,
                clocks=system_clocks,
            )

        version = (camera.version, masking.version, masking.never, model.path)
        return Plan(source=source, make_shield=make_shield, settings=version)

    plans = SitePlans(site, StreamName.SUB, plan)

    def planned() -> Mapping[str, Plan]:
        if model.has_changed():
            plans.forget()
        return {name: each for name, each in plans.now().items() if part.has(name)}

    permission = Permission(site)
    keeper = Keeper(
        lambda: place.open_archive(site),
        boot=boot_id(),
        clocks=system_clocks,
        may_record=lambda: permission.now().may_record(),
    )
    return Worker(
        planned,
        socket=site.run / f"shield-{part.number}.sock",
        state=site.run / f"shield-{part.number}.json",
        keeper=keeper,
        clocks=system_clocks,
    )
