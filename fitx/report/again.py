"""The command, or the call, that makes a fit again, from what the fit keeps."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitx.result import Fit

_DEFAULTS = {"holdout": 0.25, "split": "random", "seed": 0, "loss": "linear"}


def again(fit: Fit) -> str:
    """A command line where the rows came from a file, else Python. Time limits, jobs and the like are not kept."""
    return _command(fit) if fit.how.get("source") else _call(fit)


def _kept(fit: Fit) -> dict[str, Any]:
    found = {"holdout": fit.how.get("holdout"), "split": fit.how.get("split"), "seed": fit.seed, "loss": fit.loss}
    return {k: v for k, v in found.items() if v is not None and v != _DEFAULTS[k]}


def _options(fit: Fit) -> dict[str, str]:
    found = fit.how.get("options", {})
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}


def _methods(fit: Fit) -> list[str]:
    found = fit.how.get("methods", [])
    return [str(m) for m in found] if isinstance(found, list | tuple) else []


def _column_list(names: tuple[str, ...]) -> str:
    return ",".join('"' + n.replace('"', '""') + '"' if "," in n or '"' in n else n for n in names)


def _command(fit: Fit) -> str:
    words = ["fitx", "fit", str(fit.how["source"]), "--target", fit.target, "--features", _column_list(fit.features)]
    for m in _methods(fit):
        words += ["--method", m] if m != "auto" else []
    options = _options(fit)
    model = options.get("model.formula")
    if model is not None:
        words += ["--model", model]
    for key, value in options.items():
        words += [] if key.startswith("model.") else ["--set", f"{key}={value}"]
    for key, value in _kept(fit).items():
        words += [f"--{key}", str(value)]
    return shlex.join(words)


def _call(fit: Fit) -> str:
    methods, options = _methods(fit), _options(fit)
    arguments = ["X", "y"]
    if methods and methods != ["auto"]:
        arguments.append(f"method={methods[0]!r}" if len(methods) == 1 else f"method={methods!r}")
    arguments += [f"feature_names={list(fit.features)!r}", f"target_name={fit.target!r}"]
    if "model.formula" in options:
        arguments.append(f"model={options['model.formula']!r}")
    arguments += [f"{key}={value!r}" for key, value in _kept(fit).items()]
    other = {k: v for k, v in options.items() if not k.startswith("model.")}
    arguments += [f"options={other!r}"] if other else []
    return f"import fitx\n\nfit = fitx.fit({', '.join(arguments)})"
