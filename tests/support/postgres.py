"""A PostgreSQL server for tests: started where Debian's is installed, gone when the tests end.

It listens on a socket in a folder of its own and on no network. PostgreSQL refuses to run as root;
where the tests do, it runs as the user `postgres`, or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

NAME = "insyn_test"
"""The database; its name says that all it holds may be lost."""


def find_programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl` of the newest version; None: there is none."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *_on_path()]
    found = [place for place in places if (place / "initdb").exists()]
    return max(found, key=lambda place: (place.parent.name.zfill(4), str(place)), default=None)


def _on_path() -> list[Path]:
    program = shutil.which("initdb")
    return [Path(program).resolve().parent] if program else []


@contextmanager
def server() -> Iterator[str]:
    """A server with an empty database; gives its SQLAlchemy URL."""
    programs = find_programs()
    assert programs is not None, "no PostgreSQL is installed"
    # In /tmp and with a short name: a socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="insyn-pg-", dir="/tmp") as folder:
        place = Path(folder)
        user = _unprivileged()
        if user is not None:
            os.chown(place, user.pw_uid, user.pw_gid)
        data = place / "data"
        options = ("--username=insyn", "--auth=trust", "--encoding=UTF8", "--no-locale")
        _run([str(programs / "initdb"), "-D", str(data), "--no-sync", *options], user, place)
        # Durability is not what is tested, and a test machine's disk is slow.
        settings = f"-k {place} -c listen_addresses= -c fsync=off -c max_connections=120"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-l", str(place / "log"), "-o", settings, "start"], user, place)
        try:
            _make_database(f"postgresql+psycopg://insyn@/postgres?host={place}")
            yield f"postgresql+psycopg://insyn@/{NAME}?host={place}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user, place)


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _run(command: Sequence[str], user: pwd.struct_passwd | None, place: Path) -> None:
    out = place / "out"
    # To a file: the server keeps what it inherits open, and a pipe would never end.
    with out.open("ab") as log:
        done = subprocess.run(
            command,
            cwd=place,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(place)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, out.read_text(errors="replace")[-2000:]


def _make_database(url: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {NAME}")
    engine.dispose()


def empty(url: str) -> None:
    """Drop all that a database for tests holds; its name must end in "_test"."""
    engine = sa.create_engine(url)
    assert (engine.url.database or "").endswith("_test"), "not the name of a database for tests"
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
