"""Polynomials as formulas: sums of powers, scaled variables, Newton's nested form, barycentric interpolants, terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from fitx.errors import UsageError
from fitx.formula.tree import Const, Formula, Number, Var, add_all, as_formula, call

Term = tuple[int, ...]


def power_sum(coefficients: Sequence[Number], terms: Sequence[Sequence[int]], variables: Sequence[Formula]) -> Formula:
    """sum_j c_j v1^aj1 * ... * vd^ajd, the last term first (highest degree in front), terms with c_j == 0 left out."""
    return add_all(
        _term(c, [v if a == 1 else v ** int(a) for v, a in zip(variables, term, strict=True) if a])
        for c, term in zip(reversed(coefficients), reversed(terms), strict=True)
        if c != 0
    )


def scaled(name: str, middle: float, half: float) -> Formula:
    """(x - middle) / half; without the parts that do nothing."""
    shifted = Var(name) if middle == 0 else Var(name) - _short(middle)
    return shifted if half == 1 else shifted / _short(half)


def nested(name: str, middle: float, scale: float, nodes: Sequence[float], c: Sequence[float]) -> Formula:
    """c_0 + (u - u_0) (c_1 + (u - u_1) (...)), u = (x - middle) * scale. c: one more than nodes."""
    shifted = Var(name) if middle == 0 else Var(name) - _short(middle)
    u = shifted * _short(scale)
    value: Formula = Const(float(c[-1]))
    for node, a in zip(reversed(nodes), reversed(c[:-1]), strict=True):
        value = as_formula(float(a)) + (u - _short(float(node)) if node else u) * value
    return value


def barycentric(name: str, x: Sequence[float], y: Sequence[float], w: Sequence[float]) -> Formula:
    """piecewise(x == x_0, y_0, ..., sum_j w_j y_j / (x - x_j) / sum_j w_j / (x - x_j)): right at the nodes too."""
    v = Var(name)
    gaps = [v - _short(float(t)) if t else v for t in x]
    top = add_all(Const(float(b) * float(a)) / g for a, b, g in zip(w, y, gaps, strict=True) if a * b != 0)
    bottom = add_all(Const(float(a)) / g for a, g in zip(w, gaps, strict=True) if a != 0)
    pieces: list[Formula] = []
    for t, value in zip(x, y, strict=True):
        pieces += [call("eq", v, _short(float(t))), _short(float(value))]
    return call("piecewise", *pieces, top / bottom)


def term_name(term: Sequence[int], names: tuple[str, ...]) -> str:
    """c3 for one feature; 1, x, x*z^2 for many."""
    if len(names) == 1:
        return f"c{term[0]}"
    return "*".join(n if a == 1 else f"{n}^{a}" for n, a in zip(names, term, strict=True) if a) or "1"


def powers_named(parts: Sequence[object], names: tuple[str, ...]) -> list[Term]:
    """Exponents of 0, 1, 3 (of each feature, where there are many), or of monomials such as `1`, `x`, `x*z^2`."""
    texts = [str(part).strip() for part in parts]
    if not all(t.isdecimal() and t not in names for t in texts):
        return [monomial(t, names) for t in texts]
    each = range(len(names))
    return list(dict.fromkeys(tuple(int(t) if j == i else 0 for j in each) for t in texts for i in each))


def monomial(text: str, names: tuple[str, ...]) -> Term:
    """Exponents of `c3` (one feature), `1` or `x*z^2`. Errors: UsageError naming what is known."""
    term = [0] * len(names)
    if len(names) == 1 and text[:1] == "c" and text[1:].isdecimal() and text not in names:
        return (int(text[1:]),)
    for factor in text.replace("**", "^").split("*"):
        name, power = factor.strip(), "1"
        if name not in names and "^" in name:
            name, power = (part.strip() for part in name.rsplit("^", 1))
        if name in names and power.isdecimal():
            term[names.index(name)] += int(power)
        elif text.strip() != "1":
            known = ", ".join(f"`{n}`" for n in names[:8])
            raise UsageError(
                f"`{text}` is no monomial of the features {known}", "write them as `x*z^2`; `1` is constant"
            )
    return tuple(term)


def _term(c: Number, factors: list[Formula]) -> Formula:
    if not factors:
        return as_formula(c)
    if abs(c) == 1:
        product = reduce(lambda a, b: a * b, factors)
        return product if c == 1 else -product
    return reduce(lambda a, b: a * b, factors, as_formula(c))


def _short(value: float) -> Const:
    """A given number, not a fitted one: whole numbers as such, so that they print as 2005 and are left alone."""
    return Const(int(value)) if value == int(value) and abs(value) < 1e15 else Const(value)
