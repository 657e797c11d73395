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
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xml"
        path.write_text(text, encoding="utf-8")
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
