"""Memory that is freed and wanted again; in processes of their own, for all of which it holds."""

from __future__ import annotations

import subprocess
import sys

import pytest

_TURNS = """
import resource, sys
from insyn.base.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def turn():
    return [bytearray(3 << 20) for _ in range(8)]
turn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    turn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_what_is_freed_comes_again_without_a_page_fault() -> None:
    faults = {
        word: int(subprocess.check_output([sys.executable, "-c", _TURNS, word], text=True))
        for word in ("given back", "kept")
    }
    assert faults["kept"] < faults["given back"] / 10
