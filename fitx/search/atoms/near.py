"""Pairs of columns that together come near a target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_pairs
from fitx.search.budget import Budget

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def near_pairs(F: Array, t: Array, keep: int, budget: Budget, threads: int) -> Ints:
    """The best pairs (k, 2) of unit rows F (N, rows) for the unit vector t, by R2."""
    count = len(F)
    if count < 2:
        return np.zeros((0, 2), np.int32)
    panels = np.zeros((-(-count // 32), 32, F.shape[1]), np.float32)
    panels.reshape(-1, F.shape[1])[:count] = F
    panels = np.ascontiguousarray(panels.transpose(0, 2, 1))
    rho = np.zeros((1, 32 * len(panels)))
    rho[0, :count] = F @ t
    blocks = (len(panels) + 3) // 4
    scores, index = [], []
    for b in range(0, blocks, 24):
        if budget.expired():
            break
        s, i = search_pairs(
            panels, count, rho, b, min(b + 24, blocks), keep, np.zeros(1), threads
        )  # fmt: skip
        scores.append(s[0])
        index.append(i[0])
    if not scores:
        return np.zeros((0, 2), np.int32)
    s, i = np.concatenate(scores), np.concatenate(index)
    order = np.lexsort((i[:, 1], i[:, 0], -s))
    order = order[s[order] > 0]
    return np.asarray(i[order][:keep])
