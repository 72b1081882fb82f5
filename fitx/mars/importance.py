"""Importance of the columns, from the pruning path, by py-earth's three criteria.

For each term that the pruning pass took out, but the first: what its leaving cost in RSS ("rss"), in GCV ("gcv"), or
just 1 ("nb_subsets"), is given to each of its columns. Sums are scaled to 1; negative ones of "gcv" count as 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError
from fitx.mars.basis import Basis
from fitx.mars.summary import PruningPassRecord

Array = npt.NDArray[np.float64]
CRITERIA = ("gcv", "rss", "nb_subsets")


def criteria(asked: str | Sequence[str] | None) -> list[str]:
    """The criteria asked for, as a list. Errors: UsageError for an unknown one."""
    named = [] if asked is None else [asked] if isinstance(asked, str) else list(asked)
    for name in named:
        if name not in CRITERIA:
            raise UsageError(f"'{name}' is not valid value for feature_importance, allowed criteria are : {CRITERIA}")
    return named


def importances(names: Sequence[str], basis: Basis, record: PruningPassRecord) -> dict[str, Array]:
    """Criterion -> (d,) importances."""
    found = {name: np.zeros(basis.num_variables) for name in names}
    for i in range(2, len(record)):
        pruned = record[i].pruned
        assert pruned is not None
        cost = {"rss": record.mse(i) - record.mse(i - 1), "gcv": record.gcv(i) - record.gcv(i - 1), "nb_subsets": 1.0}
        for name, total in found.items():
            total[list(basis[pruned].variables())] += cost[name]
    for name, total in found.items():
        if name == "gcv":
            np.maximum(total, 0.0, out=total)
        if total.sum() > 0:
            total /= total.sum()
    return found


def summary_text(found: dict[str, Array], labels: Sequence[str], sort_by: str | None) -> str:
    """The table that `summary_feature_importances` returns. Errors: UsageError for a criterion that is not there."""
    if not found:
        return ""
    if sort_by and sort_by not in found:
        raise UsageError(
            f"Invalid feature importance type name to sort with : {sort_by}, available : {', '.join(found)}"
        )
    order = np.argsort(found[sort_by])[::-1] if sort_by else np.arange(len(labels))
    width = max(map(len, labels)) + 5
    text = width * " " + "    ".join(found) + "\n"
    for i in order:
        text += labels[i] + " " * (width - len(labels[i]))
        text += "".join(f"{values[i]:.2f}" + len(name) * " " for name, values in found.items()) + "\n"
    return text
