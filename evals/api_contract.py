"""Whether a request makes the API fail or answer otherwise than described.

    python -m evals.api_contract [--examples 300] [--only TEXT]

Makes requests from the API's own OpenAPI document, right ones and wrong ones, by people of every
role and by nobody, over a small office with deals, cases and lists; every answer must be described
and none of the 5xx. `tests/office/console/test_api_contract.py` does the same with a dozen requests
an operation. Exit code 1: at least one operation fails; the request that made it is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

import schemathesis
from tests.office.console.resources.api_office import api_office
from tests.office.console.resources.small_office import furnish
from tests.support import api_fuzz

from insyn.office.console.resources.office_people import OfficePeople


def main() -> int:
    """Hold every operation; 0 where all do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=300, help="Requests an operation.")
    parser.add_argument("--only", default="", help="Operations whose name has this text.")
    given = parser.parse_args()
    document = api_fuzz.described()
    schema = schemathesis.openapi.from_dict(document)
    wanted = [name for name in api_fuzz.operations(document) if given.only in name]
    failed: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        api_office(Path(folder), with_lists=True, people=OfficePeople()) as office,
    ):
        known = furnish(office)
        for name in wanted:
            began = time.monotonic()
            said = "holds"
            try:
                api_fuzz.hold(
                    office.client,
                    schema,
                    name,
                    known.ids,
                    tokens=known.tokens,
                    examples=given.examples,
                )
            except Exception:  # one operation's failure must not hide the others'
                traceback.print_exc()
                failed.append(name)
                said = "FAILS"
            print(f"{said}  {time.monotonic() - began:5.1f} s  {name}", flush=True)
    print(json.dumps({"operations": len(wanted), "requests": given.examples, "fail": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
