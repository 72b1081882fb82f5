"""The command line: lists of arguments, in this process, in a folder with a few tables and models.

Whatever is asked for, the exit code is 0, 1 or 2, an error is one message on standard error, standard output holds the
result alone, and no file is left half-written. Searches get at most a second.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import typer.main

import fitx
from fitx.cli.app import app, run
from fitx.errors import FitxWarning

from .mutations import NAMES, NUMBERS, mutate_text
from .values import VALUES

_COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
_USUAL = """plot m1.json t1.csv out.pdf
fit t1.csv
fit t1.csv --method poly --format json
fit t3.csv -m mars --jobs 2
fit t1.csv --model a*exp(-b*x)+c --start a=1
fit t1.csv --model f(x)+a
fit - -m curve -x x
fit t1.csv -m spline --save out.json --preview
fit t1.csv -m poly --report out.html
fit t3.csv -m poly -m rational --split group:g
fit gaps.csv -m poly --missing error
fit t3.csv -m symbolic --units x1=m,x2=s,y=m/s
fit t1.csv -m poly --plot out.svg
predict m1.json t1.csv
predict m3.json t3.csv --interval 0.9 -o out.csv
export m1.json --to c
plot m3.json t3.csv out.png
methods
methods poly
methods --format json
fit --help
--version
--help

fti t1.csv"""
_PATHS = re.compile(r"(^|=|^-\w)\s*[/~]|\.\.")


def seeds(rng: random.Random) -> list[bytes]:
    """Commands as users write them, and commands of random options."""
    usual = [line.split() for line in _USUAL.split("\n")]
    usual += [_command(rng) for _ in range(40)]
    return [json.dumps(arguments).encode() for arguments in usual]


def _command(rng: random.Random) -> list[str]:
    name = rng.choice(["fit", "fit", "fit", "fit", *_COMMANDS])
    arguments = [name]
    for parameter in _COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            arguments.append(_value(parameter.name, rng))
    if name == "fit":
        arguments += ["-m", rng.choice(["poly", "curve", "spline", "rational", "lagrange", "mars", "model", "auto"])]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        arguments += _option(name, rng)
    return arguments


def _option(command: str, rng: random.Random) -> list[str]:
    options = [p for p in _COMMANDS[command].params if p.param_type_name == "option" and p.name != "help"]
    if not options:
        return []
    option = rng.choice(options)
    flag = rng.choice(option.opts)
    if option.is_flag:
        return [flag]
    value = _value("formula" if (command, option.name) == ("fit", "model") else option.name, rng)
    return [f"{flag}={value}"] if flag.startswith("--") and rng.random() < 0.2 else [flag, value]


def _value(name: str, rng: random.Random) -> str:
    """Mostly of the better half."""
    pool = VALUES.get(name, NUMBERS)
    return rng.choice(pool if name == "set_" or rng.random() < 0.4 else pool[: max(1, len(pool) // 2)])


def mutate(data: bytes, rng: random.Random) -> bytes:
    """An option more or less, another value, an argument moved or its text changed."""
    try:
        arguments = [str(a) for a in json.loads(data)]
    except (ValueError, TypeError, RecursionError):
        arguments = _command(rng)
    kind = rng.randrange(8)
    command = arguments[0] if arguments and arguments[0] in _COMMANDS else "fit"
    k = rng.randrange(len(arguments) + 1)
    if kind == 0:
        arguments = _command(rng)
    elif kind <= 3:
        arguments += _option(command, rng)
    elif kind == 4 and arguments:
        del arguments[k - 1]
    elif kind == 5:
        arguments.insert(k, rng.choice([*NUMBERS, *NAMES, "--", "-", "--help", "-h", "--x", "-mpoly", "--format"]))
    elif k < len(arguments):
        flag = arguments[k - 1].lstrip("-").replace("-", "_") if k else ""
        pool = VALUES.get(flag)
        arguments[k] = (
            rng.choice(pool) if pool else mutate_text(arguments[k], rng, [*NUMBERS, *NAMES, "=", ",", ":", "-"])
        )
    return json.dumps(arguments).encode()


def one(data: bytes) -> str:
    """Run the command."""
    try:
        arguments = [str(a) for a in json.loads(data)]
    except (ValueError, TypeError, RecursionError):
        return "no case"
    if any(_PATHS.search(a) or "\0" in a for a in arguments):  # what is written outside the folder is asked for
        return "skipped"
    _prepare()
    kept = set(Path().rglob("*"))
    code, out, err = _run([*arguments, *_limit(arguments)])
    for path in sorted(set(Path().rglob("*")) - kept):
        if path.suffix == ".tmp":
            raise AssertionError(f"{path} is left")
        path.unlink()
    if code not in (0, 1, 2):
        raise AssertionError(f"exit code {code!r}: {err[-500:]}")
    if "Traceback" in err or "fault of fitx" in err:
        raise AssertionError(f"standard error: {err[-2000:]}")
    if code and not err.strip():
        raise AssertionError(f"exit code {code} without a word")
    if code and "Error: " in err and out and "cannot write" not in err:
        raise AssertionError(f"exit code {code} with a result: {out[:200]}")
    return "accepted" if code == 0 else f"exit {code}: {err.partition('Error: ')[2] or err}"


def _limit(arguments: list[str]) -> list[str]:
    """A limit of half a second, where none is given that is as short or refused."""
    if arguments[:1] != ["fit"] or "--help" in arguments:
        return []
    given = [b for a, b in itertools.pairwise(arguments) if a == "--time-limit"]
    with contextlib.suppress(ValueError):
        if given and not float(given[-1]) > 1:
            return []
    return ["--time-limit", "0.5"]


def _run(arguments: list[str]) -> tuple[Any, str, str]:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2))
    table = io.TextIOWrapper(io.BytesIO(Path("t1.csv").read_bytes()))
    before = sys.stdin
    sys.stdin = table
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(arguments)
            out.flush()
            err.flush()
    finally:
        sys.stdin = before
    texts = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]  # type: ignore[attr-defined]
    return code, texts[0], texts[1]


def _prepare() -> None:
    """The tables and models, made anew where they are not as they were."""
    if not Path("m3.json").exists():
        _make()
        for path in Path().glob("*"):
            if path.is_file():
                _KEPT[path] = path.read_bytes()
    for path, content in _KEPT.items():
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


_KEPT: dict[Path, bytes] = {}


def _make() -> None:
    r = np.random.default_rng(0)
    x = np.linspace(0.5, 4, 24)
    y = 2 * np.exp(-x) + 1 + r.normal(size=24) / 50
    X = r.uniform(1, 3, (30, 2))
    z = X[:, 0] * X[:, 1] + r.normal(size=30) / 20
    Path("folder").mkdir(exist_ok=True)
    _table("t1.csv", "x,y", np.column_stack([x, y]))
    _table("t3.csv", "x1,x2,s,g,w,y", np.column_stack([X, np.full(30, 0.1), np.arange(30) % 4, np.arange(30) % 2, z]))
    _table("names.csv", 'Temp (°C),"a,b",lambda', np.column_stack([X, z]))
    _table("one.csv", "x,y", np.array([[1.0, 2.0]]))
    Path("text.csv").write_text("x,text,y\n1,a,2\n2,b,3\n3,c,5\n4,d,7\n5,e,11\n")
    Path("gaps.csv").write_text("x,y\n1,2\n,3\n3,\n4,7\n5,NA\n6,13\n7,17\n")
    Path("lines.jsonl").write_text("".join(json.dumps({"x": k, "y": k * k - 3 * k}) + "\n" for k in range(9)))
    Path("none.csv").write_text("")
    Path("binary").write_bytes(bytes(range(256)))
    Path("damaged.json").write_text('{"fitx_model": 1, "formula": "x"}')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        fitx.fit(x, y, model="a*exp(-b*x) + c").save("m1.json")
        fitx.fit(X, z, method="poly", feature_names=["x1", "x2"]).save("m3.json")
        fitx.fit(X, z, method="poly", feature_names=["Temp (°C)", "lambda"], target_name="a,b").save("named.json")


def _table(name: str, head: str, rows: Any) -> None:
    Path(name).write_text(head + "\n" + "\n".join(",".join(map(repr, row)) for row in rows.tolist()) + "\n", "utf-8")
