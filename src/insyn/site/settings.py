"""What a site is told about itself: one file of JSON, changed by commands and pages.

Always: an unknown or absurd value is refused with its name; what is missing has a sensible value.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import EnvironmentFailure, UnreadableInput, UsageError
from insyn.base.files import exclusive, write_atomically
from insyn.site.directory import SiteDirectory

NAME = "settings.json"
LONGEST = 500


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

    def __post_init__(self) -> None:
        for field in ("name", "address", "controller", "contact", "detector"):
            text = getattr(self, field)
            if not isinstance(text, str) or len(text) > LONGEST or "\x00" in text:
                raise UsageError(f"the setting {field} is a text of at most {LONGEST} characters")
        if self.detector and not self.detector.startswith("/"):
            raise UsageError("the setting detector is the whole path of an ONNX model, from / on")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
            raise UsageError("the setting time_zone is such as Europe/Stockholm") from error
        for field, least, most in (
            ("archive_bytes", 0, 1 << 60),
            ("retention_days", 1, 1826),
            ("release_minutes", 1, 1440),
            ("full_views", 0, 64),
        ):
            number = getattr(self, field)
            if not isinstance(number, int) or not least <= number <= most:
                raise UsageError(f"the setting {field} is a number from {least} to {most}")


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
