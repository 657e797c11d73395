"""The shield: pure arithmetic on pictures; only `paint` makes a `MaskedFrame`."""
