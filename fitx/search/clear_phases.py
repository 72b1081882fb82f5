"""Phases as a person would write them: cos(x - pi/2) is sin(x), sin(x - 11.7255742876) is sin(x + 0.8407963267949)."""

from __future__ import annotations

import math

from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import number

_NEAR = 1e-9  # distance of a phase from a short one, relative to a turn
_DIGITS = 3
_QUARTERS = 16  # quarter turns that are tried to either side


def phased(f: Formula) -> Formula:
    """`f` with the phases of sines and cosines short, none, or within half a turn."""

    def node(g: Call, args: list[Formula]) -> Formula:
        if g.op in ("sin", "cos"):
            constant, rest = _split(args[0])
            if constant and rest is not None and (shown := _phased(g.op, constant, rest)) is not None:
                return shown
        return call(g.op, *args)

    return f.fold(_same, node)


def _same(f: Formula) -> Formula:
    return f


def _phased(op: str, phase: float, rest: Formula) -> Formula | None:
    quarter = math.pi / 2
    turns = sorted(range(-_QUARTERS, _QUARTERS + 1), key=lambda k: (k % 2, abs(phase + k * quarter)))
    for digits in range(_DIGITS + 1):
        for k in turns:
            left = phase + k * quarter
            near = 0.0 if digits == 0 else float(f"{left:.{digits}g}")
            if abs(left - near) < _NEAR and abs(near) < 10:
                return None if k == 0 else _turned(op, -k, rest, near)
    if abs(phase) <= math.pi:
        return None
    k = next(k for k in turns if k % 2 == 0)
    return _turned(op, -k, rest, phase + k * quarter)


def _turned(op: str, quarters: int, rest: Formula, phase: float) -> Formula:
    """sin or cos of rest + phase + quarters * pi/2, |phase| small."""
    k = (quarters + (1 if op == "cos" else 0)) % 4  # of a sine
    inner = rest if phase == 0 else rest + Const(number(phase))
    wave = call("cos" if k % 2 else "sin", inner)
    return -wave if k >= 2 else wave


def _split(f: Formula) -> tuple[float, Formula | None]:
    """The constant of a sum (multiples of pi among it), and the rest."""
    if (value := _value(f)) is not None:
        return value, None
    if isinstance(f, Call) and f.op in ("mul", "div") and isinstance(f.args[1], Const) and f.args[1].value != 0:
        c, rest = _split(f.args[0])
        scale = f.args[1]
        value = float(scale.value)
        if c and rest is not None:
            return (c * value, rest * scale) if f.op == "mul" else (c / value, rest / scale)
    if not (isinstance(f, Call) and f.op in ("add", "sub")):
        return 0.0, f
    (c, a), (d, b) = _split(f.args[0]), _split(f.args[1])
    sign = 1.0 if f.op == "add" else -1.0
    if a is None or b is None:
        left = a if b is None else b if sign > 0 else -b
        return c + sign * d, left
    return c + sign * d, a + b if sign > 0 else a - b


def _value(f: Formula) -> float | None:
    """The value of a constant, pi or products and quotients of these."""
    if isinstance(f, Const):
        return float(f.value)
    if not isinstance(f, Call) or f.op not in ("pi", "mul", "div", "neg"):
        return None
    if f.op == "pi":
        return math.pi
    values = [_value(a) for a in f.args]
    if any(v is None for v in values):
        return None
    a, b = float(values[0] or 0.0), float(values[-1] or 0.0)
    return -a if f.op == "neg" else a * b if f.op == "mul" else a / b if b else None
