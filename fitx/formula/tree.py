"""Formula: an immutable expression tree of constants, variables and operator calls.

Trees are built by `call(name, *args)` or by arithmetic on formulas. Building normalises a little, always keeping the
value bit for bit, so that printing and parsing are inverse: a + (-b) is a - b, x**2 is square(x), 1/3 of whole numbers
is the exact fraction, max(0, x) is hinge(x). Every walk is iterative: a sum of 100,000 terms is as safe as one of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from fitx.errors import NotFinite, UsageError
from fitx.formula.operators import COMPARISONS, OPERATORS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")
Number = int | Fraction | float


class Formula:
    """A formula: Const, Var or Call. Immutable, hashable, picklable; `==` compares trees, not values."""

    __slots__ = ("_hash", "_size")
    _hash: int
    _size: int
    args: tuple[Formula, ...] = ()

    # -- walking -------------------------------------------------------------------------------------------------
    def postorder(self) -> Iterator[Formula]:
        """Every node, arguments before their operator, left to right."""
        stack: list[tuple[Formula, bool]] = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done or not node.args:
                yield node
            else:
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args))

    def fold(self, leaf: Callable[[Any], T], node: Callable[[Call, list[T]], T]) -> T:
        """Combine bottom-up: leaf(Const or Var) -> value, node(call, values of its arguments) -> value."""
        out: list[T] = []
        for f in self.postorder():
            if isinstance(f, Call):
                k = len(f.args)
                args = out[len(out) - k :]
                del out[len(out) - k :]
                out.append(node(f, args))
            else:
                out.append(leaf(f))
        return out[0]

    @property
    def complexity(self) -> int:
        """Number of nodes of the tree."""
        return self._size

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, in order of first appearance."""
        return tuple(dict.fromkeys(f.name for f in self.postorder() if isinstance(f, Var)))

    @property
    def constants(self) -> tuple[Number, ...]:
        """Values of the constants, in postorder."""
        return tuple(f.value for f in self.postorder() if isinstance(f, Const))

    def with_constants(self, values: Sequence[Number]) -> Formula:
        """The same tree with its constants, in postorder, replaced by `values`."""
        it = iter(values)
        return self.fold(lambda f: Const(next(it)) if isinstance(f, Const) else f, lambda f, a: call(f.op, *a))

    def substitute(self, values: Mapping[str, Formula | Number]) -> Formula:
        """The formula with variables replaced by formulas or numbers."""
        new = {k: as_formula(v) for k, v in values.items()}
        return self.fold(lambda f: new.get(f.name, f) if isinstance(f, Var) else f, lambda f, a: call(f.op, *a))

    # -- meaning -------------------------------------------------------------------------------------------------
    def evaluate(self, columns: Mapping[str, npt.ArrayLike]) -> npt.NDArray[np.float64]:
        """Values for arrays (or numbers) by variable name, broadcast together; NaN where undefined."""
        from fitx.formula.evaluate import evaluate

        return evaluate(self, columns)

    def predict(self, X: npt.ArrayLike, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Values (n,) for the rows of X (n, d), whose columns are called `names`."""
        from fitx.formula.evaluate import predict

        return predict(self, X, names)

    def derivative(self, by: str | int) -> Formula:
        """Exact derivative by a variable (its name) or by a constant (its position in `constants`)."""
        from fitx.formula.derivative import derivative

        return derivative(self, by)

    def simplify(self) -> Formula:
        """A formula of the same values, not more complex: own fast rules, never SymPy's."""
        from fitx.formula.simplify import simplify

        return simplify(self)

    def to_sympy(self) -> Any:
        """The SymPy expression over sympy.Symbol(name)."""
        from fitx.formula.sympy_bridge import to_sympy

        return to_sympy(self)

    def text(self, digits: int | None = None) -> str:
        """The formula as text that `parse` reads back; digits: significant digits of float constants, None for all."""
        from fitx.formula.printing import text

        return text(self, digits)

    def __str__(self) -> str:
        return self.text()

    # -- arithmetic ----------------------------------------------------------------------------------------------
    def __add__(self, other: Formula | Number) -> Formula:
        return call("add", self, other)

    def __radd__(self, other: Number) -> Formula:
        return call("add", other, self)

    def __sub__(self, other: Formula | Number) -> Formula:
        return call("sub", self, other)

    def __rsub__(self, other: Number) -> Formula:
        return call("sub", other, self)

    def __mul__(self, other: Formula | Number) -> Formula:
        return call("mul", self, other)

    def __rmul__(self, other: Number) -> Formula:
        return call("mul", other, self)

    def __truediv__(self, other: Formula | Number) -> Formula:
        return call("div", self, other)

    def __rtruediv__(self, other: Number) -> Formula:
        return call("div", other, self)

    def __pow__(self, other: Formula | Number) -> Formula:
        return call("pow", self, other)

    def __rpow__(self, other: Number) -> Formula:
        return call("pow", other, self)

    def __neg__(self) -> Formula:
        return call("neg", self)

    # -- identity ------------------------------------------------------------------------------------------------
    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Formula) or self._hash != other._hash:
            return False
        pairs: list[tuple[Formula, Formula]] = [(self, other)]
        while pairs:
            a, b = pairs.pop()
            if a is b:
                continue
            if a._hash != b._hash or a._key() != b._key() or len(a.args) != len(b.args):
                return False
            pairs.extend(zip(a.args, b.args, strict=True))
        return True

    def _key(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a formula is immutable: cannot set `{name}`")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a formula is immutable: cannot delete `{name}`")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (tuple(f._key() for f in self.postorder()),)

    def __copy__(self) -> Formula:
        return self

    def __deepcopy__(self, memo: object) -> Formula:
        return self

    def __repr__(self) -> str:
        return f"<Formula {self}>"


_set = object.__setattr__  # the way around immutability, for constructors


class Const(Formula):
    """A constant: an exact whole number, an exact fraction, or a float. Always finite."""

    __slots__ = ("value",)
    value: Number

    def __init__(self, value: Number) -> None:
        if type(value) not in (int, float):
            if not isinstance(value, Fraction):
                value = int(value) if isinstance(value, int) else float(value)  # bool, NumPy's scalars
            elif value.denominator == 1:
                value = value.numerator
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise NotFinite(
                f"a formula's constants are finite numbers; got {str(value)[:40]}",
                "divide columns of extreme size by a power of ten",
            )
        _set(self, "value", value)
        _set(self, "_size", 1)
        _set(self, "_hash", hash((type(value).__name__, value)))

    def _key(self) -> tuple[Any, ...]:
        return ("const", type(self.value).__name__, self.value)


class Var(Formula):
    """A variable: a column of the table, under its own name, whatever that is."""

    __slots__ = ("name",)
    name: str

    def __init__(self, name: str) -> None:
        _set(self, "name", name)
        _set(self, "_size", 1)
        _set(self, "_hash", hash(("var", name)))

    def _key(self) -> tuple[Any, ...]:
        return ("var", self.name)


class Call(Formula):
    """An operator of the table applied to arguments; made by `call`, which normalises."""

    __slots__ = ("args", "op")
    op: str
    args: tuple[Formula, ...]

    def __init__(self, op: str, args: tuple[Formula, ...]) -> None:
        _set(self, "op", op)
        _set(self, "args", args)
        _set(self, "_size", 1 + sum([a._size for a in args]))
        _set(self, "_hash", hash((op, *[a._hash for a in args])))

    def _key(self) -> tuple[Any, ...]:
        return ("call", self.op, len(self.args))


def as_formula(value: Formula | Number) -> Formula:
    """A formula as it is; a number as a constant."""
    return value if isinstance(value, Formula) else Const(value)


def _rebuild(keys: tuple[tuple[Any, ...], ...]) -> Formula:
    stack: list[Formula] = []
    for key in keys:
        if key[0] == "const":
            stack.append(Const(key[2]))
        elif key[0] == "var":
            stack.append(Var(key[1]))
        else:
            k = len(stack) - key[2]
            stack[k:] = [Call(key[1], tuple(stack[k:]))]
    return stack[0]


def add_all(terms: Iterable[Formula | Number]) -> Formula:
    """t1 + t2 + ... from the left; 0 for none."""
    total: Formula | None = None
    for t in terms:
        total = as_formula(t) if total is None else call("add", total, t)
    return Const(0) if total is None else total


def call(op: str, *args: Formula | Number) -> Formula:
    """The operator `op` of the table applied to `args`, normalised without changing the value.

    Errors: UsageError for an unknown operator, a wrong number of arguments, or a comparison outside piecewise.
    """
    operator = OPERATORS.get(op)
    if operator is None:
        raise UsageError(f"no operator named `{op}`", "the operators are " + ", ".join(OPERATORS))
    a = tuple([v if isinstance(v, Formula) else Const(v) for v in args])
    if operator.arity >= 0 and len(a) != operator.arity:
        raise UsageError(f"`{op}` takes {operator.arity} argument(s), got {len(a)}")
    if op == "piecewise" and len(a) % 2 == 0:
        raise UsageError("piecewise takes pairs of condition and value, then one value for all other cases")
    for i, f in enumerate(a):
        condition = isinstance(f, Call) and f.op in COMPARISONS
        if condition != (op == "piecewise" and i % 2 == 0 and i < len(a) - 1):
            raise UsageError(f"a comparison stands only as a condition of piecewise; argument {i + 1} of `{op}`")
    rule = _NORMAL.get(op)
    return Call(op, a) if rule is None else rule(*a)


# -- normal forms: each keeps the value to the last bit -----------------------------------------------------------
def _signed(f: Formula) -> tuple[bool, Formula]:
    """(negative, g) with f == -g, or f == g where not negative; no minus sign begins g visibly. In one walk."""
    spine: list[Call] = []
    negative = changed = False
    g = f
    while isinstance(g, Call) and g.op in ("mul", "div", "neg"):
        if g.op == "neg":
            negative, changed = not negative, True
        else:
            spine.append(g)
        g = g.args[0]
    if isinstance(g, Const) and g.value < 0:
        negative, changed = not negative, True
        g = Const(-g.value)
    if not changed:
        return False, f
    for node in reversed(spine):
        g = call(node.op, g, node.args[1])
    return negative, g


def _neg(a: Formula) -> Formula:
    return Const(-a.value) if isinstance(a, Const) else Call("neg", (a,))


def _add(a: Formula, b: Formula) -> Formula:
    negative, b = _signed(b)
    return Call("sub" if negative else "add", (a, b))


def _sub(a: Formula, b: Formula) -> Formula:
    negative, b = _signed(b)
    return Call("add" if negative else "sub", (a, b))


def _div(a: Formula, b: Formula) -> Formula:
    if (
        isinstance(a, Const) and isinstance(b, Const) and b.value != 0
        and not isinstance(a.value, float) and not isinstance(b.value, float)
    ):
        return Const(Fraction(a.value) / Fraction(b.value))
    return Call("div", (a, b))


def _pow(a: Formula, b: Formula) -> Formula:
    if isinstance(b, Const) and isinstance(b.value, int) and b.value in (2, 3):
        return Call("square" if b.value == 2 else "cube", (a,))
    return Call("pow", (a, b))


def _max(a: Formula, b: Formula) -> Formula:
    if isinstance(a, Const) and isinstance(a.value, int) and a.value == 0:
        return Call("hinge", (b,))
    return Call("max", (a, b))


_NORMAL: dict[str, Callable[..., Formula]] = {
    "neg": _neg, "add": _add, "sub": _sub, "div": _div, "pow": _pow, "max": _max,
}  # fmt: skip
