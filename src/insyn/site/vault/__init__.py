"""The vault: what originals are sealed to, and the custodians who can open it together."""
