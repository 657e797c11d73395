"""From a written name to comparable ones; pure: no I/O but the tables in the package."""
