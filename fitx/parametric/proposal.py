"""From a structure with parameters to a fitter's proposal: values, standard errors, words, and how to refit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fitx.errors import FitxError
from fitx.fitters.base import Array, Data, Parameter, Proposal
from fitx.formula import Call, Const, Formula, call
from fitx.numerics.trust_region import lengths
from fitx.parametric.formula import ParametricFormula
from fitx.parametric.rows import Limits, Rows, Solution, Values
from fitx.parametric.uncertainty import covariance, factor, noise
from fitx.parametric.words import remarks

_JUDGED = 50  # steps in a fold, from the optimum on all rows: enough for an error


@dataclass(frozen=True, slots=True)
class Structure:
    """tree: over columns and the parameters `names`, of which those in `fix` keep their values and those in `shown` are
    listed; label: as for a proposal; profile: intervals by profile likelihood."""

    tree: Formula
    names: tuple[str, ...]
    shown: tuple[str, ...]
    label: str = ""
    fix: Mapping[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    profile: bool = False

    def at(self, values: Mapping[str, float]) -> Formula:
        """With numbers for its parameters."""
        return _tidy(self.tree.substitute({p: Const(float({**values, **self.fix}[p])) for p in self.names}))


def propose(structure: Structure, start: Mapping[str, float], data: Data) -> Proposal:
    """The structure with its parameters at the optimum near `start`; what is to be said of them when it is refitted.

    Errors: FitxError for too few rows, or where it is undefined on one.
    """
    model = ParametricFormula(structure.tree, structure.names).fix(structure.fix)
    return _described(structure, model, *_refined(structure, model, start, data), data)


def _refined(
    structure: Structure, model: ParametricFormula, start: Mapping[str, float], data: Data, steps: int = 1000
) -> tuple[Rows, Solution]:
    if data.n < len(model.parameters):
        raise FitxError(f"{data.n} rows are too few for {len(model.parameters)} constants")
    rows = Rows(np.ascontiguousarray(data.X.T), data.y, data.names, data.weights)
    found = model.refine(structure.limits.within(start), rows, steps, structure.limits)
    if found is None:
        raise FitxError("the model is undefined on some row")
    return rows, found


def _described(structure: Structure, model: ParametricFormula, rows: Rows, s: Solution, data: Data) -> Proposal:
    values: Values = {**structure.fix, **s.values}
    half, dof = factor(s, data.n, data.absolute)
    matrix, _ = covariance(s, data.n, data.absolute)
    errors: dict[str, float] = {}
    if half is not None:
        errors = {p: float(e) for p, e in zip(model.parameters, lengths(half.T), strict=True)}
    complete = set(structure.names) == set(structure.shown)

    def refit(again: Data) -> Proposal:
        rows, found = _refined(structure, model, values, again)
        return _with_words(_described(structure, model, rows, found, again), structure, model, rows, found, again)

    def judge(again: Data, X: Array) -> Array:
        _, found = _refined(structure, model, values, again, _JUDGED)
        there = Rows(np.ascontiguousarray(X.T), X[:, 0], again.names)
        return model.value([found.values[p] for p in model.parameters], there)

    return Proposal(
        structure.at(values),
        structure.label,
        tuple(Parameter(p, values[p], errors.get(p), dof) for p in structure.shown),
        None if matrix is None else _of_shown(matrix, model.parameters, structure.shown),
        refit,
        judge=judge,
        structure=structure.tree if complete else None,
        noise=noise(s, dof) if not data.absolute else None,
    )


def _with_words(
    p: Proposal, structure: Structure, model: ParametricFormula, rows: Rows, s: Solution, data: Data
) -> Proposal:
    """The proposal with what is to be said of its parameters; standard errors that mean nothing are left out."""
    errors = {q.name: q.stderr for q in p.parameters if q.stderr is not None}
    notes, unknown = remarks(model, s, rows, structure.limits, structure.shown, errors)
    unknown |= set(structure.fix)
    intervals: Mapping[str, tuple[float, float]] = {}
    if structure.profile:
        from fitx.parametric.profile import profile_intervals

        wanted = [q for q in structure.shown if q not in unknown]
        intervals = profile_intervals(model, s, rows, structure.limits, wanted, data.absolute)
    parameters = tuple(
        replace(q, stderr=None if q.name in unknown else q.stderr, interval=intervals.get(q.name)) for q in p.parameters
    )
    return replace(p, parameters=parameters, notes=notes)


def _of_shown(matrix: Array, names: tuple[str, ...], shown: tuple[str, ...]) -> Array:
    """The covariance of those that are shown; zero for those that are fixed."""
    there = [p for p in shown if p in names]
    at, to = [names.index(p) for p in there], [shown.index(p) for p in there]
    full = np.zeros((len(shown), len(shown)))
    full[np.ix_(to, to)] = matrix[np.ix_(at, at)]
    return full


def _tidy(f: Formula) -> Formula:
    """The mean of the groups' numbers as one number."""

    def leaf(g: Formula) -> Formula:
        return g

    def node(c: Call, args: list[Formula]) -> Formula:
        if c.op == "piecewise" and not args[-1].variables:
            args = [*args[:-1], Const(float(args[-1].evaluate({})))]
        return call(c.op, *args)

    return f.fold(leaf, node)
