"""What both halves must believe: people and roles, keys, the permit, the ledger."""
