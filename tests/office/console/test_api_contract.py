"""Whatever is sent to `/api/v1`, by whomever: no failure of ours, and answers as described.

A few requests an operation here, thousands in `evals/api_contract.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from tests.office.console.resources.api_office import ApiOffice, api_office
from tests.office.console.resources.small_office import Known, furnish
from tests.support import api_fuzz

from insyn.office.console.resources.office_people import OfficePeople

DOCUMENT = api_fuzz.described()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = api_fuzz.operations(DOCUMENT)
EXAMPLES = 12


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ApiOffice, Known]]:
    """An office with some of everything, for all operations together."""
    with api_office(
        tmp_path_factory.mktemp("contract"), with_lists=True, people=OfficePeople()
    ) as office:
        yield office, furnish(office)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_request_is_answered_otherwise_than_described(
    furnished: tuple[ApiOffice, Known], operation: str
) -> None:
    office, known = furnished
    api_fuzz.hold(
        office.client, SCHEMA, operation, known.ids, tokens=known.tokens, examples=EXAMPLES
    )


def test_every_operation_says_what_it_is() -> None:
    ids = []
    for path, methods in DOCUMENT["paths"].items():
        for method, told in methods.items():
            ids.append(told["operationId"])
            assert told["summary"], (method, path)
            assert len(told["description"]) > 40, (method, path)
            if "person" in str(told.get("security")):
                assert {"401", "403", "422", "503"} <= set(told["responses"]), (method, path)
    assert len(ids) == len(set(ids))
