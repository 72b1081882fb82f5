"""Quantiles of Student's t against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from fitx.numerics.students import t_quantile


@pytest.mark.parametrize("probability", [0.025, 0.5, 0.75, 0.975, 0.9995])
@pytest.mark.parametrize("dof", [1, 1.5, 2, 3, 7, 30, 100, 999, 1001, 1e5, 1e9])
def test_agrees_with_scipy(probability: float, dof: float) -> None:
    assert t_quantile(probability, dof) == pytest.approx(float(stdtrit(dof, probability)), rel=1e-10, abs=1e-12)


def test_limits() -> None:
    assert t_quantile(0.975, np.inf) == pytest.approx(1.959963984540054, rel=1e-12)
    assert np.isnan(t_quantile(0.975, 0))
    assert np.isnan(t_quantile(1.0, 5))
