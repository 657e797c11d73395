"""The operator's half: one place is filmed; everyone is masked, live and recorded."""
