"""What was made, as it is answered where it has no ETag of its own."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from insyn.base.canonical import Json


def made(shown: Mapping[str, Json]) -> Response:
    """201 with what was made."""
    return Response(orjson.dumps(shown), status_code=201, media_type="application/json")
