"""Every fuzzing target for a moment; `python -m tests.fuzz TARGET` is the long run."""

from __future__ import annotations

import contextlib
import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from fuzz import TARGETS, cli, export, parser, reader
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import formulas

from fitx.formula import Formula

LOADED = {
    name: importlib.import_module(f"fuzz.{name}") for name in TARGETS if importlib.util.find_spec(f"fuzz.{name}")
}
CASES = {"reader": 60, "parser": 150, "model": 40, "cli": 6, "export": 12, "core": 40}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def mutated(target: ModuleType, good: list[bytes], seed: int) -> bytes:
    rng = random.Random(seed)
    data = rng.choice(good)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        data = target.mutate(data, rng)
    return data


@pytest.mark.parametrize("name", LOADED)
def test_mutated_inputs(name: str, folder: Path) -> None:
    target = LOADED[name]
    with contextlib.chdir(folder):
        good = target.seeds(random.Random(0))

        @given(st.integers(0, 2**32))
        @settings(max_examples=CASES[name])
        def cases(seed: int) -> None:
            assert target.one(mutated(target, good, seed))

        cases()


@given(st.binary(max_size=300))
@example(b"\x06\x00" + b"c]\n" * 60)
def test_any_bytes_as_a_table(folder: Path, data: bytes) -> None:
    with contextlib.chdir(folder):
        assert reader.one(data)


@given(st.integers(0, 5), st.text(st.sampled_from("ax1.5e+-*/^(),<>=` \n²·°%")) | st.text())
def test_any_text_as_a_formula_or_a_list(kind: int, text: str) -> None:
    assert parser.one(bytes([kind]) + text.encode("utf-8", "replace"))


@given(formulas(["x", "a`b\\c\n", "lambda"]))
@settings(max_examples=12)
def test_any_formula_is_written_and_read_back(folder: Path, f: Formula) -> None:
    with contextlib.chdir(folder):
        assert export.one(export._case(f, ["x", "a`b\\c\n", "lambda"]))


def test_every_option_of_the_command_line_has_values() -> None:
    named = {p.name for command in cli._COMMANDS.values() for p in command.params}
    assert named - {"help", "allow_poles", "preview"} <= set(cli.VALUES)
