"""What in a source could execute, or reach into, text from outside: each such place with its rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Names of Python that run text, or give a way to it.
_NAMES = frozenset(
    {"eval", "exec", "compile", "execfile", "__import__", "globals", "locals", "__builtins__", "breakpoint"}
)
#: Modules whose business is to run commands or to load objects from bytes.
_MODULES = frozenset(
    {
        "pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "subprocess", "pty", "code",
        "codeop", "runpy", "imp", "yaml", "jinja2", "builtins", "webbrowser", "xmlrpc", "commands", "pexpect",
    }
)  # fmt: skip
_WAYS_IN = frozenset({"__globals__", "__builtins__", "__subclasses__", "__code__", "exec", "__import__"})
#: Functions by their last name, whatever they are called on.
_CALLS = frozenset(
    {
        # SymPy runs the text that these are given
        "sympify", "S", "parse_expr", "lambdify", "parse_latex", "parse_mathematica", "symbols",
        # pandas and NumExpr evaluate expressions
        "eval", "evaluate_string", "query",
        # commands
        "system", "popen", "Popen", "execv", "execve", "execvp", "execl", "execlp", "spawnv", "spawnl", "posix_spawn",
        "startfile",
        # code by its name, or from a file
        "import_module", "reload", "exec_module", "load_module", "spec_from_file_location", "find_loader",
        "entry_points", "methodcaller", "attrgetter", "CDLL", "PyDLL", "LoadLibrary",
        # objects from bytes
        "Unpickler", "read_pickle", "loads_pickle", "unsafe_load", "full_load",
        # XML from outside may name files and grow without end
        "fromstring", "XMLParser",
        # SQL
        "sql", "execute", "executemany", "executescript",
        # a name that another process may take
        "mktemp",
        "format_map",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """path: relative to the package's folder; what: the source of the expression; rule: why it is looked at."""

    path: str
    what: str
    rule: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}: {self.rule}"


def python_places(text: str, path: str = "") -> Iterator[Place]:
    """Those of one module."""
    for node in ast.walk(ast.parse(text)):
        for rule in _rules(node):
            shown = node.func if isinstance(node, ast.Call) else node
            yield Place(path, ast.unparse(shown)[:70], rule, getattr(node, "lineno", 0))


def _rules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        if any(_module(alias.name) in _MODULES for alias in node.names):
            yield "a module that runs or loads"
    elif isinstance(node, ast.ImportFrom):
        if _module(node.module or "") in _MODULES and node.level == 0:
            yield "a module that runs or loads"
        own = node.level > 0 or _module(node.module or "") == "fitx"
        if not own and any(alias.name in _CALLS | {"load", "loads", "Template"} for alias in node.names):
            yield "a function that runs text"
    elif isinstance(node, ast.Name):
        if node.id in _NAMES:
            yield "runs text"
    elif isinstance(node, ast.Call):
        yield from _call_rules(node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        if isinstance(node.right, ast.Tuple | ast.Dict) and not _literal(node.left):
            yield "a format that is no literal"
    elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        parts = [v for v in node.format_spec.values if isinstance(v, ast.FormattedValue)]  # type: ignore[attr-defined]
        if any(not isinstance(p.value, ast.Name | ast.Attribute | ast.Constant) for p in parts):
            yield "a format that is computed"
    elif isinstance(node, ast.Attribute) and node.attr in _WAYS_IN:
        yield "reaches into Python"


def _call_rules(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    attribute = isinstance(node.func, ast.Attribute)
    if name in _CALLS and not (name in ("sql", "execute", "import_module") and node.args and _literal(node.args[0])):
        yield "runs text"
    if attribute and name in ("var", "Template") and ast.unparse(node.func.value) in ("sp", "sympy", "string"):  # type: ignore[attr-defined]
        yield "runs text"
    if name in ("getattr", "setattr", "delattr") and not attribute and not all(map(_literal, node.args[1:2])):
        yield "an attribute whose name is no literal"
    if name == "format" and attribute and not _literal(node.func.value):  # type: ignore[attr-defined]
        yield "a format that is no literal"
    if name in ("load", "loads") and attribute and ast.unparse(node.func.value) != "json":  # type: ignore[attr-defined]
        yield "loads objects"
    if any(
        k.arg == "allow_pickle" and not (isinstance(k.value, ast.Constant) and k.value.value is False)
        for k in node.keywords
    ):
        yield "loads objects"
    if any(
        k.arg == "shell" and not (isinstance(k.value, ast.Constant) and k.value.value is False) for k in node.keywords
    ):
        yield "a shell"


def _literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _module(name: str) -> str:
    return name.partition(".")[0]


_FOREIGN = {
    ".cpp": re.compile(r"\b(?:system|popen|_popen|exec[lv]p?e?|dlopen|LoadLibrary\w*|WinExec|ShellExecute\w*)\s*\("
                       r"|PyRun_\w+|Py_CompileString\w*|nb::(?:eval|exec)\b|#include\s*<(?:unistd|dlfcn)\.h>"),
    ".js": re.compile(r"\beval\b|\bFunction\s*\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc"
                      r"|javascript:|setTimeout\s*\(\s*[\"'`]|\bimport\s*\(|\bfetch\b|XMLHttpRequest"),
    ".css": re.compile(r"url\s*\(|@import|expression\s*\(|behavior\s*:"),
}  # fmt: skip
_FOREIGN[".hpp"] = _FOREIGN[".cpp"]


def foreign_places(text: str, path: str) -> Iterator[Place]:
    """Those of a source in another language."""
    for found in _FOREIGN[Path(path).suffix].finditer(text):
        yield Place(path, found[0], "runs or loads text", text.count("\n", 0, found.start()) + 1)


def places(root: Path) -> Iterator[Place]:
    """Those of all sources under `root`."""
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.suffix == ".py":
            yield from python_places(file.read_text(encoding="utf-8"), path)
        elif file.suffix in _FOREIGN:
            yield from foreign_places(file.read_text(encoding="utf-8"), path)
