"""The index, the match and its evidence, batches, clearances and re-screening."""
