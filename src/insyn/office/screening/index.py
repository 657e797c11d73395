"""The compiled index: immutable arrays on disk, named by content, mapped and never copied.

Always: what is written is complete or absent (built beside, renamed at the end); any number of
processes may map one index; the same lists and matcher give the same name. The layout is private
to this file and `retrieval.py`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insyn.base.canonical import digest
from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive, sync_directory
from insyn.office.lists.entry import CountryRole, Entry, Kind, NameUse
from insyn.office.lists.serial import content_digest
from insyn.office.names.analyse import Name, Role, Token, analyse
from insyn.office.screening import terms
from insyn.office.screening.evidence import identifier_key
from insyn.office.screening.version import layout, matcher

KINDS = tuple(Kind)
USES = tuple(NameUse)
ROLES = tuple(Role)
NO_DAY = -(1 << 30)
PARTS_OF_WEIGHT = 100
"""Weights of runs are kept as whole hundredths."""

MAX_NAME = 400
"""Characters of a listed name that are compared; longer ones are descriptions, cut here."""


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
        self.runs: set[tuple[int, int, int]] = set()
        self.compacts: set[tuple[int, int]] = set()
        self.identifiers: set[tuple[int, int]] = set()

    def add_list(self, source: ListSource) -> int:
        number = len(self.lists)
        self.lists.append(source.list)
        before = len(self.entry)
        for entry in source.entries:
            self._add_entry(number, entry)
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
                self.identifiers.add((terms.identifier_hash(key), at))
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
        for run in terms.runs(reading.tokens):
            weight = round(PARTS_OF_WEIGHT * sum(token.weight for token in run))
            for key in terms.exact_run_keys(run):
                self.runs.add((key, number, weight))
        for key in terms.compact_keys(reading):
            self.compacts.add((key, number))

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
        keys: list[tuple[int, int]] = []
        bones: list[tuple[int, int]] = []
        unvocalised: list[tuple[int, int]] = []
        for token, number in self.term_ids.items():
            term_pool.add(f"{token.form}\t{token.fold}\t{token.concept}\t{token.native}\n")
            keys += [(key, number) for key in terms.term_keys(token)]
            if token.role is Role.PROPER:
                found = [(key, number) for key in terms.vowelless_keys(token)]
                bones += found
                if token.unvocalised:
                    unvocalised += found
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
            "term_sounds": np.array([terms.sounds(t) for t in tokens], np.uint32).reshape(-1, 3),
            "entries": np.array(self.entry, np.int32).reshape(-1, 5),
            "digests": np.frombuffer(bytes(self.digests), np.uint8).reshape(-1, 32),
            "births": np.array(self.births, np.int32).reshape(-1, 4),
            "names": np.array(self.name, np.int32).reshape(-1, 4),
        }
        result |= _rows("name_terms", self.name_terms)
        result |= _rows("postings", self.all_postings)
        result |= _rows("anchors", self.anchor_postings)
        for label, pairs in (
            ("keys", keys),
            ("bones", bones),
            ("unvocalised", unvocalised),
            ("compacts", sorted(self.compacts)),
            ("identifiers", sorted(self.identifiers)),
        ):
            result |= _hashes(label, pairs)
        runs = sorted(self.runs)
        result |= _hashes("runs", [run[:2] for run in runs])
        result["runs_weight"] = np.array([run[2] for run in runs], np.uint16)
        return result


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


def _hashes(label: str, pairs: Sequence[tuple[int, int]]) -> dict[str, NDArray[Any]]:
    """(hash, number) pairs as two arrays, ordered by hash."""
    table = np.array(pairs, np.int64).reshape(-1, 2)
    order = np.argsort(table[:, 0], kind="stable")
    return {
        f"{label}_hash": table[order, 0].astype(np.uint32),
        f"{label}_value": table[order, 1].astype(np.int32),
    }


def build_index(sources: Sequence[ListSource], root: Path) -> Path:
    """Compile the lists under `root`; returns the folder of the index, made or found.

    Raises:
        EnvironmentFailure: the disk is full or not writable; nothing half-made stays.
    """
    name = index_name((source.list, source.snapshot) for source in sources)
    target = root / name
    with exclusive(root):
        if (target / "index.json").exists():
            return target
        builder = _Builder()
        counts = {source.list: builder.add_list(source) for source in sources}
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


class Index:
    """A mapped index. Attributes are the arrays by name; texts are decoded when asked for."""

    def __init__(self, folder: Path) -> None:
        try:
            self.head: dict[str, Any] = json.loads((folder / "index.json").read_text("utf-8"))
            self._arrays = {p.stem: _mapped(p) for p in folder.glob("*.npy")}
        except (OSError, ValueError) as error:
            raise EnvironmentFailure(
                f"the index {folder.name} cannot be read ({error}); delete that folder, "
                "and the next screening builds it again"
            ) from error
        self.lists: list[str] = [item["list"] for item in self.head["lists"]]
        self._terms: dict[int, Token] = {}

    def __getitem__(self, label: str) -> NDArray[Any]:
        return self._arrays[label]

    def text(self, number: int) -> str:
        """A pooled text by its number."""
        start, end = self["text_ends"][number : number + 2]
        return bytes(self["texts"][start:end]).decode("utf-8")

    def row(self, label: str, number: int) -> NDArray[Any]:
        """One row of rows of unequal length."""
        start, end = self[f"{label}_ends"][number : number + 2]
        return self[label][start:end]

    def find(self, label: str, hashes: Sequence[int]) -> NDArray[Any]:
        """The distinct values under any of the hashes."""
        table = self[f"{label}_hash"]
        wanted = np.fromiter(hashes, np.uint32, count=len(hashes))
        left = table.searchsorted(wanted, "left")
        right = table.searchsorted(wanted, "right")
        values = self[f"{label}_value"]
        hit = np.flatnonzero(right > left)
        if not len(hit):
            return values[:0]
        parts = [values[left[at] : right[at]] for at in hit]
        return np.unique(np.concatenate(parts))

    @cached_property
    def spellings(self) -> tuple[list[str], list[str]]:
        """The Latin form of every term, and its fold."""
        rows = bytes(self["term_texts"]).decode("utf-8").split("\n")[:-1]
        forms, folds, _, _ = zip(*(row.split("\t") for row in rows), strict=True)
        return list(forms), list(folds)

    def term(self, number: int) -> Token:
        """The token behind a term, without the text it was written as."""
        found = self._terms.get(number)
        if found is None:
            start, end = self["term_ends"][number : number + 2]
            text = bytes(self["term_texts"][start:end]).decode("utf-8")
            form, fold, concept, native = text[:-1].split("\t")
            role = ROLES[self["term_role"][number]]
            found = Token(
                "",
                form,
                fold,
                role,
                round(float(self["term_weight"][number]), 4),
                concept,
                bool(self["term_unvocalised"][number]),
                native,
            )
            self._terms[number] = found
        return found

    def births(self, entry: int) -> Iterator[tuple[int, int, bool]]:
        """(earliest, latest, approximate) of an entry's birth dates, as proleptic ordinals."""
        table = self["births"]
        left, right = table[:, 0].searchsorted([entry, entry + 1])
        for _, earliest, latest, approximate in table[left:right].tolist():
            yield earliest, latest, bool(approximate)


def _mapped(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    # A plain view of the map: the memmap class costs microseconds on every slice.
    return array.view(np.ndarray)
