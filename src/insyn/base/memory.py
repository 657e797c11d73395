"""How this process keeps memory that it will want again."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_BYTES, _KEPT_BYTES = 32 << 20, 256 << 20


def keep_freed_memory() -> None:
    """Keep what is freed, for the next picture is as large as the last; for the whole process.

    The C library gives large pieces back to the system at once, and each page that comes again
    costs a microsecond: 600 pages, a millisecond, for every picture of 1080p that is masked. At
    most 256 MiB are kept. Only glibc can be told; elsewhere this does nothing. Source: mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
