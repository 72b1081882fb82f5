"""The compiled core: every function of fitx._core with arguments that are nearly right, and some that are not at all.

The input seeds the random numbers that make the arguments. Allowed are TypeError, ValueError, OverflowError and
MemoryError, each with a text; results must have the shapes that the stub promises. CALLS names every function, and
tests/test_core_faults.py fails where one of the core is not among them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from fitx import _core
from fitx._core import _native

from .core_arguments import columns_of, count, numbers, programs, spoil

Rng = np.random.Generator
Case = tuple[Callable[..., Any], list[Any]]
_REFUSALS = (TypeError, ValueError, OverflowError, MemoryError)


def _evaluate(rng: Rng) -> Case:
    return _native.evaluate, [*programs(rng, 3)[:4], columns_of(rng, 3), count(rng)]


def _evaluate32(rng: Rng) -> Case:
    return _native.evaluate32, [*programs(rng, 3)[:4], columns_of(rng, 3).astype(np.float32), count(rng)]


def _enclose(rng: Rng) -> Case:
    codes, operands, _, constants, _ = programs(rng, 3, most=1)
    a, b = columns_of(rng, 3), None
    b = a + np.abs(numbers(rng, a.shape)) if rng.random() < 0.8 else numbers(rng, a.shape)
    return _native.enclose, [codes, operands, constants, a, b]


def _chebyshev_gram(rng: Rng) -> Case:
    n = int(rng.choice((0, 1, 7, 100, 9000)))
    w = None if rng.random() < 0.4 else np.abs(numbers(rng, n))
    lo, hi = (-1.0, 1.0) if rng.random() < 0.7 else numbers(rng, 2).tolist()
    return _native.chebyshev_gram, [numbers(rng, n), numbers(rng, n), w, int(rng.integers(0, 9)), lo, hi, count(rng)]


def _moments(rng: Rng) -> Case:
    n = int(rng.choice((0, 1, 7, 100, 9000)))
    w = None if rng.random() < 0.4 else np.abs(numbers(rng, n))
    return _native.moments, [numbers(rng, n), numbers(rng, n), w, count(rng)]


def _library(rng: Rng) -> Any:
    d, rows = int(rng.integers(1, 4)), 16 * int(rng.integers(1, 5))
    library = _native.Library(numbers(rng, (d, rows)), int(rng.choice((1, 5, 100, 3000))))
    library.extend_monomials(rng.integers(-4, 5, (20, d)).astype(np.int8), 1000)
    return library, d, rows


def _library_init(rng: Rng) -> Case:
    return _native.Library, [numbers(rng, (2, 32)), int(rng.choice((1, 100, 2**20)))]


def _library_size(rng: Rng) -> Case:
    library, _, _ = _library(rng)
    return lambda: (library.size, library.tried), []


def _library_extend(rng: Rng) -> Case:
    library, _, _ = _library(rng)
    m, size = int(rng.choice((0, 1, 30, 5000))), max(library.size, 1)
    op = rng.choice(np.array([*range(7), *range(8, 25), 26, 27, 30], np.int32), m)
    a, b = rng.integers(0, size, m).astype(np.int32), rng.integers(-1, size, m).astype(np.int32)
    return library.extend, [op, a, b, numbers(rng, m), numbers(rng, m), int(rng.choice((0, 50, 10**6))), count(rng)]


def _library_monomials(rng: Rng) -> Case:
    library, d, _ = _library(rng)
    exponents = rng.integers(-12, 13, (int(rng.choice((0, 1, 300))), d)).astype(np.int8)
    return library.extend_monomials, [exponents, int(rng.choice((-1, 50, 10**6))), count(rng)]


def _library_values(rng: Rng) -> Case:
    library, _, _ = _library(rng)
    return library.values, [rng.integers(0, max(library.size, 1), int(rng.integers(0, 9))).astype(np.int32)]


def _library_project(rng: Rng) -> Case:
    library, _, rows = _library(rng)
    order = rng.integers(0, max(library.size, 1), int(rng.choice((0, 1, 40)))).astype(np.int32)
    basis = numbers(rng, (int(rng.integers(0, 4)), rows))
    return library.project, [order, bool(rng.integers(2)), numbers(rng, rows), basis, count(rng)]


def _panels(rng: Rng) -> tuple[Any, int, int]:
    p, rows = int(rng.integers(0, 6)), 16 * int(rng.integers(1, 5))
    panels = numbers(rng, (p, rows, 32)).astype(np.float32)
    return panels, rows, int(rng.integers(0, 32 * p + 1))


def _correlate(rng: Rng) -> Case:
    panels, rows, _ = _panels(rng)
    return _native.search_correlate, [panels, numbers(rng, (2, rows)).astype(np.float32), count(rng)]


def _pairs(rng: Rng) -> Case:
    panels, _, features = _panels(rng)
    t = int(rng.integers(0, 3))
    last = int(rng.integers(0, len(panels) // 4 + 2))
    rho = numbers(rng, (t, 32 * len(panels)))
    keep = int(rng.choice((1, 5, 300)))
    return _native.search_pairs, [panels, features, rho, 0, last, keep, numbers(rng, t), count(rng)]


def _triples(rng: Rng) -> Case:
    n, t = int(rng.integers(0, 40)), int(rng.integers(0, 3))
    ld = 16 * (-(-n // 16) + int(rng.integers(0, 2)))
    keep = int(rng.choice((1, 5, 300)))
    gram, rho = numbers(rng, (n, ld)), numbers(rng, (t, ld))
    return _native.search_triples, [gram, rho, 0, int(rng.integers(0, n + 1)), keep, numbers(rng, t), count(rng)]


def _match(rng: Rng) -> Case:
    panels, rows, features = _panels(rng)
    residuals = numbers(rng, (int(rng.integers(0, 4)), rows, 32)).astype(np.float32)
    return _native.search_match, [panels, features, residuals, int(rng.choice((1, 5, 300))), count(rng)]


def _additions(rng: Rng) -> Case:
    panels, rows, features = _panels(rng)
    m, q = int(rng.integers(0, 5)), int(rng.integers(0, 4))
    bases, residuals = (numbers(rng, s).astype(np.float32) for s in ((m, q, rows), (m, rows)))
    return _native.search_additions, [panels, features, bases, residuals, int(rng.choice((1, 5, 300))), count(rng)]


def _atoms(rng: Rng, shape: tuple[int, ...]) -> Any:
    atoms = np.zeros((*shape, 5), np.int32)
    atoms[..., 0] = rng.integers(-1, 21, shape)
    atoms[..., 1] = rng.integers(0, 7, shape)
    atoms[..., 2:4] = rng.integers(0, 2, (*shape, 2))
    return atoms


def _varpro_fit(rng: Rng) -> Case:
    n, p, a = 8 * int(rng.integers(1, 20)), int(rng.choice((0, 1, 3, 40))), int(rng.integers(1, 4))
    k = int(rng.integers(0, 4))
    basis = np.ascontiguousarray(np.linalg.qr(rng.normal(size=(n, k)))[0].T)
    start = np.array([0, int(rng.integers(0, k + 1)), k], np.int32)
    problem = rng.integers(0, 2, (p, 2)).astype(np.int32)
    return _native.varpro_fit, [
        _atoms(rng, (p, a)), problem, numbers(rng, (2, n)), np.ones((1, n)), basis, start, numbers(rng, (2, n)),
        numbers(rng, (p, a, 4)), int(rng.integers(0, 30)), count(rng),
    ]  # fmt: skip


def _varpro_columns(rng: Rng) -> Case:
    n, p = 8 * int(rng.integers(1, 20)), int(rng.choice((0, 1, 90)))
    u, m = numbers(rng, (2, n)), numbers(rng, (1, n))
    return _native.varpro_columns, [_atoms(rng, (p,)), numbers(rng, (p, 4)), u, m, count(rng)]


def _tree_fit(rng: Rng) -> Case:
    codes, operands, offsets, constants, free = programs(rng, 3, trees=True)
    columns = columns_of(rng, 3)
    n = columns.shape[1]
    w = None if rng.random() < 0.5 else np.abs(numbers(rng, n))
    coarse, fine = int(rng.integers(0, 9)), int(rng.integers(0, 9))
    return _native.tree_fit, [
        codes, operands, offsets, constants, free, columns, numbers(rng, n), w, coarse, fine, count(rng),
    ]  # fmt: skip


def _mars_init(rng: Rng) -> Case:
    n, d, k = int(rng.choice((1, 2, 30, 300))), int(rng.integers(0, 4)), int(rng.integers(1, 4))
    root = None if rng.random() < 0.5 else np.abs(numbers(rng, n))
    missing = None if rng.random() < 0.5 else (rng.random((d, n)) < rng.random()).astype(np.uint8)
    x = np.round(rng.normal(size=(d, n)), 1) if rng.random() < 0.5 else numbers(rng, (d, n))
    alpha, cache = float(rng.choice((0.05, 1e-300, 0.999))), float(rng.choice((1e6, 0.0, -1.0, np.nan, np.inf)))
    return _native.MarsSearch, [x, numbers(rng, (k, n)), root, missing, int(rng.integers(2)), alpha, cache, count(rng)]


def _mars(rng: Rng) -> tuple[Any, int, int]:
    """A search with some terms, its variables and rows."""
    make, arguments = _mars_init(rng)
    search, (d, n) = make(*arguments), arguments[0].shape
    for term in range(int(rng.integers(0, 6)) if d else 0):
        parent, variable = int(rng.integers(0, term + 1)), int(rng.integers(0, d))
        search.add(parent, variable, [int(rng.integers(1, 5))], int(rng.integers(0, n)), [bool(rng.integers(2))], True)
        if rng.random() < 0.5:
            one = np.zeros(1, np.int32)
            search.ask(one, one, one, -1, np.ones(1, np.uint8), 0.0, 0.0)
    return search, d, n


def _mars_add(rng: Rng) -> Case:
    search, d, n = _mars(rng)
    kinds = rng.integers(1, 5, int(rng.integers(1, 4))).tolist()
    reverse = [bool(v) for v in rng.integers(0, 2, len(kinds))]
    return search.add, [0, int(rng.integers(0, max(d, 1))), kinds, int(rng.integers(0, n)), reverse, True]


def _mars_ask(rng: Rng) -> Case:
    search, d, n = _mars(rng)
    variable = rng.permutation(d).astype(np.int32)
    span = rng.integers(0, n, d).astype(np.int32)
    cover = rng.integers(0, 2, d).astype(np.uint8)
    line, hinge = (0.0, 1e-3) if rng.random() < 0.7 else numbers(rng, 2).tolist()
    return search.ask, [np.zeros(d, np.int32), variable, span, int(rng.integers(-1, 9)), cover, line, hinge]


def _mars_rss(rng: Rng) -> Case:
    return _mars(rng)[0].rss, []


def _mars_flat(rng: Rng) -> Case:
    search, _, n = _mars(rng)
    return search.flat, [int(rng.integers(0, n)), int(rng.integers(1, n + 1))]


def _set_isa(rng: Rng) -> Case:
    return _native.set_isa, [str(rng.choice([*_core.available_isas(), "sse9", "", "\0"]))]


CALLS: dict[str, Callable[[Rng], Case]] = {
    "operator_names": lambda _: (_native.operator_names, []),
    "isa": lambda _: (_native.isa, []),
    "available_isas": lambda _: (_native.available_isas, []),
    "set_isa": _set_isa,
    "release_memory": lambda _: (_native.release_memory, []),
    "evaluate": _evaluate,
    "evaluate32": _evaluate32,
    "enclose": _enclose,
    "chebyshev_gram": _chebyshev_gram,
    "moments": _moments,
    "Library": _library_init,
    "Library.size": _library_size,
    "Library.tried": _library_size,
    "Library.extend": _library_extend,
    "Library.extend_monomials": _library_monomials,
    "Library.values": _library_values,
    "Library.project": _library_project,
    "search_correlate": _correlate,
    "search_pairs": _pairs,
    "search_triples": _triples,
    "search_match": _match,
    "search_additions": _additions,
    "varpro_fit": _varpro_fit,
    "varpro_columns": _varpro_columns,
    "tree_fit": _tree_fit,
    "MarsSearch": _mars_init,
    "MarsSearch.add": _mars_add,
    "MarsSearch.ask": _mars_ask,
    "MarsSearch.rss": _mars_rss,
    "MarsSearch.flat": _mars_flat,
}


def functions() -> set[str]:
    """Every function, class and method that is bound in the core."""
    found: set[str] = set()
    for name, value in vars(_native).items():
        if name.startswith("_"):
            continue
        found.add(name)
        if isinstance(value, type):
            found |= {f"{name}.{member}" for member in vars(value) if not member.startswith("_")}
    return found


def seeds(rng: random.Random) -> list[bytes]:
    """One of each function."""
    return [bytes([k]) + rng.randbytes(6) for k in range(len(CALLS))]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Other numbers; mostly of the same function."""
    first = data[:1] if data and rng.random() < 0.5 else rng.randbytes(1)
    return first + rng.randbytes(6)


def one(data: bytes, *, huge: bool = True) -> str:
    """Call the function that the first byte names. huge: also with claims of more memory than there is."""
    name = list(CALLS)[data[0] % len(CALLS) if data else 0]
    before, isas = _core.isa(), _core.available_isas()
    _core.set_isa(isas[sum(data) % len(isas)])
    rng = np.random.default_rng(list(data))
    with np.errstate(all="ignore"):
        call, arguments = CALLS[name](rng)
        arguments = spoil(rng, arguments, huge)
    try:
        call(*arguments)
    except _REFUSALS as error:
        text = str(error) or (type(error).__name__ if isinstance(error, MemoryError) else "")
        if not text:
            raise AssertionError(f"{name}: {type(error).__name__} without a text") from error
        if "incompatible function arguments" in text:
            text = "incompatible function arguments"
        return f"{name}: {type(error).__name__}: {text}"
    finally:
        _core.set_isa(before)
    return "accepted"
