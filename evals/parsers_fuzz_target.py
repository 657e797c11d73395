"""One parser under the fuzzer; `parsers_fuzz.py` runs this in the fuzzer's own environment.

Always: entries or `UnreadableInput` are the only answers. Anything else, and any input that takes
over `SLOW_S`, is saved under the findings folder by kind and place, once each, and the run goes
on. With atheris the parsers' branches guide the search; without it inputs are drawn blindly.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

SLOW_S = 5.0
"""Seconds that one small input may take."""

MAX_BYTES = 1 << 16
CUSTOMERS = "customers"
SEPARATOR = b"\n=== FILE ===\n"
"""Between the companion files of one input; its parts are `ROLES` in order."""

ROLES = {"ofac-csv": ("primary", "alt", "add", "comments")}

HOSTILE = (
    b"", b"0", b"-1", b"99999999999999999999999", b"0000-00-00", b"9999-99-99", b"31/02/1961",
    b"circa 0", b"between 1961 and", b"1961 to 1850", b"\xc2\xb2\xc2\xb9", b"\xd9\xa3", b"\xff",
    b"\xef\xbb\xbf", b"\x00", b"\xed\xa0\x80", b"\\ud800", b"Ada\\ud800", b"a" * 5000, b"((((((((",
    b"))))", b";" * 300, b'"', b"'", b"<a>", b"&#x0;", b"&x;", b"null", b"[]", b"{}", b"[[[[[[",
    b"true", b"1e999", b"a.k.a.", b"f.k.a. ''", b"DOB ", b"alt. DOB", b"\xe2\x80\xa8", b"\r",
    b"\n\n", "Ж中".encode(), b"-0- ", b"nan",
)  # fmt: skip
"""What lists hold where something else is expected."""

_PIECE = re.compile(rb'>[^<>]*<|"[^"]*"|[^,;\t\n"]+|<[^<>]*>')
_XML_PIECE = re.compile(rb">[^<>]*<|=\"[^\"]*\"|<(\w+)[^<>]*>[^<>]*</\1>")
"""Texts, attributes and whole leaves: what can change while the file stays whole XML."""


class TooSlow(BaseException):
    """Not an `Exception`, so that no parser can take it for a bad record."""


def mutate(data: bytes, seed: int) -> bytes:
    """The data with a few cells, texts, attributes or elements emptied, replaced or repeated."""
    chance = random.Random(seed)
    if data.lstrip(b"\xef\xbb\xbf").startswith(b"<") and seed % 8:
        return _mutate_xml(data, chance)[:MAX_BYTES]
    for _ in range(chance.randint(1, 4)):
        pieces = [found.span() for found in _PIECE.finditer(data)]
        if not pieces:
            return chance.choice(HOSTILE)
        start, end = chance.choice(pieces)
        piece = data[start:end]
        inner = chance.choice(HOSTILE)
        other = data[slice(*chance.choice(pieces))]
        kept = piece[:1] + inner + piece[-1:] if len(piece) > 1 else inner
        new = chance.choice((kept, kept, kept, inner, other, piece + piece, b"", piece[:-1]))
        data = data[:start] + new + data[end:]
    if chance.random() < 0.05:
        data = data[: chance.randrange(len(data) + 1)]
    return data[:MAX_BYTES]


def _mutate_xml(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        pieces = [found.span() for found in _XML_PIECE.finditer(data)]
        if not pieces:
            return data
        start, end = chance.choice(pieces)
        piece = data[start:end]
        inner = chance.choice(HOSTILE).replace(b"&", b"").replace(b"<", b"&lt;")
        inner = inner.replace(b'"', b"&quot;").decode("utf-8", "ignore").encode()
        inner = re.sub(rb"[\x00-\x08\x0b-\x1f]", b"", inner)
        if piece.startswith(b"<"):
            new = chance.choice((b"", piece + piece, piece * 40))
        else:
            head = 1 if piece.startswith(b">") else 2
            new = piece[:head] + chance.choice((inner, inner, piece[head:-1] + inner)) + piece[-1:]
        data = data[:start] + new + data[end:]
    return data


class Target:
    """Reads one input after another and keeps count."""

    def __init__(self, name: str, findings: Path, report: Path, folder: Path) -> None:
        self.name, self._findings, self._report, self._folder = name, findings, report, folder
        self._read = _reader(name)
        self._counts = {"inputs": 0, "read": 0, "refused": 0}
        self._found: dict[str, str] = {}
        self._slowest_s = 0.0
        self._written = 0.0

    def __call__(self, data: bytes) -> None:
        """Read one input; the only way out is an answer or a finding."""
        from insyn.base.errors import UnreadableInput

        files = self._write(data)
        self._counts["inputs"] += 1
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SLOW_S)
        try:
            self._read(files)
            self._counts["read"] += 1
        except UnreadableInput:
            self._counts["refused"] += 1
        except (Exception, TooSlow) as error:
            self._find(data, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._slowest_s = max(self._slowest_s, time.perf_counter() - started)
        if time.monotonic() - self._written > 1:
            self.write_report()

    def write_report(self) -> None:
        """What was found so far, as JSON: the fuzzer may end the process at any moment."""
        self._written = time.monotonic()
        report = {"target": self.name, **self._counts, "slowest_s": round(self._slowest_s, 3)}
        self._report.write_text(json.dumps({**report, "findings": self._found}))

    def _write(self, data: bytes) -> Mapping[str, Path]:
        roles = ROLES.get(self.name, ("main",))
        parts = data.split(SEPARATOR, len(roles) - 1) if len(roles) > 1 else [data]
        files = {}
        for role, part in zip(roles, parts, strict=False):
            files[role] = self._folder / role
            files[role].write_bytes(part)
        return files

    def _find(self, data: bytes, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "insyn" in frame.filename] or list(frames)
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        what = f"{type(error).__name__} at {place}"
        if what not in self._found:
            name = f"{self.name}-{hashlib.sha256(what.encode()).hexdigest()[:10]}"
            (self._findings / name).write_bytes(data)
            self._found[what] = f"{name}: {str(error)[:200]}"
            self.write_report()


def _reader(name: str) -> Callable[[Mapping[str, Path]], None]:
    """Reads a whole input and does with it what an import or a batch does."""
    import orjson

    from insyn.office.lists.entry import Entry
    from insyn.office.lists.recognise import known_formats
    from insyn.office.lists.serial import content_digest, entry_from_json, entry_to_json
    from insyn.office.screening.customers import read_customers
    from insyn.office.screening.model import Subject

    def customers(files: Mapping[str, Path]) -> None:
        for row in read_customers(files["main"]):
            if isinstance(row, Subject):
                orjson.dumps([row.id, row.name])
                row.content_digest()

    def entries(files: Mapping[str, Path]) -> None:
        head = next(iter(files.values())).read_bytes()[:MAX_BYTES]
        known_formats()[name].recognise(head, "list")
        for item in known_formats()[name].parse(files):
            if isinstance(item, Entry):
                assert item.names, "an entry without a name"
                assert item.reference, "an entry without a reference"
                assert entry_from_json(entry_to_json(item)) == item, "not the same when kept"
                content_digest(item)

    return customers if name == CUSTOMERS else entries


def _seeds(folder: Path, name: str) -> list[bytes]:
    own = [path.read_bytes() for path in sorted(folder.glob(f"{name}.*"))]
    return own or [path.read_bytes() for path in sorted(folder.iterdir())]


def _run_blindly(target: Target, seeds: Sequence[bytes], seconds: float) -> None:
    ends = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ends:
        target(mutate(seeds[number % len(seeds)], number))
        number += 1


def _run_guided(target: Target, corpus: Path, seconds: float) -> None:
    import atheris

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 4:
            return mutate(data, seed)[:max_size]
        mutated: bytes = atheris.Mutate(data, max_size)
        return mutated

    arguments = [
        *(sys.argv[0], str(corpus), f"-max_total_time={max(1, round(seconds))}"),
        *(f"-max_len={MAX_BYTES}", "-verbosity=0", "-print_final_stats=0", "-rss_limit_mb=2048"),
        *("-timeout=0", f"-artifact_prefix={corpus.parent}/"),
    ]
    atheris.Setup(arguments, target, custom_mutator=mutator)
    atheris.Fuzz()


@contextlib.contextmanager
def _instrumented() -> Iterator[bool]:
    """Import the parsers with their branches counted, where atheris is there."""
    if importlib.util.find_spec("atheris") is None:
        yield False
        return
    import atheris

    with atheris.instrument_imports(include=["insyn.office.lists", "insyn.office.screening"]):
        yield True


def _too_slow(number: int, frame: FrameType | None) -> Any:
    raise TooSlow(f"over {SLOW_S:.0f} s")


def main() -> None:
    """Fuzz one target for some seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    for name in ("--seeds", "--findings", "--report"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_slow)
    with _instrumented() as guided, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "files").mkdir()
        target = Target(given.target, given.findings, given.report, place / "files")
        seeds = _seeds(given.seeds, given.target)
        for seed in seeds:
            target(seed)
        target.write_report()
        if guided:
            corpus = place / "corpus"
            corpus.mkdir()
            for number, seed in enumerate(seeds):
                (corpus / str(number)).write_bytes(seed)
            _run_guided(target, corpus, given.seconds)
        else:
            _run_blindly(target, seeds, given.seconds)
            target.write_report()


if __name__ == "__main__":
    main()
