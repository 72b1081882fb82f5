"""The list of terms of a MARS model, with the faces that py-earth gave it; the terms themselves are in terms.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from fitx.mars.forward import Step
from fitx.mars.hinges import HingeBasisFunction, HingeBasisFunctionBase, SmoothedHingeBasisFunction
from fitx.mars.terms import (
    BasisFunction,
    ConstantBasisFunction,
    LinearBasisFunction,
    MissingnessBasisFunction,
    VariableBasisFunction,
)

__all__ = [
    "Basis", "BasisFunction", "ConstantBasisFunction", "HingeBasisFunction", "HingeBasisFunctionBase",
    "LinearBasisFunction", "MissingnessBasisFunction", "SmoothedHingeBasisFunction", "VariableBasisFunction",
    "from_steps",
]  # fmt: skip

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Basis:
    """The terms in the order in which the forward pass made them."""

    def __init__(self, num_variables: int) -> None:
        self.order: list[BasisFunction] = []
        self.num_variables = num_variables

    def append(self, term: BasisFunction) -> None:
        """Add a term."""
        self.order.append(term)

    def get_num_variables(self) -> int:
        """Number of columns of X."""
        return self.num_variables

    def get(self, i: int) -> BasisFunction:
        """The i-th term."""
        return self.order[i]

    def piter(self) -> Iterator[BasisFunction]:
        """The terms that are not pruned."""
        return (term for term in self.order if not term.is_pruned())

    def plen(self) -> int:
        """How many are not pruned."""
        return sum(1 for _ in self.piter())

    def anova_decomp(self) -> dict[frozenset[int], list[BasisFunction]]:
        """Terms by the set of columns that they depend on [Friedman 1991, section 3.5]."""
        result: dict[frozenset[int], list[BasisFunction]] = {}
        for term in self.order:
            result.setdefault(frozenset(term.variables()), []).append(term)
        return result

    def smooth(self, X: Array, missing: Flags | None = None) -> Basis:
        """The same terms with C1 cubics in place of hinges; side knots are halfway to the next ones."""
        from fitx.mars.smooth import smoothed

        return smoothed(self, X, missing)

    def transform(self, X: Array, missing: Flags, B: Array) -> None:
        """Write the values of the terms that are not pruned into the columns of B (n, plen())."""
        known: dict[int, Array] = {}
        parents = {id(term.parent) for term in self.piter() if term.parent is not None}
        for column, term in enumerate(self.piter()):
            above = known.get(id(term.parent))
            if above is None:
                term.apply(X, missing, B[:, column])
            else:
                np.multiply(above, term.chain()[0].factor(X, missing), out=B[:, column])
            if id(term) in parents:
                known[id(term)] = B[:, column]

    def transform_deriv(self, X: Array, missing: Flags, coef: Array, variables: Sequence[int]) -> Array:
        """(n, len(variables), p): derivatives of the responses, exact off the knots."""
        J = np.zeros((len(X), len(variables), len(coef)))
        b, j = np.empty(len(X)), np.empty(len(X))
        for k, term in enumerate(self.piter()):
            for i, var in enumerate(variables):
                if var in term.variables():
                    term.apply_deriv(X, missing, b, j, var)
                    J[:, i, :] += j[:, None] * coef[:, k]
        return J

    def __iter__(self) -> Iterator[BasisFunction]:
        return iter(self.order)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, i: int) -> BasisFunction:
        return self.order[i]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Basis):
            return NotImplemented
        return self.num_variables == other.num_variables and self.order == other.order

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "".join(f"{term}\n" for term in self.order)


def from_steps(steps: Iterable[Step], labels: Sequence[str]) -> Basis:
    """The basis that the steps of a forward pass make. labels: (d,) names of the columns."""
    basis = Basis(len(labels))
    for s in steps:
        if s.kind == "constant":
            basis.append(ConstantBasisFunction())
            continue
        parent, label = basis[s.parent], labels[s.variable]
        if s.kind == "linear":
            basis.append(LinearBasisFunction(parent, s.variable, label))
        elif s.kind == "hinge":
            basis.append(HingeBasisFunction(parent, s.knot, s.knot_row, s.variable, s.reverse, label))
        else:
            basis.append(MissingnessBasisFunction(parent, s.variable, s.kind == "present", label))
    return basis
