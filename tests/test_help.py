"""Help that helps: pages with examples that run, near names for wrong ones, names that a shell completes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.export import FORMATS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
GROUPS = ["What to explain", "Which methods", "How it is judged", "Your own formula", "Output"]


def page(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert run([*command]) == 0
    return capsys.readouterr().out


def commands(text: str) -> list[str]:
    """The commands that a page shows, without their comments."""
    found = [line.strip() for line in text.splitlines() if re.match(r" +fitx ", line)]
    return [re.sub(r"\s+#.*", "", line) for line in found]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table that the examples of the help pages speak of."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> None:
    x = np.linspace(0, 6, 41)
    target = {"t": 3 * np.exp(-0.5 * x) + 1, "x": 2 * x**2 + 1}[text]
    rows = np.c_[np.cos(np.arange(41) ** 2), x, target] if text == "t" else np.c_[x, target]
    header = "p,t,y" if text == "t" else "x,y"
    np.savetxt(folder / "data.csv", rows, delimiter=",", header=header, comments="", fmt="%.12g")


class TestPages:
    def test_the_first_page_says_where_to_begin(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = page(capsys, "--help")
        assert "Where to begin:" in text
        assert [c.split()[1] for c in commands(text)] == ["fit", "fit", "methods"]
        assert "..." not in text.partition("Commands:")[2].partition("Options:")[0]  # no line is cut
        assert run([]) == 2
        assert capsys.readouterr().err.split() == text.split()

    def test_fit_tells_a_story_in_five_examples(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = page(capsys, "fit", "--help")
        story = text.partition("\n\nArguments:")[0]
        assert len(commands(story)) == 5
        assert len(re.findall(r"^ +# ", story, re.MULTILINE)) == 5
        titles = [line.removesuffix(":") for line in re.findall(r"^[A-Z].*:$", text, re.MULTILINE)]
        assert titles == ["Arguments", *GROUPS]

    def test_every_example_of_fit_runs(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write(folder, "t")
        for command in commands(page(capsys, "fit", "--help")):
            assert run(shlex.split(command)[1:]) == 0, command
            assert capsys.readouterr().out, command

    def test_every_option_says_its_default(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = page(capsys, "fit", "--help").partition("What to explain:")[2]
        for option in re.split(r"^  (?=-)", text, flags=re.MULTILINE)[1:]:
            assert "[default:" in " ".join(option.split()) or option.startswith("-h"), option

    def test_formats_are_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        for command in ("fit", "export"):
            words = " ".join(page(capsys, command, "--help").split())
            assert ", ".join(FORMATS) in words


class TestMethods:
    @pytest.mark.parametrize("name", list(fitx.methods()))
    def test_a_page_says_all_about_the_method(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        fitter, text = fitx.methods()[name], page(capsys, "methods", name)
        words = " ".join(text.split())
        assert text.startswith(f"{name}: {fitter.summary}\n")
        for o in fitter.options:
            assert f"--set {name}.{o.name}=... {o.meaning}" in words
        assert words.count("[default: ") == len(fitter.options)
        if type(fitter).__module__.startswith("fitx."):
            for part in (fitter.good_for, fitter.not_for, *fitter.papers, fitter.example):
                assert part
                assert part in text
            assert fitter.papers
            assert all(len(line) <= 120 for line in text.partition("families")[0].splitlines())

    @pytest.mark.parametrize("name", list(fitx.methods()))
    def test_its_example_runs(self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        fitter = fitx.methods()[name]
        if not fitter.example:
            pytest.skip("a plug-in without an example")
        write(folder, "x")
        assert f"--method {name}" in fitter.example or name == "model"
        assert run(shlex.split(fitter.example)[1:]) == 0
        assert capsys.readouterr().out

    def test_readme_says_the_same(self) -> None:
        table = README.partition("## Which method for which data")[2].partition("\n## ")[0]
        for f in fitx.methods().values():
            if type(f).__module__.startswith("fitx."):
                assert f"| `{f.name}` | {f.good_for} | {f.not_for} |\n" in table
        assert "`auto`" in table

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        listed = json.loads(page(capsys, "methods", "--format", "json"))
        assert [m["name"] for m in listed] == list(fitx.methods())
        (poly,) = json.loads(page(capsys, "methods", "poly", "-f", "json"))
        assert poly["options"][0] == {
            "name": "poly.degree", "default": None, "choices": [],
            "meaning": "the degree; chosen on held-out rows if not given",
        }  # fmt: skip


TABLE = "height,load,site,yield\n" + "".join(f"{i},{i % 3},{i % 2},{2 * i + i % 3}\n" for i in range(1, 31))


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (["fti", "t.csv"], "fit"), (["metods"], "methods"), (["methods", "polly"], "poly"),
        (["methods", "-f", "jsn"], "json"), (["fit", "tt.csv"], "t.csv"),
        (["predict", "modl.json", "t.csv"], "model.json"),
        (["export", "model.json", "--to", "latx"], "latex"), (["export", "model.json", "--too", "text"], "--to"),
        (["fit", "t.csv", "--metod", "poly"], "--method"), (["fit", "t.csv", "--featurs", "load"], "--features"),
        (["fit", "t.csv", "-m", "ratonal"], "rational"), (["fit", "t.csv", "-f", "pyton"], "python"),
        (["fit", "t.csv", "--set", "poly.degre=2"], "degree"), (["fit", "t.csv", "--set", "polly.degree=2"], "poly"),
        (["fit", "t.csv", "-x", "height", "--set", "curve.only=logistik"], "logistic"),
        (["fit", "t.csv", "--set", "spline.kind=pchyp", "-x", "load"], "pchip"),
        (["fit", "t.csv", "--target", "yeld"], "yield"), (["fit", "t.csv", "--features", "hieght,load"], "height"),
        (["fit", "t.csv", "--weights", "laod"], "load"), (["fit", "t.csv", "--sigma", "Load"], "load"),
        (["fit", "t.csv", "--split", "group:sit"], "site"), (["fit", "t.csv", "--split", "randm"], "random"),
        (["fit", "t.csv", "--model", "a*load", "--per-group", "a", "--group", "sit"], "site"),
        (["fit", "t.csv", "--units", "heigth=m"], "height"), (["fit", "t.csv", "--units", "height=metr"], "metre"),
        (["fit", "t.csv", "--loss", "hubber"], "huber"), (["fit", "t.csv", "--metric", "rsme"], "rmse"),
        (["fit", "t.csv", "--missing", "dropp"], "drop"), (["fit", "t.csv", "--progress", "plane"], "plain"),
        (["fit", "t.csv", "--model", "a*exq(load)"], "exp"),
        (["fit", "t.csv", "--model", "rate*load", "--fix", "rat=1"], "rate"),
        (["fit", "t.csv", "--model", "a*sqr(load)"], "sqrt"),
        (["predict", "model.json", "t.csv", "--missing", "eror"], "error"),
        (["fit", "t.csv", "-m", "symbolic", "--set", "symbolic.operators=+ * sine"], "sin"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else v,
)  # fmt: skip
def test_a_wrong_name_gets_the_right_one(
    args: list[str], meant: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "t.csv").write_text(TABLE)
    fitx.fit([1, 2, 3, 4, 5, 6, 7, 8], [2, 4, 6, 8, 10, 12, 14, 16], method="poly").save(folder / "model.json")
    assert run(args) in (1, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"did you mean `{meant}`?" in err
    assert "Traceback" not in err


class TestCompletion:
    def complete(self, words: str) -> list[str]:
        asked = {"_FITX_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fitx"],
            env={**os.environ, **asked}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    def test_names_complete(self) -> None:
        assert self.complete("fitx m") == ["methods"]
        assert self.complete("fitx methods sy") == ["symbolic"]
        assert self.complete("fitx fit t.csv --method ") == ["auto", *fitx.methods()]
        assert self.complete("fitx fit t.csv --format lat") == ["latex"]
        assert self.complete("fitx export m.json --to ") == list(FORMATS)
        assert self.complete("fitx fit t.csv --set poly.deg") == ["poly.degree="]
        assert self.complete("fitx fit t.csv --set ma") == ["mars."]
        assert self.complete("fitx fit t.csv --loss linear,hu") == ["linear,huber"]
        assert self.complete("fitx fit t.csv --hold") == ["--holdout"]

    def test_a_shell_is_told_how(self) -> None:
        named = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fitx", "--show-completion", "bash"],
            env=named, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "complete -o default -F _fitx_completion fitx" in done.stdout
