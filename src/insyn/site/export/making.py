"""Exports made: a clip with content credentials, its leaf in the ledger, its signed manifest.

Always: the leaf is in the ledger, under a signed checkpoint, before the export leaves the site.
"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import insyn
from insyn.base.canonical import Json
from insyn.base.clock import epoch_ns, from_epoch_ns, isoformat
from insyn.base.errors import EnvironmentFailure, Refusal, UsageError
from insyn.site.archive.held import Held, held
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Recording
from insyn.site.directory import SiteDirectory
from insyn.site.export.credentials import certificates, sign_clip
from insyn.site.export.manifest import digest_of, make
from insyn.site.export.package import parts_of, verifying_page, write_package
from insyn.site.export.person import Looked, Progress, painted
from insyn.site.export.recorded import MADE
from insyn.site.export.said import Said, extent_of
from insyn.site.permission.allowed import Allowed
from insyn.site.playback.clip import Clip
from insyn.site.playback.span import pieces_of
from insyn.site.settings import read_settings
from insyn.site.shield.paint import Style
from insyn.site.shield.tracks import Track
from insyn.site.shielding.file_writing import Film
from insyn.site.shielding.uncovered import was_uncovered
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key
from insyn.trust.ledger import checkpoints, log
from insyn.trust.ledger.keyfile import open_signer
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.ledger.proving import prove
from insyn.trust.people.duties import Actor, require
from insyn.trust.store import Store

EVERYONE = "everyone"
OUTSIDE_ZONES = "everyone-outside-zones"
"""Zones of the camera were uncovered in this time: whoever stepped into them is seen."""
ONE_SHOWN = "everyone-but-one"

MASKED = {
    EVERYONE: "everybody",
    ONE_SHOWN: "everybody but one person",
    OUTSIDE_ZONES: "everybody but who stepped into zones that were uncovered",
}
"""Who is masked, in words."""

LONGEST = timedelta(hours=2)
"""A masked export has at most so much; more is a copy of the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which pictures."""

    camera: str
    from_ns: int
    until_ns: int

    @property
    def begins(self) -> datetime:
        """As a time."""
        return from_epoch_ns(self.from_ns)

    @property
    def ends(self) -> datetime:
        """As a time."""
        return from_epoch_ns(self.until_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One person of a release, as it was confirmed."""

    release: str
    looked: Looked
    tracks: tuple[Track, ...]
    recordings: tuple[Recording, ...]
    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An export that was made: its id, and what it holds of the span that was asked for."""

    export: str
    held: Held
    masking: str


def new_export() -> str:
    """An id for an export."""
    return f"exp-{secrets.token_hex(6)}"


def require_length(span: Span) -> None:
    """Refuse a span that cannot be exported.

    Raises:
        UsageError: it has no length, or is longer than `LONGEST`.
    """
    if not span.from_ns < span.until_ns <= span.from_ns + LONGEST.total_seconds() * 10**9:
        raise UsageError(
            "an export is of two hours at most, and ends after it begins", field="ends"
        )


def export_masked(
    site: SiteDirectory,
    store: Store,
    reader: Reader,
    span: Span,
    *,
    out: Path,
    allowed: Allowed,
    actor: Actor,
    now: datetime,
    export: str = "",
) -> Made:
    """Export masked recordings.

    Raises:
        Refusal: the actor may not, nothing was recorded, the camera's picture changes on the way,
            or `out` exists.
        UsageError: the span has no length, or is longer than `LONGEST`.
    """
    require(actor, "export.masked")
    require_length(span)
    recordings = reader.recordings(span.camera, StreamName.MASKED, span.from_ns, span.until_ns)
    pieces = pieces_of(recordings, span.from_ns, span.until_ns)
    clip = Clip(reader, pieces)
    if clip.ends_at_ns is not None:
        changed = isoformat(from_epoch_ns(clip.ends_at_ns))
        raise Refusal(
            f"the camera's picture changes at {changed}: export until then, and from then on"
        )
    with store.reading() as connection:
        is_open = was_uncovered(connection, span.camera, span.begins, span.ends)
    with _folder(out) as folder:
        plain = folder / "plain.mp4"
        with plain.open("wb") as file:
            for part in clip.read(0, clip.size):
                file.write(part)
        return seal_export(
            site,
            store,
            plain,
            span.camera,
            held(
                [(one.wall_ns, one.end_wall_ns) for one in pieces],
                reader.gaps(span.camera, StreamName.MASKED, span.from_ns, span.until_ns),
                span.from_ns,
                span.until_ns,
                now_ns=epoch_ns(now),
            ),
            export=export or new_export(),
            made_from=_named(recordings),
            masking=OUTSIDE_ZONES if is_open else EVERYONE,
            style="as recorded",
            release="",
            out=out,
            allowed=allowed,
            actor=actor,
            now=now,
        )


def export_person(
    site: SiteDirectory,
    store: Store,
    shown: Shown,
    camera: str,
    *,
    out: Path,
    allowed: Allowed,
    actor: Actor,
    clock: Callable[[], datetime],
    progress: Progress,
    require_open: Callable[[], None],
    export: str = "",
) -> Made:
    """Export an opened original with everybody masked but one.

    `require_open` raises once the release is over; it is asked before the export is signed.

    Raises:
        Refusal: nobody is shown, the release is over, or `out` exists.
    """
    original = shown.looked.original
    if not any(
        shown.looked.at_s(one.last) >= 0 and shown.looked.at_s(one.first) < shown.looked.lasts_s
        for one in shown.tracks
    ):
        raise Refusal("nobody is shown in this span; point at the person first")
    with _folder(out) as folder:
        plain = folder / "plain.mp4"
        _film(plain, shown, progress)
        require_open()
        return seal_export(
            site,
            store,
            plain,
            camera,
            shown.held,
            export=export or new_export(),
            made_from=_named([one for one in shown.recordings if original.holds(one)]),
            masking=ONE_SHOWN,
            style=str(Style.SOLID),
            release=shown.release,
            out=out,
            allowed=allowed,
            actor=actor,
            now=clock(),
        )


def _film(path: Path, shown: Shown, progress: Progress) -> None:
    """Write the pictures of the span, masked, from time 0."""
    original = shown.looked.original
    film: Film | None = None
    try:
        for frame in original.pictures():
            if not original.from_90k <= frame.pts_90k < original.until_90k:
                continue
            masked = painted(shown.looked, frame, shown.tracks)
            masked.pts_90k -= original.from_90k
            if film is None:
                height, width = masked.y.shape
                film = Film(path, (width, height), original.fps, audio=None)
            film.add(masked)
            progress(masked.pts_90k / max(1, original.until_90k - original.from_90k))
        if film is None:
            raise Refusal("the original holds no picture in this span")
        film.end()
        film.output.finish()
    except BaseException:
        if film is not None:
            film.output.abandon()
        raise


def seal_export(
    site: SiteDirectory,
    store: Store,
    clip: Path,
    camera: str,
    holds: Held,
    *,
    export: str,
    made_from: Sequence[tuple[str, str]],
    masking: str,
    style: str,
    release: str,
    out: Path,
    allowed: Allowed,
    actor: Actor,
    now: datetime,
) -> Made:
    """Sign a clip that is masked and holds what it says, record it, and write the package."""
    key = open_site_key(site.key)
    chain = certificates(site.root, key, now=now)
    extent = extent_of(holds)
    title = f"{camera} {extent['begins']}"
    signed = clip.with_name("signed.mp4")
    sign_clip(clip, signed, chain, key, title=title, version=insyn.__version__)
    what: dict[str, Json] = {
        "export": export,
        "clip": digest_of(parts_of(signed))[0],
        "camera": camera,
        **extent,
        "masking": masking,
    }
    what |= {"release": release} if release else {}
    signer = open_signer(site.root)
    with store.writing() as connection:
        leaf = Leaf(kind=MADE.name, who=actor.id, what=what)
        number = log.append(connection, leaf, now=now)
        checkpoints.make(connection, signer)
        proof = prove(connection, number)
    said = Said(
        export=export,
        camera=camera,
        held=holds,
        time_zone=read_settings(site).time_zone,
        made_at=now,
        masking=masking,
        style=style,
        permit=allowed.permit.id if allowed.permit else "self-declared",
        release=release,
        recordings=tuple(made_from),
    )
    page = verifying_page()
    manifest = make(said, parts_of(signed), page, proof, signer.public, key)
    write_package(out, signed, manifest.to_bytes(), page)
    return Made(export=export, held=holds, masking=masking)


def _named(recordings: Sequence[Recording]) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.sha256.hex()) for one in recordings)


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder beside the export for what is not finished; gone in the end, whatever happens.

    Raises:
        Refusal: the export exists.
        EnvironmentFailure: nothing can be written there.
    """
    if out.exists():
        raise Refusal(f"{out} exists; name another file, or move it away")
    try:
        with tempfile.TemporaryDirectory(
            prefix=".export-", dir=out.parent, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)
    except OSError as error:
        raise EnvironmentFailure(
            f"{out} cannot be written ({error.strerror}); is its folder there, with room in it?"
        ) from error
