"""Models as SymPy expressions and as Python, by py-earth's names. No text is ever executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fitx.mars.hinges import HingeBasisFunctionBase, SmoothedHingeBasisFunction
from fitx.mars.terms import BasisFunction, MissingnessBasisFunction, VariableBasisFunction

if TYPE_CHECKING:
    from fitx.mars.earth import Earth


def export_python_function(earth_model: Earth) -> Callable[[Iterable[Sequence[Any]]], list[float]]:
    """A function of rows of plain numbers (None where missing) that returns the predictions of the first response."""
    terms = zip(earth_model.coef_[0], earth_model.basis_.piter(), strict=True)
    parts = [term.func_factory(float(c)) for c, term in terms]

    def func(example_iterator: Iterable[Sequence[Any]]) -> list[float]:
        return [sum(part(row) for part in parts) for row in example_iterator]

    return func


def export_python_string(earth_model: Earth, function_name: str = "model") -> str:
    """Python text that defines a generator function of rows, without imports; it predicts the first response.

    Errors: ValueError where function_name is no name for a function.
    """
    from keyword import iskeyword

    if not function_name.isidentifier() or iskeyword(function_name):
        raise ValueError(f"function_name is a name in Python, such as model; got {function_name!r}")
    terms = zip(earth_model.coef_[0], earth_model.basis_.piter(), strict=True)
    accessors = ",\n\t\t".join(term.func_string_factory(float(c)) for c, term in terms)
    return (
        f"def {function_name}(example_iterator):\n    accessors = [{accessors}]\n"
        "    for x in example_iterator:\n        yield sum(accessor(x) for accessor in accessors)\n    "
    )


def export_sympy_term_expressions(earth_model: Earth) -> list[Any]:
    """A SymPy expression for each term that is not pruned; what `Earth.transform` computes.

    Hinges are Max(0, x - t), cubics Piecewise. Under an indicator Missing(x), or one minus it, its variable stands as
    NaNProtect(x): x where it is present, and any number where it is missing.
    """
    return [_term(term) for term in earth_model.basis_.piter()]


def export_sympy(earth_model: Earth, columns: int | Sequence[int] | slice | None = None) -> Any:
    """The model as a SymPy expression, or one for each response. columns: which ones; a number gives one expression."""
    import numpy as np

    if columns is None:
        columns = 0 if len(earth_model.coef_) == 1 else slice(None)
    terms = export_sympy_term_expressions(earth_model)
    coefs = earth_model.coef_[columns]
    sums = [sum(float(c) * term for c, term in zip(row, terms, strict=True)) for row in np.atleast_2d(coefs)]
    return sums[0] if coefs.ndim == 1 else sums


def _term(term: BasisFunction) -> Any:
    import sympy as sp

    chain = term.chain()
    missable = {f.label for f in chain if isinstance(f, MissingnessBasisFunction)}
    return sp.Mul(*(_factor(f, missable) for f in chain)) if chain else sp.RealNumber(1)


def _factor(f: VariableBasisFunction, missable: set[str]) -> Any:
    import sympy as sp

    symbol = sp.Symbol(f.label)
    if isinstance(f, MissingnessBasisFunction):
        missing = sp.Function("Missing")(symbol)
        return 1 - missing if f.complement else missing
    x = sp.Function("NaNProtect")(symbol) if f.label in missable else symbol
    if isinstance(f, SmoothedHingeBasisFunction):
        left, right, p, r = (sp.RealNumber(v) for v in (f.knot_minus, f.knot_plus, f.p, f.r))
        u = x - (right if f.reverse else left)
        cubic = p * u**2 + r * u**3
        below, above = (sp.RealNumber(f.knot) - x, 0) if f.reverse else (0, x - sp.RealNumber(f.knot))
        return sp.Piecewise((below, x <= left), (above, x >= right), (cubic, True))
    if isinstance(f, HingeBasisFunctionBase):
        return sp.Max(0, sp.RealNumber(f.knot) - x if f.reverse else x - sp.RealNumber(f.knot))
    return x
