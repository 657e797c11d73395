"""The archive: recordings as files, their index; write, read, retention, check, seal."""
