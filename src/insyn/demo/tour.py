"""The guided tour: lists in, customers screened, a deal decided and permitted, all explained.

Always: works in a folder of its own and leaves the user's data alone; uses the real lists where
they lie in `../shared/data` (or INSYN_SHARED), and invented samples in the same formats elsewhere.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.demo.deciding import take_case
from insyn.demo.sections import Sections, typed, working
from insyn.demo.watching import PORT, stay, watch
from insyn.office.lists.intake import gather, take_in_all
from insyn.office.lists.snapshots import ListStore
from insyn.office.screening.batch import Work, Worker
from insyn.office.screening.clearances import load_active
from insyn.office.screening.customers import BadRow, read_customers
from insyn.office.screening.engine import Screener, compile_in_force
from insyn.office.screening.index import Index
from insyn.office.screening.model import Match, Outcome, Subject
from insyn.office.screening.outcome import decide

REAL_LISTS = (
    "un/*.xml", "ofac/*.csv", "us_csl/*", "ca/*.xml", "samples/*.xml",
)  # fmt: skip
ROWS_OF_REAL_FILE = 2000


def run(folder: Path, console: Console, *, with_site: bool = True) -> None:
    """Take the tour in `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    data = DataDirectory(root=folder)
    shared = find_shared()
    rule = Sections(console).begin
    rule("Official lists come in")
    with as_file(files("insyn.demo").joinpath("data")) as samples:
        _import(data, _list_files(shared, samples), console)
        rule("A customer file is screened")
        with working(console, "building the index of all names"):
            index, manifest = compile_in_force(data)
        work = Work(index=index, manifest=manifest, clearances=load_active(data))
        _screen(work, samples / "customers.csv", console)
        if shared is not None:
            _screen(work, samples / "customers_listed.csv", console)
        if shared is not None:
            rule("Real queries against the real lists")
            _screen_real(work, shared / "names" / "un_queries_altered.csv", console)
            _screen_real(work, shared / "names" / "people_unlisted_us.csv", console)
    take_case(data, console, rule)
    site = watch(data, console, rule) if with_site else None
    console.rule("What you can do now")
    listed = "Quartzwell Optics" if shared is None else "海康威视"
    there = f"--data {folder}"
    offered = [
        f"{there} screen '{listed}'",
        f"{there} lists status",
        f"{there} sign-in anna --password-file {folder}/password",
        f"{there} case show arena",
        f"{there} case replay arena --as-of {_ten_days_ago()}",
        f"{there} ledger show",
        "compare 'Sergei Lavrov' 'Сергей Лавров'",
    ]
    if with_site:
        offered.append(f"{there} site serve")
    console.print(f"Its data lies in [bold]{folder}[/]. Try:", highlight=False)
    for one in (*offered, "--help"):
        console.print(f"  {typed(one)}", highlight=False, soft_wrap=True)
    if with_site:
        console.print(
            f"The site's console is then at http://127.0.0.1:{PORT}: sign in as oskar (live, "
            "playback), ines (asks for releases), carl or cora (custodians) or anna (runs it); "
            f"everybody's password is the line in {folder}/password.",
            highlight=False,
        )
    if site is not None:
        stay(site, console)


def _ten_days_ago() -> str:
    return (system_clock() - timedelta(days=10)).date().isoformat()


def find_shared() -> Path | None:
    """The folder with the real data, if it is there."""
    for place in (os.environ.get("INSYN_SHARED"), "../shared/data"):
        if place and (Path(place) / "lists").is_dir():
            return Path(place)
    return None


def _list_files(shared: Path | None, samples: Path) -> list[Path]:
    found = [samples / "sample_watch.csv"]
    if shared is None:
        return [samples / "sample_un.xml", *found]
    for pattern in REAL_LISTS:
        files_ = sorted((shared / "lists").glob(pattern))
        # Of the UN list there are two publications; the newer one is the one in force.
        found += files_[-1:] if pattern.startswith("un/") else files_
    return found


def _import(data: DataDirectory, paths: list[Path], console: Console) -> None:
    store = ListStore(data.lists, system_clock)
    publications, refused = gather(paths)
    table = Table(box=None, pad_edge=False)
    for column in ("List", "Format", "Records", "Entries", "Outcome"):
        table.add_column(column, justify="right" if column in ("Records", "Entries") else "left")
    with working(console, f"reading {len(publications)} lists"):
        for item in take_in_all(store, publications):
            table.add_row(
                item.list, item.format, f"{item.read:,}", f"{item.entries:,}", item.outcome
            )
    console.print(table)
    for path, error in refused:
        console.print(f"refused {path.name}: {error}", style="red", highlight=False)


def _screen(work: Work, path: Path, console: Console) -> None:
    screener = Screener(Index(work.index), work.manifest)
    rows = list(read_customers(path))
    results = iter(screener.screen([row for row in rows if isinstance(row, Subject)]))
    for row in rows:
        if isinstance(row, BadRow):
            console.print(Text(f"row {row.line}: {row.reason}; not screened", style="yellow"))
            continue
        result = next(results)
        colour = {Outcome.MATCH: "red", Outcome.REVIEW: "yellow", Outcome.CLEAR: "green"}
        console.print(
            Text(f"{result.outcome.upper():<6}", style=f"bold {colour[result.outcome]}"),
            Text(f"{result.id}  {result.name}"),
        )
        if result.matches:
            telling = max(result.matches, key=lambda match: decide([match]) is result.outcome)
            console.print(Padding(_explained(telling), (0, 0, 0, 7)))


def _explained(match: Match) -> Text:
    text = Text(f"{match.score:.2f} {match.match_class}  {match.list} {match.entry}\n")
    text.append(match.name, style="cyan")
    for reason in match.supports:
        text.append(f"\n+ {reason}", style="red")
    for reason in match.contradicts:
        text.append(f"\n- {reason}", style="green")
    words = ", ".join(f"{t.subject or '-'}: {t.entry or '-'} ({t.how})" for t in match.tokens)
    text.append(f"\n{words}", style="dim")
    return text


def _screen_real(work: Work, path: Path, console: Console) -> None:
    if not path.is_file():
        return
    rows: list[Subject | BadRow] = []
    for row in read_customers(path):
        rows.append(row)
        if len(rows) == ROWS_OF_REAL_FILE:
            break
    with working(console, f"screening {len(rows):,} rows of {path.name}"):
        worker = Worker(work)
        started = time.perf_counter()
        done = worker.screen(rows)
    taken = time.perf_counter() - started
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in done.outcomes.items())
    console.print(
        f"{path.name}: {done.subjects:,} rows in {taken:.1f} s on one core: {counts}",
        highlight=False,
    )
