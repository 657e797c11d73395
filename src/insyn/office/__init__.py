"""The maker's half: know who you sell to, and decide."""
