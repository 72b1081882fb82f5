"""An expression for SELECT over the columns, for SQLite (with its functions of mathematics), DuckDB and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, about, rounded
from fitx.export.code import Language, code, step_names

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found

_NULL = "CAST(NULL AS DOUBLE PRECISION)"


def _number(value: Number) -> str:
    """With an exponent: DuckDB takes 0.1 for a decimal number, and 1/3 is 0 in most dialects."""
    shown = repr(float(value))
    return shown if "e" in shown else f"{shown}e0"


def _power(exponent: Number | None) -> str:
    if exponent is None:
        known = "{0} > 0 OR {0} = 0 AND {1} >= 0 OR {0} < 0 AND {1} = floor({1})"
        return f"(CASE WHEN {{1}} = 0 OR {{0}} = 1 THEN 1e0 WHEN {known} THEN power({{0}}, {{1}}) END)"
    if float(exponent).is_integer():
        return "power({0}, {1})" if exponent >= 0 else "power(NULLIF({0}, 0), {1})"
    return f"(CASE WHEN {{0}} {'>=' if exponent > 0 else '>'} 0 THEN power({{0}}, {{1}}) END)"


def _pieces(args: list[str]) -> str:
    pairs = "".join(f" WHEN {args[i]} THEN {args[i + 1]}" for i in range(0, len(args) - 1, 2))
    return f"(CASE{pairs} ELSE {args[-1]} END)"


# What is undefined is NULL: some databases stop with an error there, and not every one has NaN. exp far below 0 is an
# error in PostgreSQL, as is every overflow; that remains. A sign is a whole number in SQLite, which divides
# those without remainder.
_LANGUAGE = Language(
    {
        "div": "({0} / NULLIF({1}, 0))", "sqrt": "(CASE WHEN {0} >= 0 THEN sqrt({0}) END)",
        "log": "(CASE WHEN {0} > 0 THEN ln({0}) END)", "log10": "(CASE WHEN {0} > 0 THEN log10({0}) END)",
        "asin": "(CASE WHEN abs({0}) <= 1 THEN asin({0}) END)", "acos": "(CASE WHEN abs({0}) <= 1 THEN acos({0}) END)",
        "cbrt": "(sign({0}) * power(abs({0}), 0.3333333333333333e0))", "square": "({0} * {0})",
        "cube": "({0} * {0} * {0})", "exp": "(CASE WHEN {0} < -745 THEN 0e0 ELSE exp({0}) END)",
        "sign": "(1e0 * sign({0}))", "min": "(CASE WHEN {0} < {1} THEN {0} WHEN {1} <= {0} THEN {1} END)",
        "max": "(CASE WHEN {0} > {1} THEN {0} WHEN {1} >= {0} THEN {1} END)",
        "hinge": "(CASE WHEN {0} > 0 THEN {0} WHEN {0} <= 0 THEN 0e0 END)",
        "logistic": "(CASE WHEN {0} < -700 THEN 0e0 WHEN {0} > 700 THEN 1e0 ELSE 1e0 / (1e0 + exp(-{0})) END)",
        "eq": "{0} = {1}",
    },
    "",
    number=_number,
    infinite=(_NULL, _NULL, _NULL),
    power=_power,
    pieces=_pieces,
    longest=6000,
    deepest=8,  # the stack of SQLite's parser holds a hundred words
    twice=300,
    fold_constants=True,
)  # fmt: skip


def name_sql(name: str) -> str:
    """A column's name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _write(found: Found, digits: int | None) -> str:
    names = {name: f"CAST({name_sql(name)} AS DOUBLE PRECISION)" for name in found.features}
    step = step_names(found.features)
    parts = code(rounded(found.formula, digits), _LANGUAGE, names, step)
    shown = parts.result
    if parts.steps:  # parts that stand more than once, or would stand too deep
        steps = []
        for k, (name, text) in enumerate(parts.steps):
            values = f"*, {text} AS {name} FROM with_{parts.steps[k - 1][0]}" if k else f"{text} AS {name}"
            steps.append(f"with_{name} AS MATERIALIZED (SELECT {values})")
        listed = ",\n".join(steps)
        shown = f"(WITH {listed}\nSELECT {shown} FROM with_{parts.steps[-1][0]})"
    lines = [f"-- {line}" for line in about(found, digits, None)]
    return "\n".join([*lines, "-- NULL where the formula is undefined.", shown])


FORMAT = Format("sql", "a SELECT expression for SQLite, DuckDB and PostgreSQL", _write, code=True)
