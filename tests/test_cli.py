"""The command line as users meet it: exact output, streams, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.search.dimensions import Units
from fitx.units import parse_unit

POINTS = "x,y\n1,10\n2,12\n3,4\n"


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(POINTS)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    r = np.random.default_rng(0)
    x = r.uniform(-2, 5, 100)
    path = tmp_path / "table.csv"
    np.savetxt(path, np.c_[x, 3 * x**2 - 2 * x + 1 + r.normal(0, 0.5, 100)], delimiter=",", header="x,y", comments="")
    return path


def fitx_process(*args: str, stdin: bytes | None = None, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "fitx", *args],
        input=stdin,
        capture_output=True,
        timeout=120,
        env={**os.environ, **env},
    )


class TestFit:
    def test_the_formula_alone_goes_to_standard_output(self, points: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["fit", str(points), "--method", "lagrange"]) == 0
        out, err = capsys.readouterr()
        assert out == "-5*x**2 + 17*x - 2\n"
        assert err.startswith("warning: no held-out error: 3 rows are too few")

    def test_json_has_the_promised_keys(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["fit", str(table), "--method", "poly", "--format", "json"]) == 0
        d = json.loads(capsys.readouterr().out)
        assert list(d) == [
            "formula", "latex", "method", "label", "loss", "target", "features", "complexity", "holdout", "train",
            "parameters", "candidates", "baselines", "warnings", "seed", "seconds", "fitx_version",
        ]  # fmt: skip
        assert list(d["holdout"]) == ["r2", "rmse", "mae", "max_abs", "n", "how"]
        assert list(d["train"]) == ["r2", "rmse", "mae", "max_abs", "n"]
        assert list(d["parameters"][0]) == ["name", "value", "stderr", "ci95"]
        assert list(d["candidates"][0]) == ["formula", "method", "complexity", "validation", "train"]
        assert (d["method"], d["target"], d["features"]) == ("poly", "y", ["x"])
        assert d["holdout"]["n"] == 25
        low, high = d["parameters"][2]["ci95"]
        assert low < 3 < high
        assert fitx.parse(d["formula"]).complexity == d["complexity"]

    def test_each_flag(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        x = np.arange(60.0)
        columns = np.c_[x, x**2, np.where(x < 50, 1.0, 0.0), 2 * x + 1 + (x >= 50) * 100, x // 10]
        np.savetxt(tmp_path / "t.csv", columns, delimiter=",", header="a,b,w,y,g", comments="")
        base = ["fit", str(tmp_path / "t.csv"), "-m", "poly", "--target", "y", "--set", "poly.degree=1"]
        assert run([*base, "--features", "a", "--weights", "w"]) == 0
        assert capsys.readouterr().out == "2*a + 1\n"
        assert run([*base, "--features", "a,b", "--split", "group:g", "--format", "json", "--seed", "4"]) == 0
        d = json.loads(capsys.readouterr().out)
        assert "groups" in d["holdout"]["how"]
        assert (d["features"], d["seed"]) == (["a", "b"], 4)
        assert (
            run([*base, "-x", "a", "--split", "last", "--holdout", "0.1", "--digits", "2", "--progress", "plain"]) == 0
        )
        assert "poly degree 1" in capsys.readouterr().err
        assert run([*base, "-x", "a", "--max-complexity", "1", "--set", "poly.degree=0"]) == 0

    def test_standard_input(self) -> None:
        done = fitx_process("fit", "-", "--method", "lagrange", stdin=POINTS.encode())
        assert done.stdout == b"-5*x**2 + 17*x - 2\n"
        assert done.returncode == 0

    @pytest.mark.parametrize(
        ("args", "code", "message"),
        [
            (["--method", "ratonal"], 2, "no method named `ratonal`"),
            (["--format", "latx"], 2, "did you mean `latex`"),
            (["--target", "z"], 2, "`z`"), (["--set", "poly.degree"], 2, "has no value"),
            (["--set", "poly.degre=2"], 2, "did you mean `degree`"), (["--holdout", "2"], 2, "between 0 and 0.9"),
            (["--holdout", "many"], 2, "holdout"), (["--nonsense"], 2, "nonsense"),
            (["--digits", "0"], 2, "between 1 and 17"),
            (["--missing", "keep"], 2, "drop, error"), (["--progress", "loud"], 2, "auto, plain, none"),
            (["--split", "group:"], 2, "not understood"), (["--split", "best"], 2, "no split named"),
            (["--save", "/nowhere/at/all/m.json"], 2, "no folder"), (["--weights", "x", "--sigma", "x"], 2, "not both"),
            (["--units", "x=foo"], 2, "`foo` is no unit"), (["--units", "x"], 2, "COLUMN=UNIT"),
            (["--units", "q=m"], 2, "no column `q`"), (["--units", "x=m,x=s"], 2, "two units"),
            (["--model", "a*exp(-b*x"], 2, "a*exp(-b*x\n      ^"), (["--model", "x"], 2, "nothing to fit"),
            (["--model", "a*x", "--per-group", "b", "--group", "x"], 2, "`b` cannot differ by group"),
            (["--model", "a*x", "--per-group", "a"], 2, "--group"), (["--per-group", "a"], 2, "--model"),
            (["--model", "a*x", "--per-group", "a", "--group", "z"], 2, "`z`"),
            (["--method", "model"], 1, "--model"), (["--start", "a=1"], 2, "give --model"),
            (["--model", "a*x", "--bounds", "a=5:1"], 2, "reversed"),
            (["--model", "a*x", "--bounds", "a=5"], 2, "write a=0:10"),
            (["--model", "a*x", "--start", "a"], 2, "write a=1,b=2"),
            (["--model", "a*x", "--start", "a=b"], 2, "`b` is no number"),
            (["--model", "a*x + b", "--fix", "x=1"], 2, "it is a column"),
            (["--model", "a*x + b", "--fix", "c=1"], 2, "does not occur in the model"),
        ],
    )  # fmt: skip
    def test_a_wrong_command_line(
        self, points: Path, capsys: pytest.CaptureFixture[str], args: list[str], code: int, message: str
    ) -> None:
        assert run(["fit", str(points), *args]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("Error: ")
        assert message in err
        assert "Traceback" not in err

    def test_faults_of_the_data_are_exit_1(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["fit", str(tmp_path / "none.csv")]) == 1
        assert "none.csv" in capsys.readouterr().err
        (tmp_path / "empty.csv").write_text("")
        assert run(["fit", str(tmp_path / "empty.csv")]) == 1
        (tmp_path / "twice.csv").write_text("x,y\n1,2\n1,3\n2,4\n")
        assert run(["fit", str(tmp_path / "twice.csv"), "--method", "lagrange"]) == 1
        assert "hint:" in capsys.readouterr().err

    def test_units_of_a_table_and_of_the_user(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        t, v = np.random.default_rng(0).uniform(1, 3, (2, 60))
        y = t * v + v**2 / 2
        rows = "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in np.c_[t, v, y].tolist())
        path = tmp_path / "t.csv"
        fit = ["fit", str(path), "--method", "symbolic", "--time-limit", "4"]
        # a*b + b**2/2 is no sum of like and like
        path.write_text("a,b,y\nm,s,m s\n" + rows)
        assert run(fit) == 0
        out, err = capsys.readouterr()
        units = Units.of(("a", "b"), [parse_unit(u) for u in ("m", "s", "m s")])
        assert units.permits(fitx.parse(out.strip()))
        assert "a formula that the units forbid fits much better" in err
        for given in ("", "a=m,b=m,y=m^2"):
            assert run([*fit, "--units", given]) == 0
            out, err = capsys.readouterr()
            assert fitx.parse(out.strip()).predict(np.c_[t, v], ("a", "b")) == pytest.approx(y)
            assert not err
        path.write_text("a,b,y\nm,°C,m s\n" + rows)
        assert run(fit) == 0
        assert "the zero of `°C` (column `b`) is arbitrary" in capsys.readouterr().err
        assert run([*fit, "--units", "a=m,b=m,y=kg"]) == 1
        assert "no feature has mass" in capsys.readouterr().err

    def test_a_model_with_groups_is_saved_and_predicts(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = [(x / 10, g, [2.0, 5.0][g - 1] * x / 10 + 1) for x in range(30) for g in (1, 2)]
        (tmp_path / "t.csv").write_text("x,g,z,y\n" + "".join(f"{x},{g},7,{y!r}\n" for x, g, y in rows))
        model = ["--model", "a*x + b", "--per-group", "a", "--group", "g", "--features", "x"]
        saved = str(tmp_path / "m.json")
        assert run(["fit", str(tmp_path / "t.csv"), *model, "--save", saved, "--format", "json"]) == 0
        d = json.loads(capsys.readouterr().out)
        assert {p["name"]: round(p["value"], 9) for p in d["parameters"]} == {"a[1]": 2.0, "a[2]": 5.0, "b": 1.0}
        assert (d["method"], d["features"]) == ("model", ["x", "g"])
        (tmp_path / "new.csv").write_text("g,x\n2,1\n1,1\n3,1\n")
        assert run(["predict", saved, str(tmp_path / "new.csv")]) == 0
        got = [float(line.split(",")[-1]) for line in capsys.readouterr().out.split()[1:]]
        assert got == pytest.approx([6, 3, 4.5])

    def test_hostile_names(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for name in ("import os", "lambda", "Temp (°C)", "`x`", "x-1", "E", "\x1b[31mred"):
            quoted = '"' + name.replace('"', '""') + '"'
            (tmp_path / "t.csv").write_text(f"{quoted},y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(60)), "utf-8")
            assert run(["fit", str(tmp_path / "t.csv"), "--method", "poly"]) == 0
            out = capsys.readouterr().out
            assert fitx.parse(out.strip()).variables == (name,)


class TestSavePredictExport:
    def test_round_trip(self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        model = tmp_path / "m.json"
        assert run(["fit", str(table), "--method", "poly", "--save", str(model)]) == 0
        shown = capsys.readouterr().out
        fit = fitx.load(model)
        assert run(["predict", str(model), str(table)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "y"
        x = np.loadtxt(table, delimiter=",", skiprows=1)[:, 0]
        np.testing.assert_array_equal(np.array(lines[1:], float), fit.predict(x))
        assert run(["predict", str(model), str(table), "--output", str(tmp_path / "p.csv")]) == 0
        assert (tmp_path / "p.csv").read_text().splitlines() == lines
        assert capsys.readouterr().out == ""
        assert run(["export", str(model), "--to", "text"]) == 0
        assert capsys.readouterr().out == shown

    def test_rows_that_lack_a_number_stay_in_place(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(60)))
        model = str(tmp_path / "m.json")
        assert run(["fit", str(tmp_path / "t.csv"), "--method", "poly", "--save", model]) == 0
        capsys.readouterr()
        (tmp_path / "new.csv").write_text("other,x\n1,5\n2,\n3,7\n")
        assert run(["predict", model, str(tmp_path / "new.csv")]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out[2] == "NaN"  # not an empty line, which readers of CSV skip: the rows after it would move up
        np.testing.assert_allclose([float(out[1]), float(out[3])], [10, 14])
        (tmp_path / "other.csv").write_text("z,w\n1,5\n2,6\n")
        assert run(["predict", model, str(tmp_path / "other.csv")]) == 1
        assert "`x`" in capsys.readouterr().err

    def test_a_place_that_cannot_be_saved_to_is_said_before_the_work(
        self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["fit", str(table), "--method", "poly", "--save", str(tmp_path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "it is a folder" in err

    def test_where_saving_fails_the_formula_is_printed(
        self, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", full)
        assert run(["fit", str(table), "--method", "poly", "--save", str(tmp_path / "m.json")]) == 1
        out, err = capsys.readouterr()
        assert "x**2" in out
        assert "No space left on device" in err

    def test_no_model(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for text in ("", "{}", "[1]", '{"fitx_model": 99}', '{"fitx_model": 1}', "\x00"):
            (tmp_path / "m.json").write_text(text)
            assert run(["export", str(tmp_path / "m.json"), "--to", "text"]) == 1
            assert "m.json" in capsys.readouterr().err
        assert run(["export", str(tmp_path / "none.json"), "--to", "text"]) == 1
        assert run(["export", str(tmp_path / "m.json"), "--to", "cobol"]) == 2


class TestManners:
    def test_version_help_and_methods(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--version"]) == 0
        assert capsys.readouterr().out == f"fitx {fitx.__version__}\n"
        for args in (["--help"], ["fit", "--help"], ["predict", "--help"], ["export", "--help"], ["methods", "--help"]):
            assert run(args) == 0
            assert "Usage: fitx" in capsys.readouterr().out
        assert run([]) == 2
        assert run(["methods"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == list(fitx.methods())
        assert run(["methods", "poly"]) == 0
        assert "poly.degree" in capsys.readouterr().out

    def test_what_is_not_imported(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(100)))
        code = (
            "import sys; from fitx.cli.app import run; run(sys.argv[2:]);"
            "print(*(m for m in sys.argv[1].split(',') if m in sys.modules), file=sys.stderr)"
        )
        for heavy, args in (
            ("numpy,sympy,scipy,sklearn,duckdb,pint,matplotlib", ["--help"]),
            ("sympy,scipy,sklearn,duckdb,pint,matplotlib", ["methods"]),
            ("sympy,scipy,sklearn,duckdb,rich,pint,matplotlib", ["fit", str(tmp_path / "t.csv"), "--method", "poly"]),
        ):
            done = subprocess.run(
                [sys.executable, "-P", "-c", code, heavy, *args], capture_output=True, text=True, check=True
            )
            assert done.stderr.strip() == "", (args, done.stderr)

    def test_no_colour_when_piped(self, table: Path) -> None:
        done = fitx_process("fit", str(table), "--method", "poly")
        assert b"\x1b" not in done.stdout + done.stderr

    def test_the_reader_may_leave_early(self, table: Path, tmp_path: Path) -> None:
        model = tmp_path / "m.json"
        assert fitx_process("fit", str(table), "--method", "poly", "--save", str(model)).returncode == 0
        done = subprocess.run(
            f'"{sys.executable}" -P -m fitx predict "{model}" "{table}" | head -1',
            shell=True,
            capture_output=True,
            timeout=60,
        )
        assert done.stdout == b"y\n"
        assert b"Traceback" not in done.stderr

    def test_an_interrupt_before_the_first_formula_is_said(
        self, points: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*args: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("fitx.pipeline.fit_table", interrupted)
        assert run(["fit", str(points), "--method", "poly"]) == 130
        out, err = capsys.readouterr()
        assert out == ""
        assert err == "interrupted before there was a result\n"

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_interrupt_is_130(self, tmp_path: Path, number: int) -> None:
        r = np.random.default_rng(0)
        X = r.normal(size=(39, 3))
        np.savetxt(tmp_path / "t.csv", np.c_[X, r.normal(size=39)], delimiter=",", header="a,b,c,y", comments="")
        model = tmp_path / "m.json"
        p = subprocess.Popen(
            [sys.executable, "-P", "-m", "fitx", "fit", str(tmp_path / "t.csv"), "-m", "poly", "--save", str(model),
             "--progress", "plain"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert p.stderr is not None
        p.stderr.readline()  # it is at work: while Python starts, nothing can answer a signal
        p.send_signal(number)
        out, err = p.communicate(timeout=60)
        assert p.returncode in (0, 130)  # 0 when it was done before the signal
        assert b"Traceback" not in err
        if out:
            assert fitx.load(model).formula
