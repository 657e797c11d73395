"""What a site is told about itself: one file of JSON, changed by commands and pages.

Always: an unknown or absurd value is refused with its name; what is missing has a sensible value;
who changed which setting is a leaf, which says no value: they may name people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import EnvironmentFailure, UnreadableInput, UsageError
from insyn.base.files import exclusive, write_atomically
from insyn.site.directory import SiteDirectory
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.store import Store

NAME = "settings.json"
LONGEST = 500
LONGEST_PARAGRAPH = 4000
_LINES = (
    "name", "address", "controller", "contact", "officer", "authority", "notice_url", "detector",
)  # fmt: skip
_PARAGRAPHS = ("purpose", "legal_basis", "necessity", "recipients", "consultation")

CHANGED = register(
    Kind(
        name="site.settings",
        title="somebody changed settings of the site, or what its papers say",
        what={"settings": Shape.IDS},
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a site is told.

    Attributes:
        name: of the place, on every page.
        address: where it is.
        controller: who answers for it (GDPR Article 4(7)), on its notice.
        contact: where people on camera can ask and complain.
        time_zone: of its days, such as Europe/Stockholm.
        archive_bytes: how large it may grow; 0: as large as the disk allows.
        retention_days: how long recordings are kept; never longer than the permit says.
        release_minutes: how long a release is open at most.
        detector: path of an ONNX model that may add to every camera's mask; "" is none.
        officer: the data protection officer, and how to reach them (GDPR Article 37).
        authority: which supervisory authority people complain to.
        notice_url: where people on camera read the whole notice; the QR code on the sign.
        purpose: what the cameras are for, where no permit says it.
        legal_basis: GDPR Article 6(1), which letter, and the interest.
        necessity: why nothing milder does.
        recipients: who else is given pictures, and who processes for the controller.
        consultation: what those concerned, or who speaks for them, said (Article 35(9)).
        full_views: cameras shown in full resolution at once; 0: as the machine has cores.
    """

    name: str = "A site"
    address: str = ""
    controller: str = ""
    contact: str = ""
    time_zone: str = "UTC"
    archive_bytes: int = 0
    retention_days: int = 14
    release_minutes: int = 60
    detector: str = ""
    full_views: int = 0
    officer: str = ""
    authority: str = ""
    notice_url: str = ""
    purpose: str = ""
    legal_basis: str = ""
    necessity: str = ""
    recipients: str = ""
    consultation: str = ""

    def __post_init__(self) -> None:
        for field in (*_LINES, *_PARAGRAPHS):
            text, most = getattr(self, field), LONGEST
            if field in _PARAGRAPHS:
                most = LONGEST_PARAGRAPH
            if not isinstance(text, str) or len(text) > most or "\x00" in text:
                raise UsageError(
                    f"the setting {field} is a text of at most {most} characters", field=field
                )
        if self.notice_url and not self.notice_url.startswith(("https://", "http://")):
            raise UsageError(
                "the setting notice_url is an address, as in https://place.example/privacy",
                field="notice_url",
            )
        if self.detector and not self.detector.startswith("/"):
            raise UsageError("the setting detector is the whole path of an ONNX model, from / on")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
            raise UsageError(
                "the setting time_zone is such as Europe/Stockholm", field="time_zone"
            ) from error
        for field, least, most in (
            ("archive_bytes", 0, 1 << 60),
            ("retention_days", 1, 1826),
            ("release_minutes", 1, 1440),
            ("full_views", 0, 64),
        ):
            number = getattr(self, field)
            if not isinstance(number, int) or not least <= number <= most:
                raise UsageError(
                    f"the setting {field} is a number from {least} to {most}", field=field
                )


def read_settings(site: SiteDirectory) -> Settings:
    """What the site is told; the usual where nothing is.

    Raises:
        UnreadableInput: the file is damaged.
        EnvironmentFailure: it cannot be read.
    """
    path = site.root / NAME
    try:
        said = json.loads(path.read_bytes())
        return Settings(**said)
    except FileNotFoundError:
        return Settings()
    except (ValueError, TypeError, UsageError) as error:
        raise UnreadableInput(f"{path} is damaged ({error}); restore it from a backup") from error
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error


def change_settings(site: SiteDirectory, **changed: str | int) -> Settings:
    """Change some settings; returns all.

    Raises:
        UsageError: there is no such setting, or its value cannot be.
    """
    site_root = site.database.parent  # which makes it
    with exclusive(site_root, ".settings.lock"):
        unknown = changed.keys() - set(Settings.__dataclass_fields__)
        if unknown:
            raise UsageError(f"there is no setting {min(unknown)}")
        settings = replace(read_settings(site), **changed)  # type: ignore[arg-type] # checked above
        write_atomically(site_root / NAME, canonical_bytes(asdict(settings)) + b"\n")
    return settings


def record_change(
    site: SiteDirectory, store: Store, changed: Mapping[str, str | int], *, who: str, now: datetime
) -> Settings:
    """Change some settings, and add the leaf of it where that makes a difference; returns all.

    Raises:
        UsageError: there is no such setting, or its value cannot be.
    """
    # The database's one write lock orders who changes at once; where the file is refused, so is
    # the leaf.
    with store.writing() as connection:
        before = asdict(read_settings(site))
        settings = change_settings(site, **changed)
        after = asdict(settings)
        names: list[Json] = [name for name in sorted(after) if after[name] != before[name]]
        if names:
            leaf = Leaf(kind=CHANGED.name, who=who, what={"settings": names})
            log.append(connection, leaf, now=now)
    return settings
