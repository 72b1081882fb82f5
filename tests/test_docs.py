"""README, help and changelog are current: what they show is run, what they name exists."""

from __future__ import annotations

import doctest
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sessions import assert_same, environment, of_page, on_terminal

import fitx

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = ["fit", "predict", "export", "plot", "methods"]
TOP = {"pyproject.toml", "fitx", "tests", "examples", "README.md", "LICENSE", "CHANGELOG.md"}


def blocks(language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(README) if kind == language]


def run(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, encoding="utf-8", cwd=folder, env={**environment(), **more},
        check=False,
    )  # fmt: skip


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the examples, where commands may write."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def method_file() -> str:
    """README's example of a method."""
    found = [text for text in blocks("python") if "(Fitter)" in text]
    assert len(found) == 1
    return found[0]


def plugged_in(folder: Path) -> dict[str, str]:
    """README's method as an installed package: the module, and the metadata that names its entry point."""
    entry = re.search(r'\[project\.entry-points\."(.*)"\]\n(\w+) = "(\w+):(\w+)"', README)
    assert entry is not None
    group, name, module, cls = entry.groups()
    (folder / f"{module}.py").write_text(method_file(), encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:{cls}\n")
    return {"PYTHONPATH": str(folder)}


def test_sessions_print_what_readme_shows(clone: Path) -> None:
    site = clone / "site"
    site.mkdir()
    more = plugged_in(site)
    shown = of_page(README)
    assert len(shown) >= 2
    for command, output in shown:
        got, errors, code = on_terminal(command, clone, **more)
        assert (errors, code) == ("", 0), command
        assert_same(got, output)


def test_python_prints_what_readme_shows() -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    texts = blocks("pycon")
    assert texts
    for text in texts:
        out = io.StringIO()
        runner.run(parser.get_doctest(text, {}, "README.md", "README.md", 0), out=out.write)
        assert runner.summarize(verbose=False).failed == 0, out.getvalue()


def test_readme_method_is_found_and_fits(tmp_path: Path) -> None:
    more = plugged_in(tmp_path)
    listed = run("fitx methods", tmp_path, **more)
    assert "power" in listed.stdout.split()
    assert not listed.stderr
    (tmp_path / "cube.csv").write_text("x,y\n" + "".join(f"{x},{2 * x**3}\n" for x in range(1, 12)))
    fitted = run("fitx fit cube.csv --method power", tmp_path, **more)
    assert re.fullmatch(r"2\*x\*\*3", fitted.stdout.strip()), fitted
    assert fitted.returncode == 0
    (tmp_path / "below.csv").write_text("x,y\n-1,1\n1,1\n2,3\n3,5\n")
    declined = run("fitx fit below.csv --method power", tmp_path, **more)
    assert declined.returncode == 1
    assert "above 0" in declined.stderr


def test_readme_method_passes_the_tests_of_every_method(tmp_path: Path) -> None:
    assert "`pytest tests/test_contract.py`" in README
    ran = run("pytest -q -p no:cacheprovider tests/test_contract.py -k power", ROOT, **plugged_in(tmp_path))
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"\d\d passed", ran.stdout)


def test_readme_method_is_short() -> None:
    assert len(method_file().splitlines()) <= 20


def test_two_commands() -> None:
    lines = README.splitlines()
    install = [line for line in lines if line.startswith("pip install . && fitx fit examples/")]
    tests = [line for line in lines if re.match(r"pip install .*pytest", line)]
    assert len(install) == 1
    assert len(tests) == 1
    assert tests[0].startswith('pip install ".[test]" && pytest')
    assert [line for text in blocks("sh") for line in text.splitlines()] == [*install, *tests]


def test_install_command_fits_a_real_file(clone: Path) -> None:
    line = next(line for line in README.splitlines() if line.startswith("pip install . && "))
    ran = run(line.removeprefix("pip install . && "), clone)
    assert re.fullmatch(r"-4\.\d*\*time\*\*2 \+ .*\n", ran.stdout), ran
    assert not ran.stderr


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120
    assert max(map(len, README.splitlines())) <= 135


def help_of(command: str) -> str:
    ran = run(f"fitx {command} --help", ROOT / "examples", COLUMNS="300")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    return {name: help_of(name) for name in ["", *COMMANDS]}


def test_every_command_has_its_line_of_help(helps: dict[str, str]) -> None:
    listed = helps[""].partition("Commands:\n")[2]
    assert re.findall(r"^  (\w+) +\S.*$", listed, re.MULTILINE) == COMMANDS
    for name in COMMANDS:
        sentence = helps[name].split("\n\n")[1]
        assert re.fullmatch(r"  [A-Z].*\.\n?", sentence, re.DOTALL), name


def test_every_flag_has_its_line_of_help(helps: dict[str, str]) -> None:
    for name, text in helps.items():
        for line in re.findall(r"^  (?:-\w, )?--.*$", text, re.MULTILINE):
            assert re.match(r"  (-\w, )?--[\w-]+( \S+)?  +\S", line), f"{name}: {line}"


FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z](?![\w-])")
ELSEWHERE = {"--no-build-isolation"}  # flags of pip


def texts_with_flags() -> dict[str, set[str]]:
    """Where -> flags: README, examples, and every string of the source (hints, messages, help)."""
    files = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "examples").rglob("*.md")]
    files += (ROOT / "fitx").rglob("*.py")
    texts = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in files}
    # A file that parses arguments of its own is a program for maintainers, with flags of its own.
    found = {where: set(FLAG.findall(text)) for where, text in texts.items() if "import argparse" not in text}
    return {where: flags - ELSEWHERE for where, flags in found.items() if flags - ELSEWHERE}


def test_every_flag_named_exists(helps: dict[str, str]) -> None:
    known = {flag for text in helps.values() for flag in FLAG.findall(text)}
    for where, flags in texts_with_flags().items():
        assert flags <= known, f"{where} names {sorted(flags - known)}"


def test_every_option_of_a_method_named_exists() -> None:
    known = {f"{f.name}.{o.name}" for f in fitx.methods().values() for o in f.options}
    texts = [ROOT / "README.md", *(ROOT / "examples").rglob("*.md")]
    texts += [ROOT / "fitx" / "cli" / "fit_command.py"]
    for path in texts:
        method = "|".join(fitx.methods())
        named = set(re.findall(rf"\b(?:{method})\.[a-z_]+", path.read_text(encoding="utf-8")))
        named = {n for n in named if n.partition(".")[2] not in ("py", "md", "json")}
        assert named <= known, path


def test_every_method_has_its_line_of_help_and_its_row() -> None:
    table = README.partition("## Which method for which data")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert rows == [name for name in fitx.methods() if not type(fitx.methods()[name]).__module__.startswith("test")]
    for fitter in fitx.methods().values():
        assert fitter.summary
        assert "\n" not in fitter.summary
        assert len(fitter.summary) <= 110
        assert all(o.meaning for o in fitter.options)


def test_every_dependency_has_its_row() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        named += extra
    table = README.partition("| dependency | why |")[2].partition("\n## ")[0]
    for requirement in named:
        name = re.match(r"[\w-]+", requirement)
        assert name is not None
        assert name.group() == "fitx" or name.group() in table, requirement


def test_public_names() -> None:
    assert fitx.__all__ == [
        "ExtrapolationWarning", "Fit", "FitxError", "FitxWarning", "Formula", "Regressor", "UsageError", "fit",
        "load", "methods", "parse",
    ]  # fmt: skip
    for name in fitx.__all__:
        assert getattr(fitx, name).__doc__, name
    assert set(fitx.__all__) <= set(dir(fitx))


def test_package_docstring_is_true() -> None:
    with pytest.warns(fitx.FitxWarning, match="no held-out error"):
        assert str(fitx.fit([1, 2, 3], [10, 12, 4], method="lagrange").expr) == "-5*x**2 + 17*x - 2"
    assert ">>> fit.expr\n-5*x**2 + 17*x - 2" in (fitx.__doc__ or "")


def tracked() -> list[str]:
    """Files under version control; all of the folder where git is not there."""
    ran = subprocess.run(["git", "ls-files"], capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    if ran.returncode or not ran.stdout:
        pytest.skip("not a clone")
    return [name for name in ran.stdout.splitlines() if (ROOT / name).is_file()]


def test_top_level_holds_what_it_should() -> None:
    assert {name.split("/")[0] for name in tracked()} - TOP <= {
        name.split("/")[0] for name in tracked() if name.startswith(".")
    }


def test_texts_stand_on_their_own() -> None:
    for name in tracked():
        path = ROOT / name
        if not name.startswith("tests/") and path.suffix in (".py", ".pyi", ".md", ".toml", ".cpp", ".hpp", ".txt"):
            assert "shared/" not in path.read_text(encoding="utf-8"), name


def test_changelog_has_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(fitx.__version__)}\b", text, re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{fitx.__version__}"' in project


def test_files_readme_names_exist() -> None:
    for name in re.findall(r"`((?:fitx|tests|examples|\.ci)/[\w./]*)`", README):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / name).exists(), name
    assert sys.version_info >= (3, 11)
