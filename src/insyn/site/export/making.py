"""Exports made: a clip with content credentials, its leaf in the ledger, its signed manifest.

Always: the leaf is in the ledger, under a signed checkpoint, before the export leaves the site.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import insyn
from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.site.archive.reading import Reader
from insyn.site.directory import SiteDirectory
from insyn.site.export.credentials import certificates, sign_clip
from insyn.site.export.manifest import Said, make
from insyn.site.export.package import write_package
from insyn.site.export.recorded import MADE
from insyn.site.permission.allowed import Allowed
from insyn.site.playback.clip import Clip
from insyn.site.playback.span import pieces_of
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key
from insyn.trust.ledger import checkpoints, log
from insyn.trust.ledger.keyfile import open_signer
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.ledger.proving import prove
from insyn.trust.people.duties import Actor, require
from insyn.trust.store import Store

EVERYONE = "everyone"
ONE_SHOWN = "everyone-but-one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which pictures."""

    camera: str
    from_ns: int
    until_ns: int

    @property
    def begins(self) -> datetime:
        """As a time."""
        return datetime.fromtimestamp(self.from_ns / 1e9, tz=UTC)

    @property
    def ends(self) -> datetime:
        """As a time."""
        return datetime.fromtimestamp(self.until_ns / 1e9, tz=UTC)


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
) -> str:
    """Export masked recordings; returns the export's id.

    Raises:
        Refusal: the actor may not, nothing was recorded, or `out` exists.
    """
    require(actor, "export.masked")
    recordings = reader.recordings(span.camera, StreamName.MASKED, span.from_ns, span.until_ns)
    clip = Clip(reader, pieces_of(recordings, span.from_ns, span.until_ns))
    made_from = tuple((one.id, one.sha256.hex()) for one in recordings)
    return seal_export(
        site,
        store,
        b"".join(clip.read(0, clip.size)),
        span,
        made_from=made_from,
        masking=EVERYONE,
        style="as recorded",
        release="",
        out=out,
        allowed=allowed,
        actor=actor,
        now=now,
    )


def seal_export(
    site: SiteDirectory,
    store: Store,
    clip: bytes,
    span: Span,
    *,
    made_from: tuple[tuple[str, str], ...],
    masking: str,
    style: str,
    release: str,
    out: Path,
    allowed: Allowed,
    actor: Actor,
    now: datetime,
) -> str:
    """Sign a clip that is masked as it says, record it, and write the package."""
    key = open_site_key(site.key)
    export = f"exp-{secrets.token_hex(6)}"
    chain = certificates(site.root, key, now=now)
    title = f"{span.camera} {isoformat(span.begins)}"
    signed = sign_clip(clip, chain, key, title=title, version=insyn.__version__)
    what: dict[str, Json] = {
        "export": export,
        "clip": hashlib.sha256(signed).hexdigest(),
        "camera": span.camera,
        "begins": isoformat(span.begins),
        "ends": isoformat(span.ends),
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
        camera=span.camera,
        begins=span.begins,
        ends=span.ends,
        made_at=now,
        masking=masking,
        style=style,
        permit=allowed.permit.id if allowed.permit else "self-declared",
        release=release,
        recordings=made_from,
    )
    manifest = make(said, [signed], proof, signer.public, key)
    write_package(out, signed, manifest.to_bytes())
    return export
