"""The table of fitx/search/prior.py: how common each kind of node is under each function, in the readable laws.

python tests/benchmarks/count_prior.py
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import suites

from fitx.formula import parse
from fitx.search.prior import KINDS, PLACES, events

SUITES = ("feynman", "classic", "tune", "measured", "measured2")
SMOOTHING = 30.0  # counts that the frequencies anywhere are worth
MOST = 8.0  # nats: what does not occur in a few hundred laws may yet occur


def main() -> None:
    """Print the table, -log P in nats."""
    counts: Counter[tuple[str, str]] = Counter()
    number = 0
    for suite in SUITES:
        for law in suites.load(suite):
            counts.update(events(parse(law["formula"]).simplify()))
            number += 1
    anywhere = np.array([0.5 + sum(counts[place, kind] for place in PLACES) for kind in KINDS])
    anywhere /= anywhere.sum()
    print(f"{number} laws, {sum(counts.values())} nodes")
    print(" " * 9 + " ".join(f"{k[:4]:>4s}" for k in KINDS))
    for place in PLACES:
        row = np.array([counts[place, kind] for kind in KINDS])
        nats = -np.log((row + SMOOTHING * anywhere) / (row.sum() + SMOOTHING))
        print(f"{place:8s} " + " ".join(f"{v:4.1f}" for v in np.minimum(nats, MOST)))


if __name__ == "__main__":
    main()
