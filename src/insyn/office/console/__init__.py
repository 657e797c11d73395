"""The office's HTTP interface: screening for programs, and what yente's clients expect."""
