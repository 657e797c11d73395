"""What a site's recorder processes record: their share of the cameras, the vault, the permit."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from insyn.base.errors import InsynError, UsageError
from insyn.site.archive import place
from insyn.site.archive.retention import Policy
from insyn.site.archive.writing import Archive
from insyn.site.cameras import register
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.opening import recording_source_for
from insyn.site.clocks import Clocks, system_clocks
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import Judge
from insyn.site.recorder.process import Plan, Plans, Recorder, boot_id
from insyn.site.recorder.tending import Opener, Tender
from insyn.site.settings import read_settings
from insyn.site.vault.folder import public_key
from insyn.trust.store import Store

log = logging.getLogger("insyn.recorder")

_PART = re.compile(r"([1-9]\d{0,2})/([1-9]\d{0,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which of the recorder processes this is: 1 of 1, 2 of 3."""

    number: int
    of: int

    def has(self, camera: str) -> bool:
        """Whether this process records the camera; each is recorded by exactly one."""
        return zlib.crc32(camera.encode()) % self.of == self.number - 1


def read_part(text: str) -> Part:
    """A part as it is written on the command line, such as `2/3`.

    Raises:
        UsageError: it is none.
    """
    match = _PART.fullmatch(text)
    part = Part(number=int(match[1]), of=int(match[2])) if match else None
    if part is None or part.number > part.of:
        raise UsageError(f"--part takes one of several, such as 1/1 or 2/3, not {text[:16]!r}")
    return part


class RegisteredCameras:
    """The cameras of the site's register whose originals are kept; opened anew when they change.

    A camera's sound is asked for only where its own setting and the permit say so; where either
    ends, its session is begun anew without.
    """

    def __init__(self, store: Store, keeper: CredentialKeeper, judge: Judge) -> None:
        self._judge = judge
        self._store = store
        self._keeper = keeper
        self._plans: dict[str, Plan] = {}

    def __call__(self) -> Mapping[str, Plan]:
        """How each is recorded now.

        Raises:
            EnvironmentFailure: the database cannot be read.
        """
        plans: dict[str, Plan] = {}
        mute = self._judge().may_hear()
        with self._store.reading() as connection:
            for camera in register.every(connection):
                if not camera.is_recorded:
                    continue
                known = self._plans.get(camera.id)
                settings = (camera.version, camera.records_sound and not mute)
                if known is None or known.settings != settings:
                    known = self._plan(connection, camera, settings)
                if known is not None:
                    plans[camera.id] = known
        self._plans = plans
        return plans

    def kept(self) -> list[register.Camera]:
        """All cameras that recordings may be kept of, those taken out of use too."""
        with self._store.reading() as connection:
            return register.every(connection, removed=True)

    def _plan(
        self, connection: sa.Connection, camera: register.Camera, settings: tuple[int, bool]
    ) -> Plan | None:
        try:
            credentials = register.credentials_of(connection, camera.id, self._keeper)
            source = recording_source_for(camera.main, credentials, wants_sound=settings[1])
        except InsynError as error:
            # One camera that cannot be read keeps no other from being recorded.
            log.warning("camera %s cannot be opened: %s", camera.id, error)
            return None
        return Plan(source=source, settings=settings)


def site_recorder(
    site: SiteDirectory,
    cameras: Callable[[], Mapping[str, Plan]],
    judge: Judge,
    *,
    part: Part,
    policy: Callable[[], Policy] | None = None,
    clocks: Clocks = system_clocks,
) -> Recorder:
    """The recorder process of a site for its part of the cameras.

    Args:
        site: the site's folder.
        cameras: all that are to be recorded now, by id; asked every two seconds.
        judge: what the site may do now.
        part: which of the recorder processes this is.
        policy: how long and how much is kept; the first process alone deletes.
        clocks: both clocks.
    """

    def plans() -> Plans:
        seal = public_key(site)
        text = ""
        if judge().custodians == 0:
            seal, text = None, "The permit asks that no originals are kept."
        elif seal is None:
            text = (
                "This site has no vault, so no originals are kept; make one with two custodians "
                "(insyn site vault init)."
            )
        mine = {name: plan for name, plan in cameras().items() if part.has(name)}
        return Plans(cameras=mine, seal=seal, text=text)

    def open_archive() -> Archive:
        return place.open_archive(site)

    return Recorder(
        plans,
        Opener(open_archive),
        root=place.place_of(site),
        state=state_file(site, part),
        boot=boot_id(),
        clocks=clocks,
        may_record=lambda: judge().may_record(),
        may_hear=lambda: judge().may_hear(),
        chores=Tender(open_archive, policy, clocks) if policy and part.number == 1 else None,
    )


def policy_of(site: SiteDirectory, cameras: list[register.Camera], judge: Judge) -> Policy:
    """How long and how much is kept now: as the site says, and never longer than the permit."""
    settings = read_settings(site)
    longest = judge().kept_days(settings.retention_days)
    return Policy(
        days=longest,
        camera_days={
            camera.id: min(longest, camera.retention_days)
            for camera in cameras
            if camera.retention_days is not None
        },
        most_bytes=settings.archive_bytes,
        floors={camera.id: camera.floor_bytes for camera in cameras if camera.floor_bytes},
    )


def state_file(site: SiteDirectory, part: Part) -> Path:
    """Where a recorder process tells how its cameras are."""
    return site.run / f"recorder-{part.number}.json"
