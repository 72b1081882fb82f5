"""fitx: find formulas that fit a table of numbers, and say how far to trust them."""

__version__ = "0.1.0"
