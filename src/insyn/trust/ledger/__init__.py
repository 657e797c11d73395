"""The ledger: an append-only Merkle tree of what was decided, and proofs of it.

`tree`, `leaf`, `kinds`, `personal`, `note`, `proofs` and `verify` are pure and know no database;
`schema`, `log`, `privacy`, `checkpoints`, `check` and `export` keep it in one. Importing the
package imports neither.
"""
