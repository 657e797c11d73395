"""The `insyn` command: one file a noun; parses, calls, prints. No decision is taken here."""
