"""The table reader: bytes as a file or a stream, to fit from or to predict from, small or as if they were big.

The first two bytes say how it is read. The corpus holds every form that is read: delimited text in several dialects and
encodings, JSON lines and arrays, gzip, Parquet, Excel and OpenDocument.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from fitx.errors import FitxError
from fitx.read import delimited, read, read_columns
from fitx.read import source as limits

from .mutations import NUMBERS, mutate_bytes

_NAMES = ("a", "x", "x1", "time", "b")
_TOKENS = [
    *(n.encode() for n in NUMBERS), *(bytes([c]) for c in b",;\t| \"'#\n\r.:/-_%=[]{}\\\0"), b"\r\n",
    b"\n\n", b'""', b'"\n', b",,,", b"a,b\n",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\x80", b"\xc3\xa9", b"\xe9", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80", b"\xc2\xa0",
    b"\xe2\x88\x92", b"\xe2\x80\xa8", b"\x85", b"\x1a", b"\x0c", b"# unit\n", b"(m),(s)\n", b"x [m],y [s]\n",
    b"sep=;\n", b"NA", b"null", b"true",
    b"False", b"2024-01-31T12:00:00Z", b"31.12.2024", b"12/31/24", b"0001-01-01", b"9999-12-31", b"-2000-01-01",
    b"23:59:60", b"1 234,5",
    b"1'234.5", b"$5", b"1+2j", b"1e5 m", b"a" * 5000, b"," * 3000, b"\n" * 3000, b'"' * 999, b"1," * 999,
    b"[" * 3000, b'{"a":' * 3000,
    b'{"a": 1}\n', b'{"a": {"b": 1}}', b'{"a": 1, "a": 2}', b'[{"a": 1}]', b'"\\ud800"', b"PAR1", b"PK\x03\x04",
    b"\x1f\x8b\x08", b"\xff" * 8,
    b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"__proto__", b"'; DROP TABLE t; --",
]  # fmt: skip


def seeds(rng: random.Random) -> list[bytes]:
    """Tables of every form, each to be read in one or two ways."""
    return [bytes([rng.choice((0, 0, rng.randrange(256))), rng.randrange(256)]) + body for body in _bodies(rng)]


def _bodies(rng: random.Random) -> list[bytes]:
    out = [p.read_bytes()[:3000] for p in sorted(Path(__file__).parents[2].glob("examples/*/data.csv"))]
    rows = [[round(rng.gauss(0, 10), rng.randrange(6)) for _ in range(3)] for _ in range(12)]
    for sep, dec in ((",", "."), (";", ","), ("\t", "."), (" ", "."), ("|", "."), (";", "."), ("  ", ".")):
        lines = [sep.join(["a", "x", "b"]), *(sep.join(str(v).replace(".", dec) for v in row) for row in rows)]
        out.append("\n".join(lines).encode())
        out.append("\r\n".join(lines[1:]).encode() + b"\r\n")
    table = 'a,"x, [m]",b\n' + "\n".join(f'"{r[0]}",{r[1]},{r[2]}' for r in rows)
    named = "Zeit [s];Größe (°C);a\n" + "\n".join(f"{k}:30;{r[1]} %;2024-01-{k + 10}" for k, r in enumerate(rows))
    units = "# by hand\na,x,b\n(m),(s),(kg)\n" + "\n".join(f"{r[0]},{r[1]:e},NA" for r in rows) + "\n3,4,5\n\n"
    dates = "time,a\n" + "\n".join(f"2024-0{k % 9 + 1}-11T0{k % 10}:00:00Z,{r[0]}" for k, r in enumerate(rows))
    codes = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")
    out += [t.encode(code) for t in (table, named, units, dates) for code in codes]
    out += [named.encode("latin-1"), table.encode("utf-32"), gzip.compress(table.encode())]
    out.append(gzip.compress(gzip.compress(b"a,b\n1,2")))
    records = [dict(zip("axb", r, strict=True)) for r in rows]
    out.append("\n".join(json.dumps(r) for r in records).encode())
    out.append(json.dumps(records).encode())
    out.append(json.dumps({"a": [1, 2, 3], "b": [2, 4, 6]}).encode())
    out += _typed(rows)
    return out


def _typed(rows: list[list[float]]) -> list[bytes]:
    """The same as Parquet and as workbooks, where what writes them is installed."""
    out = []
    X = np.array(rows)
    with contextlib.suppress(ImportError):
        import duckdb

        columns = {
            "number": "k * 1.5", "whole": "CAST(k AS INTEGER)", "text": "CAST(k AS VARCHAR)", "truth": "k % 2 = 0",
            "decimal": "CAST(k AS DECIMAL(9, 2))", "day": "DATE '2024-01-01' + CAST(k AS INTEGER)",
            "time": "TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * k", "list": "[k]",
        }  # fmt: skip
        for first in columns.values():
            codec = "snappy" if len(out) % 2 else "uncompressed"
            duckdb.sql(
                f"COPY (SELECT {first} AS a, k * 0.5 AS x, CASE WHEN k % 5 = 0 THEN NULL ELSE k END AS b "
                f"FROM range(20) t(k)) TO 'seed.parquet' (FORMAT parquet, COMPRESSION {codec})"
            )
            out.append(Path("seed.parquet").read_bytes())
    with contextlib.suppress(ImportError):
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["a", "x", "b"])
        for row in X[:6].tolist():
            book.active.append(row)
        book.create_sheet("empty")
        file = io.BytesIO()
        book.save(file)
        out.append(file.getvalue())
    return out


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Bytes, cells, rows or the encoding change; in what is packed, mostly the content."""
    if len(data) < 2 or rng.random() < 0.05:
        return bytes([rng.randrange(256), rng.randrange(256)]) + data[2:]
    return data[:2] + _mutate(data[2:], rng)


def _mutate(body: bytes, rng: random.Random) -> bytes:
    kind = rng.random()
    if body[:2] == b"\x1f\x8b" and kind < 0.7:
        with contextlib.suppress(OSError, EOFError, zlib.error):
            return gzip.compress(_mutate(gzip.decompress(body), rng), 1)
    if body[:2] == b"PK" and kind < 0.8:
        with contextlib.suppress(Exception):
            return _in_archive(body, rng)
    if body[:4] == b"PAR1" and kind < 0.6:  # what the footer says of columns, sizes and places
        at = max(4, len(body) - rng.choice((8, 40, 200, 800)))
        return body[:at] + mutate_bytes(body[at:-8], rng, _TOKENS) + body[-8:]
    if kind < 0.5:
        return mutate_bytes(body, rng, _TOKENS)
    if kind < 0.9:
        return _by_cells(body, rng)
    if kind < 0.93:
        return gzip.compress(body, 1)
    text = body.decode("utf-8", "replace")
    codes = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")
    return text.encode(rng.choice(codes), "replace")


def _by_cells(body: bytes, rng: random.Random) -> bytes:
    lines = body.split(b"\n")
    k = rng.randrange(len(lines))
    sep = rng.choice((b",", b";", b"\t", b" ", b":"))
    cells = lines[k].split(sep)
    j = rng.randrange(len(cells))
    kind = rng.randrange(8)
    if kind == 0:
        cells[j] = rng.choice(_TOKENS)
    elif kind == 1:
        cells.insert(j, rng.choice(_TOKENS))
    elif kind == 2:
        del cells[j]
    elif kind == 3:
        cells[j] = b'"' + cells[j] + b'"'
    elif kind == 4:  # a whole column
        token = rng.choice(_TOKENS)
        for i, line in enumerate(lines):
            parts = line.split(sep)
            if j < len(parts):
                parts[j] = token
                lines[i] = sep.join(parts)
        return b"\n".join(lines)
    elif kind == 5:
        lines.insert(k, rng.choice(lines))
        return b"\n".join(lines)
    elif kind == 6:
        del lines[k]
        return b"\n".join(lines)
    else:
        return b"\n".join(lines[: rng.randrange(len(lines) + 1)] * rng.choice((1, 2, 30)))
    lines[k] = sep.join(cells)
    return b"\n".join(lines)


def _in_archive(body: bytes, rng: random.Random) -> bytes:
    """A workbook with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = rng.choice(sorted(parts))
    if rng.random() < 0.1:
        del parts[name]
    else:
        parts[name] = mutate_bytes(parts[name], rng, _TOKENS)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for key, part in parts.items():
            new.writestr(key, part)
    return file.getvalue()


def one(data: bytes) -> str:
    """Read the bytes; a table that comes out must hold together."""
    how, which = (data[0], data[1]) if len(data) > 1 else (0, 0)
    body = data[2:]
    source: str | io.BytesIO = io.BytesIO(body)
    if how & 1:
        source = "table" + ("", ".csv", ".gz", ".parquet", ".xlsx", ".json")[which % 6]
        Path(source).write_bytes(body)
    before = limits.BIG, delimited.DECIDING_ROWS
    if how & 2:
        limits.BIG = 100
    if how & 4:
        delimited.DECIDING_ROWS = 5
    try:
        if how & 16:
            _predict(source, how, which)
        else:
            _fit(source, how, which)
    except FitxError as error:
        return str(error)
    finally:
        limits.BIG, delimited.DECIDING_ROWS = before
    return "accepted"


def _predict(source: Any, how: int, which: int) -> None:
    names = [_NAMES[which % 5], _NAMES[which // 5 % 5]][: 1 if how & 32 else 2]
    columns = read_columns(source, names, missing="error" if how & 8 else "drop")
    if columns.X.shape != (len(columns.rows), len(names)):
        raise AssertionError(f"{columns.X.shape} for {names}")


def _fit(source: Any, how: int, which: int) -> None:
    part, name = ("target", "weights", "sigma", "group", "features")[which // 25 % 5], _NAMES[which % 5]
    asked: dict[str, Any] = {part: [name] if part == "features" else name} if how & 64 else {}
    sheet = 1 if how & 192 == 192 else None
    table = read(source, missing="error" if how & 8 else "drop", sheet=sheet, **asked)
    n, d = table.X.shape
    if table.y.shape != (n,) or len(table.feature_names) != d or len(table.rows) != n or n < 2 or d < 1:
        raise AssertionError(f"a table of {table.X.shape} with {table.y.shape} and {table.feature_names}")
    if not np.isfinite(table.X).all() or not np.isfinite(table.y).all():
        raise AssertionError("a table with values that are not finite")
