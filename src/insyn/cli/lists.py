"""`insyn lists`: official lists in, their state, their differences."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Official lists: update, import, status, show, diff.")
