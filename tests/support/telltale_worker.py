"""The worker process of `tests.support.telltale.Processes`; not run by hand."""

from __future__ import annotations

import logging
import pickle
import sys
from pathlib import Path

from tests.support.telltale import PLACE, End, Fault, make_worker


def main() -> None:
    """Mask until killed."""
    logging.basicConfig(level=logging.CRITICAL)
    folder, fault = Path(sys.argv[1]), Fault[sys.argv[2]]
    cameras, seed = int(sys.argv[3]), int(sys.argv[4])
    place = pickle.loads((folder / PLACE).read_bytes())
    end = End(seed) if fault is Fault.KILLED else None
    make_worker(folder, place, fault, cameras=cameras, seed=seed, end=end).run()


if __name__ == "__main__":
    main()
