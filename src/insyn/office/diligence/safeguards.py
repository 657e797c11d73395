"""The class of safeguards of a country, C0 (strong) to C3 (hardly any), where a deal gives none.

Always: a country that is not in the table, or none at all, is unknown, which no rule reads as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

UNKNOWN = "unknown"


@cache
def _classes() -> Mapping[str, str]:
    text = files("insyn.office.diligence").joinpath("data", "safeguards.yaml").read_text("utf-8")
    classes = yaml.safe_load(text)["classes"]
    return {code: name for name, codes in classes.items() for code in codes.split()}


def safeguards_of(country: str | None) -> str:
    """C0 to C3 of an ISO 3166-1 alpha-2 code, or `unknown`."""
    return _classes().get(country or "", UNKNOWN)
