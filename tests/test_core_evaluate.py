"""The batch evaluator against NumPy: values, special values, tiles, threads, instruction sets, malformed programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitx import _core

NAMES = _core.operator_names()
CODE = {name: code for code, name in enumerate(NAMES)}
FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "neg": np.negative,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "square": np.square,
    "cube": lambda x: x * x * x,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "abs": np.abs,
    "sign": np.sign,
    "min": np.minimum,
    "max": np.maximum,
    "floor": np.floor,
    "ceil": np.ceil,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "hinge": lambda x: np.maximum(x, 0),
    "lt": lambda x, y: (x < y).astype(x.dtype),
    "le": lambda x, y: (x <= y).astype(x.dtype),
    "gt": lambda x, y: (x > y).astype(x.dtype),
    "ge": lambda x, y: (x >= y).astype(x.dtype),
    "eq": lambda x, y: (x == y).astype(x.dtype),
    "select": lambda c, x, y: np.where(c != 0, x, y),
}
ARITY = dict.fromkeys(("add", "sub", "mul", "div", "pow", "min", "max", "lt", "le", "gt", "ge", "eq"), 2)
ARITY["select"] = 3
SPECIAL = [
    *(0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 1 / 3, 1e-3, 5e-324, -5e-324),
    *(2.2250738585072014e-308, 1e-310, 1e308, -1e308, 1.7976931348623157e308, 709.7, 710.5, -744.0, -750.0, 89.0),
    *(np.pi, np.pi / 2, 1e5, 1e6, -1e13, 1e15, 1e22, 1e200, 0.9999999999999999, 1 + 2e-16),
]
Token = tuple[str, int]


@pytest.fixture(params=_core.available_isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test with each instruction set of this CPU."""
    before = _core.isa()
    _core.set_isa(request.param)
    yield request.param
    _core.set_isa(before)


def pack(programs: list[list[Token]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    codes = [CODE[name] for program in programs for name, _ in program]
    operands = [operand for program in programs for _, operand in program]
    offsets = np.cumsum([0, *(len(program) for program in programs)])
    return np.array(codes, np.int32), np.array(operands, np.int32), offsets.astype(np.int64)


def run(programs: list[list[Token]], constants: list[float], columns: np.ndarray, threads: int = 1) -> np.ndarray:
    evaluate = _core.evaluate32 if columns.dtype == np.float32 else _core.evaluate
    return evaluate(*pack(programs), np.array(constants, float), columns, threads)


def reference(program: list[Token], constants: list[float], columns: np.ndarray) -> np.ndarray:
    """A plain stack machine over whole columns."""
    stack: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for name, operand in program:
            if name == "var":
                stack.append(columns[operand])
            elif name == "const":
                stack.append(np.full(columns.shape[1], constants[operand], columns.dtype))
            else:
                arity = ARITY.get(name, 1)
                arguments = stack[-arity:]
                del stack[-arity:]
                stack.append(FUNCTIONS[name](*arguments))
    return stack[0]


def assert_close(got: np.ndarray, want: np.ndarray, ulps: float, where: object = "") -> None:
    """Equal up to `ulps` units in the last place, with the same NaNs and infinities."""
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want), err_msg=str(where))
    finite = np.isfinite(want) & np.isfinite(got)
    np.testing.assert_array_equal(got[~finite & ~np.isnan(want)], want[~finite & ~np.isnan(want)], err_msg=str(where))
    limits = np.finfo(got.dtype)
    unit = np.spacing(np.clip(np.abs(want[finite]), limits.tiny, limits.max / 2))
    with np.errstate(over="ignore"):
        error = np.abs(got[finite] - want[finite]) / unit
    assert error.size == 0 or error.max() <= ulps, (where, error.max(), want[finite][error.argmax()])


def unary(name: str) -> list[Token]:
    return [("var", 0), (name, 0)]


def test_operator_names_are_complete() -> None:
    assert ["var", "const", *FUNCTIONS] == NAMES


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if ARITY.get(n, 1) == 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_unary_operators_agree_with_numpy(isa: str, name: str, dtype: type) -> None:
    rng = np.random.default_rng(7)
    parts = [
        np.array(SPECIAL),
        rng.uniform(-1, 1, 2000),
        rng.uniform(-30, 30, 2000),
        rng.uniform(-750, 750, 2000),
        rng.uniform(-1e5, 1e5, 2000),
        1 + rng.normal(size=500) * 1e-4,
        10 ** rng.uniform(-300, 300, 2000),
        np.arange(1, 500) * (np.pi / 2),
    ]
    with np.errstate(over="ignore"):
        x = np.concatenate(parts).astype(dtype)
    # In float32 the reference is computed in double: NumPy's own float32 functions are off by as much as ours.
    want = reference(unary(name), [], x[None].astype(float))
    with np.errstate(over="ignore"):
        want = want.astype(dtype)
    if name == "logistic":  # where 1 + e^-x overflows, both are 0 or the last digits of an overflow
        x, want = x[~(x < -80)], want[~(x < -80)]
    if dtype == np.float32 and name in ("floor", "ceil", "sign", "neg", "abs", "hinge"):
        assert_close(run([unary(name)], [], x[None])[0], want, 0, name)
    else:
        assert_close(run([unary(name)], [], x[None])[0], want, 8, name)  # 4 ulp of ours, 4 of NumPy's


def test_the_double_nearest_to_a_multiple_of_half_pi(isa: str) -> None:
    """J.-M. Muller, Elementary Functions (2016), section 11.2: no double comes nearer."""
    x = np.array([[6381956970095103 * 2.0**797, 22.0, 1e22]])
    assert_close(run([unary("cos")], [], x)[0, :1], np.array([-4.68716592425462761112e-19]), 3)
    assert_close(run([unary("sin")], [], x)[0, 1:], np.array([-0.0088513092904038759217, -0.8522008497671888018]), 3)


EXACT = {"add", "sub", "mul", "div", "min", "max", "lt", "le", "gt", "ge", "eq"}


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if ARITY.get(n) == 2])
def test_binary_operators_agree_with_numpy(isa: str, name: str) -> None:
    x, y = (a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL))
    program = [("var", 0), ("var", 1), (name, 0)]
    columns = np.ascontiguousarray([x, y])
    assert_close(run([program], [], columns)[0], reference(program, [], columns), 0 if name in EXACT else 4, name)
    for value in SPECIAL:  # a constant on either side takes other paths (integer powers, roots)
        for program in ([("var", 0), ("const", 0), (name, 0)], [("const", 0), ("var", 0), (name, 0)]):
            got = run([program], [value], columns)[0]
            assert_close(got, reference(program, [value], columns), 0 if name in EXACT else 4, (name, value))


def test_integer_powers(isa: str) -> None:
    x = np.concatenate([np.array(SPECIAL), np.random.default_rng(1).normal(size=300) * 3])[None]
    exponents = [float(k) for k in range(-20, 21)]
    programs = [[("var", 0), ("const", k), ("pow", 0)] for k in range(len(exponents))]
    with np.errstate(all="ignore"):
        for row, exponent in zip(run(programs, exponents, x), exponents, strict=True):
            want = np.power(x[0], exponent)
            normal = ~((np.abs(want) < 1e-290) & (want != 0)) & ~(np.abs(want) > 1e290) | np.isnan(want)
            assert_close(row[normal], want[normal], 16, exponent)
            assert np.array_equal(np.isnan(row), np.isnan(want))


def test_select_takes_the_branch_where_the_condition_is_not_zero(isa: str) -> None:
    condition = np.array([0.0, -0.0, 1.0, -2.0, np.nan, np.inf, 5e-324])
    columns = np.ascontiguousarray([condition, np.full(7, 10.0), np.full(7, 20.0)])
    got = run([[("var", 0), ("var", 1), ("var", 2), ("select", 0)]], [], columns)[0]
    assert got.tolist() == [20, 20, 10, 10, 10, 10, 10]


@st.composite
def programs(draw: st.DrawFn, columns: int = 3, constants: int = 3) -> list[Token]:
    """A random well-formed program."""
    tokens: list[Token] = []
    depth = 0
    for _ in range(draw(st.integers(1, 40))):
        usable = [n for n in FUNCTIONS if ARITY.get(n, 1) <= depth]
        name = draw(st.sampled_from(["var", "var", "const", *usable]))
        if name == "var":
            tokens.append((name, draw(st.integers(0, columns - 1))))
        elif name == "const":
            tokens.append((name, draw(st.integers(0, constants - 1))))
        else:
            tokens.append((name, 0))
        depth += 1 if name in ("var", "const") else 1 - ARITY.get(name, 1)
    while depth > 1:
        tokens.append((draw(st.sampled_from(["add", "mul", "min", "sub"])), 0))
        depth -= 1
    return tokens


# Errors of a few ulp grow without bound through tan, floor or a difference, so each operator is fed the values that
# the compiled core itself computed for its operands: then every step must agree on its own.
@settings(max_examples=150, deadline=None)
@given(program=programs(), seed=st.integers(0, 2**31))
def test_random_programs_agree_with_a_stack_machine_step_by_step(program: list[Token], seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(3, 37)) * 10.0 ** rng.integers(-3, 3, (3, 1))
    constants = [2.0, -0.75, 0.5]
    stack: list[tuple[list[Token], np.ndarray]] = []
    for name, operand in program:
        arity = 0 if name in ("var", "const") else ARITY.get(name, 1)
        arguments = stack[len(stack) - arity :]
        del stack[len(stack) - arity :]
        tokens = [token for part, _ in arguments for token in part] + [(name, operand)]
        got = run([tokens], constants, columns)[0]
        if arity:
            with np.errstate(all="ignore"):
                want = FUNCTIONS[name](*(values for _, values in arguments))
            near = (np.abs(want) > 1e-290) & (np.abs(want) < 1e290) | (want == 0) | ~np.isfinite(want)
            if name == "pow":  # x^16 by multiplication, and results beside overflow
                assert_close(got[near & np.isfinite(got)], want[near & np.isfinite(got)], 16, tokens)
            elif name != "logistic":
                assert_close(got, want, 8, tokens)
        else:
            np.testing.assert_array_equal(got, reference([(name, operand)], constants, columns))
        stack.append((tokens, got))
    batch = run([[("var", 1)], program, [("const", 0)], program], constants, columns)
    np.testing.assert_array_equal(batch[1], stack[0][1])
    np.testing.assert_array_equal(batch[3], stack[0][1])


def sample_programs() -> list[list[Token]]:
    """Every operator on the columns, and some longer programs."""
    out: list[list[Token]] = [[("var", 1)], [("const", 1)]]
    for name in FUNCTIONS:
        out.append([*(("var", k) for k in range(ARITY.get(name, 1))), (name, 0)])
    out.append([("var", 0), ("exp", 0), ("var", 1), ("sin", 0), ("var", 2), ("cos", 0), ("mul", 0), ("add", 0)])
    out.append([("const", 0), ("const", 1), ("add", 0), ("sin", 0), ("var", 0), ("mul", 0)])
    return out


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [0, 1, 7, 255, 256, 257, 511, 513, 1000, 1025, 4099])
def test_rows_do_not_depend_on_tiles(isa: str, n: int, dtype: type) -> None:
    columns = np.random.default_rng(3).normal(size=(3, 4099)).astype(dtype)
    whole = run(sample_programs(), [1.5, -2.0], columns)
    part = run(sample_programs(), [1.5, -2.0], np.ascontiguousarray(columns[:, 4099 - n :]))
    assert part.shape == (len(sample_programs()), n)
    assert part.dtype == dtype
    np.testing.assert_array_equal(part, whole[:, 4099 - n :])


@pytest.mark.parametrize("threads", [1, 2, 3, 64])
def test_threads_do_not_show(isa: str, threads: int) -> None:
    columns = np.random.default_rng(4).normal(size=(3, 20_011))
    many = sample_programs() * 6
    np.testing.assert_array_equal(run(many, [1.5, -2.0], columns, threads), run(many, [1.5, -2.0], columns))


def test_no_columns_and_no_programs() -> None:
    program = [("const", 0), ("const", 0), ("mul", 0)]
    assert run([program], [3.0], np.empty((0, 5))).tolist() == [[9.0] * 5]
    assert run([], [], np.empty((2, 5))).shape == (0, 5)
    assert run([program], [3.0], np.empty((0, 0))).shape == (1, 0)


@pytest.mark.parametrize("shape", ["left", "right", "right of functions"])
def test_programs_of_a_hundred_thousand_tokens(isa: str, shape: str) -> None:
    columns = np.random.default_rng(5).normal(size=(2, 301))
    terms = 30_000
    leaf = [("var", 0), ("square", 0)] if shape == "right of functions" else [("var", 1)]
    if shape == "left":
        program = leaf + [*leaf, ("add", 0)] * (terms - 1)
    else:
        program = leaf * terms + [("add", 0)] * (terms - 1)
    got = run([program], [], columns, threads=2)[0]
    np.testing.assert_allclose(got, terms * reference(leaf, [], columns), rtol=1e-11)


def test_constants_fold_to_the_bits_that_rows_get(isa: str) -> None:
    values = [0.1, -0.7, 3.3, 41.0]
    for name in FUNCTIONS:
        arity = ARITY.get(name, 1)
        leaves = range(arity)
        folded = run([[*(("const", k) for k in leaves), (name, 0)]], values, np.zeros((0, 3)))[0]
        columns = np.repeat(np.array(values[:arity])[:, None], 3, axis=1)
        # pow with a constant exponent may multiply; neither exponent here does
        np.testing.assert_array_equal(folded, run([[*(("var", k) for k in leaves), (name, 0)]], [], columns)[0], name)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ([], "leaves 0 values"),
        ([("var", 0), ("var", 0)], "leaves 2 values"),
        ([("add", 0)], "lacks its operands"),
        ([("var", 0), ("add", 0)], "lacks its operands"),
        ([("var", 0), ("var", 0), ("select", 0)], "lacks its operands"),
        ([("var", 2)], "column 2 of 2"),
        ([("var", -1)], "column -1"),
        ([("const", 1)], "constant 1 of 1"),
        ([("const", -5)], "constant -5"),
    ],
)
def test_malformed_programs_raise(program: list[Token], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run([[("var", 0)], program], [1.0], np.zeros((2, 4)))
    with pytest.raises(ValueError, match="program 1"):
        run([[("var", 0)], program], [1.0], np.zeros((2, 0)))


def test_malformed_arrays_raise() -> None:
    codes, operands, offsets = pack([[("var", 0)]])
    columns, none = np.zeros((1, 3)), np.zeros(0)
    for bad in ([0, 2], [-1, 1], [1, 0], [0, -1], [0, 2**62]):
        with pytest.raises(ValueError, match="offsets"):
            _core.evaluate(codes, operands, np.array(bad, np.int64), none, columns)
    with pytest.raises(ValueError, match="differ in length"):
        _core.evaluate(codes, operands[:0], offsets, none, columns)
    with pytest.raises(ValueError, match="offsets"):
        _core.evaluate(codes, operands, offsets[:0], none, columns)
    for code in (-1, len(NAMES), 2**31 - 1, -(2**31)):
        with pytest.raises(ValueError, match="unknown opcode"):
            _core.evaluate(np.array([code], np.int32), operands, offsets, none, columns)
    with pytest.raises(TypeError):
        _core.evaluate(codes, operands, offsets, none, columns.astype(np.float32))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _core.evaluate(codes, operands, offsets, none, np.zeros((3, 6))[:, ::2])


def test_instruction_sets_agree_to_a_few_ulp() -> None:
    before, results = _core.isa(), []
    columns = np.abs(np.random.default_rng(6).normal(size=(3, 1000))) * 0.9 % 1
    try:
        for name in _core.available_isas():
            _core.set_isa(name)
            assert _core.isa() == name
            results.append(run(sample_programs(), [1.5, -2.0], columns))
    finally:
        _core.set_isa(before)
    for other in results[1:]:
        assert_close(other, results[0], 8)


def test_unknown_instruction_set_raises() -> None:
    with pytest.raises(ValueError, match="unknown instruction set `sse9`"):
        _core.set_isa("sse9")
