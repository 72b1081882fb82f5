"""Max and Min in SymPy, evaluated only where that takes no long time.

SymPy asks whether one argument is always the larger, and to answer multiplies powers out and factors what it meets:
seconds for Max(0, tanh(acos(x)**76)), minutes for arguments of hundreds of nodes. Unevaluated they mean the same, until
SymPy's own subs or diff evaluates them.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

_NODES = 100
_EXPONENT = 8  # of anything but a symbol


def extreme(sp: Any, name: str, *args: Any) -> Any:
    """Max or Min of the arguments."""
    kind = sp.Max if name == "Max" else sp.Min
    return kind(*args, evaluate=all(_plain(sp, a) for a in args))


def _plain(sp: Any, e: Any) -> bool:
    nodes = list(islice(sp.preorder_traversal(e), _NODES))
    return len(nodes) < _NODES and not any(
        n.is_Pow and not n.base.is_Symbol and n.exp.is_Number and abs(n.exp) > _EXPONENT for n in nodes
    )
