"""People: who they are, how they sign in, their roles, and who may do what beside whom."""
