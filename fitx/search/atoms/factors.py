"""Products of functions of single columns that change their sign, about a constant.

    T(y) = c + f_1(x_1) ... f_d(x_d)

by alternating least squares: all factors but one held, c and the Chebyshev coefficients of that one are linear. [Rank
one of a tensor of functions: Beylkin, Garcke and Mohlenkamp, SIAM J. Sci. Comput. 31 (2009)]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from fitx.search.atoms.separable import SMOOTH, Separation
from fitx.search.atoms.smooth import independent, log_too, smooth
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]

_TARGETS = ("y", "1/y", "log y")
_STARTS, _SWEEPS = 4, 60
_FIRST = 5  # degree of the first sweeps


def factors(columns: Array, y: Array, targets: list[Target], noise: float) -> Iterator[Separation]:
    """Where T separates into such factors, the first target that does. columns: (2 or 3, n)."""
    limit = max(SMOOTH, 3 * noise)
    if not independent(columns):
        return
    for target in targets:
        if target.name not in _TARGETS:
            continue
        with np.errstate(all="ignore"):
            z = target.forward(y)
        if not np.isfinite(z).all() or not np.ptp(z) > 0:
            continue
        best: tuple[float, Array, Array, float] | None = None
        for logs in product(*(log_too(x) for x in columns)):
            C = [
                np.concatenate([np.ones((1, len(z))), smooth(columns[[k]], len(z), [log])])
                for k, log in enumerate(logs)
            ]
            found = _alternate(C, z, np.random.default_rng(0))
            if best is None or found[0] < best[0]:
                best = found
        if best is None or best[0] > limit:
            continue
        misfit, F, errors, c = best
        groups = tuple((k,) for k in range(len(columns)))
        yield Separation(True, c, 1.0, misfit, target.inverse, groups, F, errors, z, "product " + target.name, True)
        return


def _alternate(C: list[Array], z: Array, rng: np.random.Generator) -> tuple[float, Array, Array, float]:
    """misfit, factors (d, n) of mean square 1, their mean squared errors, and c."""
    spread = float(((z - z.mean()) ** 2).sum())
    best = (np.inf, np.ones((len(C), len(z))), np.ones(len(C)), 0.0)
    for _ in range(_STARTS):
        F = np.array([1.0 + rng.normal(size=3) @ c[1:4] for c in C])
        before = np.inf
        c = 0.0
        for sweep in range(_SWEEPS):
            for k in range(len(C)):
                others = np.prod(np.delete(F, k, axis=0), axis=0)
                A = np.concatenate([np.ones((1, len(z))), others * (C[k][:_FIRST] if sweep < 10 else C[k])])
                beta = _least_squares(A, z)
                c = float(beta[0])
                F[k] = beta[1:] @ C[k][: len(beta) - 1]
                F[k] /= max(float(np.sqrt(np.mean(F[k] ** 2))), 1e-300)
            r = z - beta @ A
            misfit = float(r @ r) / spread
            if sweep > 12 and misfit > 0.7 * before:
                break
            before = misfit if sweep > 10 else np.inf
        if misfit < best[0]:
            best = (misfit, F.copy(), _errors(C, F, z), c)
        if misfit < 1e-3 * SMOOTH:
            break
    return best


def _errors(C: list[Array], F: Array, z: Array) -> Array:
    """How much each factor differs when fitted to every other row."""
    found = []
    for k in range(len(C)):
        A = np.concatenate([np.ones((1, len(z))), np.prod(np.delete(F, k, axis=0), axis=0) * C[k]])
        f, g = (_least_squares(A[:, ::step], z[::step])[1:] @ C[k] for step in (1, 2))
        found.append(float(np.mean((f - g) ** 2)) / max(float(np.mean(f**2)), 1e-300))
    return np.array(found)


def _least_squares(A: Array, z: Array) -> Array:
    size = np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)
    return np.asarray(np.linalg.lstsq((A / size[:, None]).T, z, rcond=1e-15)[0] / size)
