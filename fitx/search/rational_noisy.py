"""Sparse rational functions P/Q under noise: weighted least squares of z - P/Q, terms that do not count left out.

The relation P - z Q = 0 is linear, but z is noisy on its left, too. Q's coefficients b are those of least

    b' S b / b' N b,   S = residuals of z Q (weighted, P fitted) squared,   N = what the noise alone makes of them,

by generalised eigenvectors [errors in variables: Koopmans 1937]; divided by an earlier Q the residuals are those of
z - P/Q [Sanathanan and Koerner 1963]. For the law the eigenvalue is 1. Then all constants are fitted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.search.sparse import forward, sparse_fit

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_MOST = 8  # terms that are chosen
_FEW = 21  # terms that are fitted all at once
_STEPS = 12
_ROUNDS = 3
_DEPENDENT = 1e-6  # singular values of Q's terms, relative to the largest
_LARGE = 0.15  # terms of Q beside the largest, where small ones change its sign
_FAR = 10.0  # eigenvalue
_NOISE = 1.5  # the noise may be that much larger than it is said to be
_PRUNED = 3  # times
_SAFE = 1e-3  # of Q's median below which a row is near a pole


def sparse_rational(above: Array, below: Array, lead: int, z: Array, w: Array) -> tuple[Array, Array] | None:
    """Coefficients of P (k,) and Q (m,), that of Q's term `lead` 1, for z (n,) with weights w = 1 / standard deviation.

    above (k, n), below (m, n): values of the terms. None where Q changes its sign on the rows, or is one term.
    """
    q = below[lead]
    if not _one_sign(q):
        return None
    A = np.concatenate([above, -z * np.delete(below, lead, axis=0)]) * (w / q)
    t = z * w
    if not (np.isfinite(A).all() and np.isfinite(t).all()):
        return None
    index = np.arange(len(A)) if len(A) <= _FEW else np.array(sorted(forward(A, t, (), _MOST)), np.intp)
    try:
        return _refined(above, below, lead, z, w, index, np.zeros(len(index)))
    except np.linalg.LinAlgError:  # no convergence where terms differ by many powers of ten
        return None


def rational_relation(above: Array, below: Array, z: Array, w: Array) -> tuple[Array, Array] | None:
    """The same for many terms, from the relation; the leading term is the largest. None where there is no relation up
    to the noise."""
    if not all(np.isfinite(v).all() for v in (above, below, z, w)):
        return None
    try:
        b = _denominator(above, below, z, w)
        if b is None:
            return None
        lead = int(np.argmax(np.abs(b) * np.sqrt((below * below).mean(axis=1))))
        b = b / b[lead]
        top = np.linalg.lstsq((above * (w / (b @ below))).T, z * w, rcond=1e-10)[0]
        c = np.concatenate([top, np.delete(b, lead)])
        return _refined(above, below, lead, z, w, np.arange(len(c)), c)
    except np.linalg.LinAlgError:
        return None


def _denominator(above: Array, below: Array, z: Array, w: Array) -> Array | None:
    """Q's coefficients."""
    Q = np.ones(len(z))
    least = 0.0
    b = np.zeros(len(below))
    for _ in range(_ROUNDS):
        W = w / Q
        q = np.linalg.qr((above * W).T)[0]
        left = z * below * W
        left = left - (left @ q) @ q.T
        u, s, _ = np.linalg.svd(below / Q, full_matrices=False)
        keep = s > _DEPENDENT * s[0]
        whiten = (u[:, keep] / s[keep]).T
        values, vectors = np.linalg.eigh((whiten @ left) @ (whiten @ left).T)
        least = float(values[0])
        b = vectors[:, 0] @ whiten
        Q = b @ below
        size = float(np.median(Q))
        b, Q = b / size, np.maximum(Q / size, _SAFE)
        if least > _FAR:
            return None
    freedom = max(len(z) - len(above) - len(below), 1)
    if least > _NOISE * freedom / len(z):
        return None
    if not _one_sign(b @ below):
        share = np.abs(b) * np.sqrt((below * below).mean(axis=1))
        b = np.where(share > _LARGE * share.max(), b, 0.0)
    return b if _one_sign(b @ below) else None


def _refined(
    above: Array, below: Array, lead: int, z: Array, w: Array, index: Ints, c: Array
) -> tuple[Array, Array] | None:
    """With these terms, P's first and then Q's but the leading one; those that do not count are left out."""
    k, q, others = len(above), below[lead], np.delete(below, lead, axis=0)
    m = len(others)
    for _ in range(_PRUNED):
        if not (index < k).any():
            return None
        c, J, left = _least_squares(above, q, others, z, w, index, c)
        if not (np.isfinite(J).all() and np.isfinite(left).all()):
            return None
        terms = np.ones(len(index), bool)
        c = sparse_fit(J, left + c @ J, ~terms, terms)
        index, c = index[c != 0], c[c != 0]
    top, bottom = _part(c, index, k), np.insert(_part(c, index - k, m), lead, 1.0)
    if not top.any() or np.count_nonzero(bottom) < 2 or not _one_sign(bottom @ below):
        return None
    return top, bottom


def _least_squares(
    above: Array, q: Array, others: Array, z: Array, w: Array, index: Ints, c: Array
) -> tuple[Array, Array, Array]:
    """The optimum by Levenberg-Marquardt steps that leave Q's sign; the derivatives and the residuals there, weighted.

    From Q = q alone it begins with the linear relation, as far as that leaves Q's sign."""
    k, m = len(above), len(others)

    def at(c: Array) -> tuple[float, Array, Array]:
        Q = q + _part(c, index - k, m) @ others
        if not _one_sign(Q):
            return np.inf, Q, z
        left = (z - _part(c, index, k) @ above / Q) * w
        return float(left @ left), Q, left

    if not c.any():
        top = index < k
        c[top] = np.linalg.lstsq((above[index[top]] * (w / q)).T, z * w, rcond=1e-10)[0]
        A = np.concatenate([above, -z * others])[index] * (w / q)
        linear: Array = np.asarray(np.linalg.lstsq(A.T, z * w, rcond=1e-10)[0], np.float64)
        if at(linear)[0] < at(c)[0]:
            c = linear
    chi2, Q, left = at(c)
    damping = 1e-3
    for _ in range(_STEPS):
        J = np.concatenate([above, -(_part(c, index, k) @ above / Q) * others])[index] * (w / Q)
        H, g = J @ J.T, J @ left
        if not np.isfinite(H).all():
            break
        for _ in range(4):
            step = np.linalg.lstsq(H + damping * np.diag(np.diag(H) + 1e-300), g, rcond=1e-14)[0]
            new = at(c + step)
            if new[0] < chi2:
                break
            damping *= 10
        else:
            break
        done = new[0] > (1 - 1e-6) * chi2
        c, (chi2, Q, left) = c + step, new
        damping /= 10
        if done:
            break
    J = np.concatenate([above, -(_part(c, index, k) @ above / Q) * others])[index] * (w / Q)
    return c, J, left


def _part(c: Array, index: Ints, size: int) -> Array:
    """c at these places of `size`, as far as they are places there."""
    inside = (index >= 0) & (index < size)
    out = np.zeros(size)
    out[index[inside]] = c[inside]
    return out


def _one_sign(q: Array) -> bool:
    return bool(((q > 0).all() or (q < 0).all()) and np.abs(q).min() > _SAFE * np.median(np.abs(q)))
