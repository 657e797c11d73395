"""Insyn: the right to look in. See ARCHITECTURE.md for the rooms and their one direction."""

__version__ = "0.1.0"
