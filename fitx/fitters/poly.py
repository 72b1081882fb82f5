"""Polynomials by least squares, in one or many features: a proposal for each degree.

Fitted in Chebyshev polynomials on the scaled domain and converted to powers of the features exactly. Where powers
cannot carry the polynomial in double precision it is written in u = (x - middle) / half, or, for high degrees of one
feature, in Newton's form at Leja points; a note says so. [Brubeck, Nakatsukasa & Trefethen 2021,
doi:10.1137/19M130100X, on why powers fail; Reichel 1990, doi:10.1007/BF02017352]
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Parameter, Proposal
from fitx.formula import Formula
from fitx.formula.polynomial import monomial, nested, power_sum, powers_named, scaled, term_name
from fitx.formula.tree import Var
from fitx.numerics import newton
from fitx.numerics.constrained import Term, fit_constrained
from fitx.numerics.gram import fit_blocks, in_blocks
from fitx.numerics.monomials import Exponents, exponents
from fitx.numerics.polynomial import Polynomial, fit_polynomials
from fitx.numerics.powers import loss, scaling

if TYPE_CHECKING:
    from fitx.look import Look

STREAM_FROM = 50_000  # rows; beyond, the Gram matrix of blocks instead of one QR
MOST_ROWS_CHECKED = 4_000
HIGHEST_DEGREE = 20  # tried for one feature when no degree is asked for
MOST_TERMS = 300  # tried for many features when no degree is asked for
MOST_WORK = 5e9  # rows x terms^2, likewise
MOST_NAMED = 5  # features that a note names
TERMS_A_SECOND = 1e9  # rows x terms^2 that a core does in a second, about
QR_A_SECOND = 3e9  # the same of one feature; a QR cannot be interrupted
EXACT = 1e-14  # ||y - p|| / ||p|| at which nothing is left to fit
DUST = 1e-15  # of max |y|
CARRIED = 1e-10  # loss of a form, relative to rms(y), that nobody can see
CARRIED_IN_NOISE = 5e-9  # the same where the residuals are a thousand times larger


def powers_option(text: str) -> tuple[str, ...]:
    """'0,1,3' or 'x,x*z,z^2' as its parts."""
    parts = tuple(p.strip() for p in text.split(","))
    if not all(parts):
        raise ValueError("powers such as `0,1,3`, or monomials such as `1,x,x*z,z^2`")
    return parts


def fixed_option(text: str) -> dict[str, float]:
    """'c0=1,c2=3' or 'x*z=2' as name -> value."""
    try:
        pairs = [p.rsplit("=", 1) for p in text.split(",")]
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        raise ValueError("coefficients such as `c0=1,c2=3`, or `x*z=2` for several features") from None


@dataclass(frozen=True, slots=True)
class Form:
    """How a polynomial is written. kind: powers, scaled (powers of u) or newton; scaling: (middle, half) each."""

    kind: str
    scaling: tuple[tuple[float, float], ...]


class Poly(Fitter):
    """Polynomials by least squares, from a constant up; the degree is the one that predicts held-out rows best.

    Computed in an orthogonal basis and written in powers of the features, or of (x - middle)/half where powers would
    lose digits. Coefficients come with standard errors and 95 % intervals. Weights multiply the squared residual.
    """

    name = "poly"
    summary = "polynomial least squares in one or many features, degree chosen on held-out rows"
    good_for = "smooth dependence on one or some features; powers of your choice; constants with errors"
    not_for = "poles, steps, roots"
    papers = (
        "Brubeck, Nakatsukasa and Trefethen 2021, Vandermonde with Arnoldi, doi:10.1137/19M130100X",
        "Reichel 1990, Newton interpolation at Leja points, doi:10.1007/BF02017352",
    )
    example = "fitx fit data.csv --method poly --set poly.degree=2"
    fixed_structures = True
    reweights = True
    options = (
        Option("degree", int, None, "the degree; chosen on held-out rows if not given"),
        Option(
            "max_degree", int, None, "highest degree that is tried when none is given; by default by rows, at most 20"
        ),
        Option(
            "kind",
            str,
            "total",
            "what degree means for many features: of a term, or of each feature",
            ("total", "each"),
        ),
        Option("interactions", bool, True, "products of different features"),
        Option("powers", powers_option, None, "only these powers (0,1,3) or monomials (1,x,x*z,z^2)"),
        Option("fixed", fixed_option, None, "coefficients that are known (c0=1,c2=3; x*z=2); the others are fitted"),
    )

    def declines(self, data: Data) -> str:
        """Needs a feature."""
        return "" if data.d else "needs a feature"

    def enters(self, data: Data, look: Look) -> Entry:
        """First of all: with constants and lines."""
        return Entry(0.05, self.declines(data))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """One proposal for each degree, from 0 up; only the one asked for where `degree` or `powers` is given."""
        options = context.options
        degree, highest = options["degree"], options["max_degree"]
        for name, value in (("degree", degree), ("max_degree", highest)):
            if value is not None and value < 0:
                raise UsageError(f"`poly.{name}` must be 0 or more. Got {value} instead")
        if options["powers"] is not None or options["fixed"]:
            yield from self._constrained(data, context)
            return
        top = degree if degree is not None else _highest(data, highest, options["kind"], options["interactions"])
        terms, sizes = exponents(data.d, top, kind=options["kind"], interactions=options["interactions"])
        fits: list[Polynomial] = []
        for k, fit in enumerate(_degrees(data, terms, sizes if degree is None else sizes[-1:], context)):
            fits.append(fit)
            if context.expired() or _settled(fits):
                return
            reached = int(fit.terms.max() if options["kind"] == "each" else fit.terms.sum(axis=1).max())
            notes = _left_out(fit, data.names)
            if degree is not None and reached < degree and data.d == 1:
                notes = (f"degree {degree} was asked for; {reached + 1} distinct `{data.names[0]}` make {reached}",)
            label = f"degree {degree if degree is not None else k}"
            yield _proposal(data, fit, choose_form(data, fit), label, notes, context.jobs)

    def _constrained(self, data: Data, context: Context) -> Iterator[Proposal]:
        options = context.options
        fixed = {monomial(name, data.names): value for name, value in dict(options["fixed"] or {}).items()}
        given = options["powers"]
        if given is not None:
            free = dict.fromkeys(powers_named(given, data.names))
            lists = [[t for t in free if t not in fixed]]
        else:
            top = options["degree"]
            highest = top if top is not None else _highest(data, options["max_degree"], options["kind"], True)
            rows, sizes = exponents(data.d, highest, kind=options["kind"], interactions=options["interactions"])
            every = [tuple(int(a) for a in row) for row in rows]
            lists = [[t for t in every[:size] if t not in fixed] for size in (sizes if top is None else sizes[-1:])]
        for free_terms in lists:
            if context.expired():
                return
            yield _constrained_proposal(tuple(free_terms), fixed, data)


def choose_form(data: Data, fit: Polynomial) -> Form:
    """The plainest way of writing the polynomial that double precision carries."""
    X, y, stable, noise = _sample(data, fit)
    for kind in ("powers", "scaled", "newton") if data.d == 1 else ("powers", "scaled"):
        form = Form(kind, tuple(scaling(column) for column in data.X.T) if kind != "powers" else ())
        if kind == "newton":
            return form
        formula, _ = _write(fit, form, data.names)
        if formula is not None and _carries(loss(formula.predict(X, data.names), stable, y), noise):
            return form
    return form


def _degrees(data: Data, terms: Exponents, sizes: list[int], context: Context) -> Iterator[Polynomial]:
    """A polynomial for each size: of one feature from one QR; of many, whose last degrees are dear, one by one, as far
    as the time will do."""
    if data.d == 1:
        seconds = data.n * sizes[-1] ** 2 / QR_A_SECOND
        if len(terms) <= HIGHEST_DEGREE + 1 or time.perf_counter() + seconds < context.deadline:
            yield from _solve(data, terms, sizes, context.jobs)
        return
    reached, before, seconds = 0, 0, 0.0
    for size in sizes:
        began = time.perf_counter()
        # The work is rows x terms^2; what a constant takes tells nothing of that.
        cost = seconds * (size / before) ** 2 if before > 1 else data.n * size**2 / TERMS_A_SECOND
        if began + cost > context.deadline and size > 1:
            return
        fit = _solve(data, terms[:size], [size], context.jobs)[-1]
        before, seconds = size, time.perf_counter() - began
        if len(fit.terms) > reached:
            yield fit
        reached = len(fit.terms)


def _solve(data: Data, terms: Exponents, sizes: list[int], jobs: int) -> list[Polynomial]:
    if data.n >= STREAM_FROM:
        return fit_blocks(in_blocks(data.X, data.y, data.weights), terms, sizes, threads=jobs)
    return fit_polynomials(data.X, data.y, terms, sizes, data.weights)


def _proposal(data: Data, fit: Polynomial, form: Form, label: str, notes: tuple[str, ...], jobs: int) -> Proposal:
    formula, c = _write(fit, form, data.names)
    if formula is None:
        raise FitxError(f"the coefficients of {label} are beyond double precision", "scale the columns")
    parameters, covariance = _parameters(data, fit, form, c)
    if form.kind != "powers":
        notes = (*notes, _form_note(form, data.names, fit))

    def refit(rows: Data) -> Proposal:
        again = _solve(rows, fit.terms, [len(fit.terms)], jobs)[-1]
        if len(again.terms) < len(fit.terms):
            raise FitxError(f"{rows.n} rows do not determine the {len(fit.terms)} coefficients of {label}")
        return _proposal(rows, again, form, label, notes[: len(notes) - (form.kind != "powers")], jobs)

    def judge(rows: Data, X: Array) -> Array:
        again = fit_polynomials(rows.X, rows.y, fit.terms, [len(fit.terms)], rows.weights, refine=False)[-1]
        if len(again.terms) < len(fit.terms):
            raise FitxError(f"{rows.n} rows do not determine the {len(fit.terms)} coefficients of {label}")
        return again.evaluate(X)

    return Proposal(formula, label, parameters, covariance, refit, notes, judge)


def _write(fit: Polynomial, form: Form, names: tuple[str, ...]) -> tuple[Formula | None, Array]:
    """The formula and its coefficients; None where they are not finite."""
    if form.kind == "newton":
        middle, half = form.scaling[0]
        f = newton.from_powers(fit.exact_powers(), middle, half)
        return nested(names[0], f.middle, f.scale, f.nodes.tolist(), f.c.tolist()), f.c
    c = fit.powers(form.scaling or None)
    if not np.isfinite(c).all():
        return None, c
    c = _without_dust(c, fit.terms, fit, form)
    return power_sum(c.tolist(), fit.terms.tolist(), _variables(form, names)), c


def _without_dust(c: Array, terms: Exponents, fit: Polynomial, form: Form) -> Array:
    """Coefficients whose term stays below the rounding of y everywhere become zero: they are rounding themselves."""
    ends = np.ldexp(np.stack([fit.lo, fit.hi]), fit.x_exponent)
    if form.kind != "powers":
        middle, half = np.array(form.scaling).T
        ends = (ends - middle) / half
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        size = np.ldexp(np.abs(c), -fit.y_exponent) * np.prod(np.max(np.abs(ends), axis=0) ** terms, axis=1)
    return np.where(size <= DUST, 0.0, c)


def _settled(fits: list[Polynomial]) -> bool:
    """True when the degree before was exact, or six more degrees took less than two percent off the residuals."""
    sigma = [f.sigma() for f in fits]
    if len(fits) > 1 and fits[-2].residual_norm <= EXACT * float(np.linalg.norm(fits[-2].r @ fits[-2].c)):
        return True
    return len(fits) > 6 and min(sigma[-6:]) > 0.98 * min(sigma[:-6])


def _variables(form: Form, names: tuple[str, ...]) -> list[Formula]:
    if form.kind == "powers":
        return [Var(name) for name in names]
    return [scaled(name, *s) for name, s in zip(names, form.scaling, strict=True)]


def _parameters(data: Data, fit: Polynomial, form: Form, c: Array) -> tuple[tuple[Parameter, ...], Array | None]:
    """c0, c1, ... of one feature, monomials of many, with standard errors (none for Newton's form)."""
    if form.kind == "newton":
        return tuple(Parameter(f"c{k}", float(v)) for k, v in enumerate(c)), None
    errors = fit.stderr(form.scaling or None, absolute=data.absolute)
    covariance = fit.covariance(form.scaling or None, absolute=data.absolute)
    named = [term_name(t, data.names) for t in fit.terms.tolist()]
    return _with_errors(named, c, errors, np.inf if data.absolute else fit.dof), _finite(covariance)


def _with_errors(names: list[str], c: Array, errors: Array, dof: float) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name, float(v), float(e) if np.isfinite(e) else None, dof)
        for name, v, e in zip(names, c, errors, strict=True)
    )


def _constrained_proposal(free: tuple[Term, ...], fixed: dict[Term, float], data: Data) -> Proposal:
    rows = np.array(free, dtype=np.int64).reshape(len(free), data.d)
    fit = fit_constrained(data.X, data.y, rows, fixed, data.weights, absolute=data.absolute)
    order = sorted(range(len(fit.terms)), key=lambda j: (sum(fit.terms[j]), tuple(-a for a in fit.terms[j])))
    terms = [fit.terms[j] for j in order]
    c = _without_dust(fit.powers[order], np.array(terms), fit.whole, Form("powers", ()))
    label = "powers " + ", ".join(term_name(t, data.names) for t in terms)
    if not np.isfinite(c).all():
        raise FitxError(f"the coefficients of {label} are beyond double precision", "scale the columns")
    formula = power_sum(c.tolist(), terms, [Var(name) for name in data.names])
    notes = [f"`{term_name(t, data.names)}` is left out: the others make it up on these rows" for t in fit.dependent]
    X, y, stable, noise = _sample(data, fit.whole)
    lost = loss(formula.predict(X, data.names), stable, y)
    if not _carries(lost, noise):
        notes.append(f"these powers carry the fit to {lost:.0e} of the spread only, in double precision")
    parameters = _with_errors(
        [term_name(t, data.names) for t in terms], c, fit.stderr[order], np.inf if data.absolute else fit.dof
    )
    kept = tuple(t for t in free if t in fit.terms)
    refit = partial(_constrained_proposal, kept, fixed)
    covariance = _finite(fit.covariance[np.ix_(order, order)])
    return Proposal(formula, label, parameters, covariance, refit, tuple(notes))


def _highest(data: Data, highest: int | None, kind: str, interactions: bool) -> int:
    """The highest degree to try: half the rows in coefficients, and no more work than some seconds."""
    if data.d == 1:
        limit = max(1, (data.n - 1) // 2)
        return min(limit, HIGHEST_DEGREE) if highest is None else min(highest, max(1, data.n - 1))
    degree = 0
    while highest is None or degree < highest:
        try:
            terms = len(exponents(data.d, degree + 1, kind=kind, interactions=interactions)[0])  # type: ignore[arg-type]
        except UsageError:
            break
        most = max(data.n // 2, data.d + 1) if highest is None else data.n
        work = highest is None and degree and (terms > MOST_TERMS or data.n * terms**2 > MOST_WORK)
        if terms > most or work:
            break
        degree += 1
    return max(degree, 1)


def _sample(data: Data, fit: Polynomial) -> tuple[Array, Array, Array, float]:
    """Rows for checking forms, the ends of every feature among them; y, the stable values, and residual / rms(y)."""
    ends = [f(column) for column in data.X.T for f in (np.argmin, np.argmax)]
    rows = np.unique(np.r_[np.linspace(0, data.n - 1, min(data.n, MOST_ROWS_CHECKED)).astype(int), ends])
    X, y = np.asfortranarray(data.X[rows]), data.y[rows]
    stable = fit.evaluate(X)
    return X, y, stable, loss(np.full_like(y, np.median(np.abs(y - stable))), np.zeros_like(y), y)


def _carries(lost: float, noise: float) -> bool:
    return lost <= CARRIED or (lost <= CARRIED_IN_NOISE and lost <= 1e-3 * noise)


def _left_out(fit: Polynomial, names: tuple[str, ...]) -> tuple[str, ...]:
    """Notes on features that others make up, and on other terms that the rows do not determine."""
    notes = []
    alone = {t.index(1): makers for t, makers in fit.dependent.items() if sum(t) == 1}
    if len(alone) > MOST_NAMED:
        listed = ", ".join(f"`{names[i]}`" for i in list(alone)[:MOST_NAMED])
        notes.append(
            f"{len(alone)} of {len(names)} features are left out, since on these rows the others make them up: "
            f"{listed}, ..."
        )
    for i, makers in alone.items() if not notes else ():
        others = [f"`{term_name(m, names)}`" for m in makers if sum(m)]
        made = ", ".join(others[:MOST_NAMED]) + (f" and {len(others) - MOST_NAMED} more" if others[MOST_NAMED:] else "")
        why = f"on these rows it is made up of {made}" if others else "it is constant on these rows"
        notes.append(f"`{names[i]}` is left out: {why}")
    rest = [t for t in fit.dependent if not any(t[i] for i in alone)]
    if rest and len(names) > 1:
        shown = ", ".join(f"`{term_name(t, names)}`" for t in rest[:5])
        notes.append(f"terms that these rows do not determine are left out: {shown}{', ...' if len(rest) > 5 else ''}")
    return tuple(notes)


def _form_note(form: Form, names: tuple[str, ...], fit: Polynomial) -> str:
    used = [i for i in range(len(names)) if fit.terms[:, i].any()]
    how = ", ".join(f"`{scaled(names[i], *form.scaling[i])}`" for i in used)
    start = (
        "powers of " + ", ".join(f"`{names[i]}`" for i in used) + " cannot carry this polynomial in double precision"
    )
    if form.kind == "newton":
        return f"{start}: it is written in Newton's form, whose coefficients have no standard errors here"
    return f"{start}: it is written in powers of {how}, and so are the coefficients c0, c1, ... and their errors"


def _finite(covariance: Array) -> Array | None:
    return covariance if np.isfinite(covariance).all() else None
