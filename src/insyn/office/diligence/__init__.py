"""Due diligence: a deal is read, its facts derived, a rulebook judges, and every reason is said."""
