"""examples/srbench: the hook by which SRBench runs fitx, used as its `evaluate_model.py` uses it."""

from __future__ import annotations

import importlib.util
import pickle
import signal
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
PATH = Path(__file__).resolve().parents[1] / "examples" / "srbench" / "regressor.py"


@pytest.fixture(scope="module")
def algorithm() -> ModuleType:
    spec = importlib.util.spec_from_file_location("srbench_fitx", PATH)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["srbench_fitx"] = module
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


def table(columns: list[str]) -> tuple[Any, np.ndarray]:
    pd = pytest.importorskip("pandas")
    r = np.random.default_rng(0)
    X = pd.DataFrame(r.uniform(1, 5, size=(120, 2)), columns=columns)
    return X, X.iloc[:, 0].to_numpy() ** 2 / X.iloc[:, 1].to_numpy()


def evaluated(text: str, X: Any) -> np.ndarray:
    """The string as SRBench reads it: SymPy's parser with a symbol for each column."""
    import sympy as sp
    from sympy.parsing.sympy_parser import parse_expr

    symbols = {name: sp.Symbol(name) for name in X.columns}
    expr = parse_expr(text, local_dict=symbols)
    return np.asarray(sp.lambdify(list(symbols.values()), expr)(*X.to_numpy().T), dtype=float)


@pytest.mark.parametrize("columns", [["m", "r"], ["x_0", "x_1"], ["E", "beta"]])
def test_is_run_as_srbench_runs_it(algorithm: ModuleType, columns: list[str]) -> None:
    X, y = table(columns)
    train, test, y_train, y_test = train_test_split(X, y, train_size=0.75, random_state=42)
    est = clone(algorithm.est)
    est.random_state = 42
    est.set_params(**algorithm.eval_kwargs["test_params"])
    est.fit(train, y_train)
    assert r2_score(y_test, est.predict(test)) > 0.999999
    text = algorithm.model(est, train)
    np.testing.assert_allclose(evaluated(text, test), est.predict(test), rtol=1e-9)
    assert algorithm.complexity(est) == est.found_.complexity
    assert algorithm.get_best_solution(est) is est
    population = algorithm.get_population(est)
    assert 1 <= len(population) <= 100
    for one in population:
        values = evaluated(algorithm.model(one, test), test) + 0 * y_test  # a constant is no array
        np.testing.assert_allclose(values, one.predict(test), rtol=1e-9)
    assert all(isinstance(h, dict) for h in algorithm.hyper_params)
    again = pickle.loads(pickle.dumps(est))
    np.testing.assert_array_equal(again.predict(test), est.predict(test))


def test_arrays_get_the_names_of_the_frame_later(algorithm: ModuleType) -> None:
    X, y = table(["m", "r"])
    est = clone(algorithm.est).set_params(method="symbolic", max_time=5).fit(X.to_numpy(), y)
    np.testing.assert_allclose(evaluated(algorithm.model(est, X), X), est.predict(X), rtol=1e-9)


def test_undefined_is_the_mean(algorithm: ModuleType) -> None:
    import fitx

    X, y = table(["m", "r"])
    est = clone(algorithm.est).set_params(method="poly").fit(X, y)
    est.found_ = fitx.parse("log(m)")
    assert est.predict(-X) == pytest.approx(np.full(len(X), y.mean()))


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarm on this system")
def test_the_alarm_leaves_the_best_so_far(algorithm: ModuleType) -> None:
    class TimeOutException(Exception):
        pass

    def ring(number: int, frame: Any) -> None:
        raise TimeOutException

    assert threading.current_thread() is threading.main_thread()
    r = np.random.default_rng(1)
    X, y = r.uniform(1, 3, size=(200, 4)), r.normal(size=200)
    est = clone(algorithm.est).set_params(method="symbolic", max_time=60)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        est.fit(X, y)
    except TimeOutException:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert np.isfinite(est.predict(X)).all()
    assert algorithm.model(est)
