"""Pictures: what is drawn is what the rows and the formula say, in the files that were asked for."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.errors import FitxError, UsageError
from fitx.formula import parse
from fitx.report.dependence import dependences
from fitx.report.mathtext import fitting, formula_math, name_math
from fitx.report.preview import preview
from fitx.report.rows import MOST, shown_rows, wants_log

HOSTILE = [
    "<script>alert(1)</script>",
    "</script>",
    '"><img onerror=alert(1)>',
    "Temp (°C) $x_1^2$ 50% & {\\frac}",
    "\x1b[31m",
    "`a`~'",
]
Capture = pytest.CaptureFixture[str]
SVG = "{http://www.w3.org/2000/svg}"


def line(n: int = 60, seed: int = 0, **more: Any) -> fitx.Fit:
    r = np.random.default_rng(seed)
    x = r.uniform(1, 5, n)
    return fitx.fit(x, 2 * x + 1 + r.normal(0, 0.1, n), method="poly", **more)


@pytest.fixture(scope="module")
def straight() -> fitx.Fit:
    return line()


@pytest.fixture(scope="module")
def many() -> fitx.Fit:
    r = np.random.default_rng(1)
    X = r.uniform(1, 3, (80, len(HOSTILE)))
    y = X[:, 0] * 2 + X[:, 1] * 9 + X[:, 2:].sum(axis=1) + r.normal(0, 0.01, 80)
    return fitx.fit(X, y, method="poly", feature_names=HOSTILE, target_name="<b>$y$</b>", options={"poly.degree": 1})


def artist(figure: Any, gid: str) -> Any:
    found = [a for ax in figure.axes for a in ax.get_children() if a.get_gid() == gid]
    return found[0] if found else None


def markers(svg: str, gid: str) -> int:
    """How many markers the artists of that name have in the file."""
    groups = [g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("id") == gid]
    return sum(len(list(g.iter(f"{SVG}use"))) for g in groups)


class TestFiles:
    def test_the_first_bytes_are_those_of_the_format(self, straight: fitx.Fit, tmp_path: Path) -> None:
        for ending, magic in ((".png", b"\x89PNG\r\n"), (".PDF", b"%PDF-1."), (".svg", b"<?xml")):
            path = tmp_path / f"fit{ending}"
            straight.plot(path=path)
            assert path.read_bytes().startswith(magic)
        assert sorted(p.suffix for p in tmp_path.iterdir()) == [".PDF", ".png", ".svg"]  # nothing temporary is left

    def test_another_ending_names_the_three(self, straight: fitx.Fit, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"ends in .png, .svg or .pdf. Got `fit.jpeg`"):
            straight.plot(path=tmp_path / "fit.jpeg")
        with pytest.raises(UsageError, match="what is shown is one of all, fit, front"):
            straight.plot(what="curve")
        with pytest.raises(FitxError, match="cannot write"):
            straight.plot(path=tmp_path / "nowhere" / "fit.svg")

    def test_the_same_fit_gives_the_same_bytes(self, straight: fitx.Fit, tmp_path: Path) -> None:
        for name in ("a.svg", "b.svg"):
            straight.plot(path=tmp_path / name)
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()

    def test_an_svg_says_the_formula_and_has_a_marker_a_row(self, straight: fitx.Fit, tmp_path: Path) -> None:
        straight.plot(path=tmp_path / "fit.svg")
        svg = (tmp_path / "fit.svg").read_text(encoding="utf-8")
        assert f"y = {straight}" in svg
        for what in ("rows", "residuals"):
            assert (markers(svg, f"{what}-fitted"), markers(svg, f"{what}-held-out")) == (45, 15)
        fronts = sum(markers(svg, f"front-{i}") for i in range(len(straight.candidates)))
        assert fronts == len(straight.candidates) > 1

    def test_800_pixels_at_100_to_the_inch_and_type_of_9_points_or_more(self, straight: fitx.Fit) -> None:
        figure = straight.plot()
        assert figure.get_figwidth() == 8
        assert min(t.get_fontsize() for ax in figure.axes for t in [*ax.get_xticklabels(), ax.xaxis.label]) >= 9

    def test_pyplot_and_the_settings_of_the_user_are_left_alone(self, straight: fitx.Fit) -> None:
        import matplotlib

        with matplotlib.rc_context({"text.usetex": True, "font.size": 3.0}):
            figure = straight.plot()
            assert matplotlib.rcParams["font.size"] == 3.0
        assert not any(t.get_usetex() for ax in figure.axes for t in [*ax.texts, ax.title, ax.xaxis.label])
        assert figure._repr_png_().startswith(b"\x89PNG")


class TestOneFeature:
    def test_the_curve_is_the_formula_over_the_rows_range(self, straight: fitx.Fit) -> None:
        figure = straight.plot()
        x, y = artist(figure, "curve").get_data()
        rows = np.asarray(straight.given.X)
        assert (x.min(), x.max()) == (rows.min(), rows.max())
        np.testing.assert_allclose(y, straight.predict(x), rtol=1e-12)
        main, under = figure.axes[:2]
        assert main.get_shared_x_axes().joined(main, under)
        assert figure.get_suptitle() == f"$y = {formula_math(straight.shown)}$"

    def test_held_out_rows_are_those_of_the_score(self, straight: fitx.Fit) -> None:
        x, _ = artist(straight.plot(), "rows-held-out").get_data()
        s = shown_rows(straight)
        assert s.held is not None
        assert sorted(x) == sorted(np.asarray(straight.given.X)[s.held])
        assert s.held.sum() == straight.holdout.n == 15
        # a fit to the others has the very error on them that was reported
        a = np.polynomial.Polynomial.fit(s.X[~s.held, 0], s.y[~s.held], len(straight.parameters) - 1)
        r = s.y[s.held] - a(s.X[s.held, 0])
        assert np.sqrt(np.mean(r * r)) == pytest.approx(straight.holdout.rmse, rel=1e-9)

    def test_last_rows_and_groups(self) -> None:
        last = shown_rows(line(split="last")).held
        assert last is not None
        assert np.flatnonzero(last).tolist() == list(range(45, 60))
        groups = np.repeat(np.arange(6), 10)
        held = shown_rows(line(split="group", groups=groups)).held
        assert held is not None
        assert set(groups[held]).isdisjoint(groups[~held])

    def test_where_it_is_not_known_which_rows_were_held_out_it_says_so(self, tmp_path: Path) -> None:
        fit = line()
        fit.save(tmp_path / "m.json")
        loaded = fitx.load(tmp_path / "m.json")
        X, y = fit.given.X, fit.given.y
        known = shown_rows(loaded, X, y).held
        assert known is not None
        assert (known == shown_rows(fit).held).all()
        other = shown_rows(loaded, X, y + 1)
        assert other.held is None
        assert "not the rows of the fit" in other.which
        assert "each row was held out once" in shown_rows(line(20)).which
        grouped = line(split="group", groups=np.repeat(np.arange(6), 10))
        grouped.save(tmp_path / "g.json")
        other = shown_rows(fitx.load(tmp_path / "g.json"), grouped.given.X, grouped.given.y)
        assert "which is not known here" in other.which

    def test_the_band_is_the_confidence_band_or_the_interval_of_a_new_row(self) -> None:
        r = np.random.default_rng(0)
        x = r.uniform(0.5, 5, 90)
        y = 3 * np.exp(-x) + r.normal(0, 0.05, 90)
        fit = fitx.fit(x, y, model="a*exp(-b*x)")
        ends = artist(fit.plot(), "band").get_paths()[0].vertices
        at = np.unique(ends[:, 0])
        middle = at[len(at) // 2]
        band = fit.band([middle])[0]
        assert sorted(set(ends[ends[:, 0] == middle, 1])) == pytest.approx(sorted(band[1:]))
        labels = [t.get_text() for t in fit.plot().axes[0].get_legend().get_texts()]
        assert "95 % confidence band" in labels
        spline = fitx.fit(x, y, method="spline")
        assert spline.covariance is None or spline.structure is None
        assert "95 % interval of a new row" in [t.get_text() for t in spline.plot().axes[0].get_legend().get_texts()]

    def test_undefined_values_are_gaps_and_a_pole_is_no_line(self) -> None:
        from dataclasses import replace

        x = np.linspace(-2, 2, 81)
        fit = line()
        root = replace(fit, formula=parse("sqrt(x)"), shown=parse("sqrt(x)"), structure=None)
        at, value = artist(root.plot(x, np.sqrt(np.abs(x))), "curve").get_data()
        assert np.isnan(value[at < 0]).all()
        assert np.isfinite(value[at >= 0]).all()
        s = shown_rows(root, x, np.sqrt(np.abs(x)))
        assert np.isnan(s.p).sum() == 40
        pole = replace(fit, formula=parse("1/(x - 0.01)"), shown=parse("1/(x - 0.01)"), structure=None)
        figure = pole.plot(x, np.clip(1 / (x - 0.01), -3, 3))
        _, value = artist(figure, "curve").get_data()
        assert np.isnan(value).sum() == 1
        low, high = figure.axes[0].get_ylim()
        assert -7 < low < high < 7

    def test_logarithmic_axes_where_the_values_ask_for_it(self) -> None:
        x = np.geomspace(1, 1e5, 60)
        fit = fitx.fit(x, 3 * x**0.5, model="a*x**b")
        main = fit.plot().axes[0]
        assert (main.get_xscale(), main.get_yscale()) == ("log", "log")
        assert [a.get_xscale() for a in line().plot().axes[:2]] == ["linear", "linear"]
        assert wants_log(x)
        assert not wants_log(np.linspace(1, 1e4, 60))
        assert not wants_log(np.geomspace(1, 50, 60))
        assert not wants_log(x - 1)

    def test_dates_and_units_stand_on_the_axes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        table = tmp_path / "t.csv"
        table.write_text("day,h\n" + "".join(f"2020-01-{i:02d},{2 * i}\n" for i in range(1, 30)))
        assert run(["fit", str(table), "--method", "poly", "--save", str(tmp_path / "m.json")]) == 0
        fit = fitx.load(tmp_path / "m.json")
        figure = fit.plot(np.arange(29.0), 2 * np.arange(1, 30.0))
        assert "days since 2020-01-01" in figure.axes[1].get_xlabel()

    def test_one_value_of_x(self) -> None:
        fit = line()
        figure = fit.plot([2.0, 2.0], [1.0, 2.0])
        assert len(figure.axes) >= 2


class TestManyFeatures:
    def test_agreement_residuals_and_a_panel_a_feature(self, many: fitx.Fit, tmp_path: Path) -> None:
        figure = many.plot(path=tmp_path / "many.svg")
        agree, residual, *parts = figure.axes
        assert agree.get_xlabel().startswith("observed")
        assert residual.get_ylabel() == "residual"
        panels = [ax for ax in parts if any(a.get_gid() == "dependence" for a in ax.get_children())]
        assert len(panels) == len(HOSTILE)
        assert panels[0].get_xlabel() == "</script>"  # moves y most
        ElementTree.parse(tmp_path / "many.svg")

    def test_partial_dependence_of_a_sum_is_its_term(self) -> None:
        r = np.random.default_rng(0)
        X = r.uniform(1, 3, (200, 2))
        fit = fitx.fit(X, 5 * X[:, 0] + X[:, 1] ** 2, method="poly")
        shown, left_out = dependences(fit, X)
        assert [d.feature for d in shown] == ["x1", "x2"]
        assert left_out == []
        slopes = np.diff(shown[0].mean) / np.diff(shown[0].at)
        np.testing.assert_allclose(slopes, 5, rtol=1e-6)

    def test_at_most_twelve_panels_and_words_for_the_rest(self) -> None:
        r = np.random.default_rng(0)
        X = r.uniform(1, 3, (100, 15))
        fit = fitx.fit(X, X @ np.arange(1.0, 16.0), method="poly", options={"poly.degree": 1})
        shown, left_out = dependences(fit, X)
        assert (len(shown), sorted(left_out)) == (12, ["x1", "x2", "x3"])
        assert "3 less important features not shown" in fit.plot().get_supxlabel().replace("\n", " ")

    def test_an_undefined_share_above_half_is_a_gap(self, many: fitx.Fit) -> None:
        from dataclasses import replace

        f = parse("sqrt(x1) + x2")
        fit = replace(many, formula=f, features=("x1", "x2"))
        X = np.column_stack([np.linspace(-1, 1, 50), np.ones(50)])
        shown, _ = dependences(fit, X)
        first = next(d for d in shown if d.feature == "x1")
        assert np.isnan(first.mean[first.at < 0]).all()
        assert np.isfinite(first.mean[first.at > 0]).all()


class TestHardCases:
    @pytest.mark.parametrize(
        ("formula", "x", "y"),
        [
            ("2*x", [1.0], [2.0]),
            ("2*x", [0.0], [0.0]),
            ("2*x", [1.0, 2.0, 3.0], [1.0, 1.0, 1.0]),
            ("2*x", [1.0, 2.0, 3.0], [1e300, -1e300, 2e300]),
            ("2*x", [1e300, 2e300, 3e300], [1.0, 2.0, 3.0]),
            ("2*x", [1.0, 2.0, 3.0], [1e-310, 2e-310, 3e-310]),
            ("sqrt(0 - 1 - x**2)", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
            ("exp(1000*x)", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
            ("x - 1", [0.1, 10.0, 1000.0], [0.1, 10.0, 1000.0]),
            ("3", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ],
    )
    def test_any_rows_are_drawn(self, formula: str, x: list[float], y: list[float], straight: fitx.Fit) -> None:
        from dataclasses import replace

        f = parse(formula)
        for fit, X in (
            (replace(straight, formula=f, shown=f, structure=None), x),
            (replace(straight, formula=f, shown=f, structure=None, features=("x", "z")), np.column_stack([x, y])),
        ):
            assert fit.plot(X, y, what="fit").axes
            assert preview(fit, X, y).count("\n") == 19


class TestTitle:
    def test_maths_type(self) -> None:
        f = parse("3*exp(-x1/2) + sqrt(alpha)/(Temp + 1)**2 - 1.5e-7*abs(x)")
        assert formula_math(f) == (
            r"3\,\exp\left(\frac{-x_{1}}{2}\right) + \frac{\sqrt{\alpha}}{{\left({\text{Temp}} + 1\right)}^{2}}"
            r" - 1.5 \cdot 10^{-7}\,\left|x\right|"
        ).replace(r"10^{-7}\,", r"10^{-7}\,")
        assert name_math("x_12") == "x_{12}"

    def test_every_operator_and_any_name_is_set(self) -> None:
        from matplotlib.mathtext import MathTextParser

        from fitx.formula import Const, Var, call
        from fitx.formula.operators import OPERATORS

        parser = MathTextParser("path")
        x = Var("x")
        for name, op in OPERATORS.items():
            arguments = [call("gt", x, Const(1)), x, x**2] if op.arity < 0 else [x] * op.arity
            parser.parse(f"${formula_math(call(name, *arguments))}$")
        for name in [*HOSTILE, "", " ", "a\nb", "$", "\\", "x" * 500, "_", "^", "#", "αβ"]:
            parser.parse(f"${name_math(name)}$")

    def test_what_is_too_long_is_cut_and_says_so(self) -> None:
        f = parse(" + ".join(f"{i}.12345678*x**{i}" for i in range(2, 40)))
        assert fitting("y", f, len, 60).endswith("(38 terms)")
        assert len(fitting("y", f, len, 60)) <= 60
        assert fitting("y", f, len, 5) == f"y: a formula of {f.complexity} nodes"
        huge = parse(" + ".join(["x"] * 5000))
        assert "a formula of" in fitting("y", huge, len, 60)


class TestLargeTables:
    def test_a_million_rows_are_thinned_but_not_their_outlier(self) -> None:
        n = 1_000_000
        x = np.linspace(0, 1, n)
        y = 2 * x
        y[777_777] = 9.0
        fit = line()
        s = shown_rows(fit, x, y)
        assert len(s.drawn) <= MOST
        assert 777_777 in s.drawn
        assert "of 1,000,000 rows drawn" in s.thinned
        drawn = artist(fit.plot(x, y), "rows-fitted").get_data()[0]
        assert len(drawn) == len(s.drawn)


class TestRowsOfAFit:
    def test_a_fit_refers_to_its_rows_and_neither_saves_nor_pickles_them(self, tmp_path: Path) -> None:
        x = np.linspace(1, 5, 50)
        y = 2 * x
        fit = fitx.fit(x, y, method="poly")
        assert fit.given.X is x
        assert fit.given.y is y
        assert pickle.loads(pickle.dumps(fit)).given.X is None
        fit.save(tmp_path / "m.json")
        loaded = fitx.load(tmp_path / "m.json")
        assert loaded.given.X is None
        with pytest.raises(UsageError, match="holds no rows to show"):
            loaded.plot()
        with pytest.raises(UsageError, match="give X and y, or neither"):
            loaded.plot(x)
        with pytest.raises(FitxError, match="X has 50 rows and y has 49"):
            loaded.plot(x, y[1:])
        assert loaded.plot(what="front").axes

    def test_data_frames_with_other_names(self) -> None:
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"a": np.linspace(1, 5, 50), "g": np.arange(50) // 5})
        by_group = fitx.fit(frame, 2 * frame["a"], method="poly", split="group:g")
        assert shown_rows(by_group).held is not None
        renamed = fitx.fit(frame[["a"]], 2 * frame["a"], method="poly", feature_names=["b"])
        assert renamed.plot().axes


class TestCommandLine:
    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        r = np.random.default_rng(0)
        x = r.uniform(1, 5, 60)
        path = tmp_path / "table.csv"
        np.savetxt(path, np.c_[x, 2 * x + r.normal(0, 0.1, 60)], delimiter=",", header="x,y", comments="")
        return path

    def test_fit_plot_and_plot_draw_the_same(self, table: Path, tmp_path: Path, capsys: Capture) -> None:
        a, b, model = tmp_path / "a.svg", tmp_path / "b.svg", tmp_path / "m.json"
        assert run(["fit", str(table), "--method", "poly", "--plot", str(a), "--save", str(model)]) == 0
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        assert run(["plot", str(model), str(table), str(b)]) == 0
        assert capsys.readouterr().out == ""
        assert a.read_bytes() == b.read_bytes()
        assert markers(b.read_text(encoding="utf-8"), "rows-held-out") == 15

    def test_what_is_wrong_is_said_before_the_work(self, table: Path, tmp_path: Path, capsys: Capture) -> None:
        assert run(["fit", str(table), "--plot", "x.gif"]) == 2
        assert ".png, .svg or .pdf" in capsys.readouterr().err
        assert run(["fit", str(table), "--plot", str(tmp_path / "no" / "x.svg")]) == 2
        assert "there is no folder" in capsys.readouterr().err

    def test_a_table_without_the_target_or_with_gaps(self, table: Path, tmp_path: Path, capsys: Capture) -> None:
        model = tmp_path / "m.json"
        assert run(["fit", str(table), "--method", "poly", "--save", str(model)]) == 0
        gaps = tmp_path / "gaps.csv"
        gaps.write_text("x,y\n1,2\n2,\n3,6\n4,8\n")
        assert run(["plot", str(model), str(gaps), str(tmp_path / "g.png")]) == 0
        assert "1 of 4 rows lack a number and are left out" in capsys.readouterr().err
        other = tmp_path / "other.csv"
        other.write_text("x,z\n1,2\n2,4\n")
        assert run(["plot", str(model), str(other), str(tmp_path / "h.png")]) == 1
        assert "`y`" in capsys.readouterr().err

    def test_a_preview_goes_to_standard_error_only(self, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["fit", str(table), "--method", "poly"]) == 0
        plain = capsys.readouterr().out
        assert run(["fit", str(table), "--method", "poly", "--preview"]) == 0
        out, err = capsys.readouterr()
        assert out == plain
        assert re.search("[\u2801-\u28ff]", err)


class TestPreview:
    def test_frame_ends_and_the_line(self, straight: fitx.Fit) -> None:
        text = preview(straight, width=60, height=15, ascii=True)
        lines = text.split("\n")
        assert len(lines) == 15
        assert all(len(t) <= 60 for t in lines)
        assert "*" in lines[1]
        assert "*" in lines[-3]  # a rising line: from corner to corner
        assert lines[1].rindex("*") > lines[-3].index("*")
        assert text.isascii()

    def test_many_features_show_agreement_and_no_control_characters(self, many: fitx.Fit) -> None:
        text = preview(many, width=60, height=12)
        assert text.startswith("predicted <b>$y$</b>")
        assert "observed" in text
        assert "\x1b" not in text
