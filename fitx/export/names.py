"""How a column's name is set in mathematics: as a letter with an index, where it is one, else as upright text."""

from __future__ import annotations

import re

_LETTERS = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
GREEK = {name: chr(0x3B1 + k) for k, name in enumerate(_LETTERS) if name}
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}


def letter_and_index(name: str) -> tuple[str, str] | None:
    """("x", "1") for x_1 and x1, ("alpha", "") for alpha, None for what is neither letter nor Greek letter."""
    found = re.fullmatch(rf"([A-Za-z]|{'|'.join(GREEK)})(?:_([A-Za-z0-9]+)|([0-9]+))?", name)
    return (found[1], found[2] or found[3] or "") if found else None
