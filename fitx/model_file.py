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

from fitx.errors import FitxError, one_line
from fitx.model_tree import from_json
from fitx.result import Fit, Found
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
        return from_json(data)
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
