"""Official lists: sources, one parser a format, snapshots named by content, differences."""
