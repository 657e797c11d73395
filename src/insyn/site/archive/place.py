"""Where the site's archive lies, and which one it is: remembered beside the site's database.

Always: once a site has an archive, no other folder is written in its stead; another place is named
on purpose (`move_place`).
"""

from __future__ import annotations

import json
from pathlib import Path

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive, write_atomically
from insyn.site.archive.index import NAME, Index
from insyn.site.archive.root import ArchiveRoot, open_root
from insyn.site.archive.writing import Archive
from insyn.site.directory import SiteDirectory

REMEMBERED = "archive-place.json"


def open_place(site: SiteDirectory) -> ArchiveRoot:
    """The site's archive; made in the site's folder where the site has none yet.

    Raises:
        EnvironmentFailure: its disk is not mounted, another archive lies there, or it cannot be
            made.
    """
    with exclusive(site.database.parent, ".archive-place.lock"):
        remembered = _read(site)
        if remembered is not None:
            return open_root(remembered.path, expected=remembered.id)
        return _remember(site, open_root(site.archive, expected=None))


def place_of(site: SiteDirectory) -> Path:
    """The folder that the site means by its archive, whether or not it is there now."""
    remembered = _read(site)
    return site.archive if remembered is None else remembered.path


def move_place(site: SiteDirectory, path: Path) -> ArchiveRoot:
    """From now on, the archive is the one at `path`, made there if none lies there.

    Raises:
        EnvironmentFailure: the folder cannot be used.
    """
    with exclusive(site.database.parent, ".archive-place.lock"):
        return _remember(site, open_root(path.absolute(), expected=None))


def open_archive(site: SiteDirectory) -> Archive:
    """The site's archive, to write into; for one thread.

    Raises:
        EnvironmentFailure: as `open_place`, or the index cannot be used.
    """
    root = open_place(site)
    return Archive(root, Index(root.path / NAME))


def _remember(site: SiteDirectory, root: ArchiveRoot) -> ArchiveRoot:
    said = canonical_bytes({"archive": root.id, "path": str(root.path)})
    write_atomically(site.root / REMEMBERED, said + b"\n")
    return root


def _read(site: SiteDirectory) -> ArchiveRoot | None:
    try:
        said = json.loads((site.root / REMEMBERED).read_bytes())
        return ArchiveRoot(path=Path(said["path"]), id=str(said["archive"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentFailure(
            f"{site.root / REMEMBERED} cannot be read ({type(error).__name__}); take it from a "
            "backup, or name the archive's folder anew"
        ) from error
