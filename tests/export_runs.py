"""Runs exported code: all formulas of a language in one program. Each takes (N, 3) points and gives (formulas, N)."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import export_formulas
import numpy as np
import numpy.typing as npt

from fitx.export.sql_ import name_sql
from fitx.formula import Var
from fitx.result import Found

Array = npt.NDArray[np.float64]
Run = Callable[[list[Found], Array, Path], Array]


def _command(*args: str, cwd: Path) -> None:
    done = subprocess.run(args, cwd=cwd, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{args[0]}: {(done.stderr or done.stdout)[:3000]}"


def _binary(program: str, build: list[str], run: list[str], file: str, count: int, X: Array, folder: Path) -> Array:
    """Build and run a program that reads X.bin (rows of three doubles) and writes Y.bin (formula after formula)."""
    (folder / file).write_text(program, "utf-8")
    X.astype("<f8").tofile(folder / "X.bin")
    if build:
        _command(*build, cwd=folder)
    _command(*run, cwd=folder)
    return np.fromfile(folder / "Y.bin", "<f8").reshape(count, len(X))


_MAIN = """
#include <stdio.h>
typedef double (*function)(double, double, double);
static function functions[] = { %s };
int main(void) {
    static double x[%d][3];
    FILE *in = fopen("X.bin", "rb"), *out = fopen("Y.bin", "wb");
    if (fread(x, sizeof x, 1, in) != 1) return 1;
    for (int k = 0; k < %d; k++)
        for (int i = 0; i < %d; i++) {
            double y = functions[k](x[i][0], x[i][1], x[i][2]);
            fwrite(&y, sizeof y, 1, out);
        }
    return fclose(out);
}
"""


def c(items: list[Found], X: Array, folder: Path) -> Array:
    parts = [f"#define formula formula{k}\n{item.to('c')}\n#undef formula" for k, item in enumerate(items)]
    names = ", ".join(f"formula{k}" for k in range(len(items)))
    program = "\n".join(parts) + _MAIN % (names, len(X), len(items), len(X))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses", "-O1"]
    return _binary(program, ["gcc", *flags, "a.c", "-lm"], ["./a.out"], "a.c", len(items), X, folder)


def cpp(items: list[Found], X: Array, folder: Path) -> Array:
    parts = [f"namespace f{k} {{\n{item.to('cpp')}\n}}" for k, item in enumerate(items)]
    names = ", ".join(f"f{k}::formula" for k in range(len(items)))
    program = "#include <cmath>\n" + "\n".join(parts) + _MAIN % (names, len(X), len(items), len(X))
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses", "-O1"]
    return _binary(program, ["g++", *flags, "a.cpp"], ["./a.out"], "a.cpp", len(items), X, folder)


def rust(items: list[Found], X: Array, folder: Path) -> Array:
    parts = [f"mod f{k} {{\n{item.to('rust')}\n}}" for k, item in enumerate(items)]
    names = ", ".join(f"f{k}::formula" for k in range(len(items)))
    program = (
        "\n".join(parts)
        + f"""
fn main() {{
    let functions: [fn(f64, f64, f64) -> f64; {len(items)}] = [{names}];
    let bytes = std::fs::read("X.bin").unwrap();
    let x: Vec<f64> = bytes.chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    let mut out: Vec<u8> = Vec::new();
    for f in functions {{
        for r in x.chunks(3) {{
            out.extend(f(r[0], r[1], r[2]).to_le_bytes());
        }}
    }}
    std::fs::write("Y.bin", out).unwrap();
}}
"""
    )
    build = ["rustc", "--edition", "2021", "-D", "warnings", "-o", "a.out", "a.rs"]
    return _binary(program, build, ["./a.out"], "a.rs", len(items), X, folder)


def fortran(items: list[Found], X: Array, folder: Path) -> Array:
    n = len(items)
    parts = [f"module m{k}\ncontains\n{item.to('fortran')}\nend module m{k}" for k, item in enumerate(items)]
    uses = "\n".join(f"  use m{k}, only: f{k} => formula" for k in range(n))
    calls = "\n".join(f"  write(2) f{k}(x(1, :), x(2, :), x(3, :))" for k in range(n))
    program = (
        "\n".join(parts)
        + f"""
program main
{uses}
  implicit none
  double precision :: x(3, {len(X)})
  open(1, file="X.bin", access="stream", form="unformatted")
  open(2, file="Y.bin", access="stream", form="unformatted")
  read(1) x
{calls}
  close(2)
end program main
"""
    )
    flags = ["-std=f2008", "-Wall", "-Wextra", "-Werror", "-Wno-unused-dummy-argument", "-Wno-compare-reals", "-O1"]
    return _binary(program, ["gfortran", *flags, "a.f90"], ["./a.out"], "a.f90", n, X, folder)


def javascript(items: list[Found], X: Array, folder: Path) -> Array:
    parts = [f'(() => {{ "use strict";\n{item.to("javascript")}\nreturn formula; }})(),' for item in items]
    program = (
        "const functions = [\n"
        + "\n".join(parts)
        + """];
const fs = require("fs");
const bytes = fs.readFileSync("X.bin");
const x = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const y = [];
for (const f of functions) for (let i = 0; i < x.length; i += 3) y.push(f(x[i], x[i + 1], x[i + 2]));
fs.writeFileSync("Y.bin", Buffer.from(new Float64Array(y).buffer));
"""
    )
    return _binary(program, [], ["node", "a.js"], "a.js", len(items), X, folder)


def julia(items: list[Found], X: Array, folder: Path) -> Array:
    parts = [f"module F{k}\n{item.to('julia')}\nend" for k, item in enumerate(items)]
    names = ", ".join(f"F{k}.formula" for k in range(len(items)))
    program = (
        "\n".join(parts)
        + f"""
x = Array{{Float64}}(undef, 3, {len(X)})
read!("X.bin", x)
open("Y.bin", "w") do out
    for f in ({names},), i in 1:{len(X)}
        write(out, f(x[1, i], x[2, i], x[3, i]))
    end
end
"""
    )
    return _binary(program, [], ["julia", "--startup-file=no", "-O0", "a.jl"], "a.jl", len(items), X, folder)


def octave(items: list[Found], X: Array, folder: Path) -> Array:
    for k, item in enumerate(items):
        package = folder / f"+f{k}"
        package.mkdir()
        (package / "formula.m").write_text(item.to("octave"), "utf-8")
    arguments = "x(:, 1), x(:, 2), x(:, 3)"
    calls = "\n".join(
        f"fwrite(out, f{k}.formula({arguments}) + zeros({len(X)}, 1), 'double');" for k in range(len(items))
    )
    program = f"""in = fopen('X.bin', 'r'); x = fread(in, [3, {len(X)}], 'double')';
out = fopen('Y.bin', 'w');
{calls}
fclose(out);
"""
    return _binary(program, [], ["octave", "--no-gui", "--quiet", "a.m"], "a.m", len(items), X, folder)


def _python(items: list[Found], X: Array, folder: Path, name: str) -> Array:
    out = []
    for item in items:
        path = folder / "formula.py"
        path.write_text(item.to(name), "utf-8")
        out.append(runpy.run_path(str(path))["formula"](*X.T) + np.zeros(len(X)))
    return np.array(out)


def python(items: list[Found], X: Array, folder: Path) -> Array:
    return _python(items, X, folder, "python")


def numpy(items: list[Found], X: Array, folder: Path) -> Array:
    return _python(items, X, folder, "numpy")


def _select(items: list[Found], X: Array) -> tuple[list[str], list[str]]:
    """Statements that make tables of the points, one for each triple of names, and a query for each formula."""
    tables: dict[tuple[str, ...], str] = {}
    make, queries = [], []
    for item in map(_possible, items):
        if item.features not in tables:
            name = tables[item.features] = f"points{len(tables)}"
            columns = ", ".join(f"{name_sql(c)} DOUBLE PRECISION" for c in item.features)
            make.append(f"CREATE TABLE {name} (n INTEGER, {columns})")
            rows = ", ".join(
                f"({k}, {', '.join(f'{v!r}e0'.replace('ee', 'e') for v in row)})" for k, row in enumerate(X.tolist())
            )
            make.append(f"INSERT INTO {name} VALUES {rows}")
        queries.append(f"SELECT\n{item.to('sql')}\nFROM {tables[item.features]} ORDER BY n")
    return make, queries


def _possible(item: Found) -> Found:
    """With other names where columns cannot be called so: those of one table differ in more than case."""
    new: dict[str, str] = {}
    for name in item.features:
        plain = name.replace("\x00", "").lower()
        new[name] = (
            f"{name}'".replace("\x00", "") if plain in map(str.lower, new.values()) or plain != name.lower() else name
        )
    new = {old: name or "empty" for old, name in new.items()}
    f = item.formula.substitute({old: Var(name) for old, name in new.items()})
    return replace(item, formula=f, shown=f, features=tuple(new.values()))


def _values(rows: list[tuple[float | None, ...]]) -> list[float]:
    return [np.nan if value is None else float(value) for (value,) in rows]


def sqlite(items: list[Found], X: Array, folder: Path) -> Array:
    import sqlite3
    from contextlib import closing

    make, queries = _select(items, X)
    with closing(sqlite3.connect(":memory:")) as base:
        for statement in make:
            base.execute(statement)
        return np.array([_values(base.execute(query).fetchall()) for query in queries])


def duckdb(items: list[Found], X: Array, folder: Path) -> Array:
    import duckdb

    base = duckdb.connect()
    make, queries = _select(items, X)
    for statement in make:
        base.execute(statement)
    return np.array([_values(base.execute(query).fetchall()) for query in queries])


def postgresql(items: list[Found], X: Array, folder: Path) -> Array:
    """On rows where no part is infinite or nearly 0: PostgreSQL stops where a value over- or underflows."""
    make, queries = _select(items, X)
    rows = [np.flatnonzero(export_formulas.finite(item, X, tiny=False)) for item in items]
    queries = [
        query.replace(" ORDER BY n", f" WHERE n IN ({', '.join(map(str, [-1, *chosen]))}) ORDER BY n")
        for query, chosen in zip(queries, rows, strict=True)
    ]
    script = ["SET client_min_messages = error", "BEGIN", *make, *queries, "ROLLBACK"]
    (folder / "a.sql").write_text(";\n".join(script) + ";\n", "utf-8")
    args = ["psql", os.environ["FITX_POSTGRES"], "-v", "ON_ERROR_STOP=1", "-qAtX", "-P", "null=nan", "-f", "a.sql"]
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[:3000]
    values = iter([float(line) for line in done.stdout.split()])
    out = np.full((len(items), len(X)), np.nan)
    for k, chosen in enumerate(rows):
        out[k, chosen] = [next(values) for _ in chosen]
    return out


def excel(items: list[Found], X: Array, folder: Path) -> Array:
    """By LibreOffice: a sheet for each formula, filled down."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for k, item in enumerate(items):
        sheet = book.create_sheet(f"f{k}")
        first = item.to("excel").splitlines()[0]
        for i, row in enumerate(X.tolist()):
            sheet.append([*row, *re.sub(r"\b([A-Z]{1,3})2\b(?!\()", rf"\g<1>{i + 1}", first).split("\t")])
    book.save(folder / "a.xlsx")
    place = f"-env:UserInstallation=file://{folder}/profile"
    _command("soffice", place, "--headless", "--convert-to", "xlsx", "--outdir", "out", "a.xlsx", cwd=folder)
    done = openpyxl.load_workbook(folder / "out" / "a.xlsx", data_only=True)
    cells = [[row[3] for row in done[f"f{k}"].iter_rows(values_only=True)] for k in range(len(items))]
    return np.array([[v if isinstance(v, int | float) else np.nan for v in row] for row in cells], float)


RUNS: dict[str, tuple[Run, str]] = {
    "c": (c, "gcc"), "cpp": (cpp, "g++"), "rust": (rust, "rustc"), "fortran": (fortran, "gfortran"),
    "javascript": (javascript, "node"), "julia": (julia, "julia"), "octave": (octave, "octave"),
    "sqlite": (sqlite, ""), "duckdb": (duckdb, ""), "postgresql": (postgresql, "psql"),
    "excel": (excel, "soffice"), "python": (python, ""), "numpy": (numpy, ""),
}  # fmt: skip


def missing(name: str) -> str:
    """Why code in that language cannot be run here; "" where it can."""
    tool = RUNS[name][1]
    if name == "sqlite" and not _has_mathematics():
        return "this SQLite is built without functions of mathematics"
    if name == "postgresql" and "FITX_POSTGRES" not in os.environ:
        return "FITX_POSTGRES names no server of PostgreSQL"
    return f"{tool} is not installed" if tool and shutil.which(tool) is None else ""


def _has_mathematics() -> bool:
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(":memory:")) as base:
            base.execute("SELECT exp(1.0)")
    except sqlite3.OperationalError:
        return False
    return True
