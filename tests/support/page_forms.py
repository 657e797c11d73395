"""The forms of a page as a browser would have them: fields, what stands in them, the focus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import html

SECRET = frozenset({"password", "file", "hidden", "image", "submit"})


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form that is sent by POST."""

    action: str
    texts: Mapping[str, str]
    """What stands in each field into which somebody types."""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each list, box or set of buttons: what is chosen."""
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    buttons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Focus:
    """Where the focus lies when a page comes, and what is said of it there."""

    name: str
    is_invalid: bool
    described: str


class Page:
    """A page, read."""

    def __init__(self, text: str) -> None:
        # `Any`, here and below: the stubs of lxml tell little of what a search finds.
        self._root: Any = html.fromstring(text)

    def forms(self) -> list[Form]:
        """All that are sent by POST."""
        return [_form(one) for one in self._root.xpath("//form[@method='post']")]

    def focus(self) -> Focus:
        """The one element that has it.

        Raises:
            ValueError: none or several ask for it.
        """
        (element,) = self._root.xpath("//*[@autofocus]")
        ids = (element.get("aria-describedby") or "").split()
        described = " ".join(self._root.get_element_by_id(one).text_content() for one in ids)
        return Focus(
            name=element.get("name") or "",
            is_invalid=element.get("aria-invalid") == "true",
            described=described or element.text_content(),
        )


def _form(element: Any) -> Form:
    texts: dict[str, str] = {}
    hidden: dict[str, str] = {}
    chosen: dict[str, list[str]] = {}
    offered: dict[str, list[str]] = {}
    buttons: dict[str, list[str]] = {}
    for tag, name, kind, one in _fields(element):
        if tag == "textarea":
            texts[name] = (one.text or "").removeprefix("\n")
        elif tag == "select":
            for option in one.iter("option"):
                value = option.get("value", option.text or "")
                offered.setdefault(name, []).append(value)
                if option.get("selected") is not None:
                    chosen.setdefault(name, []).append(value)
        elif tag == "button":
            buttons.setdefault(name, []).append(one.get("value", ""))
        elif kind in ("checkbox", "radio"):
            offered.setdefault(name, []).append(one.get("value", "on"))
            if one.get("checked") is not None:
                chosen.setdefault(name, []).append(one.get("value", "on"))
        elif kind == "hidden":
            hidden[name] = one.get("value", "")
        elif kind not in SECRET:
            texts[name] = one.get("value", "")
    return Form(
        action=str(element.get("action")),
        texts=texts,
        chosen={name: tuple(values) for name, values in chosen.items()},
        offered={name: tuple(values) for name, values in offered.items()},
        hidden=hidden,
        buttons={name: tuple(values) for name, values in buttons.items()},
    )


def _fields(element: Any) -> Iterator[tuple[str, str, str, Any]]:
    for one in element.iter("input", "textarea", "select", "button"):
        if one.get("name"):
            yield str(one.tag), str(one.get("name")), one.get("type", "text"), one
