"""Downloads of official lists: only what changed, within bounds, whole or not at all.

Always: whatever fails degrades the list with its reason; the last good snapshot stays in force and
the next list goes on. Two updates of one list at once run one after the other.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from insyn.base.clock import isoformat
from insyn.base.errors import EnvironmentFailure, InsynError, Refusal, UsageError
from insyn.office.lists.download import Limits, download
from insyn.office.lists.formats import ofac_csv
from insyn.office.lists.intake import Intake, Publication, take_in
from insyn.office.lists.recognise import recognise
from insyn.office.lists.snapshots import ListStore
from insyn.office.lists.sources import BY_ID, SOURCES, Source

Show = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an update works with; a test brings its own. `environ` names mirrors and tokens."""

    environ: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], None] = time.sleep


def update_lists(
    store: ListStore,
    wanted: Sequence[str],
    *,
    accept_shrunken: bool = False,
    show: Show = lambda _name, _done, _total: None,
    means: Means | None = None,
) -> Iterator[Intake]:
    """Download the wanted lists, all known ones if none, and put them in force.

    `show` is told a list, the bytes that came so far, and how many were announced.

    Raises:
        UsageError: a wanted list is not known.
    """
    unknown = [name for name in wanted if name not in BY_ID]
    if unknown:
        raise UsageError(f"no list {', '.join(unknown)} is known; known are {', '.join(BY_ID)}")
    means = means or Means(environ=os.environ)
    for source in [BY_ID[name] for name in dict.fromkeys(wanted)] or SOURCES:
        try:
            with (
                store.updating(source.id),
                tempfile.TemporaryDirectory(prefix="insyn-fetch-") as folder,
            ):
                fetch = _Fetch(store, source, Path(folder), means, show)
                taken = fetch.run(accept_shrunken=accept_shrunken)
        except (InsynError, OSError) as error:
            taken = _failed(store, source.id, error)
        yield taken


def _failed(store: ListStore, name: str, error: InsynError | OSError) -> Intake:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    is_refusal = isinstance(error, Refusal)
    outcome = "refused" if is_refusal else "failed"
    try:
        store.degrade(name, reason if is_refusal else f"update failed: {reason}")
    except (EnvironmentFailure, OSError):
        reason += " (and the list cannot be marked degraded: the data directory takes no writes)"
    return Intake(list=name, format="", files=(), outcome=outcome, reason=reason)


class _Fetch:
    """The download of one list."""

    def __init__(
        self, store: ListStore, source: Source, folder: Path, means: Means, show: Show
    ) -> None:
        self._store = store
        self._source = source
        self._folder = folder
        self._means = means
        self._show = show
        self._urls = _addresses(source, means.environ)
        self._validators: dict[str, dict[str, str]] = {}

    def run(self, *, accept_shrunken: bool) -> Intake:
        """Fetch what changed and take it in."""
        register = self._store.register(self._source.id)
        files: dict[str, Path] = {}
        with httpx.Client(headers={"User-Agent": "insyn", "Accept-Encoding": "gzip"}) as client:
            for role in self._urls:
                known = register.validators.get(role, {})
                # What a server said of another address, or of a snapshot since replaced, is void.
                is_valid = register.in_force and known.get("snapshot") == register.in_force
                if not is_valid or known.get("address") != _fingerprint(self._urls[role]):
                    known = {}
                self._get(client, role, known, files)
            if not files:
                return self._unchanged()
            for role in self._urls.keys() - files.keys():
                # One file of a set changed: the others are needed whole as well.
                self._get(client, role, {}, files)
        return self._take(files, accept_shrunken)

    def _take(self, files: dict[str, Path], accept_shrunken: bool) -> Intake:
        name = self._source.id
        found = recognise(files.get("main") or files["primary"])
        if found.id not in self._source.formats:
            raise Refusal(f"the publisher sent {found.id}, which list {name} never is")
        if found.id == ofac_csv.FORMAT and "primary" not in files:
            raise Refusal(
                f"list {name} as CSV is four files; name each mirrored one by its own variable "
                "(docs/how-to/use-a-mirror.md)"
            )
        taken = take_in(
            self._store,
            Publication(list=name, format=found, files=files),
            accept_shrunken=accept_shrunken,
        )
        if taken.outcome == "kept":
            reason = f"the publisher sent an older list: {taken.reason.partition(';')[0]}"
            self._store.degrade(name, reason)
            return replace(taken, outcome="refused", reason=reason)
        if not taken.is_refused:
            for known in self._validators.values():
                known["snapshot"] = taken.snapshot or ""
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

    def _get(
        self,
        client: httpx.Client,
        role: str,
        known: Mapping[str, str],
        files: dict[str, Path],
    ) -> None:
        """Put the file of a role into `files`, unless the publisher has nothing newer."""
        url = self._urls[role]
        name = Path(httpx.URL(url).path).name
        path = self._folder / role / (name if "." in name else f"{self._source.id}-{role}")
        path.parent.mkdir(exist_ok=True)
        found = download(
            client,
            url,
            path,
            known=known,
            limits=self._means.limits,
            sleep=self._means.sleep,
            show=lambda done, total: self._show(self._source.id, done, total),
        )
        if found is not None:
            files[role] = path
            self._validators[role] = {**found, "address": _fingerprint(url)}


def _addresses(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """Where each file of a list is fetched: at the mirror that a variable names, or published."""
    stem = "INSYN_LIST_URL_" + source.id.upper().replace("-", "_")
    if environ.get(stem):
        return {"main": _checked_address(environ[stem], stem)}
    found = {}
    for role, published in source.urls.items():
        variable = f"{stem}_{role.upper()}"
        if environ.get(variable):
            found[role] = _checked_address(environ[variable], variable)
            continue
        token = environ.get(source.token_variable, "") if source.token_variable else ""
        if source.token_variable and not token:
            raise EnvironmentFailure(
                f"the publisher gives {source.id} only to holders of a token; put yours in "
                f"{source.token_variable}"
            )
        found[role] = published.replace("{token}", token)
    return found


def _checked_address(url: str, variable: str) -> str:
    try:
        if httpx.URL(url).scheme in ("http", "https") and httpx.URL(url).host:
            return url
    except httpx.InvalidURL:
        pass
    raise EnvironmentFailure(f"{variable} holds no http or https address; put it right")


def _fingerprint(url: str) -> str:
    """Tells addresses apart without keeping a token that one may hold."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]
