"""The terms of a MARS model, with the faces that py-earth gave them.

A term is the product of its own factor and its parent: a constant, a linear factor x, a hinge max(0, x - t) or
max(0, t - x), the C1 cubic that takes a hinge's place when smoothed, or an indicator of x being present or missing.
Where x is missing, its own factors count as 1: the indicator in front of them is 0 there.
[Friedman 1991, eq. 34, doi:10.1214/aos/1176347963]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Row = Sequence[Any]


class BasisFunction:
    """A term. parent: the term that its factor multiplies (None for the constant); pruned: left out of the model."""

    parent: BasisFunction | None = None
    label = ""

    def __init__(self) -> None:
        self.pruned = False

    def prune(self) -> None:
        """Take the term out of the model."""
        self.pruned = True

    def unprune(self) -> None:
        """Put the term back into the model."""
        self.pruned = False

    def is_pruned(self) -> bool:
        """True when the model does without the term; it may still be the parent of others."""
        return self.pruned

    def is_prunable(self) -> bool:
        """False for the constant."""
        return self.parent is not None

    def is_splittable(self) -> bool:
        """True: any term may be a parent."""
        return True

    def has_knot(self) -> bool:
        """True for hinges, smoothed or not."""
        return False

    def get_parent(self) -> BasisFunction | None:
        """The term that the factor multiplies."""
        return self.parent

    def chain(self) -> list[VariableBasisFunction]:
        """The factors' terms, this one first, without the constant."""
        found: list[VariableBasisFunction] = []
        term: BasisFunction | None = self
        while isinstance(term, VariableBasisFunction):
            found.append(term)
            term = term.parent
        return found

    def degree(self) -> int:
        """Number of factors."""
        return len(self.chain())

    def effective_degree(self) -> int:
        """Number of factors, where an indicator of presence in front of a factor of its variable does not count."""
        data = [f.variable for f in self.chain() if not isinstance(f, MissingnessBasisFunction)]
        holes = [f.variable for f in self.chain() if isinstance(f, MissingnessBasisFunction)]
        return len(data) + len(holes) - len(set(data) & set(holes))

    def variables(self) -> set[int]:
        """The columns that the term depends on."""
        return {f.variable for f in self.chain()}

    def apply(self, X: Array, missing: Flags, b: Array, recurse: bool = True) -> None:
        """Write the term's values (n,) into b; without recurse, b holds the parent's values before."""
        if recurse:
            b[:] = 1.0
        for f in self.chain() if recurse else self.chain()[:1]:
            b *= f.factor(X, missing)

    def apply_deriv(self, X: Array, missing: Flags, b: Array, j: Array, var: int) -> None:
        """Write the term's values into b and its derivatives by column `var` into j."""
        b[:], j[:] = 1.0, 0.0
        for f in reversed(self.chain()):
            value = f.factor(X, missing)
            j *= value
            if f.variable == var:
                j += b * f.factor_deriv(X, missing)
            b *= value

    def value_at(self, row: Row) -> float:
        """The term's value at one row of plain numbers; None or NaN is missing."""
        product = 1.0
        for f in self.chain():
            product *= f.factor_at(row[f.variable])
        return product

    def func_factory(self, coef: float) -> Callable[[Row], float]:
        """A function of a row: coef times the term."""
        return lambda row: float(coef) * self.value_at(row)

    def func_string_factory(self, coef: float | None) -> str:
        """Python text of the term: `lambda x: coef * ...`, or the product alone where coef is None."""
        holes = any(isinstance(f, MissingnessBasisFunction) for f in self.chain())
        product = " * ".join(f.factor_text(holes) for f in self.chain())
        if coef is None:
            return product
        return f"lambda x: {float(coef)!r}" + (f" * {product}" if product else "")

    def _own(self) -> tuple[Any, ...]:
        return ()

    def _key(self) -> tuple[Any, ...]:
        return (type(self).__name__, self._own(), None if self.parent is None else self.parent._key())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BasisFunction):
            return NotImplemented
        mine = [f.pruned for f in (self, *self.chain()[1:])]
        return self._key() == other._key() and mine == [f.pruned for f in (other, *other.chain()[1:])]

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class ConstantBasisFunction(BasisFunction):
    """The intercept, 1."""

    def __str__(self) -> str:
        return "(Intercept)"


class VariableBasisFunction(BasisFunction):
    """A term with a factor of one column. variable: its number; label: its name."""

    parent: BasisFunction

    def __init__(self, parent: BasisFunction, variable: int, label: str | None = None) -> None:
        super().__init__()
        self.parent, self.variable = parent, variable
        self.label = f"x{variable}" if label is None else label

    def get_variable(self) -> int:
        """Number of the column."""
        return self.variable

    def factor(self, X: Array, missing: Flags) -> Array:
        """(n,): the factor's own values."""
        x = X[:, self.variable]
        gone = missing[:, self.variable]
        return np.where(gone, 1.0, self.eval(np.where(gone, 0.0, x))) if gone.any() else self.eval(x)

    def factor_deriv(self, X: Array, missing: Flags) -> Array:
        """(n,): the factor's own derivatives, 0 where x is missing."""
        gone = missing[:, self.variable]
        return np.where(gone, 0.0, self.eval_deriv(np.where(gone, 0.0, X[:, self.variable])))

    def factor_at(self, x: Any) -> float:
        """The factor's value at one number; 1 where it is None or NaN."""
        if x is None or x != x:
            return 1.0
        return float(self.eval(np.array([float(x)]))[0])

    def eval(self, x: Array) -> Array:
        """Values of the factor for numbers x."""
        raise NotImplementedError

    def eval_deriv(self, x: Array) -> Array:
        """Derivatives of the factor for numbers x."""
        raise NotImplementedError

    def factor_text(self, holes: bool) -> str:
        """Python text of the factor of `x[variable]`; holes: x may be None or NaN."""
        text = self._text(f"x[{self.variable}]")
        x = f"x[{self.variable}]"
        return f"(1 if {x} is None or {x} != {x} else {text})" if holes else text

    def _text(self, x: str) -> str:
        raise NotImplementedError

    def _own(self) -> tuple[Any, ...]:
        return (self.variable, self.label)

    def _name(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return "*".join(f._name() for f in self.chain())


class LinearBasisFunction(VariableBasisFunction):
    """The factor x."""

    def eval(self, x: Array) -> Array:
        """X itself."""
        return x

    def eval_deriv(self, x: Array) -> Array:
        """Ones."""
        return np.ones(len(x))

    def _text(self, x: str) -> str:
        return x

    def _name(self) -> str:
        return self.label


class MissingnessBasisFunction(VariableBasisFunction):
    """1 where x is missing, else 0; complement: 1 where it is present."""

    def __init__(self, parent: BasisFunction, variable: int, complement: bool, label: str | None = None) -> None:
        super().__init__(parent, variable, label)
        self.complement = complement

    def factor(self, X: Array, missing: Flags) -> Array:
        """(n,): 0 or 1."""
        return np.asarray(missing[:, self.variable] != self.complement, dtype=np.float64)

    def factor_deriv(self, X: Array, missing: Flags) -> Array:
        """Zeros."""
        return np.zeros(len(X))

    def factor_at(self, x: Any) -> float:
        """0 or 1."""
        return float((x is None or x != x) != self.complement)

    def factor_text(self, holes: bool) -> str:
        """Python text of the indicator."""
        x = f"x[{self.variable}]"
        text = f"({x} is None or {x} != {x})"
        return f"(not {text})" if self.complement else text

    def _own(self) -> tuple[Any, ...]:
        return (self.variable, self.label, self.complement)

    def _name(self) -> str:
        return f"{'present' if self.complement else 'missing'}({self.label})"
