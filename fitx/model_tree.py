"""The tree of a model file to a Fit: every part is checked, formulas are parsed, nothing is executed."""

from __future__ import annotations

from typing import Any

import numpy as np

from fitx.conformal import Residuals
from fitx.fitters.base import Parameter
from fitx.formula import Formula, parse
from fitx.formula.printing import round_to
from fitx.model_parts import finite, number, plain, text, texts, whole
from fitx.result import CandidateFit, Fit
from fitx.score import Score


def _read_score(d: dict[str, Any]) -> Score:
    r2, rmse, mae, max_abs = (number(d[k]) for k in ("r2", "rmse", "mae", "max_abs"))
    if len({v is None for v in (r2, rmse, mae, max_abs)}) > 1:
        raise ValueError("of the errors on some rows all figures are known, or none")
    return Score(r2, rmse, mae, max_abs, whole(d["n"]), text(d["how"]), whole(d["undefined"]))


def _read_residuals(d: dict[str, Any] | None) -> Residuals:
    if d is None:
        return Residuals((), (), 0, "the model was saved by an earlier fitx, without the residuals of held-out rows")
    values = tuple(number(v) or 0.0 for v in d["values"])
    ranks = tuple(whole(r) for r in d["ranks"])
    if len(values) != len(ranks) or list(values) != sorted(values) or list(ranks) != sorted(set(ranks)):
        raise ValueError("the residuals and their ranks must ascend together")
    n = whole(d["n"])
    if bool(values) != (n > 0) or any(not v >= 0 for v in values) or 0 in ranks:
        raise ValueError("the residuals are not those of so many rows")
    return Residuals(values, ranks, n, text(d["how"]))


def _read_box(d: dict[str, Any], features: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """The range of each column; {} in models of earlier versions."""
    box: dict[str, tuple[float, float]] = {}
    for name, ends in d.items():
        lo, hi = (finite(v) for v in ends)
        if name not in features or not lo <= hi:
            raise ValueError(f"the range of `{name}` is not that of a feature")
        box[name] = (lo, hi)
    return box


def _read_formula(v: Any, features: tuple[str, ...]) -> Formula:
    f = parse(text(v))
    unknown = [v for v in f.variables if v not in features]
    if unknown:
        raise ValueError(f"the formula uses `{unknown[0]}`, which is no feature")
    return f


def _rounds_to(f: Formula, shown: Formula) -> bool:
    """True where `shown` is `f` with constants rounded, each to some number of digits."""
    if len(f.constants) != len(shown.constants) or f.with_constants(shown.constants) != shown:
        return False
    pairs = zip(f.constants, shown.constants, strict=True)
    return all(a == b or any(round_to(float(a), k) == b for k in range(1, 18)) for a, b in pairs)


def _end(v: Any) -> float:
    """An end of an interval, which may be infinite."""
    found = number(v)
    return np.nan if found is None else found


def _settings(d: Any) -> dict[str, Any]:
    if not isinstance(d, dict):
        raise TypeError("how it was fitted is a set of names and values")
    found: dict[str, Any] = plain(d)
    return found


def from_json(d: dict[str, Any]) -> Fit:
    """The fit. Errors: KeyError, TypeError, ValueError or the like for a part that is missing or not as it must be."""
    features = texts(d["features"])
    if len(set(features)) != len(features):
        raise ValueError("a feature stands twice")

    def found(c: dict[str, Any]) -> tuple[Formula, Formula, str, tuple[str, ...], Score]:
        formula, shown = _read_formula(c["formula"], features), _read_formula(c["shown"], features)
        if not _rounds_to(formula, shown):  # edited by hand: what predicts is what is shown
            shown = formula
        return formula, shown, text(c["method"]), features, _read_score(c["train"])

    parameters = []
    for p in d["parameters"]:
        stderr, dof, ends = number(p["stderr"]), number(p["dof"]), p.get("interval")
        low, high = (None, None) if ends is None else map(_end, ends)
        interval = None if low is None or high is None else (low, high)
        dof = np.inf if dof is None else dof
        parameters.append(Parameter(text(p["name"]), finite(p["value"]), stderr, dof, interval))
    covariance = d["covariance"]
    if covariance is not None:
        rows = [[np.nan if v is None else number(v) for v in row] for row in covariance]
        if len(rows) != len(parameters) or any(len(row) != len(parameters) for row in rows):
            raise ValueError("the covariance has not a row and a column for each parameter")
        covariance = np.array(rows, float).reshape(len(rows), len(rows))
    structure = d.get("structure")
    if structure is not None:
        structure = _read_formula(structure, (*features, *(p.name for p in parameters)))
    return Fit(
        *found(d),
        target=text(d["target"]),
        holdout=_read_score(d["holdout"]),
        parameters=tuple(parameters),
        covariance=covariance,
        candidates=tuple(CandidateFit(*found(c), validation=_read_score(c["validation"])) for c in d["candidates"]),
        warnings=texts(d["warnings"]),
        label=text(d["label"]),
        loss=text(d.get("loss", "linear")),
        residuals=_read_residuals(d.get("residuals")),
        box=_read_box(d.get("box", {}), features),
        seed=whole(d["seed"], 10**300),
        seconds=finite(d["seconds"]),
        units={text(k): text(v) for k, v in d["units"].items()},
        how=_settings(d["how"]),
        version=text(d["fitx_version"]),
        structure=structure,
        noise=number(d.get("noise")),
    )
