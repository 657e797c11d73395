"""What both consoles share: page frame, sign-in, style, components."""
