"""Variables that enter as a power, or as a power of their cosine or sine, divided out before the search.

log|y| is regressed on log x_k, their squares and products (and log|cos x_k|, log|sin x_k|) with Huber weights: where
no square and no product with log x_k is significant, x_k enters as a power. It errs at times, so that the engine also
tries each variable put back, and the problem as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, call
from fitx.search.algebra import product
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]

_ROWS = 1000
_MISFIT = 1e-3  # variance of log|y| that its regression hardly ever explains


@dataclass(frozen=True, slots=True)
class Stripped:
    """For each column: the exponent divided out (0: none), of the column itself, its cosine or its sine ("")."""

    exponents: Array
    functions: tuple[str, ...]  # "", "cos" or "sin" for each column, with `powers` as exponent
    powers: Array
    left: tuple[int, ...]  # columns that stay

    def problem(self, problem: Problem, active: tuple[int, ...], label: str) -> Problem:
        """`problem` divided by the factors of all columns that are not in `active`."""
        value = np.ones(problem.n)
        factors: list[tuple[Formula, float]] = []
        for k in range(problem.d):
            if k in active:
                continue
            x, f = problem.columns[k], problem.formulas[k]
            with np.errstate(all="ignore"):
                if self.exponents[k]:
                    whole = float(self.exponents[k]).is_integer()
                    base = x if whole else np.abs(x)
                    value = value * base ** self.exponents[k]
                    factors.append((f if whole or x.min() > 0 else call("abs", f), float(self.exponents[k])))
                if self.functions[k]:
                    wave = np.cos(x) if self.functions[k] == "cos" else np.sin(x)
                    value = value * wave ** self.powers[k]
                    factors.append((call(self.functions[k], f), float(self.powers[k])))
        if not factors:
            return problem.restricted(active, label)
        return problem.divided(value, product(1.0, factors), active, label)


def detect(problem: Problem) -> Stripped:
    """Which columns enter as a power only."""
    n, d = problem.n, problem.d
    rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
    x, y = problem.columns[:, rows], problem.y[rows]
    design = _Design(x)
    nothing = Stripped(np.zeros(d), ("",) * d, np.zeros(d), tuple(range(d)))
    with np.errstate(all="ignore"):
        t = np.log(np.abs(y))
    good = np.isfinite(t)
    if good.sum() <= 2 * len(design.rows) or d < 2:
        return nothing
    fit = _huber(design.rows, np.where(good, t, 0.0), _weights(problem, rows, good))
    if fit is None:
        return nothing
    beta, variance = fit
    exponents, powers = np.zeros(d), np.zeros(d)
    functions = [""] * d
    left: list[int] = []
    for k in range(d):
        exponent, function, power, pure = _judge(design, beta, variance, k)
        if pure:
            exponents[k], functions[k], powers[k] = exponent, function, power
        else:
            left.append(k)
    return Stripped(exponents, tuple(functions), powers, tuple(left))


def relevant_columns(problem: Problem) -> list[int]:
    """Columns with any significant term in the regression; all of them where the rows are too few to tell.

    With many columns and few rows the products are left out.
    """
    n, d = problem.n, problem.d
    rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
    x = problem.columns[:, rows]
    with np.errstate(all="ignore"):
        t = np.log(np.abs(problem.y[rows]))
    good = np.isfinite(t)
    for products in (True, False):
        design = _Design(x, products)
        if good.sum() <= 2 * len(design.rows) or d < 2:
            continue
        fit = _huber(design.rows, np.where(good, t, 0.0), _weights(problem, rows, good))
        if fit is None:
            continue
        beta, variance = fit
        size = np.abs(beta) / np.maximum(np.sqrt(variance), 1e-300)
        owners = design.owners()
        strength = np.array([max(size[i] for i in owners[k]) for k in range(d)])
        seen = np.flatnonzero(strength > 3.5)
        return [int(k) for k in seen] if len(seen) else list(range(d))
    return list(range(d))


def _weights(problem: Problem, rows: npt.NDArray[np.intp], good: npt.NDArray[np.bool_]) -> Array:
    """1 where log|y| is finite; less where noise in y makes more of its variance than what the regression leaves."""
    if problem.sigma is None:
        return good.astype(float)
    with np.errstate(all="ignore"):
        noise = (problem.sigma[rows] / problem.y[rows]) ** 2
    return np.where(good & np.isfinite(noise), _MISFIT / (_MISFIT + noise), 0.0)


class _Design:
    """Rows of the regression and whom they belong to: 1, log x_k, log|cos|, log|sin|, products of logarithms."""

    def __init__(self, x: Array, products: bool = True) -> None:
        self.d = d = len(x)
        with np.errstate(all="ignore"):
            logs = np.log(np.maximum(x, 1e-3))
        logs = logs - logs.mean(axis=1)[:, None]
        self.rows: list[Array] = [np.ones(x.shape[1]), *logs]
        self.cos: dict[int, int] = {}
        self.sin: dict[int, int] = {}
        self.products: list[tuple[int, int, int]] = []
        for k in range(d):
            if np.ptp(x[k]) > 2.9:
                with np.errstate(all="ignore"):
                    for table, wave in ((self.cos, np.cos(x[k])), (self.sin, np.sin(x[k]))):
                        if self._add(np.maximum(-5.0, np.log(np.abs(wave)))):
                            table[k] = len(self.rows) - 1
        for i in range(d):
            for j in range(i, d if products else i + 1):
                if self._add(logs[i] * logs[j]):
                    self.products.append((len(self.rows) - 1, i, j))

    def owners(self) -> dict[int, list[int]]:
        """For each column the rows that hold it."""
        found = {k: [1 + k] for k in range(self.d)}
        for table in (self.cos, self.sin):
            for k, i in table.items():
                found[k].append(i)
        for i, p, q in self.products:
            found[p].append(i)
            if q != p:
                found[q].append(i)
        return found

    def _add(self, v: Array) -> bool:
        v = v - v.mean()
        if float(v @ v) < 1e-8:
            return False
        self.rows.append(v)
        return True


def _huber(rows: list[Array], t: Array, weight: Array) -> tuple[Array, Array] | None:
    """Coefficients and their variances after six rounds of Huber's weights."""
    C = np.array(rows)
    k = len(C)
    w = weight.copy()
    beta, variance = np.zeros(k), np.ones(k)
    for round_ in range(6):
        A = (C * w) @ C.T
        A[np.diag_indices(k)] *= 1 + 1e-9
        try:
            inverse = np.linalg.inv(A)
        except np.linalg.LinAlgError:
            return None
        beta = inverse @ ((C * w) @ t)
        e = t - beta @ C
        live = weight > 0.1
        if not live.any():
            return None
        scale = 1.2 * 1.48 * float(np.median(np.abs(e[live]))) + 1e-300
        total = float(((w * e)[live] ** 2).sum())
        inside = float((np.abs(e[live]) <= scale).mean())
        w = weight * np.minimum(1.0, scale / np.maximum(np.abs(e), 1e-300))
        s2 = total / max(live.sum() - k, 1) / (1.0 if round_ == 0 else max(inside, 0.3))
        if round_:
            s2 *= float(w.mean()) / max(inside, 0.3)
        variance = s2 * np.abs(np.diag(inverse))
    return beta, variance


def _judge(design: _Design, beta: Array, variance: Array, k: int) -> tuple[float, str, float, bool]:
    """Exponent, function, its power, and whether column k enters as these only."""

    def t_value(i: int | None) -> float:
        return 0.0 if i is None else abs(float(beta[i])) / max(float(np.sqrt(variance[i])), 1e-300)

    a, se = float(beta[1 + k]), float(np.sqrt(variance[1 + k]))
    mixed = max((t_value(i) for i, p, q in design.products if k in (p, q)), default=0.0)
    cos, sin = design.cos.get(k), design.sin.get(k)
    exponent = float(np.round(a)) if se > 0.03 else float(np.round(2 * a) / 2)
    ok = mixed < 4 and abs(a - exponent) < max(4 * se, 0.01) and se < 0.2
    if not ok:
        return 0.0, "", 0.0, False
    if t_value(cos) < 4 and t_value(sin) < 4:
        return exponent, "", 0.0, True
    wave, other, name = (cos, sin, "cos") if t_value(cos) > t_value(sin) else (sin, cos, "sin")
    if wave is None or se >= 0.15:
        return 0.0, "", 0.0, False
    c, sc = float(beta[wave]), float(np.sqrt(variance[wave]))
    power = float(np.round(c))
    lone = not (other is not None and t_value(other) > 4.5 and abs(float(beta[other])) > 0.1)
    if power != 0 and lone and abs(c - power) < max(5 * sc, 0.12):
        return exponent, name, power, True
    return 0.0, "", 0.0, False
