"""From lists to a compiled index: every name analysed once, every word keyed once.

Always: what is written is complete or absent (built beside, renamed at the end), and the same lists
and matcher give the same name.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.base.canonical import digest
from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive, sync_directory
from insyn.office.lists.entry import CountryRole, Entry, Kind
from insyn.office.lists.serial import content_digest
from insyn.office.names.analyse import analyse
from insyn.office.names.tokens import Name, Role, Token
from insyn.office.screening import terms
from insyn.office.screening.evidence import identifier_key
from insyn.office.screening.index import KINDS, MAX_NAME, PARTS_OF_WEIGHT, ROLES, USES
from insyn.office.screening.ragged import Owned
from insyn.office.screening.version import layout, matcher

Progress = Callable[[int], None]
"""Told the number of entries compiled so far."""

PROGRESS_STEP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSource:
    """One list to compile: its id, snapshot digest, entries, and why it is degraded, or None."""

    list: str
    snapshot: str
    entries: Iterable[Entry]
    degraded: str | None = None


def index_name(sources: Iterable[tuple[str, str]]) -> str:
    """The content name of an index over these (list, snapshot) pairs."""
    lists: list[list[str]] = sorted([name, snapshot] for name, snapshot in sources)
    return digest({"matcher": matcher(), "layout": layout(), "lists": lists})[:32]


@dataclass(slots=True)
class _Pool:
    """Texts end to end, found by number."""

    data: bytearray = field(default_factory=bytearray)
    ends: list[int] = field(default_factory=lambda: [0])

    def add(self, text: str) -> int:
        self.data += text.encode("utf-8", "replace")
        self.ends.append(len(self.data))
        return len(self.ends) - 2


class _Builder:
    """Collects entries; `arrays` gives what is written."""

    def __init__(self) -> None:
        self.texts = _Pool()
        self.lists: list[str] = []
        self.entry: list[tuple[int, int, int, int, int]] = []
        self.digests = bytearray()
        self.births: list[tuple[int, int, int, int]] = []
        self.name: list[tuple[int, int, int, int]] = []
        self.name_terms: list[list[int]] = []
        self.term_ids: dict[Token, int] = {}
        self.all_postings: list[list[int]] = []
        self.anchor_postings: list[list[int]] = []
        self.runs = Owned()
        self.run_weights = array("H")
        self.compacts = Owned()
        self.identifiers = Owned()

    def add_list(self, source: ListSource, progress: Progress) -> int:
        number = len(self.lists)
        self.lists.append(source.list)
        before = len(self.entry)
        for entry in source.entries:
            self._add_entry(number, entry)
            if len(self.entry) % PROGRESS_STEP == 0:
                progress(len(self.entry))
        return len(self.entry) - before

    def _add_entry(self, list_number: int, entry: Entry) -> None:
        at = len(self.entry)
        codes = sorted({c.code for c in entry.countries if c.code and c.role in _OWN_COUNTRY})
        codes += sorted({a.country for a in entry.addresses if a.country} - set(codes))
        for born in entry.birth_dates:
            self.births.append(
                (at, born.earliest.toordinal(), born.latest.toordinal(), int(born.approximate))
            )
        for identifier in entry.identifiers:
            key = identifier_key(identifier.value)
            if key:
                self.identifiers.add(at, (terms.identifier_hash(key),))
        reference = self.texts.add(entry.reference)
        countries = self.texts.add(" ".join(codes))
        known = self.texts.add("\n".join(i.value for i in entry.identifiers))
        self.entry.append((list_number, KINDS.index(entry.kind), reference, countries, known))
        self.digests += bytes.fromhex(content_digest(entry))
        seen: set[tuple[str, bool]] = set()
        for name in entry.names:
            text = name.text[:MAX_NAME]
            for personal in _readings_of(entry.kind):
                if (text, personal) not in seen:
                    seen.add((text, personal))
                    self._add_name(at, text, USES.index(name.use), personal)

    def _add_name(self, entry: int, text: str, use: int, personal: bool) -> None:
        pooled = -1
        for reading in analyse(text, personal=personal):
            if pooled < 0:
                pooled = self.texts.add(text)
            number = len(self.name)
            self.name.append((entry, use, int(personal), pooled))
            ids = [self._term(token) for token in reading.tokens]
            self.name_terms.append(ids)
            for term in set(ids):
                self.all_postings[term].append(number)
            for at in terms.anchors(reading.tokens):
                postings = self.anchor_postings[ids[at]]
                if not postings or postings[-1] != number:
                    postings.append(number)
            self._add_runs(number, reading)

    def _add_runs(self, number: int, reading: Name) -> None:
        for run, _ in terms.runs(reading.tokens):
            weight = round(PARTS_OF_WEIGHT * sum(token.weight for token in run))
            keys = terms.exact_run_keys(run)
            self.runs.add(number, keys)
            self.run_weights.extend([weight] * len(keys))
        self.compacts.add(number, terms.compact_keys(reading))

    def _term(self, token: Token) -> int:
        found = self.term_ids.get(token)
        if found is None:
            found = self.term_ids[token] = len(self.term_ids)
            self.all_postings.append([])
            self.anchor_postings.append([])
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array of the index by name."""
        term_pool = _Pool()
        keys, bones, unvocalised = Owned(), Owned(), Owned()
        for token, number in self.term_ids.items():
            term_pool.add(f"{token.form}\t{token.fold}\t{token.concept}\t{token.native}\n")
            keys.add(number, terms.term_keys(token))
            if token.role is Role.PROPER:
                found = terms.vowelless_keys(token)
                bones.add(number, found)
                if token.unvocalised:
                    unvocalised.add(number, found)
        tokens = list(self.term_ids)
        result: dict[str, NDArray[Any]] = {
            "texts": np.frombuffer(bytes(self.texts.data), np.uint8),
            "text_ends": np.array(self.texts.ends, np.int64),
            "term_texts": np.frombuffer(bytes(term_pool.data), np.uint8),
            "term_ends": np.array(term_pool.ends, np.int64),
            "term_role": np.array([ROLES.index(t.role) for t in tokens], np.uint8),
            "term_weight": np.array([t.weight for t in tokens], np.float32),
            "term_unvocalised": np.array([t.unvocalised for t in tokens], np.uint8),
            "term_spelling": np.array([terms.spelling_of(t) for t in tokens], np.uint8),
            "term_sounds": np.array([terms.sounds(t) for t in tokens], np.uint32).reshape(-1, 4),
            "entries": np.array(self.entry, np.int32).reshape(-1, 5),
            "digests": np.frombuffer(bytes(self.digests), np.uint8).reshape(-1, 32),
            "births": np.array(self.births, np.int32).reshape(-1, 4),
            "names": np.array(self.name, np.int32).reshape(-1, 4),
        }
        result |= _rows("name_terms", self.name_terms)
        result |= _rows("postings", self.all_postings)
        result |= _rows("anchors", self.anchor_postings)
        for label, rows in (
            ("keys", keys),
            ("bones", bones),
            ("unvocalised", unvocalised),
            ("compacts", self.compacts),
            ("identifiers", self.identifiers),
        ):
            result |= _hashes(label, rows)
        weights = np.frombuffer(self.run_weights, np.uint16)
        return result | _hashes("runs", self.runs, weight=weights)


_OWN_COUNTRY = frozenset(CountryRole) - {CountryRole.REGIME}
"""Countries that say something of the party; the regime's country is the regulation's."""


def _readings_of(kind: Kind) -> tuple[bool, ...]:
    if kind is Kind.PERSON:
        return (True,)
    return (False, True) if kind is Kind.UNKNOWN else (False,)


def _rows(label: str, rows: Sequence[Sequence[int]]) -> dict[str, NDArray[Any]]:
    """Rows of unequal length as one array and the ends of its rows."""
    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=ends[1:])
    flat = np.fromiter((item for row in rows for item in row), np.int32, count=int(ends[-1]))
    return {label: flat, f"{label}_ends": ends}


def _hashes(label: str, rows: Owned, **others: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The members of the rows and their owners as two arrays, ordered by member.

    `others` are further arrays, one value a member.
    """
    owners, members = rows.pairs()
    order = np.argsort(members, kind="stable")
    result = {
        f"{label}_hash": members[order].astype(np.uint32),
        f"{label}_value": owners[order].astype(np.int32),
    }
    return result | {f"{label}_{name}": values[order] for name, values in others.items()}


def build_index(
    sources: Sequence[ListSource], root: Path, *, progress: Progress = lambda _done: None
) -> Path:
    """Compile the lists under `root`; returns the folder of the index, made or found.

    `progress` is told from time to time how many entries are in.

    Raises:
        EnvironmentFailure: the disk is full or not writable; nothing half-made stays.
    """
    name = index_name((source.list, source.snapshot) for source in sources)
    target = root / name
    with exclusive(root):
        if (target / "index.json").exists():
            return target
        builder = _Builder()
        counts = {source.list: builder.add_list(source, progress) for source in sources}
        head = {
            "matcher": matcher(),
            "layout": layout(),
            "lists": [
                {"list": s.list, "snapshot": s.snapshot, "entries": counts[s.list]} for s in sources
            ],
        }
        temporary = Path(tempfile.mkdtemp(dir=root, prefix=".building-"))
        try:
            for label, array in builder.arrays().items():
                np.save(temporary / f"{label}.npy", array)
            (temporary / "index.json").write_text(json.dumps(head, indent=1), "utf-8")
            shutil.rmtree(target, ignore_errors=True)
            temporary.rename(target)
            sync_directory(root)
        except OSError as error:
            raise EnvironmentFailure(
                f"cannot write the index under {root}: {error.strerror}; free some space"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return target
