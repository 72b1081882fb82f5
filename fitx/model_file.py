"""The model file: versioned JSON with the formula as text. Written whole or not at all; reading executes nothing."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np

from fitx.conformal import Residuals
from fitx.errors import FitxError, one_line
from fitx.fitters.base import Parameter
from fitx.formula import Formula, parse
from fitx.formula.printing import round_to
from fitx.model_parts import finite, number, plain, text, texts, whole
from fitx.result import CandidateFit, Fit, Found
from fitx.score import Score

VERSION = 1


_unfinished: set[str] = set()  # files that are being written


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write text, in UTF-8, or bytes to a temporary file beside `path` and move it into place: whatever happens, `path`
    holds all of the old content or all of the new. A link is followed; a device or a pipe is written as it is.

    Errors: FitxError naming the file.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content  # lone surrogates
    try:
        if replaceable(path):
            _replace(os.path.realpath(path), data)
        else:
            Path(path).write_bytes(data)
    except OSError as e:
        name = one_line(path)
        raise FitxError(f"cannot write `{name}`: {e.strerror or e}", "choose another place to save to") from None


def replaceable(path: str | Path) -> bool:
    """Whether `path` is a file, or nothing yet; a device, a pipe and a folder are not. Errors: OSError."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True


def remove_unfinished() -> None:
    """Remove what is being written, before the process is ended."""
    for name in tuple(_unfinished):
        with contextlib.suppress(OSError):
            os.unlink(name)


def _replace(path: str, data: bytes) -> None:
    mode = None
    if os.path.exists(path):
        if not os.access(path, os.W_OK):  # moving another file there would not ask
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        mode = stat.S_IMODE(os.stat(path).st_mode)
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:40]}.{os.urandom(6).hex()}.tmp")
    _unfinished.add(temporary)
    try:
        with open(temporary, "xb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        _unfinished.discard(temporary)


def save(fit: Fit, path: str | Path) -> None:
    """Write the model file of `fit`."""
    write_whole(path, json.dumps(_to_json(fit), indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def _number(v: float | None) -> float | str | None:
    """JSON has no infinities and no NaN: they go as text."""
    return v if v is None or math.isfinite(v) else repr(float(v))


def _score(s: Score) -> dict[str, Any]:
    figures = {k: _number(getattr(s, k)) for k in ("r2", "rmse", "mae", "max_abs")}
    return {**figures, "n": s.n, "how": s.how, "undefined": s.undefined}


def _found(f: Found) -> dict[str, Any]:
    return {"formula": f.formula.text(), "shown": f.shown.text(), "method": f.method, "train": _score(f.train)}


def _to_json(fit: Fit) -> dict[str, Any]:
    return {
        "fitx_model": VERSION,
        **_found(fit),
        "target": fit.target,
        "features": list(fit.features),
        "holdout": _score(fit.holdout),
        "parameters": [
            {
                "name": p.name,
                "value": p.value,
                "stderr": _number(p.stderr),
                "dof": _number(p.dof),
                "interval": None if p.interval is None else [_number(v) for v in p.interval],
            }
            for p in fit.parameters
        ],
        "covariance": fit.covariance if fit.covariance is None else [[_number(v) for v in r] for r in fit.covariance],
        "structure": None if fit.structure is None else fit.structure.text(),
        "noise": _number(fit.noise),
        "loss": fit.loss,
        "residuals": {
            "values": [_number(v) for v in fit.residuals.values],
            "ranks": list(fit.residuals.ranks),
            "n": fit.residuals.n,
            "how": fit.residuals.how,
        },
        "box": {k: list(ends) for k, ends in fit.box.items()},
        "candidates": [{**_found(c), "validation": _score(c.validation)} for c in fit.candidates],
        "warnings": list(fit.warnings),
        "label": fit.label,
        "seed": fit.seed,
        "seconds": fit.seconds,
        "units": dict(fit.units),
        "how": dict(fit.how),
        "fitx_version": fit.version,
    }


def load(path: str | Path) -> Fit:
    """Read a model file. Errors: FitxError for a file that is missing, no model, damaged, or of a later version."""
    name = one_line(path)
    try:
        content = Path(path).read_text(encoding="utf-8")
    except OSError as e:
        raise FitxError(f"cannot read model `{name}`: {e.strerror or e}", _nearby(Path(path))) from None
    except UnicodeDecodeError:
        raise FitxError(f"`{name}` is not a fitx model file", "models are written by `fitx fit --save`") from None
    try:
        data = json.loads(content)
        version = data["fitx_model"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FitxError(f"`{name}` is not a fitx model file", "models are written by `fitx fit --save`") from None
    if version != VERSION:
        raise FitxError(
            f"`{name}` is a model of version {version!r}; this fitx reads version {VERSION}", "install a newer fitx"
        )
    try:
        return _from_json(data)
    except FitxError as e:
        raise FitxError(f"`{name}` is damaged: {e.message}", e.hint) from None
    except KeyError as e:
        raise FitxError(f"`{name}` is damaged: it lacks {e}", "fit and save again") from None
    except ValueError as e:
        raise FitxError(f"`{name}` is damaged: {e}", "fit and save again") from None
    except (TypeError, AttributeError, OverflowError) as e:
        raise FitxError(f"`{name}` is damaged: a part of it is of another kind ({e})", "fit and save again") from None


def _nearby(path: Path) -> str:
    from fitx.errors import did_you_mean

    names = [p.name for p in path.parent.glob("*.json")]
    return did_you_mean(path.name, names) + "models are written by `fitx fit --save`"


def _read_score(d: dict[str, Any]) -> Score:
    r2, rmse, mae, max_abs = (number(d[k]) for k in ("r2", "rmse", "mae", "max_abs"))
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


def _from_json(d: dict[str, Any]) -> Fit:
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
        covariance = np.array([[np.nan if v is None else number(v) for v in row] for row in covariance])
        if covariance.shape != (len(parameters), len(parameters)):
            raise ValueError("the covariance has not a row and a column for each parameter")
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
