"""Exports: clips with a signed manifest, verified anywhere."""
