"""The `insyn` command as a user runs it, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from insyn.cli.main import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    # `Any`: JSON of a shape that the test asserts.
    @property
    def json(self) -> Any:
        """The output as one JSON value."""
        return json.loads(self.out)


def insyn(*arguments: str) -> Ran:
    """Run `insyn ARGUMENTS...`; the environment is the test's own."""
    out, err = _stream(), _stream()
    code = 0
    with (
        mock.patch.object(sys, "argv", ["insyn", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Ran(code=code, out=_text(out), err=_text(err))


def _stream() -> io.TextIOWrapper:
    """A text stream over bytes, as a real one: commands may write to its buffer."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
