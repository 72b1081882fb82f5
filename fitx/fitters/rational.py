"""Quotients of polynomials, P(x) / Q(x), in one feature: a proposal for each pair of degrees that fits better.

Least squares in Chebyshev polynomials, written in powers of the feature, or of u = (x - middle) / half where powers
would lose digits (`fitx.numerics.rational`). Data free of noise also get a barycentric quotient, which stays exact
where powers end: AAA (`fitx.numerics.aaa`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Parameter, Proposal
from fitx.formula.polynomial import barycentric, scaled
from fitx.formula.quotient import Form, write
from fitx.numerics import quotient_powers as powers
from fitx.numerics.aaa import Barycentric, aaa
from fitx.numerics.powers import loss
from fitx.numerics.quotient import Problem, Quotient
from fitx.numerics.rational import fit

if TYPE_CHECKING:
    from fitx.look import Look

HIGHEST, HIGHEST_EXACT = 5, 10  # degrees tried where none is asked for; the second where there is no noise
# Of the residual deviation of every quotient within it that a quotient must fall below; the second without noise.
BETTER, BETTER_EXACT = 0.98, 0.5
EXACT = 1e-14  # ||y - r|| / ||y|| at which nothing is left to fit
ALMOST = 1e-11  # the same of quotients that are not shown if an exact one follows
MOST_POINTS = 100  # support points of AAA
MOST_ROWS = 1000  # rows that AAA takes
SEARCHED_ROWS = 20_000  # rows that degrees are compared on; the constants come from all rows in the end


def degrees_option(text: str) -> tuple[int, int]:
    """'2/3' as (2, 3)."""
    top, slash, bottom = text.partition("/")
    if not (slash and top.strip().isdecimal() and bottom.strip().isdecimal()):
        raise ValueError("degrees of numerator and denominator such as `2/3`")
    return int(top), int(bottom)


class Rational(Fitter):
    """Quotients of polynomials by least squares; the degrees are those that predict held-out rows best.

    The denominator has no zero within the range of the data unless `poles` is set; poles that zeros cancel are removed.
    Coefficients come with standard errors: a0, a1, ... of the numerator, b0, b1, ... of the denominator, one of which
    is 1. Data free of noise also get a barycentric form. Weights multiply the squared residual. One feature.
    """

    name = "rational"
    summary = "quotients of polynomials in one feature, degrees chosen on held-out rows; AAA for data free of noise"
    good_for = "one feature: saturation, poles, few constants with errors; nearly exact without noise"
    not_for = "steps, waves"
    papers = (
        "Nakatsukasa, Sete and Trefethen 2018, The AAA algorithm for rational approximation, doi:10.1137/16M1106122",
        "Sanathanan and Koerner 1963, on fits by repeated linear ones, doi:10.1109/TAC.1963.1105517",
    )
    example = "fitx fit data.csv --method rational --set rational.degrees=1/1"
    fixed_structures = True
    options = (
        Option("degrees", degrees_option, None, "degrees of numerator and denominator, 2/3; by default chosen"),
        Option("max_degree", int, None, "highest degree that is tried; by default 5, or 10 for data free of noise"),
        Option("poles", bool, False, "allow poles within the range of the data"),
    )

    def declines(self, data: Data) -> str:
        """Needs exactly one feature."""
        return "" if data.d == 1 else f"needs one feature, got {data.d} (name one with `--features`)"

    def enters(self, data: Data, look: Look) -> Entry:
        """Where the target takes more than two values and does not swing more often than a quotient can."""
        swings = look.exact and look.turns > 2 * HIGHEST_EXACT
        why = "cannot follow so many turns" if swings else "has no use for a target of two values"
        return Entry(0.6, self.declines(data) or (why if swings or look.distinct < 3 else ""))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """One proposal for each pair of degrees that lowers the residuals, from 0/0 up; then AAA."""
        if data.d != 1:
            raise FitxError(f"method `rational` {self.declines(data)}", "`--method symbolic` takes several")
        given, highest, poles = (context.options[k] for k in ("degrees", "max_degree", "poles"))
        if highest is not None and highest < 0:
            raise UsageError(f"`rational.max_degree` must be 0 or more. Got {highest} instead")
        if given is not None:
            yield _asked(data, given[0], given[1], poles)
            return
        data = data.every(-(-data.n // SEARCHED_ROWS))
        smooth = _smooth(data, poles, context.expired)
        top = highest if highest is not None else (HIGHEST_EXACT if smooth else HIGHEST)
        problem = Problem.of(data.X[:, 0], data.y, data.weights, top)
        waiting: Proposal | None = None
        for r in _improving(problem, top, poles, context, BETTER_EXACT if smooth else BETTER):
            exact = _share(problem, r)
            p = _proposal(data, problem, r, None, poles)
            if p is None:
                continue
            if smooth and EXACT < exact <= ALMOST:
                waiting = p
                continue
            waiting = None
            yield p
        if waiting is not None:
            yield waiting
        if smooth is not None and len(smooth.nodes) <= data.n // 2:
            p = _barycentric(data, len(smooth.nodes), poles)
            if p is not None:
                yield p
        elif not poles and not context.expired():
            _tell_of_poles(problem, context, data)


def pairs(highest: int) -> Iterator[tuple[int, int]]:
    """Degrees (m, n) by their sum; from 5 on only those that differ by up to 3, from 7 on by one."""
    for total in range(2 * highest + 1):
        apart = total if total < 5 else 3 if total < 7 else 1
        for n in range(total + 1):
            if abs(total - 2 * n) <= apart and max(n, total - n) <= highest:
                yield total - n, n


def _improving(problem: Problem, highest: int, poles: bool, context: Context, better: float) -> Iterator[Quotient]:
    """The quotients that fit better than every one of lower degrees; stops where nothing is left to gain."""
    found: dict[tuple[int, int], Quotient] = {}
    best: dict[int, float] = {}
    for m, n in pairs(highest):
        total = m + n
        if (total and context.expired()) or 2 * (total + 1) > max(problem.distinct, 3) or total + 1 > problem.distinct:
            return
        if total > 4:
            before = min(best[k] for k in best if k < total - 2)
            if min(best[k] for k in best if k >= total - 2) > BETTER * before:
                return
        within = [q for (i, j), q in found.items() if i <= m and j <= n]
        start = min(within, key=lambda q: q.residual_norm, default=None)
        r = fit(problem, m, n, poles=poles, starts=[] if start is None or n == 0 else [(start.a, start.b)])
        best.setdefault(total, np.inf)
        if r is None or r.degrees != (m, n):
            continue
        best[total] = min(best[total], r.sigma())
        found[m, n] = r
        if all(r.sigma() < better * q.sigma() or q.sigma() == np.inf for q in within):
            yield r
        if _share(problem, r) <= EXACT:
            return


def _share(problem: Problem, r: Quotient) -> float:
    return r.residual_norm / (float(np.linalg.norm(problem.root * problem.y)) or 1.0)


def _asked(data: Data, m: int, n: int, poles: bool) -> Proposal:
    """The quotient of the degrees that were asked for, lower ones where zeros cancel poles."""
    problem = Problem.of(data.X[:, 0], data.y, data.weights, max(m, n))
    r = fit(problem, m, n, poles=poles)
    if r is None:
        raise FitxError(
            f"every quotient of degrees {m}/{n} that was found has a pole within the range of `{data.names[0]}`",
            "allow it with `--set rational.poles=true`, or ask for other degrees",
        )
    notes: tuple[str, ...] = ()
    if r.degrees != (m, n):
        left = f"{r.degrees[0]}/{r.degrees[1]}"
        notes = (f"degrees {m}/{n} were asked for; zeros cancel poles there, which leaves {left}",)
    free = r if poles or n == 0 else fit(problem, m, n, poles=True)
    if free is not None and free.residual_norm < 0.5 * r.residual_norm and len(free.real_poles()):
        at = _shown_poles(problem, free)
        notes = (*notes, f"a pole at `{data.names[0]}` = {at} fits better: `--set rational.poles=true` allows it")
    p = _proposal(data, problem, r, None, poles, notes)
    if p is None:
        raise FitxError(f"the coefficients of degrees {m}/{n} are beyond double precision", "ask for lower degrees")
    return p


def _proposal(
    data: Data, problem: Problem, r: Quotient, form: Form | None, poles: bool, notes: tuple[str, ...] = ()
) -> Proposal | None:
    """The quotient as a formula; None where no form carries it in double precision."""
    written = write(r, data.names[0], data.X[:, 0], data.y, form, exact=_share(problem, r) <= ALMOST)
    if written is None:
        return None
    form, formula, a, b = written.form, written.formula, written.a, written.b
    m, n = r.degrees
    label = f"degrees {m}/{n}"
    said = notes
    if form.scaling is not None and m + n:
        u = scaled(data.names[0], *form.scaling)
        said = (*notes, f"a0, a1, ... and b0, b1, ... are coefficients of powers of `{u}`")
    values, covariance, dof = powers.covariance(problem, r, form.scaling, form.one, data.weights, data.absolute)
    names = [f"a{k}" for k in range(m + 1)] + [f"b{k}" for k in range(n + 1) if k != form.one]
    printed = [*a, *(v for k, v in enumerate(b) if k != form.one)]
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(covariance)) if covariance is not None else np.full(len(values), np.nan)
    parameters = tuple(
        Parameter(name, float(v), float(e) if np.isfinite(e) else None, dof)
        for name, v, e in zip(names, printed, errors, strict=True)
    )

    def again(rows: Data) -> tuple[Problem, Quotient | None]:
        there = Problem.of(rows.X[:, 0], rows.y, rows.weights, max(m, n))
        start = [r.moved(there)]
        found = fit(there, m, n, poles=poles, starts=start, linearised=False) or fit(there, m, n, poles=poles)
        return there, found

    def refit(rows: Data) -> Proposal:
        there, found = again(rows)
        if found is not None:
            p = _proposal(rows, there, found, form if found.degrees == (m, n) else None, poles, notes)
            if p is not None:
                return p
        kept = "refitted to all rows this quotient would have a pole among them: its constants are those of a part"
        return Proposal(formula, label, parameters, covariance, None, (*said, kept))

    def judge(rows: Data, X: Array) -> Array:
        found = again(rows)[1]
        if found is None:
            raise FitxError(f"on {rows.n} of the rows a quotient of {label} has a pole among them")
        return found.evaluate(X[:, 0])

    return Proposal(formula, label, parameters, covariance, refit, said, judge)


def _smooth(data: Data, poles: bool, stop: Callable[[], bool] = lambda: False) -> Barycentric | None:
    """AAA of the rows if it converges, which it does not on noise: the approximation, in the units of the data."""
    x, first, counts = np.unique(data.X[:, 0], return_index=True, return_counts=True)
    y = data.y[first]
    if len(x) < 5 or (counts.max() > 1 and not np.array_equal(data.y, y[np.searchsorted(x, data.X[:, 0])])):
        return None
    step = -(-len(x) // MOST_ROWS)
    x, y = np.r_[x[:-1:step], x[-1]], np.r_[y[:-1:step], y[-1]]
    ex, ey = int(np.frexp(np.abs(x).max())[1]), int(np.frexp(np.abs(y).max())[1])
    found = aaa(np.ldexp(x, -ex), np.ldexp(y, -ey), min(MOST_POINTS, len(x) // 3), poles=poles, stop=stop)
    if found is None or found.error > 1e-12:
        return None
    return Barycentric(np.ldexp(found.nodes, ex), np.ldexp(found.values, ey), found.weights, found.error)


def _barycentric(data: Data, points: int, poles: bool) -> Proposal | None:
    """The barycentric form of AAA; refitting chooses support points anew."""
    r = _smooth(data, poles)
    if r is None:
        return None
    formula = barycentric(data.names[0], r.nodes.tolist(), r.values.tolist(), r.weights.tolist())
    if not loss(formula.predict(data.X, data.names), data.y, data.y) <= 1e-9:
        return None
    kept = "the quotient is written in barycentric form, whose constants are rows of the table and weights"

    def refit(rows: Data) -> Proposal:
        again = _barycentric(rows, points, poles)
        if again is None:
            raise FitxError(f"AAA does not converge on these {rows.n} rows")
        return again

    return Proposal(formula, f"AAA, {points} support points", (), None, refit, (kept,))


def _tell_of_poles(problem: Problem, context: Context, data: Data) -> None:
    """A warning where low degrees fit the rows exactly, with a pole among them."""
    for m, n in ((0, 1), (1, 1), (0, 2), (1, 2), (2, 1), (2, 2)):
        if max(m, n) < problem.table.shape[1] and problem.distinct > m + n + 2:
            r = fit(problem, m, n, poles=True)
            if r is not None and _share(problem, r) <= 1e-10 and len(r.real_poles()):
                shown = _shown_poles(problem, r)
                context.warn(
                    f"a quotient of degrees {m}/{n} fits exactly, with a pole at `{data.names[0]}` = {shown}: "
                    "`--set rational.poles=true` allows it"
                )
                return


def _shown_poles(problem: Problem, r: Quotient) -> str:
    t = r.real_poles()
    t[np.abs(t) < 1e-14] = 0.0
    at = np.ldexp((problem.lo * (1 - t) + problem.hi * (1 + t)) / 2, problem.x_exponent)
    return ", ".join(f"{v:.6g}" for v in at)
