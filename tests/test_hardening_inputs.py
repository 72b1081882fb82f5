"""What is typed, or stands in a model, a plug-in or a file's name, is read as what it must be or refused in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_watch import watched

import fitx
from fitx import plugins
from fitx.cli.app import run
from fitx.errors import FitxError, FitxWarning

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
_nothing_is_executed = pytest.fixture(autouse=True)(watched)
QUICK = ["--holdout", "0", "--progress", "none"]


@pytest.fixture
def line(tmp_path: Path) -> str:
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{x},{2 * x + 1}\n" for x in range(1, 25)))
    return "a.csv"


def answer(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and the message; whatever was typed, one message of bounded length."""
    code = run(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert "fault of fitx" not in err
    assert len(err) < 6000
    assert not [c for c in out + err if not c.isprintable() and c != "\n"]
    return code, out, err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("__import__('os').system('touch PWNED')", "`__import__`, `system` are no known functions"),
        ("eval('1')", "unexpected `'`"), ("().__class__", "a value is missing before `)`"),
        ("x.real", "unexpected `.`"),
        ("lambda: 0", "unexpected `:`"), ("a*x if 1 else 2", "an operator is missing here"),
        ("[a for a in x]", "unexpected `[`"), ("{a}*x", "unexpected `{`"), ("%s*x", "unexpected `%`"),
        ("a*x; b", "unexpected `;`"), ("a:=x", "unexpected `:`"), ("f'{a}'", "unexpected `'`"), ("a*`x", "unexpected"),
        ("$(touch PWNED)*x", "unexpected `$`"), ("a@x", "unexpected `@`"), ("a*x # b", "unexpected `#`"),
        ("a*x\\", "unexpected `\\`"), ("a*x + \x1b[31m", "unexpected `\\x1b`"), ("a*x + \x00", "unexpected `\\x00`"),
        ("a*x + \u202eb", "unexpected `\\u202e`"), ("a*x + \ud800", "unexpected `\\ud800`"), ("a·x", "unexpected `·`"),
        ("a*x²", "`x²` is no name"), ("a*x + ²", "`²` is no name"), ("0x41*a*x", "an operator is missing here"),
        ("1_000*a*x", "an operator is missing here"), ("a*x + 1e99999", "this number is too large"),
        ("a*x + " + "9" * 400, "this number is too large"), ("", "the formula ends too early"),
        ("(a*x", "never closed"),
        ("a*x == b", "a comparison stands only"), ("pi(x)*a", "no function named `pi`"), ("x", "nothing to fit"),
        ("sin(" * 3000 + "x" + ")" * 3000 + "*a", "3,000 deep inside each other"),
        ("a*x + " + "-" * 100_000 + "b", "characters; at most 50,000 are fitted"), ("f(f(x))", "stands within itself"),
        ("f(x) + g(x)", "only one function can be found"), ("sqrt*x*a", "needs its arguments in parentheses"),
    ],
)  # fmt: skip
def test_models_that_are_no_formulas(text: str, says: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = answer(["fit", line, "--model", text, *QUICK], capsys)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize(
    "text",
    [
        "a*x + __class__", "a*x + `__import__('os').system('touch PWNED')`", "a*x + `\\input{/etc/passwd}`",
        "a*x + `{0.__class__}`", "a*x + `%s%n`", "a*x + `\x1b[31m`", "a*x + `\n`", "a*x + `=cmd|' /C calc'!A0`",
        "a*x + lambda", "a*x + E", "a*x + I", "a*x + S", "a*x + N", "a*x\n+\tb", "y = a*x + b",
        "(" * 5000 + "a*x + b" + ")" * 5000, "a*x + " + "b" * 40_000, "a*x + -----b", "a*x + `</script>`",
    ],
)  # fmt: skip
def test_models_with_hostile_parameters(text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Any name is a parameter's; it does not stand in the formula."""
    code, out, _ = answer(["fit", line, "--model", text, *QUICK, "--save", "m.json"], capsys)
    assert (code, out) == (0, "2*x + 1\n")
    assert fitx.load("m.json").parameters[0].name == "a"


@pytest.mark.parametrize("text", ["a*x + 9**9**9**9", "a*x**(10**10**10)", "a*x + 1/0", "a*10**400*x", "a*x*sqrt(-1)"])
def test_models_that_are_undefined(text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = answer(["fit", line, "--model", text, *QUICK], capsys)
    assert (code, out) == (1, "")
    assert "the model is undefined on some row" in err


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--start", "a=__import__('os')", "`__import__('os')` is no number"),
        ("--start", "a=$(touch PWNED)", "is no number"),
        ("--start", "a={0.__class__}", "is no number"), ("--start", "a=0x10", "is no number"),
        ("--start", "a=nan", "is no number"),
        ("--start", "a=1e999", "must be finite"), ("--start", "a", "is not understood"),
        ("--start", "=1", "is not understood"),
        ("--start", "a=", "is not understood"), ("--start", "a=1;b=2", "does not occur in the model"),
        ("--start", "__class__=1", "does not occur"), ("--start", "`x`=1", "it is a column"),
        ("--start", "a=1,a=2", "stands twice"),
        ("--start", "\x1b[31m=1", "`\\x1b[31m` cannot have a start"),
        ("--start", "b" * 100_000 + "=1", "does not occur"),
        ("--fix", "a=os.system", "is no number"), ("--fix", "a=1,b=1", "nothing to fit"),
        ("--fix", "z=1", "does not occur"),
        ("--bounds", "a=0:10:20", "`10:20` is no number"), ("--bounds", "a=1:0", "are reversed"),
        ("--bounds", "a=nan:1", "no number"),
        ("--bounds", "a=os.system:1", "is no number"), ("--bounds", "a", "is not understood"),
        ("--bounds", "a=1e999:", "beyond every number"),
        ("--set", "poly.degree=__import__('os')", "takes a whole number"),
        ("--set", "poly.degree=1e99", "takes a whole number"), ("--set", "poly.degree={0}", "takes a whole number"),
        ("--set", "poly.degree=" + "9" * 5000, "takes a whole number"),
        ("--set", "poly.degree=-1", "must be 0 or more"),
        ("--set", "poly.__class__=1", "has no option `__class__`"),
        ("--set", "__class__.x=1", "no method named `__class__`"),
        ("--set", "os.system=touch PWNED", "no method named `os`"), ("--set", "../poly.degree=1", "no method named"),
        ("--set", "poly.degree", "has no value"), ("--set", "=", "is no option"),
        ("--method", "os", "no method named `os`"),
        ("--method", "../../x", "no method named"), ("--method", "base", "no method named"),
        ("--method", "__init__", "no method"),
        ("--method", "fitx.fitters.poly", "no method named"), ("--method", "p" * 100_000, "no method named"),
        ("--format", "../base", "no format named"), ("--format", "base", "no format named"),
        ("--format", "__init__", "no format"),
        ("--format", "\x1b[31m", "no format named `\\x1b[31m`"),
        ("--units", "x=__import__('os')", "cannot read the unit"),
        ("--units", "x=m*__class__", "cannot read the unit"), ("--range", "__import__('os'),1", "--range"),
        ("--split", "group:", "group"),
        ("--split", "os", "split"), ("--loss", "eval", "eval"), ("--target", "__class__", "no column `__class__`"),
        ("--features", "`touch PWNED`", "no column"), ("--seed", "os.getpid()", "--seed"),
        ("--digits", "99", "--digits"),
        ("--jobs", "$(nproc)", "--jobs"), ("--holdout", "{0}", "--holdout"),
        ("--__class__", "1", "no option `--__class__`"),
    ],
)  # fmt: skip
def test_values_on_the_command_line(
    flag: str, value: str, says: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", "a*x + b"] if flag in ("--start", "--fix", "--bounds") else ["-m", "poly"]
    code, out, err = answer(["fit", line, *model, *QUICK, flag, value], capsys)
    assert (code, out) == (2, "")
    assert says in err.replace("--help", "")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A model file."""
    path = tmp_path_factory.mktemp("saved") / "m.json"
    x = np.arange(1.0, 25.0)
    fitx.fit(x, 2 * x + 1, method="poly", options={"poly.degree": 1}, holdout=0).save(path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def nested(depth: int, bracket: str = "[]") -> str:
    return bracket[0] * depth + bracket[1] * depth


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "1", '"x"', "{", nested(100_000),
        '{"fitx_model": 1, "formula": ' + nested(100_000) + "}",
        '{"a":' * 50_000 + "1" + "}" * 50_000, '{"fitx_model": 1}', '{"fitx_model": "1"}', '{"fitx_model": 2}',
        '{"fitx_model": 1e999}', '{"fitx_model": ' + "9" * 10_000 + "}", '{"fitx_model": [1]}', "\x00", "\x80\x04\x95.",
        "<html></html>", "cos\nsystem\n(S'touch PWNED'\ntR.", "!!python/object/apply:os.system ['touch PWNED']",
        '{"__reduce__": "os.system", "fitx_model": 1}', '{"fitx_model": 1, "formula": NaN}', "x,y\n1,2\n",
    ],
)  # fmt: skip
def test_files_that_are_no_models(text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.json").write_text(text, encoding="latin-1")
    for command in (["predict", "m.json", line], ["export", "m.json", "--to", "python"]):
        code, out, err = answer(command, capsys)
        assert (code, out) == (1, "")
        assert err.startswith("Error: `m.json` is ")
        assert "\n\nhint: " in err


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("formula", "__import__('os').system('touch PWNED')"), ("formula", "().__class__"), ("formula", "x.__class__"),
        ("formula", "lambda: 0"), ("formula", "f(x)"), ("formula", "eval(x)"), ("formula", "nan*x"),
        ("formula", "1e999*x"),
        ("formula", "`x"), ("formula", ""), ("formula", "x y"), ("formula", "x²"), ("formula", None), ("formula", 1),
        ("formula", ["x"]), ("formula", {"op": "os.system"}), ("formula", "z"), ("formula", "(" * 100_000),
        ("formula", "x +" * 100_000), ("formula", "9" * 400), ("shown", "eval(x)"), ("features", None),
        ("features", "x"),
        ("features", [["x"]]), ("features", ["x", "x"]), ("features", [1]), ("features", {"x": 1}), ("target", None),
        ("target", ["y"]), ("target", {"a": 1}), ("parameters", {}), ("parameters", [[]]),
        ("parameters", [{"name": "a"}]),
        ("covariance", [[1, 2], [3]]), ("covariance", [[[1]]]), ("covariance", [["x"]]), ("covariance", "x"),
        ("covariance", [[0] * 1000] * 1000), ("candidates", [{}]), ("candidates", {"a": 1}), ("candidates", [None]),
        ("holdout", []), ("holdout", {"r2": "eval"}), ("train", None), ("seed", 10**400), ("seed", -1), ("seed", "os"),
        ("seed", True), ("seed", 1.5), ("seconds", "1"), ("seconds", None), ("warnings", "x"), ("warnings", [1]),
        ("units", {"x": 1}), ("units", []), ("box", {"x": [1, 0]}), ("box", {"x": ["a", "b"]}), ("box", {"z": [0, 1]}),
        ("how", []), ("how", {"a": [[[[[[[[[[1]]]]]]]]]]}),
        ("residuals", {"values": [1], "ranks": [], "n": 1, "how": ""}),
        ("residuals", []), ("noise", "x"), ("structure", "eval(x)"), ("label", None), ("loss", 1),
        ("fitx_version", None),
    ],
    ids=lambda v: repr(v)[:40],
)  # fmt: skip
def test_parts_of_models(
    part: str, value: object, saved: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("m.json").write_text(json.dumps({**saved, part: value}))
    code, out, err = answer(["predict", "m.json", line], capsys)
    assert (code, out) == (1, "")
    assert err.startswith("Error: `m.json` is damaged: ")


def test_a_key_that_stands_twice_counts_as_the_last(
    saved: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON readers have it; what predicts is what is exported."""
    text = json.dumps(saved)
    doubled = text[:-1] + ', "formula": "3.0*x", "shown": "3*x"}'
    Path("m.json").write_text(doubled)
    assert answer(["export", "m.json", "--to", "text"], capsys)[:2] == (0, "3*x\n")
    assert answer(["predict", "m.json", line], capsys)[1].splitlines()[1] == "3.0"


def test_a_formula_of_many_nodes(saved: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    long = " + ".join(["x"] * 20_000)
    Path("m.json").write_text(json.dumps({**saved, "formula": long, "shown": long, "candidates": []}))
    assert answer(["predict", "m.json", line], capsys)[1].splitlines()[1] == "20000.0"


@pytest.mark.parametrize(
    "entry", ["os:system", "builtins:eval", "subprocess:Popen", "os.path:join", "fitx.fitters.base:Fitter", "nowhere:x"]
)
@pytest.mark.parametrize("name", ["bad", "__import__('os').system('touch PWNED')", "\x1b[31mred", "poly", "{0}", "a;b"])
def test_plug_ins_by_hostile_names(
    entry: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry point names code of a package that is installed; what is no fitter is left out, and not called."""
    info = tmp_path / "site" / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[fitx.fitters]\n{name} = {entry}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    plugins.all_fitters.cache_clear()
    try:
        with pytest.warns(FitxWarning, match="is left out"):
            assert set(fitx.methods()) >= {"poly", "lagrange"}
        plugins.all_fitters.cache_clear()
        code, out, err = answer(["methods"], capsys)
    finally:
        plugins.all_fitters.cache_clear()
    assert code == 0
    assert "poly" in out
    assert "is left out" in err


NAMES = [
    "-x.csv", "--help", "a\nb.csv", "a b.csv", "$(touch PWNED).csv", "`touch PWNED`.csv", "; touch PWNED",
    "=cmd.csv", "%s%n.csv", "{0.__class__}.csv", "'.csv", "\".csv", "\x1b[31m.csv", "\u202evsc.exe", "*.csv",
    "[a].csv", "a.csv|ls", "~", "nul.csv", "é.csv", "http:", "a" * 200 + ".csv", "#x.csv", "\udcff.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_files_of_any_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As table, model and predictions; and where there is none of that name."""
    command = ["fit", "-m", "poly", "--set", "poly.degree=1", *QUICK, f"--save={name}.json", "--", name]
    code, out, err = answer(command, capsys)
    assert (code, out) == (1, "")
    assert err.startswith("Error: there is no file `")
    assert err.partition("\n\n")[0].count("\n") == 0
    (tmp_path / name).write_text("x,y\n" + "".join(f"{x},{2 * x + 1}\n" for x in range(1, 25)))
    assert answer(command, capsys)[:2] == (0, "2*x + 1\n")
    assert answer(["predict", f"--output={name}.out", "--", f"{name}.json", name], capsys)[:2] == (0, "")
    assert (tmp_path / f"{name}.out").read_text().startswith("y\n3.0\n5.0\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, f"{name}.json", f"{name}.out"])


def test_pages_under_hostile_names(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("-x.html", "$(touch PWNED).html", "<script>.html"):
        assert answer(["fit", line, "-m", "poly", *QUICK, f"--report={name}"], capsys)[0] == 0
        assert "<script>.html" not in (tmp_path / name).read_text()


def test_parse_is_no_way_to_python() -> None:
    for text in ("__import__('os')", "x.y", "eval(x)", "open(x)", "x[0]", "x if x else x", "sympy.S(x)", "x!"):
        with pytest.raises(FitxError):
            fitx.parse(text)
    assert np.isnan(fitx.parse("sqrt(-1)").evaluate({}))
