"""Every kind of leaf that a room registers stands in the reference, with its fields."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import insyn
from insyn.trust.ledger.kinds import all_kinds

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "ledger-format.md"
ROOMS = Path(insyn.__file__).parent


def test_every_kind_of_leaf_is_described_with_its_fields() -> None:
    for module in pkgutil.walk_packages(insyn.__path__, "insyn."):
        path = ROOMS.parent.joinpath(*module.name.split(".")).with_suffix(".py")
        if path.exists() and "ledger.kinds import" in path.read_text("utf-8"):
            importlib.import_module(module.name)
    rows = {
        name: line
        for line in REFERENCE.read_text("utf-8").splitlines()
        if line.startswith("| `")
        for name in line.split("|")[1].replace("`", "").split(", ")
    }
    rows = {name.strip(): line for name, line in rows.items()}
    assert len(all_kinds()) > 40
    for kind in all_kinds().values():
        if kind.name.startswith("test."):
            continue  # of other tests
        assert kind.name in rows, kind.name
        for field in {*kind.what, *kind.personal}:
            assert field in rows[kind.name] or "the same" in rows[kind.name], (kind.name, field)
