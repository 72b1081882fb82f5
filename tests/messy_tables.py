"""Messy tables: what people have, and what a person who meant well would make of it.

A case is a file, what is typed after its name, and what has to come of it: the straight line that was in it, with the
warnings that belong to it and no others, or an error that says what, where and what next. Files of a kind of their own
(Parquet, workbooks, archives) are made in `messy_files.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Fit a straight line, in a moment.
LINE = ("--method", "poly", "--set", "poly.degree=1", "--holdout", "0", "--progress", "none")


@dataclass(frozen=True)
class Messy:
    """content: the file's bytes, or what makes it at a path. formula: the coefficients of each feature, and of 1 under
    "". warns: a part of each warning. error: parts of the message. code: the exit code of an error."""

    name: str
    content: bytes | Callable[[Path], None]
    formula: dict[str, float] | None = None
    warns: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    file: str = "table.csv"
    code: int = 1


Y = {"x": 2.0, "": 1.0}  # y = 2*x + 1
YZ = {"x": 2.0, "z": -3.0, "": 1.0}  # y = 2*x - 3*z + 1
_Z = (4, 1, 5, 9, 2, 6, 5, 3, 5, 8)


def lines(head: str, line: str, n: int = 8, end: str = "\n") -> str:
    """A table of y = 2*x + 1 and u = 2*x - 3*z + 1; `line` says how a row is written, with {x}, {y}, {z} and {u}."""
    rows = [line.format(x=x, y=2 * x + 1, z=_Z[x - 1], u=2 * x - 3 * _Z[x - 1] + 1) for x in range(1, n + 1)]
    return end.join([head, *rows]) + end if head else end.join(rows) + end


XY = lines("x,y", "{x},{y}")


def good(name: str, text: str | bytes, *warns: str, formula: dict[str, float] = Y, args: tuple[str, ...] = ()) -> Messy:
    return Messy(name, text.encode() if isinstance(text, str) else text, formula, warns, args=args)


def bad(name: str, text: str | bytes, *error: str, args: tuple[str, ...] = (), code: int = 1) -> Messy:
    return Messy(name, text.encode() if isinstance(text, str) else text, error=error, args=args, code=code)


def typed(name: str, cells: str, *warns: str) -> Messy:
    """x as `cells` says, one for each of y = 3, 5, 7, ..."""
    rows = "".join(f"{cell};{2 * k + 1}\n" for k, cell in enumerate(cells.split(";"), 1))
    return good(name, "x;y\n" + rows, *warns)


ENCODINGS = [
    good("UTF-8 mark before a quoted header", b"\xef\xbb\xbf" + XY.replace("x,y", '"x","y"').encode()),
    good("two byte-order marks, as of files put together", b"\xef\xbb\xbf" * 2 + XY.encode()),
    good("Excel's Unicode text: UTF-16 with tabs and decimal commas",
         lines("x\ty", "{x},0\t{y},00", end="\r\n").encode("utf-16")),
    good("UTF-16 big-endian without a mark", lines("x;y", "{x};{y}").encode("utf-16-be")),
    good("Windows-1252 with a degree sign and a euro sign", lines("T (°C);y (€)", "{x};{y}").encode("cp1252"),
         formula={"T (°C)": 2.0, "": 1.0}),
    good("Shift-JIS header", lines("温度,y", "{x},{y}").encode("shift-jis"),
         "not in UTF-8", formula={"温度".encode("shift-jis").decode("cp1252"): 2.0, "": 1.0}),
    good("Cyrillic header in Windows-1251", lines("Давление,y", "{x},{y}").encode("cp1251"),
         "not in UTF-8", formula={"Давление".encode("cp1251").decode("cp1252"): 2.0, "": 1.0}),
    good("names in Japanese and with a combining accent", lines("温度 e\u0301,y", "{x},{y}"),
         formula={"温度 e\u0301": 2.0, "": 1.0}),
    bad("UTF-16 that is cut in half", XY.encode("utf-16")[:-1], "is damaged", "UTF-8"),
    bad("a NUL byte", XY.replace("4,9", "4,\x009"), "binary data", "line 5"),
    bad("a file padded with NULs after a power cut", XY.encode() + bytes(500), "binary data", "line 10"),
]  # fmt: skip

DELIMITERS = [
    good("semicolons with blanks around", lines("x ; y", "  {x} ; {y}  ")),
    good("tabs and decimal commas", lines("x\ty", "{x},5\t{y},0"), formula={"x": 2.0, "": 0.0}),
    good("columns of fixed width", lines("       x        y", "{x:8d} {y:8d}")),
    good("tabs and blanks mixed", lines("x \t y", "{x}\t  {y}")),
    good("pipes at both ends, as in Markdown", "| x | y |\n|---|:--|\n" + lines("", "| {x} | {y} |")),
    good("a table that psql printed", " x | y \n---+----\n" + lines("", " {x} | {y}") + "(8 rows)\n",
         "from line 11 on"),
    good("commas at both ends", lines(",x,y,", ",{x},{y},"), "has no name", "is empty and is left out"),
    good("a trailing semicolon in the rows alone", lines("x;y", "{x};{y};")),
    good("a blank after each decimal comma's semicolon", lines("x; y", "{x},25; {y},5"), formula={"x": 2.0, "": 1.0}),
    bad("a comma here, a semicolon there", XY.replace("4,9", "4;9"), "line 5", "has 1 cells where 2 are expected"),
    bad("colons", XY.replace(",", ":"), "no column of numbers", "`1:3`"),
    bad("one column", "y\n1\n2\n3\n4\n", "only one column of numbers, `y`"),
]  # fmt: skip

NUMBERS = [
    typed("decimal commas with dots for thousands", "1,0;2;3,00;4,0;5;6;7;8e0"),
    good("narrow no-break spaces for thousands", lines("x;y", "{x}\u202f000,5;{y}000,0"),
         "thousands separators", formula={"x": 2.0, "": 999.0}),
    good("blanks for thousands", lines("x;y", "{x} 000,0;{y}"), "thousands separators", formula={"x": 0.002, "": 1.0}),
    good("Swiss thousands", lines("x;y", "{x}'000.00;{y}"), "thousands separators", formula={"x": 0.002, "": 1.0}),
    good("Indian thousands", lines("x;y", "{x},00,000.0;{y}"), "thousands separators", formula={"x": 2e-5, "": 1.0}),
    good("quoted thousands between commas", lines("x,y", '"{x},000.0",{y}'), "thousands separators",
         formula={"x": 0.002, "": 1.0}),
    bad("one comma in each number between tabs", lines("x\ty", "{x},125\t{y}"), "is it 1125 or 1.125?", "row 2"),
    typed("percent signs with and without a blank", "1%;2 %;3%;4%;5%;6%;7%;8.0 %", "percent signs"),
    typed("Fortran's exponents", "1.0D+00;0.2D+01;3.0d0;.4D1;50.0D-1;6.D0;7D0;0.8000000D+001"),
    good("Fortran's exponents of three digits, where the letter goes",
         lines("x y", "{x}.0000000+100 {y}"), formula={"x": 2e-100, "": 1.0}),
    typed("signs and exponents in all spellings", "+1;2.;03.0;4e0;5E+00;6.0e-0;+.7e+1;80E-01"),
    typed("Unicode minus and plus", "+1;2e+0;3;4;5;6;7;800e\u22122"),
    good("Unicode minus before the numbers", lines("x,y", "\u2212{x},{y}"), formula={"x": -2.0, "": 1.0}),
    typed("full-width and Arabic digits", "１;２;٣;٤;5;6;7;８"),
    typed("the same unit after each number", "1 mm;2 mm;3mm;4.0 mm;5 mm;6 mm;7 mm;8 mm", "`mm` after"),
    typed("a currency sign before each number", "$1;$2;$3.00;$4;$5;$6;$7;$ 8", "`$` before"),
    typed("a currency sign after each number", "1 €;2 €;3,00 €;4 €;5 €;6 €;7 €;8,0 €", "`€` after"),
    bad("one number in another unit", "x,y\n1 mm,3\n2 mm,5\n3 cm,7\n4 mm,9\n5 mm,11\n", "row 4", "`3 cm`", "`mm`"),
    bad("one cell overflowed in Fortran", lines("x y", "{x}.0 {y}").replace("3.0 7", "******* 7"), "row 4",
        "`*******`"),
    bad("a blank inside a number", XY.replace("8,17", "8,1 7"), "row 9", "`1 7`"),
    bad("1e400", XY.replace("4,9", "1e400,9"), "infinite value in row 5", "`1e400`"),
    bad("an infinity", XY.replace("4,9", "4,-Inf"), "column `y`", "infinite value in row 5: `-Inf`"),
    good("denormals in a column", lines("x,z,y", "{x},{z}e-320,{y}"), args=("--features", "x")),
    good("whole numbers beyond 2^53", lines("x,y", "{x},2{x}00000000000000001"), "beyond 2^53",
         formula={"x": 1e17, "": 2e18}),
    good("hexadecimal numbers", lines("id,x,y", "0x1{x},{x},{y}"), "column `id` holds text"),
    good("complex numbers", lines("c,x,y", "{x}+2j,{x},{y}"), "column `c` holds text"),
    good("accounts' negative numbers in a column", lines("b,x,y", "({x}.50),{x},{y}"), "column `b` holds text"),
]  # fmt: skip

MISSING = [
    good("every spelling of NaN", lines("x,y", "{x},{y}")
         + "".join(f"{word},1\n" for word in ("NaN", "-nan", "-nan(ind)", "1.#QNAN", "-1.#IND", "<NA>", "NaT", "\\N")),
         "8 of 16 rows have a missing cell"),
    good("error values of a spreadsheet, one at the beginning of a line",
         XY + "#N/A,1\n#DIV/0!,2\n3,#VALUE!\n#REF!,3\n4,#NUM!\n#NAME?,5\n", "6 of 14 rows have a missing cell"),
    good("rows of nothing but commas", XY + ",\n,\n", "2 of 10 rows have a missing cell"),
    good("a dash for what is missing", XY + "9,\u2014\n\u2013,4\n", "2 of 10 rows have a missing cell"),
    good("blank lines everywhere", "\n \n" + XY.replace("\n", "\n\n\t\n")),
    bad("-999 is a number, unless it is said to be none", XY + "inf,-999\n", "row 10: `inf`"),
    bad("missing cells, and they are not allowed", XY + "9,\n", "missing cell in row 10", args=("--missing", "error")),
    bad("no complete row", "x,y\n1,\n,2\n3,\n", "no row without a missing cell"),
]  # fmt: skip

HEADERS = [
    good("no header", lines("", "{x} {y}")),
    good("the header is a comment, as NumPy writes it", lines("# x y", "{x:.18e} {y:.18e}"), "comment above the rows"),
    good("the header is a comment without a blank", lines("#x\ty", "{x}\t{y}"), "comment above the rows"),
    good("a comment that is no header", "# measured by hand, twice a day\n" + lines("", "{x},{y}")),
    good("twice the same name", lines("x,x,y", "{x},{z},{u}"), "`x` stands twice",
         formula={"x": 2.0, "x_2": -3.0, "": 1.0}),
    good("an empty name", lines("x,,y", "{x},{z},{u}"), "column 2 has no name",
         formula={"x": 2.0, "column2": -3.0, "": 1.0}),
    good("names with units in the row below", "x,z,y\nm,(s),m/s\n" + lines("", "{x},{z},{u}"), formula=YZ),
    good("names that are numbers with units", lines("10 m,20 m,y", "{x},{z},{u}"),
         formula={"10 m": 2.0, "20 m": -3.0, "": 1.0}),
    good("years as names", lines("1990,1991,y", "{x},{z},{u}"), formula={"1990": 2.0, "1991": -3.0, "": 1.0}),
    good("names in quotes with a line end inside", lines('"x\nor so",y', "{x},{y}"), formula={"x or so": 2.0, "": 1.0}),
    bad("a header and nothing else", "x,y\n", "has a header and no rows"),
    bad("one row", "x,y\n1,2\n", "only one row of numbers"),
    bad("an empty file", "", "is empty"),
    bad("line ends and nothing else", "\n\r\n\n", "is empty"),
    bad("a header longer than the rows", lines("x,y,z", "{x},{y}"), "line 2", "2 cells where 3 are expected"),
    bad("a second header among the rows", XY + XY, "row 10: `y`"),
]  # fmt: skip

AROUND = [
    good("an instrument's preamble",
         "Instrument: XY-3000\nSerial number: 0012\nOperator: Smith, J.\nDate: 2020-01-01\n"
         + "".join(f"Setting {k}: {k}.5\n" for k in range(16)) + "\n" + XY, "line 22 with its header `x`, `y`"),
    good("a preamble with as many cells as the table", "Operator,Smith\nSerial,12\nDate,2020-01-01\n\n" + XY,
         "begins in line 5"),
    good("a title in a spreadsheet's first row", "Results of May,,\n,,\n" + lines("x,z,y", "{x},{z},{u}"),
         "begins in line 3", formula=YZ),
    good("a preamble, names and units", "Run 7\n" + "x;z;y\nmm;s;mm\n" + lines("", "{x};{z};{u}"),
         "begins in line 2", formula=YZ),
    good("headers in two rows", "left,,right\n" + lines("x,z,y", "{x},{z},{u}"), "begins in line 2", formula=YZ),
    good("a title above rows without a header", "A title of several words\n" + lines("", "{x},{y}"),
         "begins in line 2"),
    good("comments at the ends of lines",
         lines("x,y  # metres, seconds", "{x},{y}").replace("4,9", "4,9 # a cloud, passing")),
    good("comments at the ends of lines of blanks", lines("x y", "{x} {y}").replace("4 9", "4 9 // seen twice")
         .replace("5 11", "5 11 % and again")),
    good("notes with a number sign are cells", lines("x,note,y", "{x},room #{z},{y}"), "column `note` holds text"),
    good("comments of three kinds", "# a\n% b\n// c\nx,y\n# d\n" + lines("", "{x},{y}") + "#END\n"),
    good("a total in the last row", lines("name,x,y", "run{x},{x},{y}") + "Total,36,80\n", "column `name` holds text",
         "row 10 is left out"),
    good("a row of means under a blank name", lines("name,x,y", "run{x},{x},{y}") + ",4.5,10\n",
         "column `name` holds text",
         "row 10 is left out"),
    good("words below the table", XY + "\nEnd of data\nchecked by J. Smith\n", "from line 11 on"),
    bad("a total in a column of numbers", XY + "Total,80\n", "row 10: `Total`"),
    bad("words in the middle", XY + "break for lunch\n" + lines("", "{x},{y}"), "line 10",
        "1 cells where 2 are expected"),
]  # fmt: skip

SHAPES = [
    bad("a short row", XY.replace("4,9", "4"), "line 5", "has 1 cells where 2 are expected"),
    bad("a long row", XY.replace("4,9", "4,9,1"), "line 5", "has 3 cells where 2 are expected"),
    bad("a long row beyond the rows that decide", lines("x,y", "{x},{y}") + "1,3\n" * 10_100 + "1,2,3\n", "line 10110",
        "has 3 cells where 2 are expected"),
    good("line ends of Windows, Unix and old Macs in turn", "x,y\r\n1,3\n2,5\r3,7\r\n4,9\n5,11\r6,13\r\n7,15\n8,17"),
    good("no line end at the end, and a control-Z", lines("x,y", "{x},{y}", end="\r\n").rstrip() + "\r\n\x1a"),
    good("numbers in quotes", lines('"x","y"', '"{x}","{y}.0"')),
    good("a cell of two lines in quotes", lines("note,x,y", '"two\nlines, {x}",{x},{y}'), "column `note` holds text"),
    bad("a quote that never closes", XY.replace("4,9", '"4,9'), "line", "cannot be split into cells", "must close"),
    bad("a quote in the middle of rows", XY.replace("4,9", '4,"9" m'), "line 5", "cannot be split into cells"),
    good("a thousand columns", ",".join(f"c{k}" for k in range(998)) + ",x,y\n"
         + "".join(f"{',' * 998}{x},{2 * x + 1}\n" for x in range(1, 9)), args=("--features", "x")),
    good("a cell of ten megabytes", lines("note,x,y", "n,{x},{y}").replace("n,4", "n" * 10**7 + ",4"),
         "column `note` holds text"),
    good("a comment of ten megabytes", "# " + "long " * 2_000_000 + "\n" + XY),
    good("rows in no order", "x,y\n" + "".join(f"{x},{2 * x + 1}\n" for x in (5, 2, 8, 1, 7, 3, 6, 4))),
    good("each row three times", "x,y\n" + "".join(f"{x},{2 * x + 1}\n" * 3 for x in range(1, 9))),
]  # fmt: skip

KINDS = [
    good("dates in ISO form", "t,y\n" + "".join(f"2020-01-0{x},{2 * x + 1}\n" for x in range(1, 9)),
         "days since 2020-01-01", formula={"t": 2.0, "": 3.0}),
    good("times with a zone", "t,y\n" + "".join(f"2020-01-01T0{x}:00:00+01:00,{2 * x + 1}\n" for x in range(1, 9)),
         "days since 2020-01-01", formula={"t": 48.0, "": 3.0}),
    good("days before months, with dots", "t;y\n" + "".join(f"0{x}.02.2020;{2 * x + 1}\n" for x in range(1, 9)),
         "days since 2020-02-01", formula={"t": 2.0, "": 3.0}),
    good("dates that can be read two ways", lines("when,x,y", "0{x}/02/2020,{x},{y}"),
         "`when` holds dates that can be read in two ways"),
    good("true and false", "b,y\n" + "TRUE,3\nfalse,1\n" * 4, "holds true and false", formula={"b": 2.0, "": 1.0}),
    good("yes and no", lines("b,x,y", "yes,{x},{y}"), "column `b` holds text"),
    bad("a target of text", lines("x,y", "{x},{y} or so"), "target column `y`", "row 2: `3 or so`",
        args=("--target", "y")),
    bad("no numbers at all", "name,town\nann,Rome\nbob,Oslo\n", "no column of numbers"),
    bad("a target that is not there", XY, "no column `Y`", "did you mean `y`?", args=("--target", "Y"), code=2),
    good("a constant column", lines("c,x,y", "7,{x},{y}"), "`c` is left out: it is constant"),
    good("a constant target", lines("x,y", "{x},7"), formula={"": 7.0}),
    good("a column that is twice another", "x,w,y\n" + "".join(f"{x},{2 * x},{2 * x + 1}\n" for x in range(1, 9)),
         "`w` is left out", formula={"x": 2.0, "w": 0.0, "": 1.0}),
    good("one distinct x", "x,y\n" + "".join(f"5,{y}\n" for y in (1, 2, 3, 2)), "1 distinct `x`", formula={"": 2.0}),
]  # fmt: skip

TEXTS = [*ENCODINGS, *DELIMITERS, *NUMBERS, *MISSING, *HEADERS, *AROUND, *SHAPES, *KINDS]
