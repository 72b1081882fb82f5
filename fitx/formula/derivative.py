"""Exact derivatives: forward through the tree, one table of partial derivatives, zeros and ones never built."""

from __future__ import annotations

from fitx.errors import UsageError
from fitx.formula.operators import OPERATORS
from fitx.formula.tree import Call, Const, Formula, Number, Var, as_formula, call

Pair = tuple[Formula, Formula | None]  # a formula and its derivative (None: zero)


def derivative(f: Formula, by: str | int) -> Formula:
    """d f / d by, for a variable (name) or the constant at that position of `f.constants`.

    Defined where f is smooth; at a kink (abs, min, max, hinge, piecewise) it is one of the two sides' derivatives.
    """
    seen = -1

    def leaf(node: Formula) -> Pair:
        nonlocal seen
        if isinstance(node, Const):
            seen += 1
            return node, Const(1) if seen == by else None
        return node, Const(1) if isinstance(node, Var) and node.name == by else None

    def inner(node: Call, pairs: list[Pair]) -> Pair:
        if all(d is None for _, d in pairs):
            return node, None
        if node.op == "piecewise":
            args = [
                (d or Const(0)) if i % 2 or i == len(pairs) - 1 else g for i, (g, d) in enumerate(pairs)
            ]
            return node, call("piecewise", *args)
        if node.op == "pow" and pairs[1][1] is None:
            a, b = node.args
            less = b.value - 1 if isinstance(b, Const) else b - 1
            return node, _times(_times(b, a**less if less != 1 else a), pairs[0][1])
        partials = OPERATORS[node.op].derivative(call, *node.args)
        total: Formula | None = None
        for (_, d), partial in zip(pairs, partials, strict=True):
            term = _times(partial, d)
            total = term if total is None else (total if term is None else total + term)
        return node, total

    if isinstance(by, int) and not 0 <= by < len(f.constants):
        raise UsageError(f"the formula has {len(f.constants)} constants; there is no number {by}")
    return f.fold(leaf, inner)[1] or Const(0)


def _times(a: Formula | Number | None, d: Formula | None) -> Formula | None:
    """a * d without factors of one; None when either is zero."""
    if a is None or d is None:
        return None
    a = as_formula(a)
    for one, other in ((a, d), (d, a)):
        if isinstance(one, Const):
            if one.value == 0:
                return None
            if one.value == 1:
                return other
            if one.value == -1:
                return -other
    if isinstance(a, Call) and a.op == "div" and isinstance(a.args[0], Const) and a.args[0].value == 1:
        return d / a.args[1]
    return a * d
