"""A SymPy Piecewise whose conditions hold no Piecewise.

SymPy turns piecewise(piecewise(c, u, v) > b, A, B) into a Boolean of sets and simplifies that, for minutes; here it is
piecewise(c, piecewise(u > b, A, B), piecewise(v > b, A, B)), the same value for every argument.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from fitx.errors import UsageError
from fitx.formula.sympy_extremes import extreme

_MOST = 20_000  # nodes in further copies of A and B: a condition with k parts of p pieces each makes p**k
_CONDITION = 20  # what a copy of a condition counts for


def piecewise(sp: Any, *args: Any) -> Any:
    """The Piecewise of c1, v1, c2, v2, ..., other. Errors: UsageError where conditions hold too many pieces."""
    pieces: list[tuple[Any, Any]] = []
    other = args[-1]
    nodes = 0

    def lifted(condition: Any, yes: Any, no: Any, size: int) -> Any:
        nonlocal nodes
        nodes += size
        if nodes > _MOST:
            raise UsageError("conditions hold too many pieces: the SymPy expression would be too large")
        inner = max(condition.atoms(sp.Piecewise), key=lambda p: (p.count_ops(), sp.default_sort_key(p)), default=None)
        if inner is None:
            return sp.Piecewise((yes, condition), (no, True))
        return sp.Piecewise(*((lifted(_with(sp, condition, inner, v), yes, no, size), c) for v, c in inner.args))

    for condition, value in reversed(list(zip(args[:-1:2], args[1:-1:2], strict=True))):
        if condition.has(sp.Piecewise):
            rest = sp.Piecewise(*pieces, (other, True))
            size = _CONDITION + _size(sp, value) + _size(sp, rest)
            nodes -= size  # the first copy
            other = lifted(condition, value, rest, size)
            pieces = []
        else:
            pieces.insert(0, (value, condition))
    return sp.Piecewise(*pieces, (other, True))


def _size(sp: Any, e: Any) -> int:
    """Nodes of the expression, as far as they count."""
    return sum(1 for _ in islice(sp.preorder_traversal(e), _MOST))


def _with(sp: Any, e: Any, inner: Any, value: Any) -> Any:
    """The condition with `value` in the place of `inner`; false where it compares what is no real number."""
    if e == inner:
        return value
    if not e.has(inner):
        return e
    args = [_with(sp, a, inner, value) for a in e.args]
    try:  # not xreplace, which evaluates Max and Min whatever that takes
        return extreme(sp, type(e).__name__, *args) if isinstance(e, sp.Max | sp.Min) else e.func(*args)
    except TypeError:
        if e.is_Relational:
            return sp.false
        raise
