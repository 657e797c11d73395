"""Versions of the text that partners sign, kept in the package by digest. Pure but for reading it.

Always: a text is what its digest says, or it is refused; an older one counts for as long as its
`accepted_until`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import yaml

from insyn.base.canonical import Json
from insyn.base.errors import EnvironmentFailure, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentText:
    """One version of the text; `accepted_until` is its last day, None: it is accepted still."""

    version: str
    sha256: str
    since: date
    accepted_until: date | None
    text: str

    def is_accepted(self, day: date) -> bool:
        """Whether a commitment to this version counts on a day."""
        return self.accepted_until is None or day <= self.accepted_until

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        until = self.accepted_until
        return {
            "version": self.version,
            "sha256": self.sha256,
            "since": self.since.isoformat(),
            "accepted_until": until.isoformat() if until else None,
            "text": self.text,
        }


Texts = Mapping[str, CommitmentText]
"""Texts by version, the oldest first."""


@cache
def texts() -> Texts:
    """Those in the package.

    Raises:
        EnvironmentFailure: one is not what its digest says.
    """
    folder = files("insyn.office.diligence.commitments") / "data"
    found = {}
    for each in yaml.safe_load((folder / "texts.yaml").read_text("utf-8"))["texts"]:
        content = (folder / each["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != each["sha256"]:
            raise EnvironmentFailure(
                f"the commitment text {each['version']} was changed in this installation; "
                "install Insyn again"
            )
        found[str(each["version"])] = CommitmentText(
            version=str(each["version"]),
            sha256=each["sha256"],
            since=each["since"],
            accepted_until=each["accepted_until"],
            text=content.decode("utf-8"),
        )
    return found


def text_of(version: str | None, among: Texts | None = None) -> CommitmentText:
    """A version of the text; the newest if none is named.

    Raises:
        Refusal: there is no such version.
    """
    known = texts() if among is None else among
    if version is None:
        return list(known.values())[-1]
    if version not in known:
        raise Refusal(
            f"there is no commitment text {version!r}; there are {', '.join(known)} "
            "(insyn commitment text)"
        )
    return known[version]
