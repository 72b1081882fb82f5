"""The compiled kernels, as `fitx._core` offers them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Int32 = np.ndarray[Any, np.dtype[np.int32]]
_Int64 = np.ndarray[Any, np.dtype[np.int64]]

def operator_names() -> list[str]:
    """The operators by opcode: `var` and `const` first, then those that take operands from the stack."""

def isa() -> str:
    """The instruction set in use: baseline, avx2 or avx512."""

def set_isa(name: str) -> None:
    """Use another instruction set; ValueError for one that this CPU or build lacks. For tests and benchmarks."""

def available_isas() -> list[str]:
    """The instruction sets that were compiled in and that this CPU has, slowest first."""

def evaluate(
    codes: _Int32,
    operands: _Int32,
    offsets: _Int64,
    constants: NDArray[np.float64],
    columns: NDArray[np.float64],
    threads: int = 1,
) -> NDArray[np.float64]:
    """The values of P postfix programs on n rows: shape (P, n).

    Token i of program p is codes[i], operands[i] with offsets[p] <= i < offsets[p + 1]. The operand of `var` is a row
    of `columns`, shape (d, n); that of `const` an index into `constants`; other operators ignore theirs and take
    their values from the stack. Every operator means what NumPy's does (IEEE, NaN where undefined), to 4 ulp.
    The result is the same, bit for bit, for any number of threads. Small work stays on one thread.

    ValueError for a malformed program: unknown opcode, column or constant out of range, an operator without its
    operands, a stack that does not end with one value.
    """

def evaluate32(
    codes: _Int32,
    operands: _Int32,
    offsets: _Int64,
    constants: NDArray[np.float64],
    columns: NDArray[np.float32],
    threads: int = 1,
) -> NDArray[np.float32]:
    """As `evaluate`, in single precision throughout: for screening, where a few digits decide."""

def enclose(
    codes: _Int32,
    operands: _Int32,
    constants: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], _Int32, NDArray[np.float64]]:
    """Interval arithmetic (see intervals.hpp) for one program on m boxes with ends low, high: (d, m).

    Returns lo, hi, flags, blame, each (m,). lo <= value <= hi where the value is a number. Flags are a sum of 1: it may
    be NaN, 2: it may have a pole, 4: it may overflow; blame: the summed widths of the operands that raise them.
    ValueError for a malformed program.
    """

def chebyshev_gram(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64] | None,
    degree: int,
    lo: float,
    hi: float,
    threads: int = 1,
) -> NDArray[np.float64]:
    """Gram matrix B'WB of B = [T_0(t) ... T_degree(t), y], t = (2x - lo - hi)/(hi - lo): (degree + 2, degree + 2).

    x, y: (n,); w: (n,) or None, multiplies the squared residual. One pass over the rows: by T_i T_j = (T_(i+j) +
    T_|i-j|)/2 only 2 degree + 1 sums are needed. Blocks are added in order with compensated sums, so the result is
    the same for any number of threads. ValueError for lengths that differ, a degree not in 0 to 5,000, or lo >= hi.
    """

def moments(
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    w: NDArray[np.float64] | None = None,
    threads: int = 1,
) -> tuple[int, float, float, float, float, float, float, int]:
    """Sums for scoring p (n,) against y (n,) with weights w (n,) or None, in one pass; r = y - p.

    (n, sum w, sum w y, sum w (y - mean)^2 about the weighted mean of y, sum w r^2, sum w |r|, max |r|, number of
    rows whose p is not finite). Those rows, and rows of weight 0, have no r. Compensated, in a fixed order: the same
    for any number of threads. ValueError for lengths that differ.
    """

def release_memory() -> None:
    """Gives memory that is not in use back to the system, where it can (glibc)."""

class Library:
    """Expressions as values on the screening rows, each once up to a factor; see search_library.hpp. Several
    threads may use one at the same time."""

    def __init__(self, columns: NDArray[np.float64], capacity: int) -> None:
        """columns: (d, rows), rows a multiple of 16; capacity: expressions at most."""

    @property
    def size(self) -> int:
        """Expressions held."""

    @property
    def tried(self) -> int:
        """Expressions evaluated so far."""

    def extend(
        self,
        op: _Int32,
        a: _Int32,
        b: _Int32,
        scale: NDArray[np.float64],
        offset: NDArray[np.float64],
        limit: int,
        threads: int = 1,
    ) -> _Int32:
        """Appends f(scale a) + offset, or (a op scale b) + offset; op: the evaluator's opcode, but 0 the identity and 1
        the reciprocal. Returns (m,) numbers: -1 duplicate or useless, -2 full at `limit`. ValueError for another op."""

    def extend_monomials(self, exponents: NDArray[np.int8], limit: int, threads: int = 1) -> _Int32:
        """Appends prod_k x_k^(e_k/2); exponents: (m, d) in [-12, 12], odd ones of |x|. Returns as `extend`."""

    def values(self, ids: _Int32) -> NDArray[np.float64]:
        """Values (m, rows) of the expressions `ids`."""

    def project(
        self,
        order: _Int32,
        log: bool,
        weight: NDArray[np.float64],
        basis: NDArray[np.float64],
        threads: int = 1,
    ) -> tuple[NDArray[np.float32], _Int32]:
        """Features of the expressions `order`: the unit vector of weight * v (or weight * log|v|) orthogonal to the
        orthonormal rows of `basis` (k, rows). Returns panels (p, rows, 32) and the numbers (m,) kept."""

def search_correlate(
    panels: NDArray[np.float32], targets: NDArray[np.float32], threads: int = 1
) -> NDArray[np.float32]:
    """Correlations (t, 32 p) of all features with unit targets (t, rows)."""

def search_pairs(
    panels: NDArray[np.float32],
    features: int,
    rho: NDArray[np.float64],
    first: int,
    last: int,
    keep: int,
    threshold: NDArray[np.float64],
    threads: int = 1,
) -> tuple[NDArray[np.float64], _Int32]:
    """Best pairs of features by R2 for each target, the later feature in blocks [first, last) of 128: scores (t, keep),
    -1 where there are fewer, and indices (t, keep, 2)."""

def search_triples(
    gram: NDArray[np.float64],
    rho: NDArray[np.float64],
    first: int,
    last: int,
    keep: int,
    threshold: NDArray[np.float64],
    threads: int = 1,
) -> tuple[NDArray[np.float64], _Int32]:
    """Best triples by R2 from a Gram matrix (n, ld) and correlations (t, ld), ld a multiple of 16, the last feature in
    [first, last), 0 <= first <= last <= n <= ld: scores (t, keep) and indices (t, keep, 3)."""

def search_match(
    panels: NDArray[np.float32], features: int, residuals: NDArray[np.float32], keep: int, threads: int = 1
) -> tuple[NDArray[np.float64], _Int32]:
    """For each residual (in panels of its own) the features of largest |correlation|: scores, indices (32 r, keep)."""

def search_additions(
    panels: NDArray[np.float32],
    features: int,
    bases: NDArray[np.float32],
    residuals: NDArray[np.float32],
    keep: int,
    threads: int = 1,
) -> tuple[NDArray[np.float32], _Int32]:
    """For each orthonormal basis (m, q, rows) and residual (m, rows) orthogonal to it, the features that explain
    most of the residual when added: gains and indices (m, keep)."""

def varpro_fit(
    atoms: _Int32,
    problem: _Int32,
    u: NDArray[np.float64],
    m: NDArray[np.float64],
    basis: NDArray[np.float64],
    basis_start: _Int32,
    targets: NDArray[np.float64],
    theta0: NDArray[np.float64],
    iterations: int,
    threads: int = 1,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Fits targets = base + sum c atom(theta) by variable projection (varpro_kernels.hpp). atoms: (P, A, 5) of outer,
    form, u, v, m (outer -1: none); problem: (P, 2) of base and target; rows n a multiple of 8. Returns theta (P, A, 4),
    linear constants (P, A, 2), relative errors (P,) and evaluations (P,) of residual and Jacobian."""

def varpro_columns(
    atoms: _Int32, theta: NDArray[np.float64], u: NDArray[np.float64], m: NDArray[np.float64], threads: int = 1
) -> NDArray[np.float64]:
    """Columns (P, 2, n) of the atoms (P, 5) at theta (P, 4), times their multipliers; the second zero where unused."""

def tree_fit(
    codes: _Int32,
    operands: _Int32,
    offsets: _Int64,
    constants: NDArray[np.float64],
    free: NDArray[np.int8],
    columns: NDArray[np.float64],
    y: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    coarse: int,
    fine: int,
    threads: int = 1,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], _Int32, _Int64]:
    """Fits y = c_0 + sum_t c_t f_t(x; theta) for P programs (as `evaluate` takes them, but a program that leaves T
    values has T terms; see tree_lm.hpp). free: (C,), 1 for the constants theta; each belongs to one program and
    stands in it once. coarse, fine: iterations in float and in double at most; 0 and 0 only evaluates. Returns all
    constants (C,), linear constants (P, 9), relative errors (P,): 1 - R2, inf where a term is undefined on some row;
    ranks (P,) and numbers of evaluations (P,) of residual and Jacobian. The same for any number of threads.

    ValueError for a malformed program, an operator without derivative, over 160 nodes, 24 free constants or 8 terms,
    and for a free constant in two places."""

class MarsSearch:
    """The state of one MARS forward pass (see mars_search.hpp). Terms are numbered as they come; 0 is the constant.

    x: (d, n), y: (k, n); root_weight: (n,) roots of the rows' weights; missing: (d, n), not 0 where x is missing.
    rules: 0 for py-earth's candidate knots, 1 for evenly spaced ones. minspan_alpha: as in Friedman 1991, eq. 43.
    cache: bytes that candidates may take. The answers are the same for any number of threads. Several threads may
    use one search at the same time: each call waits for its turn.
    """

    def __init__(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        root_weight: NDArray[np.float64] | None,
        missing: NDArray[np.uint8] | None,
        rules: int,
        minspan_alpha: float,
        cache: float,
        threads: int,
    ) -> None: ...
    def add(
        self, parent: int, variable: int, kinds: list[int], knot_row: int, reverse: list[bool], keep: bool
    ) -> list[bool]:
        """Adds terms parent times a factor, as one step; returns which were independent of the terms before. kinds: 1
        linear, 2 hinge, 3 missing, 4 present. keep: they may be parents.

        ValueError for a parent that was not kept, an unknown variable, kind or row."""

    def ask(
        self,
        parent: _Int32,
        variable: _Int32,
        endspan: _Int32,
        minspan: int,
        cover: NDArray[np.uint8],
        line_tolerance: float,
        hinge_tolerance: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], _Int64, _Int32, NDArray[np.bool_]]:
        """Of P different questions (else ValueError): what parent times x would take off the residuals' sum of squares;
        what the best hinge would take off beyond that; the row of its knot, -1 without candidates; the number of
        candidates; whether parent times x depends on the terms there are. cover: with terms for present and missing
        besides. minspan < 0: by minspan_alpha. Tolerances: shares of parent times (x - least x) and of a hinge, about
        their means, that must be independent of the terms there are."""

    def rss(self) -> float:
        """The weighted residual sum of squares of all responses."""

    def flat(self, endspan: int, every: int) -> list[bool]:
        """Variables whose inner rows, one in `every` (1 or more), have no value but the least and the largest."""
