"""Models of Earth as SymPy and as Python: they compute what predict computes."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from test_mars_earth import holes, noisy

from fitx.mars import Earth, export
from fitx.mars.export import (
    export_python_function,
    export_python_string,
    export_sympy,
    export_sympy_term_expressions,
)

MODELS = [{}, {"max_degree": 2}, {"smooth": True}, {"max_degree": 2, "smooth": True}]


def run(text: str, name: str) -> object:
    """The function that a text defines; tests may run what they made themselves."""
    space: dict[str, object] = {}
    exec(compile(text, "model", "exec"), space)
    return space[name]


@pytest.mark.parametrize("options", MODELS, ids=str)
def test_python_computes_what_predict_computes(options: dict[str, object]) -> None:
    X, y = noisy(200)
    model = Earth(**options).fit(X, y)
    expected = model.predict(X)
    np.testing.assert_allclose(export_python_function(model)(X), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(export_python_function(model)(X.tolist()), expected, rtol=1e-9, atol=1e-9)
    text = export_python_string(model, "my_model")
    assert text.startswith("def my_model(example_iterator):")
    assert "import" not in text
    np.testing.assert_allclose(list(run(text, "my_model")(X.tolist())), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("options", MODELS, ids=str)
def test_sympy_computes_what_predict_and_transform_compute(options: dict[str, object]) -> None:
    X, y = noisy(200)
    model = Earth(**options).fit(X, y)
    symbols = [sp.Symbol(f"x{i}") for i in range(4)]
    value = sp.lambdify(symbols, export_sympy(model), "numpy")
    np.testing.assert_allclose(value(*X.T), model.predict(X), rtol=1e-9, atol=1e-9)
    terms = export_sympy_term_expressions(model)
    assert float(terms[0]) == 1
    B = np.column_stack([np.broadcast_to(sp.lambdify(symbols, t, "numpy")(*X.T), 200) for t in terms])
    np.testing.assert_allclose(B, model.transform(X), rtol=1e-9, atol=1e-9)


def test_forms_of_sympy() -> None:
    X, y = noisy(200)
    expression = export_sympy(Earth().fit(X, y))
    assert expression.has(sp.Max)
    assert not expression.has(sp.Piecewise)
    assert export_sympy(Earth(smooth=True).fit(X, y)).has(sp.Piecewise)


def test_several_responses() -> None:
    X, y = noisy(200)
    model = Earth().fit(X, np.column_stack([y, 2 * y]))
    both = export_sympy(model)
    assert len(both) == 2
    assert export_sympy(model, columns=1) == both[1]
    assert export_sympy(model, columns=[1]) == [both[1]]


def test_missing_values() -> None:
    X, y, missing = holes()
    model = Earth(allow_missing=True).fit(np.where(missing, np.nan, X), y)
    rows = [[None if m else x for x, m in zip(row, gone, strict=True)] for row, gone in zip(X, missing, strict=True)]
    expected = model.predict(X, missing=missing)
    np.testing.assert_allclose(export_python_function(model)(rows), expected, rtol=1e-9)
    np.testing.assert_allclose(list(run(export_python_string(model), "model")(rows)), expected, rtol=1e-9)
    np.testing.assert_allclose(export_python_function(model)(np.where(missing, np.nan, X)), expected, rtol=1e-9)
    expression = export_sympy(model)
    assert expression.has(sp.Function("Missing"))
    assert expression.has(sp.Function("NaNProtect"))
    known = expression.replace(sp.Function("Missing"), lambda x: sp.Integer(0)).replace(
        sp.Function("NaNProtect"), lambda x: x
    )
    value = sp.lambdify([sp.Symbol(f"x{i}") for i in range(4)], known, "numpy")
    there = ~missing.any(axis=1)
    np.testing.assert_allclose(value(*X[there].T), expected[there], rtol=1e-9)


def test_names_are_names() -> None:
    X, y = noisy(100)
    model = Earth().fit(X, y, xlabels=["import os", "Temp (°C)", "lambda", "x-1"])
    assert "Temp (°C)" in {s.name for s in export_sympy(model).free_symbols}
    for name in ("two words", "f(): pass\ndef g", "lambda", ""):
        with pytest.raises(ValueError, match="function_name"):
            export.export_python_string(model, name)
