"""What an export says of itself, signed by the site: what it shows, and on whose word. Pure.

A manifest is an in-toto Statement v1 about the clip's digest, in a DSSE envelope signed by the
site's key; inside it is the proof that the site's ledger holds the export's leaf.

Always: verifying needs the manifest, the clip, and the site's fingerprint from elsewhere (its
permit, its notice); nothing of the site. Each way to fail has its own reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import UnreadableInput
from insyn.site.archive.held import Held
from insyn.site.export.said import BEFORE, PREDICATE_TYPE, Said, held_of, predicate_of
from insyn.trust.keys.envelope import Envelope, SignatureFault, check, read_envelope, seal, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.strict import read_canonical
from insyn.trust.ledger.note import PublicKey as LedgerKey
from insyn.trust.ledger.note import read_public_key
from insyn.trust.ledger.proofs import LeafProof, check_proof, read_proof

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
CLIP = "clip.mp4"

_RECORDED = ("export", "camera", "begins", "ends", "masking", "release")
"""What a manifest says that the ledger's leaf says too."""


class Fault(StrEnum):
    """Why an export is not believed."""

    NO_MANIFEST = "no-manifest"
    MANIFEST_ALTERED = "manifest-altered"
    OTHER_SITE = "other-site"
    CLIP_MISSING = "clip-missing"
    CLIP_CUT = "clip-cut"
    CLIP_ALTERED = "clip-altered"
    NOT_IN_LEDGER = "not-in-ledger"
    PAGE_ALTERED = "page-altered"
    PACKAGE_ALTERED = "package-altered"


SENTENCES: Mapping[Fault, str] = {
    Fault.NO_MANIFEST: "There is no manifest, or it is no manifest of an export.",
    Fault.MANIFEST_ALTERED: "The manifest was changed after the site signed it.",
    Fault.OTHER_SITE: "The manifest is signed by another site than the one named.",
    Fault.CLIP_MISSING: "The clip is missing.",
    Fault.CLIP_CUT: "The clip is shorter than the one that was signed: it was cut.",
    Fault.CLIP_ALTERED: "The clip is not the one that was signed: it was changed or swapped.",
    Fault.NOT_IN_LEDGER: "The proof that the site's ledger holds this export does not hold.",
    Fault.PAGE_ALTERED: "The page verify.html is not the one that was signed.",
    Fault.PACKAGE_ALTERED: (
        "The package is not as the site wrote it: something in it was added, taken out or packed "
        "again."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, with what exactly was wrong."""

    fault: Fault
    detail: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{SENTENCES[self.fault]} {self.detail}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found. Without findings, `said` is what the site signed.

    `held` is None where the manifest is of a version that does not say it.
    """

    findings: tuple[Finding, ...]
    said: Mapping[str, Json]
    site: str
    """Fingerprint of the key that signed; compare it with the site's notice or permit."""
    held: Held | None = None

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def make(
    said: Said,
    clip: Iterable[bytes],
    page: bytes,
    proof: LeafProof,
    ledger: LedgerKey,
    key: SigningKey,
) -> Envelope:
    """The signed manifest of a clip, and of the page that comes with it."""
    digest, size = digest_of(clip)
    predicate: dict[str, Json] = {
        **predicate_of(said),
        "size_bytes": size,
        "page": digest_of([page])[0],
        "site": {"fingerprint": key.public.fingerprint, "public": key.public.raw.hex()},
        "ledger": {"key": str(ledger), "proof": proof.to_json()},
    }
    statement: dict[str, Json] = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": CLIP, "digest": {"sha256": digest}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return signed(seal(canonical_bytes(statement), PAYLOAD_TYPE), key)


def digest_of(clip: Iterable[bytes]) -> tuple[str, int]:
    """SHA-256 in hexadecimal, and bytes."""
    hashed, size = hashlib.sha256(), 0
    for part in clip:
        hashed.update(part)
        size += len(part)
    return hashed.hexdigest(), size


def verify(
    manifest: bytes | None,
    clip: Iterable[bytes] | None,
    page: bytes | None = None,
    *,
    site: str | None = None,
) -> Verified:
    """Judge an export; never raises for what the files hold.

    Args:
        manifest: the envelope as it lies in the file; None where there is none.
        clip: its bytes, in parts; None where it is missing.
        page: the page beside them; None: it is not judged.
        site: the fingerprint that is expected; None: the answer tells which it was.
    """
    findings: list[Finding] = []
    try:
        if manifest is None:
            raise UnreadableInput("")
        envelope = read_envelope(manifest, "the manifest")
        statement = read_canonical(envelope.payload, "the manifest")
        digest, predicate, key = _parts(statement)
        held = held_of(predicate) if statement["predicateType"] != BEFORE else None
    except (UnreadableInput, KeyError, TypeError, ValueError, IndexError) as error:
        detail = str(error) if isinstance(error, UnreadableInput) else ""
        finding = Finding(fault=Fault.NO_MANIFEST, detail=detail)
        return Verified(findings=(finding,), said={}, site="")
    checked = check(envelope, {key.fingerprint: key})
    if checked.fault is SignatureFault.ALTERED or checked.signers != (key.fingerprint,):
        findings.append(Finding(fault=Fault.MANIFEST_ALTERED))
    if site is not None and site != key.fingerprint:
        findings.append(Finding(fault=Fault.OTHER_SITE))
    findings += _judge_clip(clip, digest, int(str(predicate["size_bytes"])))
    findings += _judge_proof(predicate, digest)
    if page is not None and predicate.get("page", digest_of([page])[0]) != digest_of([page])[0]:
        findings.append(Finding(fault=Fault.PAGE_ALTERED))
    return Verified(findings=tuple(findings), said=predicate, site=key.fingerprint, held=held)


# `Any`: what a file holds, looked into with care; each wrong shape ends in an exception.
def _parts(statement: Mapping[str, Any]) -> tuple[str, dict[str, Json], PublicKey]:
    if (
        statement["predicateType"] not in (PREDICATE_TYPE, BEFORE)
        or statement["_type"] != STATEMENT_TYPE
    ):
        raise UnreadableInput("it is signed, and is no manifest of an export")
    predicate = dict(statement["predicate"])
    key = PublicKey.from_hex(predicate["site"]["public"])
    int(predicate["size_bytes"])
    return str(statement["subject"][0]["digest"]["sha256"]), predicate, key


def _judge_clip(clip: Iterable[bytes] | None, digest: str, size: int) -> list[Finding]:
    if clip is None:
        return [Finding(fault=Fault.CLIP_MISSING)]
    found, found_size = digest_of(clip)
    if found == digest:
        return []
    if found_size < size:
        detail = f"It has {found_size} of {size} bytes."
        return [Finding(fault=Fault.CLIP_CUT, detail=detail)]
    return [Finding(fault=Fault.CLIP_ALTERED)]


def _judge_proof(predicate: Mapping[str, Any], digest: str) -> list[Finding]:
    try:
        key = read_public_key(predicate["ledger"]["key"])
        proof = read_proof(json.dumps(predicate["ledger"]["proof"]))
        what = proof.leaf.what
    except (UnreadableInput, KeyError, TypeError, ValueError) as error:
        return [Finding(fault=Fault.NOT_IN_LEDGER, detail=str(error))]
    wrong = [finding.message for finding in check_proof(proof, [key])]
    if proof.leaf.kind != "export.made" or what.get("clip") != digest:
        wrong.append("the leaf is of another export")
    said = [name for name in _RECORDED if (predicate.get(name) or "") != (what.get(name) or "")]
    if said:
        wrong.append(f"the leaf says another {', '.join(said)} than the manifest")
    return [Finding(fault=Fault.NOT_IN_LEDGER, detail="; ".join(wrong))] if wrong else []
