"""Releases: a sealed original opened by two custodians, for a reason, for a time."""
