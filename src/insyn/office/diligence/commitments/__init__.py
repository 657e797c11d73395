"""What partners have signed, and what people have learned, before they may take part."""
