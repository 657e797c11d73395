"""Products and export control: what is sold, how it is classified, what authorities have said."""
