"""Simplification by own rules, bottom-up in one pass: constants folded, like terms and factors collected.

Values are kept (to rounding), and so is where the formula is undefined: x/x stays, 0*log(x) stays. Never more nodes.
"""

from __future__ import annotations

import math
from fractions import Fraction

from fitx.errors import UsageError
from fitx.formula.operators import COMPARISONS, OPERATORS
from fitx.formula.tree import Call, Const, Formula, Number, call


def simplify(f: Formula) -> Formula:
    """A formula of the same values with at most as many nodes."""
    for _ in range(4):
        g = _whole(f.fold(lambda leaf: leaf, _rewrite))
        if g == f or g.complexity > f.complexity:
            return f
        f = g
    return f


def _rewrite(node: Call, args: list[Formula]) -> Formula:
    if all(isinstance(a, Const) for a in args) and args:
        folded = fold_constants(node.op, [a.value for a in args])  # type: ignore[attr-defined]
        if folded is not None:
            return Const(folded)
    # A chain of sums (or of products) is rewritten once, as a whole, where it ends: else long ones cost n**2.
    built = call(node.op, *(a if _same_chain(node.op, a) else _whole(a) for a in args))
    return built if isinstance(built, Call) and built.op in _CHAIN else _apply(built)


def _same_chain(op: str, f: Formula) -> bool:
    return op in _CHAIN and isinstance(f, Call) and _CHAIN.get(f.op) == _CHAIN[op]


def _whole(f: Formula) -> Formula:
    return _apply(f) if isinstance(f, Call) and f.op in _CHAIN else f


def _apply(f: Formula) -> Formula:
    rule = _RULES.get(f.op) if isinstance(f, Call) else None
    try:
        better = rule(f) if rule is not None and isinstance(f, Call) else None
    except (OverflowError, UsageError):  # collected constants beyond double precision: it stays as it is
        return f
    return better if better is not None and better.complexity <= f.complexity else f


_CHAIN = {"add": "sum", "sub": "sum", "mul": "product", "div": "product"}


def fold_constants(op: str, values: list[Number]) -> Number | None:
    """The value of an operator on constants: exact where that is short, a float otherwise; None where undefined."""
    if op in COMPARISONS or op == "piecewise":
        return None
    exact = all(not isinstance(v, float) for v in values)
    if exact:
        found = _fold_exact(op, [Fraction(v) for v in values])
        if found is not None:
            return found
        if op not in ("add", "sub", "mul", "div", "neg"):
            return None  # sqrt(2) and exp(1) stay as they are: exact and readable
    from fitx.formula.evaluate import evaluate

    value = float(evaluate(call(op, *(Const(float(v)) for v in values)), {}))
    return value if math.isfinite(value) else None


def _fold_exact(op: str, v: list[Fraction]) -> Number | None:
    result: Fraction | None = None
    if op == "add":
        result = v[0] + v[1]
    elif op == "sub":
        result = v[0] - v[1]
    elif op == "mul":
        result = v[0] * v[1]
    elif op == "div" and v[1]:
        result = v[0] / v[1]
    elif op in ("square", "cube"):
        result = v[0] ** (2 if op == "square" else 3)
    elif op == "pow" and v[1].denominator == 1 and abs(v[1]) <= 64 and (v[0] or v[1] > 0):
        result = v[0] ** int(v[1])
    elif op == "abs":
        result = abs(v[0])
    elif op == "hinge":
        result = max(Fraction(0), v[0])
    elif op in ("min", "max"):
        result = (min if op == "min" else max)(v)
    if result is None or max(abs(result.numerator), result.denominator) >= 2**53:
        return None
    return result.numerator if result.denominator == 1 else result


def is_total(f: Formula) -> bool:
    """True when f is a real number for all real arguments (overflow aside)."""
    return all(not isinstance(n, Call) or OPERATORS[n.op].total for n in f.postorder())


# -- sums -------------------------------------------------------------------------------------------------------
def _terms(f: Formula, sign: int = 1) -> list[tuple[Number, Formula | None]]:
    """f as a list of coefficient * term; term None is the constant one. Order of appearance."""
    out: list[tuple[Number, Formula | None]] = []
    stack: list[tuple[Formula, Number]] = [(f, sign)]
    while stack:
        g, c = stack.pop()
        if isinstance(g, Const):
            out.append((c * g.value, None))
        elif isinstance(g, Call) and g.op in ("add", "sub"):
            stack.append((g.args[1], c if g.op == "add" else -c))
            stack.append((g.args[0], c))
        elif isinstance(g, Call) and g.op == "neg":
            stack.append((g.args[0], -c))
        elif isinstance(g, Call) and g.op == "mul" and isinstance(g.args[0], Const):
            out.append((c * g.args[0].value, g.args[1]))
        else:
            out.append((c, g))
    return out


def _sum(node: Call) -> Formula | None:
    total: dict[Formula | None, Number] = {}
    for c, term in _terms(node):
        total[term] = total.get(term, 0) + c
    result: Formula | None = None
    constant = total.pop(None, 0)
    for term, c in total.items():
        assert term is not None
        if c == 0 and is_total(term):
            continue
        part = term if c == 1 else -term if c == -1 else Const(c) * term
        result = part if result is None else result + part
    if result is None:
        return Const(constant)
    return result if constant == 0 else result + Const(constant)


# -- products ---------------------------------------------------------------------------------------------------
def _factors(f: Formula) -> tuple[Number, dict[Formula, int], dict[Formula, int]]:
    """f as constant * product of over**n / product of under**n, whole exponents n > 0."""
    constant: Number = 1
    over: dict[Formula, int] = {}
    under: dict[Formula, int] = {}
    stack: list[tuple[Formula, int]] = [(f, 1)]
    while stack:
        g, e = stack.pop()
        if isinstance(g, Const) and (e > 0 or g.value != 0) and abs(e) <= 3:
            constant = constant * (g.value**e if e > 0 else _inverse(g.value) ** -e)
        elif isinstance(g, Call) and g.op in ("mul", "div"):
            stack.append((g.args[1], e if g.op == "mul" else -e))
            stack.append((g.args[0], e))
        elif isinstance(g, Call) and g.op == "neg":
            constant = constant * (-1) ** (e % 2)
            stack.append((g.args[0], e))
        elif isinstance(g, Call) and g.op in ("square", "cube"):
            stack.append((g.args[0], e * (2 if g.op == "square" else 3)))
        elif e > 0:
            over[g] = over.get(g, 0) + e
        else:
            under[g] = under.get(g, 0) - e
    return constant, over, under


def _inverse(v: Number) -> Number:
    return 1 / v if isinstance(v, float) else Fraction(1) / v


def _raise(base: Formula, n: int) -> Formula:
    return base if n == 1 else base**n


def _product(node: Call) -> Formula | None:
    constant, over, under = _factors(node)
    if not math.isfinite(float(constant)):
        return None
    if constant == 0:
        return Const(0) if not under and all(is_total(g) for g in over) else None
    top: Formula | None = None
    for g, n in over.items():
        top = _raise(g, n) if top is None else top * _raise(g, n)
    bottom: Formula | None = None
    for g, n in under.items():
        bottom = _raise(g, n) if bottom is None else bottom * _raise(g, n)
    if top is None:
        top = Const(constant)
    elif constant != 1:
        top = -top if constant == -1 else Const(constant) * top
    return top if bottom is None else top / bottom


# -- functions --------------------------------------------------------------------------------------------------
_EVEN = ("cos", "cosh", "abs", "square")
_ODD = ("sin", "tan", "asin", "atan", "sinh", "tanh", "cube", "cbrt", "sign")


def _function(node: Call) -> Formula | None:
    a = node.args[0]
    inner = a.op if isinstance(a, Call) else ""
    if node.op == "neg":
        if inner == "sub":
            return a.args[1] - a.args[0]
        return a.args[0] if inner == "neg" else None
    if node.op in _EVEN and inner in ("neg", "abs"):
        return call(node.op, a.args[0])
    if node.op in _ODD and inner == "neg":
        return -call(node.op, a.args[0])
    if node.op == "sqrt" and inner == "square":
        return call("abs", a.args[0])
    if node.op == "abs" and inner in ("square", "exp", "sqrt", "cosh", "logistic", "hinge"):
        return a
    if node.op == "cbrt" and inner == "cube":
        return a.args[0]
    return None


def _pow(node: Call) -> Formula | None:
    base, exponent = node.args
    if not isinstance(exponent, Const):
        return None
    e = exponent.value
    if isinstance(e, float) and e.is_integer() and abs(e) <= 1024:
        return call("pow", base, int(e))
    if e == 1:
        return base
    if e == -1:
        return 1 / base
    if e == Fraction(1, 2):
        return call("sqrt", base)
    return None


_RULES = {
    "add": _sum, "sub": _sum, "mul": _product, "div": _product, "pow": _pow,
    **dict.fromkeys(("neg", *_EVEN, *_ODD, "sqrt"), _function),
}  # fmt: skip
