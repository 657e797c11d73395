"""The standing opponents, in an environment of their own: `python -m evals.opponents install`.

Makes `.opponents/venv` (git-ignored) with nomenklatura, yente and atheris. nomenklatura needs
PyICU, which is compiled: on Debian `apt-get install libicu-dev pkg-config g++` first, which the
installer does itself where it may. Nothing of it is imported by Insyn or by the scorecards; they
run `opponent_script.py` there. `python -m evals.opponents check` says whether it works.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.scorecard import REPOSITORY, Report, Row, Run, print_report, run_command
from insyn.base.countries import country_code
from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse
from insyn.office.lists.intake import gather

VENV = REPOSITORY / ".opponents" / "venv"
PYTHON = VENV / "bin" / "python"
SCRIPT = Path(__file__).with_name("opponent_script.py")
PACKAGES = ("nomenklatura==4.17.4", "yente==5.5.0", "atheris")
NAME = "nomenklatura 4.17.4 logic-v2"
CANDIDATES = 50
"""Candidates scored a customer: yente's own default (10 candidates x 5)."""

_SCHEMATA = {
    Kind.PERSON: "Person",
    Kind.ORGANISATION: "Organization",
    Kind.VESSEL: "Vessel",
    Kind.AIRCRAFT: "Airplane",
    Kind.UNKNOWN: "LegalEntity",
}
_NAMES = {
    NameUse.PRIMARY: "name",
    NameUse.ALIAS: "alias",
    NameUse.FORMER: "alias",
    NameUse.WEAK: "weakAlias",
}
_COUNTRIES = {CountryRole.NATIONALITY, CountryRole.CITIZENSHIP, CountryRole.RESIDENCE}
_IDENTIFIERS = {
    IdentifierType.PASSPORT: "passportNumber",
    IdentifierType.NATIONAL_ID: "idNumber",
    IdentifierType.TAX: "taxNumber",
    IdentifierType.REGISTRATION: "registrationNumber",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What the opponent answered: results best first a customer, seconds and MiB a phase."""

    results: Mapping[str, Sequence[tuple[str, float]]]
    stats: Mapping[str, float]
    run: Run


def is_installed() -> bool:
    """Whether the environment stands."""
    return PYTHON.exists()


def install() -> None:
    """Make the environment; takes some minutes, as PyICU is compiled."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environ, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "libicu-dev", "pkg-config", "g++"],
            env=environ,
            check=False,
            stdout=sys.stderr,
        )
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    subprocess.run([*pip, *PACKAGES], check=True, stdout=sys.stderr)


def require() -> None:
    """End with what to do when the environment is missing."""
    if not is_installed():
        raise SystemExit("no opponent here; run `python -m evals.opponents install` first")


def score_pairs(rows: Sequence[Row]) -> tuple[list[float], Run]:
    """logic-v2's score of each pair (name1, name2, schema), every name with an id of its own."""
    lines = (
        {"schema": row.get("schema") or "LegalEntity", "name1": row["name1"], "name2": row["name2"]}
        for row in rows
    )
    run = _run_script(lines, "pairs")
    return [float(json.loads(line)["score"]) for line in run.lines], run


def screen(lists: Path, customers: Sequence[Row], *, candidates: int = CANDIDATES) -> Screened:
    """Block and score customers against a file that `write_ftm` made."""
    records = (customer_entity(row, number) for number, row in enumerate(customers))
    run = _run_script(records, "screen", str(lists), str(candidates))
    answers = [json.loads(line) for line in run.lines]
    stats = answers.pop()["stats"]
    found = {
        int(answer["id"].removeprefix("customer-")): [
            (item["id"], float(item["score"])) for item in answer["results"]
        ]
        for answer in answers
    }
    results = {row["id"]: found.get(number, []) for number, row in enumerate(customers)}
    return Screened(results=results, stats=stats, run=run)


def _run_script(records: Iterable[Mapping[str, object]], *words: str) -> Run:
    require()
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "in.jsonl"
        with given.open("w", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        return run_command([PYTHON, SCRIPT, *words], stdin=given)


def customer_entity(row: Row, number: int) -> Report:
    """A customer row (name, kind, country, birth_date, identifier) as a FtM entity."""
    kind = row.get("kind", "").strip().lower()
    schema = {"person": "Person", "organisation": "Organization", "vessel": "Vessel"}.get(
        kind, "LegalEntity"
    )
    properties: dict[str, list[str]] = {"name": [row["name"]]}
    country = country_code(row.get("country", ""))
    if country:
        properties["nationality" if schema == "Person" else "country"] = [country.lower()]
    if row.get("birth_date") and schema == "Person":
        properties["birthDate"] = [row["birth_date"]]
    if row.get("identifier"):
        properties["idNumber"] = [row["identifier"]]
    return {"id": f"customer-{number}", "schema": schema, "properties": properties}


def write_ftm(files: Sequence[Path], target: Path) -> int:
    """Write list files as FtM entities, `reference` as id; returns how many.

    The opponent so gets what our own readers read: names with their ranks, birth dates,
    countries and papers. What it makes of them is its own.

    Raises:
        SystemExit: a file is no list that Insyn reads.
    """
    publications, refused = gather(files)
    if refused:
        raise SystemExit(f"cannot read {refused[0][0].name}: {refused[0][1]}")
    written = 0
    with target.open("w", encoding="utf-8") as file:
        for publication in publications:
            for item in publication.format.parse(publication.files):
                if isinstance(item, Entry):
                    record = entry_entity(item)
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
                    written += 1
    return written


def entry_entity(entry: Entry) -> Report:
    """A list entry as a FtM entity; an approximate birth date is given by its years."""
    schema = _SCHEMATA[entry.kind]
    properties: dict[str, list[str]] = {}
    for name in entry.names:
        properties.setdefault(_NAMES[name.use], []).append(name.text)
    if entry.kind is Kind.PERSON:
        for born in entry.birth_dates:
            exact = born.earliest == born.latest and not born.approximate
            years = range(born.earliest.year, min(born.latest.year, born.earliest.year + 10) + 1)
            texts = [born.earliest.isoformat()] if exact else [str(year) for year in years]
            properties.setdefault("birthDate", []).extend(texts)
    for link in entry.countries:
        if link.code and link.role in _COUNTRIES:
            of_person = entry.kind is Kind.PERSON and link.role is not CountryRole.RESIDENCE
            label = "nationality" if of_person else "country"
            properties.setdefault(label, []).append(link.code.lower())
    if entry.kind in (Kind.PERSON, Kind.ORGANISATION):
        for identifier in entry.identifiers:
            label = _IDENTIFIERS.get(identifier.type, "")
            if label and (label != "passportNumber" or entry.kind is Kind.PERSON):
                properties.setdefault(label, []).append(identifier.value)
    return {"id": entry.reference, "schema": schema, "properties": properties}


def main() -> None:
    """Install the opponents, or check that they answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("install", "check"))
    if parser.parse_args().what == "install":
        install()
    scores, run = score_pairs(
        [
            {"schema": "Person", "name1": "Ada Example", "name2": "Example, Ada"},
            {"schema": "Person", "name1": "Ada Example", "name2": "Otto Muster"},
        ]
    )
    print_report({"opponent": NAME, "same": scores[0], "other": scores[1], "wall_s": run.wall_s})


if __name__ == "__main__":
    main()
