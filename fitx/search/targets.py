"""The one table of target transforms T: the search looks for T(y) = simple, and answers y = T^-1(simple)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, call

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """One transform. forward: T(y), elementwise; inverse: formula of T(y) -> formula of y, right wherever `applies`.

    applies: (least y, largest y) -> whether T is one-to-one and finite there. raw, log: tried as T(y) = sum, and as
    log|T(y)| = sum (a product; there T and its powers are one). pairs: worth the dearer stages, in either space.
    shift: worth subtracting a term from. needs: operators of the inverse, which must be allowed.
    """

    name: str
    forward: Callable[[Array], Array]
    inverse: Callable[[Formula], Formula]
    applies: Callable[[float, float], bool]
    raw: bool = False
    log: bool = False
    raw_pairs: bool = False
    log_pairs: bool = False
    shift: bool = False
    needs: tuple[str, ...] = ()


def _any(lo: float, hi: float) -> bool:
    return True


def _positive(lo: float, hi: float) -> bool:
    return lo > 0


def _nonzero(lo: float, hi: float) -> bool:
    return lo > 0 or hi < 0


def _moderate(lo: float, hi: float) -> bool:
    return hi < 30 and lo > -30


def _half_turn(lo: float, hi: float) -> bool:
    return lo >= -np.pi / 2 and hi <= np.pi / 2 and hi - lo > 0.3


def _open_half_turn(lo: float, hi: float) -> bool:
    return lo > -np.pi / 2 and hi < np.pi / 2 and hi - lo > 0.3


def _turn(lo: float, hi: float) -> bool:
    return lo >= 0 and hi <= np.pi and hi - lo > 0.3


def _share(lo: float, hi: float) -> bool:
    return lo > 0 and hi < 1


TARGETS: tuple[Target, ...] = (
    Target("y", lambda y: y, lambda f: f, _any, True, True, True, True, True),
    Target("1/y", lambda y: 1 / y, lambda f: 1 / f, _nonzero, True, False, True, shift=True),
    Target(
        "y^2", lambda y: y * y, lambda f: call("sqrt", f), _positive, True, False, True, shift=True, needs=("sqrt",)
    ),
    Target(
        "1/y^2",
        lambda y: 1 / (y * y),
        lambda f: 1 / call("sqrt", f),
        _positive,
        True,
        False,
        True,
        shift=True,
        needs=("sqrt",),
    ),
    Target("sqrt y", np.sqrt, lambda f: f**2, _positive, True),
    Target("log y", np.log, lambda f: call("exp", f), _positive, True, True, True, shift=True, needs=("exp",)),
    Target("exp y", np.exp, lambda f: call("log", f), _moderate, True, needs=("log",)),
    Target("sin y", np.sin, lambda f: call("asin", f), _half_turn, True, True, True, True, True, needs=("asin",)),
    Target("cos y", np.cos, lambda f: call("acos", f), _turn, True, True, True, True, True, needs=("acos",)),
    Target("tan y", np.tan, lambda f: call("atan", f), _open_half_turn, True, True, needs=("atan",)),
    Target("y-1", lambda y: y - 1, lambda f: f + 1, _any, log=True, log_pairs=True),
    Target("y+1", lambda y: y + 1, lambda f: f - 1, _any, log=True, log_pairs=True),
    Target(
        "y^2-1",
        lambda y: y * y - 1,
        lambda f: call("sqrt", f + 1),
        _positive,
        log=True,
        log_pairs=True,
        needs=("sqrt",),
    ),
    Target("1/y-1", lambda y: 1 / y - 1, lambda f: 1 / (f + 1), _nonzero, log=True, log_pairs=True),
    Target("1/y+1", lambda y: 1 / y + 1, lambda f: 1 / (f - 1), _nonzero, log=True),
    Target(
        "1/y^2-1", lambda y: 1 / (y * y) - 1, lambda f: 1 / call("sqrt", f + 1), _positive, log=True, needs=("sqrt",)
    ),
    Target(
        "log(1+1/y)", lambda y: np.log1p(1 / y), lambda f: 1 / (call("exp", f) - 1), _positive, log=True, needs=("exp",)
    ),
    Target("log(1+y)", np.log1p, lambda f: call("exp", f) - 1, _positive, log=True, needs=("exp",)),
    Target(
        "log(1-y)",
        lambda y: np.log1p(-y),
        lambda f: 1 - call("exp", f),
        lambda lo, hi: hi < 1,
        log=True,
        needs=("exp",),
    ),
    Target("exp(y)-1", np.expm1, lambda f: call("log", f + 1), _moderate, log=True, needs=("log",)),
    Target(
        "log(1/y-1)",
        lambda y: np.log(1 / y - 1),
        lambda f: 1 / (call("exp", f) + 1),
        _share,
        True,
        True,
        needs=("exp",),
    ),
    Target(
        "atanh y", np.arctanh, lambda f: call("tanh", f), lambda lo, hi: hi < 1 and lo > -1, log=True, needs=("tanh",)
    ),
    Target(
        "acos(1-2y)",
        lambda y: np.arccos(1 - 2 * y),
        lambda f: (1 - call("cos", f)) / 2,
        lambda lo, hi: lo >= 0 and hi <= 1,
        log=True,
        needs=("cos",),
    ),
)


def targets_for(y: Array, allowed: frozenset[str] | None = None) -> list[Target]:
    """The transforms that apply to the values `y` (finite) and whose inverse uses allowed operators only."""
    lo, hi = float(y.min()), float(y.max())
    return [t for t in TARGETS if t.applies(lo, hi) and (allowed is None or allowed.issuperset(t.needs))]
