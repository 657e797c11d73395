"""Downloads of official lists: only what changed, within bounds, whole or not at all.

Always: whatever fails is a refused intake that degrades the list; the last good snapshot stays in
force and the next list goes on.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from insyn.base.clock import isoformat
from insyn.base.errors import InsynError, Refusal, UsageError
from insyn.office.lists.intake import Intake, Publication, take_in
from insyn.office.lists.recognise import recognise
from insyn.office.lists.snapshots import ListStore
from insyn.office.lists.sources import BY_ID, SOURCES, Source

Show = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one download; sizes count after decompression."""

    read_s: float = 30.0
    total_s: float = 900.0
    size_bytes: int = 300 << 20
    tries: int = 3
    pause_s: float = 2.0
    redirects: int = 5


def update_lists(
    store: ListStore,
    wanted: Sequence[str],
    *,
    accept_shrunken: bool = False,
    show: Show = lambda _name, _done, _total: None,
    environ: Mapping[str, str] | None = None,
    limits: Limits = Limits(),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Intake]:
    """Download the wanted lists, all known ones if none, and put them in force.

    Raises:
        UsageError: a wanted list is not known.
    """
    unknown = [name for name in wanted if name not in BY_ID]
    if unknown:
        raise UsageError(f"no list {', '.join(unknown)} is known; known are {', '.join(BY_ID)}")
    variables = os.environ if environ is None else environ
    for source in [BY_ID[name] for name in wanted] or SOURCES:
        with tempfile.TemporaryDirectory(prefix="insyn-fetch-") as folder:
            try:
                fetch = _Fetch(store, source, Path(folder), variables, limits, show, sleep)
                yield fetch.run(accept_shrunken=accept_shrunken)
            except (InsynError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                reason = str(error) or type(error).__name__
                store.degrade(source.id, f"download failed: {reason}")
                yield Intake(list=source.id, format="", files=(), outcome="refused", reason=reason)


class _Fetch:
    """The download of one list."""

    def __init__(
        self,
        store: ListStore,
        source: Source,
        folder: Path,
        variables: Mapping[str, str],
        limits: Limits,
        show: Show,
        sleep: Callable[[float], None],
    ) -> None:
        self._store = store
        self._source = source
        self._folder = folder
        self._variables = variables
        self._limits = limits
        self._show = show
        self._sleep = sleep
        self._validators: dict[str, dict[str, str]] = {}

    def run(self, *, accept_shrunken: bool) -> Intake:
        name = self._source.id
        register = self._store.register(name)
        known = register.validators if register.in_force else {}
        files: dict[str, Path] = {}
        with httpx.Client(
            timeout=self._limits.read_s,
            follow_redirects=True,
            max_redirects=self._limits.redirects,
            headers={"User-Agent": "insyn"},
            event_hooks={"response": [_refuse_downgrade]},
        ) as client:
            for role in self._source.urls:
                path = self._get(client, role, known.get(role, {}))
                if path is not None:
                    files[role] = path
            if not files:
                return self._unchanged()
            for role in self._source.urls.keys() - files.keys():
                # One file of a set changed: the others are needed whole as well.
                path = self._get(client, role, {})
                if path is not None:
                    files[role] = path
        first = files.get("main") or files["primary"]
        found = recognise(first)
        if found.id not in self._source.formats:
            raise Refusal(f"the publisher sent {found.id}, which list {name} never is")
        taken = take_in(
            self._store,
            Publication(list=name, format=found, files=files),
            accept_shrunken=accept_shrunken,
        )
        if not taken.is_refused:
            self._checked(self._validators)
        return taken

    def _unchanged(self) -> Intake:
        self._checked(None)
        current = self._store.register(self._source.id).current()
        assert current is not None
        return Intake(
            list=self._source.id,
            format=current.format,
            files=(),
            outcome="unchanged",
            reason="the publisher has nothing newer",
            snapshot=current.digest,
            published=current.published,
            entries=current.entries,
        )

    def _checked(self, validators: dict[str, dict[str, str]] | None) -> None:
        with self._store.locked(self._source.id):
            register = self._store.register(self._source.id)
            register.last_checked = isoformat(self._store.clock())
            register.failure = register.failed_at = None
            if validators is not None:
                register.validators = validators
            self._store.save(self._source.id, register)

    def _url(self, role: str) -> str:
        stem = "INSYN_LIST_URL_" + self._source.id.upper().replace("-", "_")
        for variable in (f"{stem}_{role.upper()}", stem):
            if self._variables.get(variable):
                return self._variables[variable]
        url = self._source.urls[role]
        if self._source.token_variable:
            token = self._variables.get(self._source.token_variable)
            if not token:
                raise Refusal(
                    f"list {self._source.id} needs the publisher's token in "
                    f"{self._source.token_variable}"
                )
            url = url.replace("{token}", token)
        return url

    def _get(self, client: httpx.Client, role: str, known: Mapping[str, str]) -> Path | None:
        """The file of a role, or None where the publisher has nothing newer."""
        url = self._url(role)
        for attempt in range(1, self._limits.tries + 1):
            try:
                return self._download(client, url, role, known)
            except (httpx.ConnectError, _ServerError) as error:
                if attempt == self._limits.tries:
                    raise Refusal(f"{error} ({attempt} tries)") from error
                self._sleep(self._limits.pause_s * 2 ** (attempt - 1))
        return None

    def _download(
        self, client: httpx.Client, url: str, role: str, known: Mapping[str, str]
    ) -> Path | None:
        headers = {
            header: known[key]
            for header, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
            if known.get(key)
        }
        deadline = time.monotonic() + self._limits.total_s
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED and headers:
                return None
            if response.status_code >= 500:
                raise _ServerError(f"the publisher answered {response.status_code}")
            if response.status_code != httpx.codes.OK:
                raise Refusal(f"the publisher answered {response.status_code}")
            path = self._folder / Path(url.split("?")[0]).name
            path = path if path.suffix else path.with_name(f"{role}.download")
            self._save(response, path, deadline)
            self._validators[role] = {
                "etag": response.headers.get("ETag", ""),
                "modified": response.headers.get("Last-Modified", ""),
            }
        return path

    def _save(self, response: httpx.Response, path: Path, deadline: float) -> None:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if total is not None and total > self._limits.size_bytes:
            raise Refusal(f"the publisher announces {total} bytes, more than a list can have")
        written = 0
        with path.open("wb") as file:
            for block in response.iter_bytes(1 << 16):
                written += len(block)
                if written > self._limits.size_bytes:
                    raise Refusal(f"over {self._limits.size_bytes} bytes came; a list has fewer")
                if time.monotonic() > deadline:
                    raise Refusal(f"not done after {self._limits.total_s:.0f} s; too slow")
                file.write(block)
                self._show(self._source.id, response.num_bytes_downloaded, total)


class _ServerError(Exception):
    """A passing fault of the publisher's server."""


def _refuse_downgrade(response: httpx.Response) -> None:
    """A redirect from https to plain http would let anyone on the way write the list."""
    following = response.next_request
    if (
        following is not None
        and response.request.url.scheme == "https"
        and following.url.scheme != "https"
    ):
        raise Refusal("the publisher redirects from https to http; refused")
