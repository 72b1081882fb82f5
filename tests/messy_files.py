"""Messy files that are not plain text, or no tables at all. See `messy_tables.py`."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import threading
import zipfile
from pathlib import Path

from messy_tables import XY, YZ, Messy, Y

_TABLE = XY.encode()


def _zip(*names: str) -> bytes:
    """An archive of as many tables; names that end in / are folders."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else _TABLE)
    return out.getvalue()


def _parquet(query: str) -> bytes:
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "t.parquet"
        connection.sql(query).write_parquet(str(path))
        return path.read_bytes()


def _parquet_line(path: Path) -> None:
    path.write_bytes(_parquet("SELECT i AS x, 2 * i + 1 AS y FROM range(1, 9) t(i)"))


def _parquet_cut(path: Path) -> None:
    path.write_bytes(_parquet("SELECT i AS x, 2 * i + 1 AS y FROM range(1, 9) t(i)")[:-20])


def _parquet_claim(path: Path) -> None:
    """Its footer says that there are a billion rows where 1,000 are."""
    data = _parquet("SELECT i AS x, 2 * i + 1 AS y FROM range(1000) t(i)")
    length = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - length], data[-8 - length : -8]
    claimed = footer.replace(b"\xd0\x0f", b"\x80\xa8\xd6\xb9\x07")
    assert claimed != footer
    path.write_bytes(body + claimed + len(claimed).to_bytes(4, "little") + b"PAR1")


def _workbook(*sheets: list[list[object]], merge: str = "") -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for k, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"sheet {k}")
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_ROWS: list[list[object]] = [[x, 2 * x + 1] for x in range(1, 9)]
_THREE: list[list[object]] = [
    [x, z, 2 * x - 3 * z + 1] for x, z in zip(range(1, 9), (4, 1, 5, 9, 2, 6, 5, 3), strict=True)
]


def _merged(path: Path) -> None:
    path.write_bytes(_workbook([["Results of May"], ["x", "z", "y"], *_THREE], merge="A1:C1"))


def _merged_apart(path: Path) -> None:
    path.write_bytes(_workbook([["Results of May"], [None], ["x", "z", "y"], ["m", "s", "kg"], *_THREE], merge="A1:C1"))


def _formulas(path: Path) -> None:
    """Cells with formulas that no spreadsheet has calculated: the file holds no values for them."""
    path.write_bytes(_workbook([["x", "y"], *_ROWS, [9, "=2*A10+1"], [10, "=cmd|' /C calc'!A0"]]))


def _two_sheets(path: Path) -> None:
    path.write_bytes(_workbook([["x", "y"], *_ROWS], [["a", "b"], [1, 2]]))


def _wrong_values(path: Path) -> None:
    path.write_bytes(_workbook([["x", "y"], *_ROWS, ["#DIV/0!", 5], [5, "#N/A"]]))


def _fifo(path: Path) -> None:
    """A pipe in the file system, written to when somebody reads."""
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(_TABLE,), daemon=True).start()


def _objects(**more: object) -> list[dict[str, object]]:
    return [{"x": x, "y": 2 * x + 1, **more} for x in range(1, 9)]


def _json_lines(rows: list[dict[str, object]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


_BMP = b"BM" + (3126).to_bytes(4, "little") + bytes(4) + b"\x36\0\0\0\x28\0\0\0" + b"\x10\0\0\0" * 2
_NO_TABLE = {
    "a PNG picture": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "a TIFF picture": b"II*\0" + bytes(50),
    "a BMP picture": _BMP + bytes(3000),
    "a PDF document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "an HTML page ": b"\n<!DOCTYPE html>\n<html><body><table><tr><td>1</td></tr></table></body></html>\n",
    "an HTML page": b"<html lang='en'><head><title>404</title></head></html>",
    "an XML document": b"\xef\xbb\xbf<?xml version='1.0'?><rows><row x='1'/></rows>",
    "an RTF document": b"{\\rtf1\\ansi 1,2}",
    "a Python pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e.",
    "a NumPy array file": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', }",
    "an Arrow file": b"ARROW1\0\0" + bytes(50),
    "a MATLAB file": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(90),
    "an ORC file": b"ORC\x08\x03" + bytes(50),
    "an Avro file": b"Obj\x01\x04\x14avro.codec\x08null",
    "a Stata file": b"<stata_dta><header><release>118</release>",
    "an SPSS file": b"$FL2@(#) SPSS DATA FILE" + bytes(50),
    "an R data file": gzip.compress(b"RDX3\nX\n\0\0\0\x03"),
    "compressed with bzip2": bz2.compress(_TABLE),
    "a RAR archive": b"Rar!\x1a\x07\x01\0" + bytes(50),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
}

FILES = [
    Messy("gzip under another name", gzip.compress(_TABLE), Y),
    Messy("gzip in gzip", gzip.compress(gzip.compress(_TABLE)), Y),
    Messy("gzip that is cut off", gzip.compress(_TABLE)[:-9], error=("is damaged",)),
    Messy("a zip archive of one table", _zip("data/", "data/t.csv"), Y, file="t.zip"),
    Messy("a zip archive as macOS makes it", _zip("t.csv", "__MACOSX/._t.csv"), Y, file="t.zip"),
    Messy("a zip archive of two tables", _zip("a.csv", "b.csv"), error=("2 files", "`a.csv`", "`b.csv`"), file="t.zip"),
    Messy("an empty zip archive", _zip(), error=("holds no file",), file="t.zip"),
    Messy("a zip archive that is cut off", _zip("t.csv")[:-30], error=("damaged",), file="t.zip"),
    Messy("Parquet", _parquet_line, Y, file="t.parquet"),
    Messy("Parquet that is cut off", _parquet_cut, error=("cannot be read as Parquet",), file="t.parquet"),
    Messy("Parquet that claims a billion rows", _parquet_claim, error=("cannot be read as Parquet",), file="t.parquet"),
    Messy("JSON lines with nested values", _json_lines(_objects(at={"lat": 1, "lon": 2}, tags=["a"])), Y,
          ("column `at` holds text", "column `tags` holds text")),
    Messy("JSON lines with missing keys", _json_lines([*_objects(), {"x": 9}, {"y": 4}, {}]), Y, ("3 of 11 rows",)),
    Messy("JSON lines with numbers in quotes", _json_lines([{k: str(v) for k, v in r.items()} for r in _objects()]), Y),
    Messy("JSON lines with NaN", _json_lines(_objects()) + b'\n{"x": NaN, "y": 1}\n', Y, ("1 of 9 rows",)),
    Messy("JSON lines, one of which is cut off", _json_lines(_objects())[:-3], error=("line 8", "is not JSON")),
    Messy("JSON as an array, indented", json.dumps(_objects(), indent=2).encode(), Y),
    Messy("JSON of columns", json.dumps({"x": list(range(1, 9)), "y": list(range(3, 18, 2))}).encode(), Y),
    Messy("JSON of columns, indented, with a missing value",
          json.dumps({"x": [*range(1, 9), 9], "y": [*range(3, 18, 2), None]}, indent=1).encode(), Y, ("1 of 9 rows",)),
    Messy("JSON of columns by row number, as pandas writes it",
          json.dumps({k: {str(i): r[k] for i, r in enumerate(_objects())} for k in ("x", "y")}).encode(), Y),
    Messy("JSON of columns of two lengths", b'{"x": [1, 2, 3], "y": [1, 2]}', error=("`x` has 3", "`y` has 2")),
    Messy("JSON with the table inside", json.dumps({"meta": 1, "data": _objects()}).encode(),
          error=("only one column of numbers, `meta`", "`data`")),
    Messy("JSON lines with a key that comes late", _json_lines([*_objects(), {"x": 9, "y": 19, "late": 1}]), Y,
          args=("--features", "x", "--target", "y")),
    Messy("a workbook with a title over merged cells", _merged, YZ, ("begins in row 2",), file="t.xlsx"),
    Messy("a workbook with a title, a blank row and units", _merged_apart, YZ, ("begins in row 3",), file="t.xlsx"),
    Messy("a workbook with formulas", _formulas, Y, ("2 of 10 rows have a missing cell",), file="t.xlsx"),
    Messy("a workbook of two sheets", _two_sheets, Y, ("read sheet `sheet 1`; the others are `sheet 2`",),
          file="t.xlsx"),
    Messy("a workbook with error values", _wrong_values, Y, ("2 of 10 rows have a missing cell",), file="t.xlsx"),
    Messy("a named pipe", _fifo, Y, file="pipe"),
    Messy("a folder", Path.mkdir, error=("is a directory", "name a file in it"), file="folder"),
    Messy("nothing under that name", lambda path: None, error=("there is no file `absent.csv`",), file="absent.csv"),
    Messy("a link that leads nowhere", lambda path: path.symlink_to("nowhere"), error=("there is no file `link`",),
          file="link"),
    Messy("a name with a line end", _TABLE, Y, file="a\nb.csv"),
    Messy("a table among other words in a name", _TABLE, Y, file="Données (copie) 100 %.csv"),
    Messy("a CSV that calls itself a workbook", _TABLE, Y, file="t.xlsx"),
    *(Messy(what, data, error=(f"is not a table: it is {what.strip()}",), file="data.csv")
      for what, data in _NO_TABLE.items()),
]  # fmt: skip
