"""Nothing in the source could execute text from outside; the places that are looked at, and why each may stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_walk import foreign_places, places, python_places

import fitx

ROOT = Path(__file__).resolve().parents[1] / "fitx"
if not ROOT.is_dir():  # the tests of a wheel
    ROOT = Path(fitx.__file__).parent

_OWN = "its names stand in a table of this source"
_PIPE = "between processes that the search itself started, over their pipes; nothing of a file or a command goes there"
#: (file, expression) -> why it may stay.
ALLOWED = {
    ("__init__.py", "importlib.import_module"): _OWN,
    ("__init__.py", "getattr"): _OWN,
    ("__init__.py", "globals"): "__getattr__ of the package keeps what it imported",
    ("candidates.py", "importlib.import_module"): "pandas, polars or pyarrow: any other name is refused before",
    ("cli/streams.py", "getattr"): "stdin, stdout, stderr",
    ("cli/streams.py", "setattr"): "stdin, stdout, stderr",
    ("contest.py", "getattr"): "the metric, which the settings check: rmse or mae",
    ("export/__init__.py", "importlib.import_module"): "a name that is among the files of this folder",
    ("export/code.py", "language.select.format"): "the template of a language; texts from outside are its arguments",
    ("export/code.py", "_ALONE.sub('\\\\1{b\\\\2}', spelling).format"): "the template of a language, as above",
    ("export/latex_long.py", "_TEMPLATES[op].format"): "the template of an operator; names are its arguments",
    ("formula/hazards.py", "getattr"): "literal names in a tuple",
    ("formula/operators.py", "getattr"): "functions of SymPy in the table of operators",
    ("mars/fitting.py", "getattr"): "names of Earth's own settings",
    ("mars/terms.py", "self.eval"): "py-earth's name for a term's values; it takes an array",
    ("model_file.py", "getattr"): "literal names in a tuple",
    ("numerics/separable.py", "getattr"): "fields of a dataclass",
    ("plugins.py", "importlib.import_module"): "a name that is among the files of fitx/fitters",
    ("plugins.py", "importlib.metadata.entry_points"): "packages that the user has installed register fitters so",
    ("plugins.py", "entry.load"): "as above",
    ("read/big.py", "connection.sql"): "columns are c0, c1, ...; the path and all texts are parameters",
    ("read/typed.py", "connection.sql"): "the reader's call is one of two literals; the path is a parameter",
    ("read/typed.py", "self.connection.sql"): "columns are c0, c1, ...; the path is a parameter",
    ("read/typed.py", "self.connection.execute"): "columns are c0, c1, ...; the path is a parameter",
    ("report/drawing.py", "ElementTree.fromstring"): "the picture that matplotlib just wrote",
    ("report/maths.py", "ElementTree.fromstring"): "the MathML that export/mathml_.py just wrote",
    ("report/preview.py", "{text:>{MARGIN - 1}}"): "a number of columns",
    ("score.py", "getattr"): "literal names in a tuple",
    ("search/ahead/crew.py", "import pickle"): _PIPE,
    ("search/ahead/crew.py", "pickle.loads"): _PIPE,
    ("search/ahead/crew.py", "import subprocess"): "starts this Python with a command that stands in the source",
    ("search/ahead/crew.py", "subprocess.Popen"): "as above, as a list, without a shell",
    ("search/ahead/crew.py", "_START.format"): "sys.path as a literal of Python",
    ("search/ahead/wire.py", "import pickle"): _PIPE,
    ("search/ahead/wire.py", "Named(io.BytesIO(message)).load"): _PIPE,
    ("search/ahead/worker.py", "import pickle"): _PIPE,
    ("search/ahead/worker.py", "reader.loads"): _PIPE,
    ("search/stages/__init__.py", "importlib.import_module"): "the files of this folder",
}  # fmt: skip


def test_nothing_runs_text_from_outside() -> None:
    found = [place for place in places(ROOT) if (place.path, place.what) not in ALLOWED]
    assert not found, "name the place and the reason, or do it without:\n" + "\n".join(map(str, found))


def test_what_is_allowed_is_still_there() -> None:
    there = {(place.path, place.what) for place in places(ROOT)}
    assert not set(ALLOWED) - there
    assert all(ALLOWED.values())


@pytest.mark.parametrize(
    "text",
    [
        "eval(x)", "exec(x)", "compile(x, '', 'exec')", "f = eval", "__import__(x)", "builtins.eval(x)", "globals()[x]",
        "import pickle", "import pickle as p", "from pickle import loads", "import yaml", "import marshal",
        "import subprocess", "from os import system", "os.system(x)", "os.popen(x)", "run(x, shell=True)",
        "run(x, shell=flag)", "pickle.load(f)", "joblib.load(f)", "torch.load(f)", "np.load(f)",
        "np.load(f, allow_pickle=True)", "np.loadtxt(f, allow_pickle=flag)", "yaml.load(f)", "import shelve",
        "sp.sympify(x)", "sympy.S(x)", "from sympy import S", "from sympy import sympify as s", "parse_expr(x)",
        "sp.lambdify(a, x)", "sp.symbols(x)", "sp.var(x)", "frame.eval(x)", "frame.query(x)", "pd.read_pickle(x)",
        "importlib.import_module(x)", "importlib.reload(x)", "spec.loader.exec_module(m)", "import runpy", "b.exec",
        "getattr(a, x)", "setattr(a, x, 1)", "operator.attrgetter(x)", "operator.methodcaller(x)",
        "x.format(a)", "str.format(x, a)", "x.format_map(a)", "x % (a,)", "x % {'a': 1}", "string.Template(x)",
        "f'{a:{b + c}}'", "f'{a:{b()}}'", "f.__globals__", "type.__subclasses__()", "ctypes.CDLL(x)",
        "connection.sql(f'SELECT {x}')", "cursor.execute('SELECT ' + x)", "ElementTree.fromstring(x)",
        "tempfile.mktemp()", "webbrowser.open(x)\nimport webbrowser", "def f():\n    def g():\n        return eval",
        "class A:\n    x = lambda self: exec", "breakpoint()",
    ],
)  # fmt: skip
def test_the_walk_finds(text: str) -> None:
    assert list(python_places(text))


@pytest.mark.parametrize(
    "text",
    [
        "re.compile(x)", "json.loads(x)", "json.load(f)", "getattr(a, 'b', None)", "'{}'.format(x)", "'%s' % (x,)",
        "n % 2", "f'{a:{width}}'", "f'{a:.{digits}g}'", "np.loadtxt(f)",
        "values.var()", "from fitx.model_file import load", "from . import load", "sp.Symbol(x)", "formula.evaluate(x)",
        "importlib.import_module('sympy')", "connection.sql('SELECT 1')", "parse(x)", "'eval'", "# eval(x)",
    ],
)  # fmt: skip
def test_the_walk_lets_pass(text: str) -> None:
    assert not list(python_places(text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.cpp", 'system("ls");'), ("a.hpp", "popen (x)"), ("a.cpp", "nb::eval(x)"), ("a.cpp", "#include <unistd.h>"),
        ("a.js", "e.innerHTML = x"), ("a.js", "eval(x)"), ("a.js", "new Function(x)"), ("a.js", "document.write(x)"),
        ("a.js", "fetch(x)"), ("a.css", "background: url(x)"), ("a.css", "@import 'x'"),
    ],
)  # fmt: skip
def test_the_walk_finds_in_other_languages(path: str, text: str) -> None:
    assert list(foreign_places(text, path))


def test_sources_are_all_read() -> None:
    found = {path.suffix for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert found <= {".py", ".pyi", ".cpp", ".hpp", ".txt", ".js", ".css", ".typed", ".so", ".pyd", "", ".dll", ".pdb"}
