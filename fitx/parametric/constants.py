"""A formula's numbers as parameters."""

from __future__ import annotations

from fitx.formula import Const, Formula, Var, call
from fitx.parametric.rows import Values


def free_constants(f: Formula, prefix: str) -> tuple[Formula, Values]:
    """`f` with its float constants as variables named prefix1, prefix2, ..., and their values."""
    values: Values = {}

    def leaf(g: Formula) -> Formula:
        if isinstance(g, Const) and isinstance(g.value, float):
            values[f"{prefix}{len(values) + 1}"] = g.value
            return Var(f"{prefix}{len(values)}")
        return g

    return f.fold(leaf, lambda g, a: call(g.op, *a)), values
