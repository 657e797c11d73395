"""Playback: any span of a camera as one stream over recordings and gaps; masked only."""
