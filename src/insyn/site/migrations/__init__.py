"""Versions of the site's database. A released one is never edited; the next stands beside it."""

HEAD = "0009"
"""The revision that this version of Insyn reads and writes."""
