"""Invented list files, written and read back by a format's own parser."""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from insyn.office.lists.entry import Entry
from insyn.office.lists.formats.parsed import Parsed

Parse = Callable[[Mapping[str, Path]], Iterator[Parsed]]


def parsed_text(parse: Parse, text: str) -> list[Parsed]:
    """All that a parser makes of a file of this text."""
    return parsed_bytes(parse, text.encode())


def parsed_bytes(parse: Parse, content: bytes) -> list[Parsed]:
    """All that a parser makes of a file of these bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xml"
        path.write_bytes(content)
        return list(parse({"main": path}))


def entries_in(parsed: list[Parsed]) -> list[Entry]:
    return [item for item in parsed if isinstance(item, Entry)]


def xml_texts() -> st.SearchStrategy[str]:
    """Any text that XML can carry; `xml_escape` makes it fit an element or an attribute."""
    return st.text(
        st.characters(
            codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
        ),
        max_size=40,
    )


def xml_escape(text: str) -> str:
    return escape(text, quote=True)


def un_list(entries: int, day: str, *, encoding: str = "UTF-8", extra: str = "") -> bytes:
    """A small UN list: invented people, as many as told, published that day."""
    people = "".join(
        f"<INDIVIDUAL><DATAID>{9000 + n}</DATAID><FIRST_NAME>ZÉPHYRIN</FIRST_NAME>"
        f"<SECOND_NAME>QUARTZ {n}</SECOND_NAME><UN_LIST_TYPE>Sample</UN_LIST_TYPE>"
        f"<REFERENCE_NUMBER>SAi.{n:03}</REFERENCE_NUMBER></INDIVIDUAL>"
        for n in range(entries)
    )
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>{extra}'
        f'<CONSOLIDATED_LIST dateGenerated="{day}T00:00:00.000Z">'
        f"<INDIVIDUALS>{people}</INDIVIDUALS><ENTITIES/></CONSOLIDATED_LIST>"
    ).encode(encoding)
