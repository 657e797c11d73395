"""People: their roles, and who may do what beside whom."""
