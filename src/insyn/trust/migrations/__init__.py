"""The tables of trust, a version a file, made by the migrations of either half.

A released version is never edited; the next stands beside it.
"""
