"""Waves that the rows cannot show: those that turn by more than half a period from one row to the next.

Between rows so far apart a wave of another frequency passes through the same values (aliasing), so that nothing tells
the two apart, and a search among very many formulas finds one that fits by chance. [Nyquist 1928; Shannon 1949]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Formula

Array = npt.NDArray[np.float64]

_WAVES = frozenset({"sin", "cos", "tan"})
_HALF = np.pi * (1 + 1e-9)  # of a period, and rounding: (-1)**n may be cos(pi*n)
_ROWS = 2000  # of which neighbours are looked at, in a stretch in the middle


def aliased(f: Formula, X: Array, names: tuple[str, ...]) -> bool:
    """Whether most neighbours among the rows X (n, d), by the one column that a wave of `f` depends on, lie more than
    half of its period apart. Waves of several columns are not asked."""
    for g in f.postorder():
        if isinstance(g, Call) and g.op in _WAVES:
            phase = g.args[0]
            if len(phase.variables) != 1:
                continue
            x = np.unique(X[:, names.index(phase.variables[0])])
            begin = max(0, (len(x) - _ROWS) // 2)
            x = x[begin : begin + _ROWS]
            if len(x) < 2:
                continue
            with np.errstate(all="ignore"):
                steps = np.abs(np.diff(phase.evaluate({phase.variables[0]: x})))
            if float(np.median(steps)) > _HALF:
                return True
    return False
