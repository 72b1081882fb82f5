"""The user's own formula, `--model`: its parameters are fitted, and an unknown function in it is searched for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.fitters.base import Context, Data, Fitter, Option, Parameter, Proposal
from fitx.formula import Call, Const, Formula, call
from fitx.formula.template import Template, read_template

_GROUPS = 50
_UNDETERMINED = (
    "the data cannot tell all parameters of the model apart: other values fit as well, and standard errors mean little"
)


class Model(Fitter):
    """Fits `--model`: names that are columns are features, the others parameters, f(x) with no known f is searched for.

    Nonlinear least squares from many starts, scaled by the data; linear parameters are solved for.
    """

    name = "model"
    summary = "your own formula (--model): its parameters, for each group if asked, and an unknown function in it"
    competes = False
    options = (
        Option("formula", str, "", "the formula; --model sets it"),
        Option("per_group", str, "", "parameters with a value for each group, between commas; --per-group sets it"),
        Option("group", str, "", "the column of the groups' numbers; --group sets it"),
        Option("operators", str, "", "operators that an unknown function may use, as for symbolic"),
    )

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """The formula at its optimum; with an unknown function one proposal for each formula found for it."""
        o = context.options
        if not o["formula"].strip():
            raise FitxError("method `model` fits a formula of yours: there is none", 'give it with --model "a*x + b"')
        plan = make_plan(read_template(o["formula"]), data, _names(o["per_group"]), o["group"])
        if plan.template.function:
            yield from _unknown(plan, data, context)
        else:
            yield _known(plan, data, context.rng)


@dataclass(frozen=True, slots=True)
class Plan:
    """tree: over columns and the parameters `like`, a parameter of a group with the one that it stands for."""

    template: Template
    tree: Formula
    like: dict[str, str]


def make_plan(template: Template, data: Data, per_group: tuple[str, ...], group: str) -> Plan:
    """The template for these data. Errors: UsageError for names that do not fit, FitxError for groups that do not."""
    parameters = template.parameters(data.names)
    if data.target in template.tree.variables and data.target not in data.names:
        raise UsageError(f"`{data.target}` is the target; it cannot stand in the model", "name another --target")
    for p in per_group:
        if p not in parameters:
            kind = "a column" if p in data.names else "not in the model"
            listed = ", ".join(f"`{q}`" for q in parameters)
            raise UsageError(
                f"`{p}` cannot differ by group: it is {kind}",
                f"{did_you_mean(p, list(parameters))}the parameters are {listed}",
            )
    like = {p: p for p in parameters}
    if not per_group:
        if group:
            raise UsageError("a group column needs parameters that differ by group", "name them with --per-group a,b")
        return Plan(template, template.tree, like)
    if not group:
        raise UsageError("parameters by group need the column of the groups", "name it with --group")
    if group not in data.names:
        listed = ", ".join(f"`{n}`" for n in data.names[:20])
        raise UsageError(
            f"there is no column of numbers `{group}` to tell groups apart",
            f"{did_you_mean(group, list(data.names))}groups must be numbered; the columns are {listed}",
        )
    codes = np.unique(data.X[:, data.names.index(group)])
    if len(codes) > _GROUPS:
        raise FitxError(f"column `{group}` has {len(codes)} different values; at most {_GROUPS} groups can be fitted")
    from fitx.search.unknown import by_group

    tree, new = by_group(template.tree, group, codes, per_group)
    order = {q: p for p in parameters for q in ([p] if p not in per_group else [n for n, b in new.items() if b == p])}
    return Plan(template, tree, order)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))


def _known(plan: Plan, data: Data, rng: np.random.Generator) -> Proposal:
    """The model without an unknown function, from many starts."""
    from fitx.parametric import ParametricFormula, Rows

    if data.n < len(plan.like):
        raise FitxError(f"{data.n} rows are too few for the {len(plan.like)} parameters of the model")
    rows = Rows(np.ascontiguousarray(data.X.T), data.y, data.names, data.weights)
    found = ParametricFormula(plan.tree, tuple(plan.like), plan.like).solve(rows, rng)
    if found is None:
        raise FitxError("the model is undefined on some row, whatever the parameters that were tried")
    return _fitted(plan.tree, tuple(plan.like), found.values, data, "")


def _unknown(plan: Plan, data: Data, context: Context) -> Iterator[Proposal]:
    """The model with each formula that the search finds for its unknown function."""
    from fitx.parametric import free_constants
    from fitx.search.unknown import CONSTANT, Unknown

    if data.n < len(plan.like) + 5:
        raise FitxError(f"{data.n} rows are too few for {len(plan.like)} parameters and an unknown function")
    search = Unknown(plan.template, plan.tree, plan.like, data, context)
    for filling in search.run():
        structure, constants = free_constants(filling.f, CONSTANT)
        start = {**filling.values, **constants}
        if len(start) < data.n:
            label = f"{plan.template.function} = {search.named(filling.f).text(4)}"
            yield _fitted(search.filled(structure), tuple(plan.like), start, data, label)


def _fitted(tree: Formula, shown: tuple[str, ...], start: dict[str, float], data: Data, label: str) -> Proposal:
    """The tree with its parameters, those of `start`, at the optimum that lies there; `shown` are listed."""
    from fitx.parametric import ParametricFormula, Rows, covariance

    if data.n < len(start):
        raise FitxError(f"{data.n} rows are too few for {len(start)} constants")
    model = ParametricFormula(tree, tuple(start))
    found = model.refine(start, Rows(np.ascontiguousarray(data.X.T), data.y, data.names, data.weights))
    if found is None:
        raise FitxError("the model is undefined on some row")
    matrix, dof = covariance(found, data.n, data.absolute)
    at = [tuple(start).index(p) for p in shown]
    errors = [None] * len(at) if matrix is None else [float(np.sqrt(matrix[i, i])) for i in at]
    notes = () if found.rank == len(start) else (_UNDETERMINED,)
    return Proposal(
        _tidy(model.at(found.values)),
        label,
        tuple(Parameter(p, found.values[p], e, dof) for p, e in zip(shown, errors, strict=True)),
        None if matrix is None else matrix[np.ix_(at, at)],
        lambda rows: _fitted(tree, shown, found.values, rows, label),
        notes,
    )


def _tidy(f: Formula) -> Formula:
    """The mean of the groups' numbers as one number."""

    def leaf(g: Formula) -> Formula:
        return g

    def node(c: Call, args: list[Formula]) -> Formula:
        if c.op == "piecewise" and not args[-1].variables:
            args = [*args[:-1], Const(float(args[-1].evaluate({})))]
        return call(c.op, *args)

    return f.fold(leaf, node)
