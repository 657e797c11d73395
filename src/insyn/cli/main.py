"""The `insyn` command: runs a noun of `nouns.py`, and turns errors into messages and exit codes.

Exit codes: 0 fine, 1 a finding or a refusal, 2 wrong usage, 3 the environment; 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command; end with its exit code."""
    try:
        # Here, not above: who presses Ctrl-C while the commands are being read gets no traceback.
        _run()
    except BrokenPipeError:
        # The reader (head, less) has gone: end quietly, without a second error at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        # Quietly, as typer does within a command: who interrupts knows it.
        sys.exit(130)
    except OSError as error:
        print(f"insyn: {error}", file=sys.stderr)
        sys.exit(3)


def _run() -> None:
    from insyn.base.errors import InsynError
    from insyn.cli.nouns import command

    try:
        command()()
    except InsynError as error:
        print(f"insyn: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
