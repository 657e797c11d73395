"""Cases: from a draft deal to a decision by two people, every step kept, none edited."""
