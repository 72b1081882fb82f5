"""The user's own formula, `--model`: its parameters are fitted, and an unknown function in it is searched for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.fitters.base import Context, Data, Entry, Fitter, Option, Proposal
from fitx.formula import Formula
from fitx.formula.template import Template, read_template
from fitx.numerics.losses import LOSSES
from fitx.parametric.asked import Asked, read_bounds, read_values

if TYPE_CHECKING:
    from fitx.look import Look
    from fitx.parametric import ParametricFormula, Rows

_GROUPS = 50


class Model(Fitter):
    """Fits `--model`: names that are columns are features, the others parameters, f(x) with no known f is searched for.

    Nonlinear least squares from many starts, which the formula and the data suggest; linear parameters are solved for.
    """

    name = "model"
    summary = "your own formula (--model): its parameters, for each group if asked, and an unknown function in it"
    good_for = 'your own formula, `--model "a*exp(-b*x) + c"`; what is unknown in it, `f(x)`, is searched for'
    not_for = "no idea of the form"
    papers = (
        "Golub and Pereyra 1973, on variable projection, doi:10.1137/0710036",
        "Bates and Watts 1988, Nonlinear regression analysis and its applications, on profile likelihood",
    )
    example = 'fitx fit data.csv --model "a*exp(-b*x) + c" --bounds b=0:'
    losses = LOSSES
    reweights = True
    options = (
        Option("formula", str, "", "the formula; --model sets it"),
        Option("per_group", str, "", "parameters with a value for each group, between commas; --per-group sets it"),
        Option("group", str, "", "the column of the groups' numbers; --group sets it"),
        Option("start", read_values, {}, "parameters to start from, a=1,b=2; --start sets it"),
        Option("bounds", read_bounds, {}, "bounds of parameters, a=0:10; --bounds sets it"),
        Option("fix", read_values, {}, "parameters with a value that they keep, c=0; --fix sets it"),
        Option("profile", bool, False, "intervals by profile likelihood, for models far from linear ones"),
        Option("operators", str, "", "operators that an unknown function may use, as for symbolic"),
    )

    def enters(self, data: Data, look: Look) -> Entry:
        """Where there is a formula to fit."""
        return Entry(why_not="fits a formula that the user gives")

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """The formula at its optimum; with an unknown function one proposal for each formula found for it."""
        o = context.options
        if not o["formula"].strip():
            raise FitxError("method `model` fits a formula of yours: there is none", 'give it with --model "a*x + b"')
        asked = Asked.of(o["start"], o["bounds"], o["fix"])
        plan = make_plan(read_template(o["formula"]), data, _names(o["per_group"]), o["group"], asked)
        if plan.template.function:
            yield from _unknown(plan, data, context)
        else:
            yield _known(plan, data, context)


@dataclass(frozen=True, slots=True)
class Plan:
    """tree: over columns and the parameters `like`, a parameter of a group with the one that it stands for;
    asked: what the user asks of them."""

    template: Template
    tree: Formula
    like: dict[str, str]
    asked: Asked


def make_plan(template: Template, data: Data, per_group: tuple[str, ...], group: str, asked: Asked) -> Plan:
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
        asked.check(parameters, data.names)
        return Plan(template, template.tree, like, asked)
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
    asked.check((*parameters, *new), data.names)
    return Plan(template, tree, order, asked.spread(order))


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))


def _known(plan: Plan, data: Data, context: Context) -> Proposal:
    """The model without an unknown function: from the user's start, or from many."""
    from fitx.parametric import ParametricFormula, Rows
    from fitx.parametric.proposal import Structure, propose

    asked = plan.asked
    free = [p for p in plan.like if p not in asked.fix]
    if data.n < len(free):
        raise FitxError(
            f"{data.n} rows are too few for the {len(free)} parameters of the model",
            "give more rows, a shorter model, or fix parameters (--fix a=1)",
        )
    rows = Rows(np.ascontiguousarray(data.X.T), data.y, data.names, data.weights)
    _check_points(plan, rows, len(free))
    model = ParametricFormula(plan.tree, tuple(plan.like), plan.like).fix(asked.fix)
    limits = asked.limits(context.loss)
    starts = (asked.start,) if asked.start else ()
    found = model.solve(rows, context.rng, starts=starts, limits=limits, expired=context.expired)
    if found is None:
        raise _undefined(plan, model, rows)
    names = tuple(plan.like)
    structure = Structure(plan.tree, names, names, "", asked.fix, limits, bool(context.options["profile"]))
    return propose(structure, found.values, data)


def _check_points(plan: Plan, rows: Rows, free: int) -> None:
    """Errors: FitxError where the columns of the model have fewer different points than there are parameters."""
    used = [i for i, name in enumerate(rows.names) if name in plan.tree.variables]
    if not used or free < 2:
        return
    points = len(np.unique(rows.columns[used][:, :100_000], axis=1).T)
    if points < free and points < rows.columns.shape[1]:
        listed = ", ".join(f"`{rows.names[i]}`" for i in used)
        what = "the same value on every row" if points == 1 else f"only {points} different values"
        raise FitxError(
            f"{listed} has {what}: {free} parameters cannot be told apart by that",
            "give rows with other values, or fix parameters (--fix a=1)",
        )


def _undefined(plan: Plan, model: ParametricFormula, rows: Rows) -> FitxError:
    """What to say where no start gave a number on every row."""
    start = plan.asked.start
    if not all(p in start for p in model.nonlinear) or not start:
        return FitxError(
            "the model is undefined on some row, whatever the parameters that were tried",
            "logarithms and roots need arguments above 0; give a start (--start a=1) or bounds for which it is defined",
        )
    values = [start.get(p, 1.0) for p in model.parameters]
    row = int(np.argmin(np.isfinite(model.value(values, rows))))
    where = ", ".join(f"`{n}` = {rows.columns[i, row]:g}" for i, n in enumerate(rows.names) if n in plan.tree.variables)
    at = ", ".join(f"{p}={start[p]:g}" for p in model.parameters if p in start)
    return FitxError(
        f"the model is undefined at the start {at}: row {row + 1}, {where}",
        "give another start, or none: then it is sought",
    )


def _unknown(plan: Plan, data: Data, context: Context) -> Iterator[Proposal]:
    """The model with each formula that the search finds for its unknown function."""
    from fitx.parametric import free_constants
    from fitx.parametric.proposal import Structure, propose
    from fitx.search.unknown import CONSTANT, Unknown

    if plan.asked.start or plan.asked.bounds or plan.asked.fix:
        raise UsageError(
            "start, bounds and fixed values are for models whose functions are all known",
            f"write the values into the model, or give a formula in place of `{plan.template.function}`",
        )
    if data.n < len(plan.like) + 5:
        raise FitxError(f"{data.n} rows are too few for {len(plan.like)} parameters and an unknown function")
    search = Unknown(plan.template, plan.tree, plan.like, data, context)
    for filling in search.run():
        structure, constants = free_constants(filling.f, CONSTANT)
        start = {**filling.values, **constants}
        if len(start) < data.n:
            label = f"{plan.template.function} = {search.named(filling.f).text(4)}"
            yield propose(Structure(search.filled(structure), tuple(start), tuple(plan.like), label), start, data)
