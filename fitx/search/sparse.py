"""Least squares under noise: terms that do not count are dropped, exponents that could be simple are made so.

A constant that is fixed at v instead of its optimum c costs (c - v)^2 / (2 var c) nats of likelihood and saves its
description, log(n) / 2 nats and a little more [Rissanen 1978]. The cheapest is fixed first and the others fitted again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NODE = 1.5  # nats a node of a formula costs: there are about that many choices for each


def constant_cost(n: int) -> float:
    """Nats that a fitted constant costs, known to n rows."""
    return 0.5 * float(np.log(max(n, 2)))


def sparse_fit(A: Array, t: Array, exponents: Mask, terms: Mask) -> Array:
    """Coefficients (k,) of rows A (k, n) for t (n,), both weighted. exponents: which may be fixed at halves; terms:
    which may be dropped, and with it about three nodes."""
    k, n = A.shape
    norms = np.sqrt((A * A).sum(axis=1))
    index = np.flatnonzero(norms > 0)
    out = np.zeros(k)
    if not len(index):
        return out
    c, C, rss, rank = _solve(A[index] / norms[index, None], t)
    c, C = c / norms[index], C / np.outer(norms[index], norms[index])
    exponents, terms = exponents[index], terms[index]
    free = np.ones(len(index), bool)
    freedom = max(n - rank, 1)
    constant = constant_cost(n)
    while free.any():
        variance = np.maximum(np.diag(C), 1e-300) * rss / freedom
        whole, half = np.round(c), np.round(2 * c) / 2
        values = np.array([np.zeros(len(c)), whole, half])
        gains = np.array([
            np.where(exponents | terms, constant + 3 * NODE, -np.inf),
            np.where(exponents, constant + np.where(np.abs(whole) == 1, 2 * NODE, NODE), -np.inf),
            np.where(exponents, constant, -np.inf),
        ])  # fmt: skip
        saved = np.where(free, gains - (c - values) ** 2 / (2 * variance), -np.inf)
        which, i = divmod(int(np.argmax(saved)), len(c))
        if not saved[which, i] > 0:
            break
        # Fixing one moves the others and raises the sum of squares as if all were solved again.
        change = values[which, i] - c[i]
        if C[i, i] > 0:
            rss += change**2 / C[i, i]
            c = c + C[:, i] / C[i, i] * change
            C = C - np.outer(C[:, i], C[i]) / C[i, i]
        c[i] = values[which, i]
        C[i], C[:, i] = 0.0, 0.0
        free[i] = False
        freedom += 1
    out[index] = c
    return out


def _solve(A: Array, t: Array) -> tuple[Array, Array, float, int]:
    """Coefficients, their covariance for unit variance, the sum of squared residuals, and the rank."""
    u, s, v = np.linalg.svd(A.T, full_matrices=False)
    keep = s > 1e-12 * s[0]
    inverse = np.where(keep, 1 / np.where(keep, s, 1.0), 0.0)
    c = v.T @ (inverse * (u.T @ t))
    r = t - c @ A
    return c, (v.T * inverse**2) @ v, float(r @ r), int(keep.sum())


def forward(A: Array, t: Array, always: Sequence[int], most: int) -> list[int]:
    """Rows of A (k, n) chosen one after the other, each the one that explains most of what is left, while that is worth
    its description; those in `always` first."""
    n = A.shape[1]
    norms = np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)
    V = A / norms[:, None]
    live = norms > 1e-200
    chosen: list[int] = []
    r = t.copy()
    for step in range(min(most, n // 3)):
        left = np.sqrt(np.maximum((V * V).sum(axis=1), 1e-300))
        gain = np.where(live & (left > 1e-6), (V @ r) ** 2 / left**2, 0.0)
        best = always[step] if step < len(always) else int(np.argmax(gain))
        total = float(r @ r)
        saved = n / 2 * np.log(total / max(total - gain[best], 1e-300))
        if step >= len(always) and saved < constant_cost(n) + 3 * NODE:
            break
        q = V[best] / left[best]
        r = r - (r @ q) * q
        V = V - np.outer(V @ q, q)
        live[best] = False
        chosen.append(best)
    return chosen
