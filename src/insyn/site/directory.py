"""Where a site keeps what: a folder in the data directory; the archive may lie elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from insyn.base.config import DataDirectory
from insyn.base.errors import EnvironmentFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDirectory:
    """The site's folder and the places in it; made, for its owner alone, when first needed."""

    root: Path

    @property
    def database(self) -> Path:
        """The site's SQLite file."""
        return self._made("") / "site.sqlite"

    @property
    def key(self) -> Path:
        """The site's own private key (`insyn.trust.keys.site`)."""
        return self._made("") / "site-key.pem"

    @property
    def vault(self) -> Path:
        """The vault's public key, and the custodians' shares under their passphrases."""
        return self._made("vault")

    @property
    def trust(self) -> Path:
        """Roots, permits and status lists (`insyn.trust.permit.shelf.Shelf`)."""
        return self._made("trust")

    @property
    def backgrounds(self) -> Path:
        """Learned backgrounds, signed by the site's key."""
        return self._made("backgrounds")

    @property
    def archive(self) -> Path:
        """Where recordings go unless the settings name another place."""
        return self._made("archive")

    @property
    def run(self) -> Path:
        """Sockets and states of the running processes; of no worth after they end."""
        return self._made("run")

    def _made(self, name: str) -> Path:
        path = self.root / name
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise EnvironmentFailure(
                f"cannot use the site's directory {self.root}: {error.strerror}; "
                "name another with --data DIR or INSYN_DATA"
            ) from error
        return path


def site_directory(data: DataDirectory) -> SiteDirectory:
    """The site's part of a data directory."""
    return SiteDirectory(root=data.root / "site")
