"""Fitted problems of the batch fit, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Fits:
    """Fitted problems: atoms (P, A, 5), of (P, 2) base and target, theta (P, A, 4), error (P,)."""

    atoms: Ints
    of: Ints
    theta: Array
    error: Array

    def take(self, index: npt.NDArray[np.intp]) -> Fits:
        """Some of them."""
        return Fits(self.atoms[index], self.of[index], self.theta[index], self.error[index])


def none(atoms: int) -> Fits:
    """No fits."""
    return Fits(np.zeros((0, atoms, 5), np.int32), np.zeros((0, 2), np.int32), np.zeros((0, atoms, 4)), np.zeros(0))


def joined(a: Fits, b: Fits) -> Fits:
    """Both, best first."""
    error = np.concatenate([a.error, b.error])
    both = Fits(
        np.concatenate([a.atoms, b.atoms]), np.concatenate([a.of, b.of]), np.concatenate([a.theta, b.theta]), error
    )
    return both.take(np.lexsort((np.arange(len(error)), error)))
