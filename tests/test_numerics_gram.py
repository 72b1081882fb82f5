"""Least squares over streams of blocks is least squares in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fitx._core import chebyshev_gram
from fitx.errors import FitxError
from fitx.numerics.gram import find_domain, fit_blocks, in_blocks
from fitx.numerics.monomials import exponents
from fitx.numerics.polynomial import fit_polynomials


def test_gram_is_the_definition() -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.uniform(2, 3, 500), rng.normal(size=500), rng.uniform(size=500)
    b = np.column_stack([np.polynomial.chebyshev.chebvander(2 * x - 5, 4), y])
    np.testing.assert_allclose(chebyshev_gram(x, y, w, 4, 2.0, 3.0, 1), b.T @ (w[:, None] * b), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("noise", [0.1, 0.0])
@pytest.mark.parametrize("clustered", [False, True])
def test_streaming_equals_in_memory(weighted: bool, noise: float, clustered: bool) -> None:
    rng = np.random.default_rng(1)
    x = np.exp(3 * rng.normal(size=3000)) if clustered else rng.uniform(10, 11, 3000)
    y = 1e-5 * (1 + x + x**3) + noise * rng.normal(size=3000)
    w = rng.integers(0, 3, 3000).astype(float) if weighted else None
    terms, sizes = exponents(1, 5)
    stream = fit_blocks(in_blocks(x, y, w, rows=700), terms, sizes)
    memory = fit_polynomials(x, y, terms, sizes, w)
    assert len(stream) == len(memory)
    for s, m in zip(stream, memory, strict=True):
        np.testing.assert_allclose(s.evaluate(x), m.evaluate(x), rtol=1e-11, atol=1e-12 * np.abs(y).max())
        assert s.dof == m.dof
        if noise:
            np.testing.assert_allclose(s.stderr(), m.stderr(), rtol=1e-6)


def test_several_features() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 3))
    y = x[:, 0] * x[:, 1] + rng.normal(size=2000)
    terms, sizes = exponents(3, 2)
    stream = fit_blocks(in_blocks(x, y, rows=333), terms, sizes)[-1]
    memory = fit_polynomials(x, y, terms, sizes)[-1]
    np.testing.assert_allclose(stream.powers(), memory.powers(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(stream.covariance(), memory.covariance(), rtol=1e-9, atol=1e-12)


def test_scales_and_constants() -> None:
    x = np.linspace(1, 2, 1000)
    fit = fit_blocks(in_blocks(x * 1e300, np.cos(x) * 1e-300), *exponents(1, 8))[-1]
    np.testing.assert_allclose(fit.evaluate(x * 1e300) / 1e-300, np.cos(x), atol=1e-9)
    for y in (np.zeros(1000), np.full(1000, 7.0)):
        np.testing.assert_allclose(fit_blocks(in_blocks(x, y), *exponents(1, 2))[-1].evaluate(x), y, atol=1e-13)
    assert len(fit_blocks(in_blocks(np.full(10, 5.0), np.arange(10.0)), *exponents(1, 2))) == 1


def test_domain_is_that_of_the_rows_that_count() -> None:
    x, y = np.array([1.0, 9.0, 3.0]), np.array([1.0, 1e9, 2.0])
    domain = find_domain(in_blocks(x, y, np.array([1.0, 0.0, 2.0])))
    assert domain.rows == 2
    assert np.ldexp(domain.hi, domain.x_exponent).tolist() == [3.0]

    def nothing() -> Iterator[tuple[np.ndarray, np.ndarray, None]]:
        yield from ()

    with pytest.raises(FitxError, match="no rows"):
        find_domain(nothing)
    with pytest.raises(FitxError, match="finite"):
        find_domain(in_blocks(np.array([1.0, np.nan]), np.zeros(2)))
