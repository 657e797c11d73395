"""The permit: what was decided, signed by two people, and what a site makes of it."""
