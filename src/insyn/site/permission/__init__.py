"""What this site may do now: its permit, judged again at each turn, or its own declaration."""
