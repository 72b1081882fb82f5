"""The expression engine: one immutable tree for every formula that fitx makes, prints, scores and exports.

Start with `tree.py` (Const, Var, Call), then `operators.py` (THE table of operators).
"""

from fitx.formula.operators import OPERATORS, Operator
from fitx.formula.parse import parse
from fitx.formula.tree import Call, Const, Formula, Var, as_formula, call

__all__ = ["OPERATORS", "Call", "Const", "Formula", "Operator", "Var", "as_formula", "call", "parse"]
