"""Random formulas and tables for property tests."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from fitx.formula import OPERATORS, Const, Formula, Var, call
from fitx.formula.operators import COMPARISONS

NAMES = ["x", "y", "Temp (°C)", "lambda", "exp", "pi", "x-1", "import os", "a`b\\c\n", "E", "50%"]

constants = st.one_of(
    st.integers(-1000, 1000),
    st.fractions(Fraction(-50), Fraction(50), max_denominator=99),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.floats(allow_nan=False, allow_infinity=False),
).map(Const)


def leaves(names: list[str]) -> st.SearchStrategy[Formula]:
    return st.one_of(constants, st.sampled_from(names).map(Var), st.just(call("pi")))


def _calls(children: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    plain = [o for o in OPERATORS.values() if o.arity > 0 and o.name not in COMPARISONS]
    options = [st.builds(lambda args, name=o.name: call(name, *args), st.tuples(*[children] * o.arity)) for o in plain]
    conditions = st.builds(call, st.sampled_from(sorted(COMPARISONS)), children, children)
    options.append(st.builds(lambda c, a, b: call("piecewise", c, a, b), conditions, children, children))
    options.append(
        st.builds(
            lambda c, a, d, b, e: call("piecewise", c, a, d, b, e), conditions, children, conditions, children, children
        )
    )
    return st.one_of(options)


def formulas(names: list[str] | None = None, max_leaves: int = 12) -> st.SearchStrategy[Formula]:
    return st.recursive(leaves(names or NAMES), _calls, max_leaves=max_leaves)


def smooth_formulas(names: list[str]) -> st.SearchStrategy[Formula]:
    """Formulas without kinks, jumps or poles, and constants of ordinary size."""
    small = st.floats(-2, 2).map(Const)
    ops1 = ["sin", "cos", "tanh", "atan", "logistic", "square", "neg"]
    ops2 = ["add", "sub", "mul"]

    def grow(children: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        return st.one_of(
            st.builds(call, st.sampled_from(ops1), children),
            st.builds(call, st.sampled_from(ops2), children, children),
            st.builds(lambda a, b: a / (1.5 + call("square", b)), children, children),
            st.builds(lambda a: call("sqrt", 1 + call("square", a)), children),
            st.builds(lambda a: call("log", 1 + call("square", a)), children),
            st.builds(lambda a: call("exp", call("tanh", a)), children),
            st.builds(lambda a, b: (1 + call("square", a)) ** call("tanh", b), children, children),
        )

    return st.recursive(st.one_of(small, st.sampled_from(names).map(Var)), grow, max_leaves=8)
