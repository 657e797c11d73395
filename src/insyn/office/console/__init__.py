"""The office's HTTP interface."""
