"""The recorder: packets to fragments to recordings, in a process of its own."""
