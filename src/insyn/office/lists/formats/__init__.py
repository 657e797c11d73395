"""One parser a list format; each turns bytes into entries and refusals, streaming."""
