"""What becomes of a formula before it joins the front: shorter, its constants at their optimum and simple."""

from __future__ import annotations

import numpy as np

from fitx.formula import Formula
from fitx.search.clear import collected
from fitx.search.clear_bases import based
from fitx.search.clear_limits import in_the_limit
from fitx.search.clear_phases import phased
from fitx.search.clear_shapes import shaped
from fitx.search.refine import float_constants, refine
from fitx.search.snap import snap
from fitx.search.table import Table

_NEARLY = 1e-10  # error of a formula that may approach an exact one


def shortened(formula: Formula, error: float, table: Table) -> Formula:
    """With factors collected and functions by their names, where that is as good on the rows."""
    for before in (collected(formula), formula):  # a root that loses its sign when collected is an absolute value
        short = collected(shaped(before)).simplify()
        if short.complexity < formula.complexity and table.error_on_check(short) <= max(2 * error, 1e-26):
            return short
    return formula


def refined(formula: Formula, table: Table) -> Formula:
    """With its constants at their joint optimum on the sample; the simpler formula that it approaches, if any."""
    t = table
    fitted = refine(formula, t.check_columns, t.check_y, t.names, t.check_weights).simplify()
    error = t.error_on_check(fitted)
    if not error < _NEARLY:
        return fitted
    simpler = in_the_limit(fitted, t.check_columns, t.names).simplify()
    if simpler == fitted:
        return fitted
    simpler = refine(simpler, t.check_columns, t.check_y, t.names, t.check_weights).simplify()
    return simpler if t.error_on_check(simpler) <= max(error, 1e-26) else fitted


def snapped(formula: Formula, error: float, table: Table, floor: float) -> tuple[Formula, float]:
    """With simple constants where the sample allows these, and its error; floor: of errors that count as rounding."""
    if not float_constants(formula):
        return formula, error
    allowed = max(4 * error, 1e-28) if error <= floor else error * (1 + 4 / len(table.check_y))
    tolerance = float(np.clip(10 * np.sqrt(error), 1e-11, 1e-2))
    simple = snap(formula, lambda g: table.error_on_check(g) <= allowed, tolerance)
    if error <= floor:
        simple = _based(simple, allowed, table)
    if simple is formula:
        return formula, error
    simple = simple.simplify()
    return simple, table.error_on_check(simple)


def _based(formula: Formula, allowed: float, table: Table) -> Formula:
    """With powers of short numbers and short phases, where that takes no more constants and hardly more nodes."""
    short = phased(based(formula))
    if short == formula:
        return formula
    collected_once = collected(short).simplify()
    short = collected_once if collected_once.complexity <= short.complexity else short
    fewer = len(float_constants(short)) <= len(float_constants(formula))
    if not fewer or short.complexity > formula.complexity + 1:
        return formula
    return short if table.error_on_check(short) <= allowed else formula
