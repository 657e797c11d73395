"""European Union financial sanctions files, XML 1.1. Source: webgate.ec.europa.eu/fsd/fsf.

Always: attributes are present but empty rather than absent; native scripts are further names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.office.lists.entry import Entry, Unread
from insyn.office.lists.formats.dates import parse_day
from insyn.office.lists.formats.elements import children, source_text, texts_of
from insyn.office.lists.formats.eu import Party, eu_entry
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import clean

FORMAT = "eu-xml"
_NAMESPACE = b"http://eu.europa.ec/fpi/fsd/export"


def recognise(head: bytes, filename: str) -> bool:
    """The namespace of the export."""
    return _NAMESPACE in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a sanctionEntity."""
    root = read_root(files["main"], "export")
    yield Published(on=parse_day(root.get("generationDate")))
    yield from unique(_records(files["main"]))


def _records(path: Path) -> Iterator[Parsed]:
    for position, element in enumerate(open_xml(path, "sanctionEntity"), 1):
        yield _entry(element) or Unread(position=position, reason="it has no reference or no name")


def _block(element: etree._Element) -> dict[str, str]:
    return {str(name).lower(): clean(str(value)) for name, value in element.attrib.items()}


def _blocks(element: etree._Element, *path: str) -> list[dict[str, str]]:
    return [_block(sub) for sub in children(element, *path)]


def _entry(element: etree._Element) -> Entry | None:
    types = _blocks(element, "subjectType")
    names = [
        {**_block(alias), "remark": " ".join(texts_of(alias, "remark"))}
        for alias in children(element, "nameAlias")
    ]
    contacts = _blocks(element, "address", "contactInfo")
    return eu_entry(
        Party(
            head=_block(element),
            subject=types[0].get("code") or types[0].get("classificationcode", "") if types else "",
            remarks=texts_of(element, "remark"),
            programmes=[sub.get("programme", "") for sub in _blocks(element, "regulation")],
            names=names,
            births=_blocks(element, "birthdate"),
            citizenships=_blocks(element, "citizenship"),
            papers=_blocks(element, "identification"),
            addresses=_blocks(element, "address"),
            contacts=[(sub.get("key", "").upper(), sub.get("value", "")) for sub in contacts],
            source_record=source_text(element),
        )
    )
