"""Live view: masked fragments from a worker to whoever may look."""
