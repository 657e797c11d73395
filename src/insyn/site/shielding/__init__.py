"""The shield's workers: a camera's sub-stream masked, encoded, kept and shown live."""
