"""Quality and speed scorecards: `python -m evals.NAME`; measured, never asserted."""
