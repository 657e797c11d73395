"""The site's processes: recorder, shield workers, web; each alone, started again when it ends."""
