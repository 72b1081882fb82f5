"""Tables for the tests of MARS, made without a random generator, so that other programs' results on them stay true."""

from __future__ import annotations

import numpy as np

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107)


def uniform(n: int, k: int) -> np.ndarray:
    """(n,) evenly spread over 0 to 1: fractions of multiples of the root of the k-th prime."""
    return np.mod((np.arange(n) + 1) * np.sqrt(PRIMES[k]), 1.0)


def friedman(n: int, p: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's first function with p features; the noise is evenly distributed with this standard deviation."""
    X = np.column_stack([uniform(n, k) for k in range(p)])
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    return X, y + noise * np.sqrt(12) * (uniform(n, 27) - 0.5)


def rounded(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Ties: one feature of six values, one of two."""
    X = np.column_stack([np.round(5 * uniform(n, 0)), uniform(n, 1), uniform(n, 2), np.round(uniform(n, 3))])
    return X, np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2] + 2 * X[:, 3] * X[:, 1] + 0.5 * (uniform(n, 27) - 0.5)
