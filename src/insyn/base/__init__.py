"""What every room stands on: errors, clock, configuration, canonical JSON, files."""
