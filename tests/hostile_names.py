"""Names that somebody might give to a column so that something is executed, broken out of, or hidden."""

from __future__ import annotations

PYTHON = [
    "__import__('os').system('touch PWNED')", "eval('open(\"PWNED\", \"w\")')", "exec(\"open('PWNED','w')\")",
    "().__class__.__bases__[0].__subclasses__()", "{0.__class__}", "{x!r:>{y}}", "%s%n%x", "%(os)s", "f'{__import__}'",
    "__class__", "__dict__", "__builtins__", "__globals__", "__init__", "lambda", "import os", "None", "True", "self",
    '"""', "'''", "\\", "\\N{BULLET}", "\\x41", "a\\", "# noqa", "x; import os", "x\nimport os", "x\r\nimport os",
    "@property", "print", "numpy", "math", "formula", "_sin", "t1", "v",
]  # fmt: skip
SHELL = [
    "$(touch PWNED)", "`touch PWNED`", "; touch PWNED;", "| touch PWNED", "&& touch PWNED", "> PWNED", "$IFS",
    "--help", "-o", "../../etc/passwd", "~root", "!!", "%PATH%", "\x00", "a\x00b",
]  # fmt: skip
SHEETS = [
    "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-2+3", "@SUM(1)", "=1", "\t=1", "\r=1", " =1",
    "'=1", "''=1", "'x", "R1C1", "A1", "$A$1", "=", "-", "+x", "@", "\uff1dcmd|1", "SUM(A1:A9)", "TRUE", "#REF!x",
    "_xlfn.LET",
]  # fmt: skip
PAGES = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onmouseover="alert(1)', "' onload='x",
    "<!--", "-->", "--!>", "]]>", "<svg/onload=alert(1)>", "&lt;script&gt;", "javascript:alert(1)", "</title>",
    "</style>", "</math><mtext>", "&#x3c;b", "<?php", "{{7*7}}", "${7*7}", "<%= 7 %>", "\u2028alert(1)",
]  # fmt: skip
TEX = [
    "\\input{/etc/passwd}", "\\write18{touch PWNED}", "\\immediate\\write18{x}", "$x$", "$$", "\\]", "}", "{", "%", "&",
    "#1", "^^5cinput", "~", "_x", "x_", "\\end{document}", "\\def\\x{\\x}\\x", "\\\\", "\\verb|x|", "\\text{",
    "\\catcode`",
]  # fmt: skip
CODE = [
    '*/ system("touch PWNED"); /*', "/*", "*/", "//", "x // y \\", "??/", "??)", "*\\\n/", "#include <x>",
    "'; DROP TABLE t; --",
    '"; DROP TABLE t; --', "' OR '1'='1", "a\"b", "x--y", "/* */ 1", "(* x *)", "=begin", "%{", "#=", "=#", "!x",
    "&\nx",
    "use std;", "#![x]", "end function", "implicit none", "int main(){}", "double", "NaN", "Infinity", "NULL", "select",
    "from", "where", "DROP", "GROUP BY", "undefined", "fn", "end", "pi", "E", "e", "i", "I", "S", "N", "Q",
    "beta", "gamma",
    "sin", "exp", "log10", "max", "piecewise", "hinge", "x", "X", "x1", "y",
]  # fmt: skip
SCREEN = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\link", "\x9b31m", "a\bb", "a\x7fb",
    "\u202ecod.exe",
    "a\u200bb", "\u2066x\u2069", "\ufeffx", "a\u0301", "\U000e0041", "\ud800", "x\udcffy", "\uffff", "\u0085x",
    "a\vb", "a\fb",
]  # fmt: skip
LONG = ["n" * 100_000, "(" * 3000, "é" * 5000, "a " * 2000 + "b", "\\" * 2001]

GROUPS = {
    "python": PYTHON, "shell": SHELL, "sheets": SHEETS, "pages": PAGES, "tex": TEX, "code": CODE, "screen": SCREEN,
    "long": LONG,
}  # fmt: skip
NAMES = [*PYTHON, *SHELL, *SHEETS, *PAGES, *TEX, *CODE, *SCREEN, *LONG]


def label(name: str) -> str:
    """A name as tests are called."""
    shown = name.encode("unicode_escape", "surrogatepass").decode()
    return shown if len(shown) <= 40 else f"{shown[:30]}... ({len(name)})"
