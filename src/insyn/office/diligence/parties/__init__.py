"""Parties and channel: who they are, who owns them, who supplies whom."""
