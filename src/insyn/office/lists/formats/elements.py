"""Ways through one XML record: by local names, whatever the namespace; texts come clean."""

from __future__ import annotations

from lxml import etree

from insyn.office.lists.formats.text import clean


def local_name(element: etree._Element) -> str:
    """The tag without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first direct child of a local name."""
    return next((sub for sub in element if local_name(sub) == name), None)


def children(element: etree._Element | None, *path: str) -> list[etree._Element]:
    """Elements down a path of local names, direct children only at each step."""
    level = [] if element is None else [element]
    for name in path:
        level = [sub for parent in level for sub in parent if local_name(sub) == name]
    return level


def text_of(element: etree._Element | None, *path: str) -> str:
    """Clean text of the first element down a path, else ""."""
    if len(path) == 1 and element is not None:
        found = child(element, path[0])
        return clean(found.text) if found is not None else ""
    return next(iter(texts_of(element, *path)), "")


def texts_of(element: etree._Element | None, *path: str) -> list[str]:
    """Clean non-empty texts of the elements down a path."""
    return [text for sub in children(element, *path) if (text := clean(sub.text))]


def source_text(element: etree._Element) -> str:
    """The element as published."""
    return etree.tostring(element, encoding="unicode", with_tail=False)
