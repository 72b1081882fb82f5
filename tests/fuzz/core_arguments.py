"""Arguments for the compiled core: numbers with all that IEEE has, programs, and ways to spoil what is right."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from fitx._core import _native

Rng = np.random.Generator
_SPECIAL = [
    0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 5e-324, -5e-324, 2.2e-308, 1e308, -1e308, 1.797e308, 1e-300, 1e200,
    1e16, 0.5, np.pi, 2.0**52, 2.0**63, -(2.0**63), 1e39, 709.8, -745.2, 1e5,
]  # fmt: skip
_INTEGERS = [-1, 0, 1, 2, 3, 7, 31, 33, 128, 10000, -(2**31), -(2**63)]
_HUGE_INTEGERS = [2**31 - 1, 2**31, 2**32 + 1, 2**40, 2**62, 2**63 - 1, 2**64, 10**30]
_OTHERS = [None, "x", 1.5, np.nan, np.inf, True, [], [1.0, 2.0], {}, b"x", 1j, object(), np.float64(1), np.array(1.0)]
_DTYPES = ["f8", "f4", "f2", "i8", "i4", "i1", "u1", "?", "c16", "O", ">f8", ">i4"]
_ARITY = {0: 0, 1: 0, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 26: 2, 27: 2, 32: 2, 33: 2, 34: 2, 35: 2, 36: 2, 37: 3}
_DERIVED = [2, 3, 4, 5, 6, 7, *range(8, 25), 30]  # operators that tree_fit takes


def numbers(rng: Rng, shape: Any) -> Any:
    """Ordinary numbers, and in some of the arrays special ones among them, or nothing else."""
    kind = rng.random()
    values = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 3)
    if kind < 0.5:
        return values
    share = rng.random() ** 3 if kind < 0.9 else 1.0
    return np.where(rng.random(shape) < share, rng.choice(_SPECIAL, shape), values)


def columns_of(rng: Rng, d: int) -> Any:
    """d columns of few or many rows."""
    return numbers(rng, (d, int(rng.choice((0, 1, 5, 16, 17, 100, 1000, 3000)))))


def count(rng: Rng) -> int:
    """A number of threads."""
    return int(rng.choice((1, 1, 2, 3, 0, -1, 64, 10000)))


def programs(rng: Rng, d: int, most: int = 40, trees: bool = False) -> tuple[Any, Any, Any, Any, Any]:
    """Codes, operands, offsets, constants and which of these are free, of well-formed programs, a few of them long.

    trees: of operators with derivatives, each constant in one place, and sometimes several values left.
    """
    codes: list[int] = []
    operands: list[int] = []
    offsets = [0]
    constants: list[float] = []
    free: list[int] = []
    operators = _DERIVED if trees else list(range(2, len(_native.operator_names())))
    draw = random.Random(int(rng.integers(2**31)))  # quicker for single numbers

    def leaf() -> None:
        if draw.random() < 0.5:
            codes.append(0)
            operands.append(draw.randrange(d))
        else:
            codes.append(1)
            operands.append(len(constants))
            constants.append(draw.choice(_SPECIAL) if draw.random() < 0.2 else draw.gauss(0, 1))
            free.append(draw.randrange(2))

    for _ in range(draw.randrange(most + 1) if most > 1 else 1):
        depth, wanted = 0, draw.choice((1, 3, 10, 30))
        if draw.random() < 0.03:
            wanted = 100 if trees else 2000
        if draw.random() < 0.1:  # a deep stack
            for _ in range(wanted):
                leaf()
            depth = wanted
        for _ in range(wanted):
            code = draw.choice(operators)
            arity = _ARITY.get(code, 1)
            while depth < arity:
                leaf()
                depth += 1
            codes.append(code)
            operands.append(0)
            depth += 1 - arity
        leave = draw.randrange(1, 9) if trees and draw.random() < 0.3 else 1
        while depth > leave:
            codes.append(draw.choice((2, 4)))
            operands.append(0)
            depth -= 1
        offsets.append(len(codes))
    return (
        np.array(codes, np.int32), np.array(operands, np.int32), np.array(offsets, np.int64),
        np.array(constants, np.float64), np.array(free, np.int8),
    )  # fmt: skip


def spoil(rng: Rng, arguments: list[Any], huge: bool) -> list[Any]:
    """The arguments, in two cases of three one to three of them spoiled."""
    arguments = list(arguments)
    if arguments and rng.random() < 0.67:
        for k in rng.permutation(len(arguments))[: rng.integers(1, 4)]:
            if rng.random() < 0.1:
                arguments[k] = _OTHERS[int(rng.integers(0, len(_OTHERS)))]
            elif isinstance(arguments[k], np.ndarray):
                arguments[k] = _spoiled(rng, arguments[k], huge)
            elif isinstance(arguments[k], int) and not isinstance(arguments[k], bool):
                arguments[k] = int(_INTEGERS[int(rng.integers(0, len(_INTEGERS)))])
                if huge and rng.random() < 0.4:
                    arguments[k] = _HUGE_INTEGERS[int(rng.integers(0, len(_HUGE_INTEGERS)))]
            elif isinstance(arguments[k], float):
                arguments[k] = float(rng.choice(_SPECIAL))
            elif isinstance(arguments[k], list):
                arguments[k] = rng.integers(-2, 9, int(rng.integers(0, 4))).tolist()
    return arguments


def _spoiled(rng: Rng, a: Any, huge: bool) -> Any:
    """One array of another type, shape, order or content."""
    kind = int(rng.integers(0, 13 if huge else 11))
    if kind == 0:
        with np.errstate(all="ignore"):
            return np.nan_to_num(a).astype(_DTYPES[int(rng.integers(0, len(_DTYPES)))])
    if kind == 1:  # as long, but with steps
        return np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a
    if kind == 2:
        return a[..., ::-1] if a.ndim else a
    if kind == 3:
        return np.asfortranarray(a)
    if kind == 4:
        shape = [max(0, s + int(rng.integers(-2, 3))) for s in a.shape]
        return np.resize(a, shape) if a.size else np.zeros(shape, a.dtype)
    if kind == 5:
        return a[None] if rng.random() < 0.5 or not a.ndim else a[..., 0] if a.shape[-1] else a
    if kind == 6:  # not aligned
        raw = np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:]
        return raw.view(a.dtype).reshape(a.shape)
    if kind == 7:
        a = a.copy()
        a.flags.writeable = False
        return a
    if kind in (8, 9):  # wrong numbers in it
        a = a.copy()
        wild = _SPECIAL if a.dtype.kind == "f" else [-(2**31), -100, -2, -1, 0, 1, 2, 38, 100, 2**31 - 1]
        if a.dtype == np.int64:
            wild = [*wild, 2**62, -(2**63), 2**63 - 1]
        for _ in range(int(rng.integers(1, 4)) if a.size else 0):
            with np.errstate(all="ignore"):
                a.flat[int(rng.integers(0, a.size))] = np.array(wild[int(rng.integers(0, len(wild)))]).astype(a.dtype)
        return a
    if kind == 10:
        return np.zeros([int(rng.integers(0, 3)) for _ in a.shape], a.dtype)
    if kind == 11:  # a claim without memory behind it
        shape = [2 ** int(rng.integers(15, 60 // max(a.ndim, 1))) for _ in a.shape]
        return np.broadcast_to(np.ones((), a.dtype), shape)
    shape = [int(rng.choice((0, 16, 2**20, 2 ** (26 if a.ndim > 2 else 40)))) for _ in a.shape]
    if a.ndim:
        shape[int(rng.integers(0, a.ndim))] = 0
    return np.lib.stride_tricks.as_strided(np.zeros(1, a.dtype), shape, [a.dtype.itemsize] * a.ndim)
