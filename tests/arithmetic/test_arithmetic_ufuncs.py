"""Every elementwise kernel: against NumPy and SciPy in float64, through NumPy's protocols, and with one sabotaged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.special
from arithmetic_tools import BITS, assert_agree, ball_numpy
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes

from oracle.arithmetic import kernels
from oracle.arithmetic.ball_array import apply_ufunc, wrap
from oracle.arithmetic.operands import Balls

DOMAINS = {
    "log": (0.1, 3),
    "log2": (0.1, 3),
    "log10": (0.1, 3),
    "log1p": (-0.8, 3),
    "sqrt": (0.1, 3),
    "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9),
    "arctanh": (-0.9, 0.9),
    "arccosh": (1.1, 3),
    "gamma": (0.3, 4),
    "gammaln": (0.3, 4),
    "digamma": (0.3, 4),
    "psi": (0.3, 4),
    "power": (0.2, 3),
    "float_power": (0.2, 3),
}
"""Where a function's arguments lie, if not between -3 and 3."""
UNARY, BINARY = sorted(kernels.UNARY), sorted(kernels.BINARY)
COMPARE, PREDICATE = sorted(kernels.COMPARE), sorted(kernels.PREDICATE)
FEW = settings(max_examples=12, deadline=None)


def reference(name: str) -> Any:
    """NumPy's or SciPy's function of that name."""
    return getattr(np, name, None) or getattr(scipy.special, name)


def drawn(name: str, seed: int, *shapes: tuple[int, ...]) -> list[Any]:
    """Arrays of the given shapes in the domain of the function."""
    random = np.random.default_rng([seed, *name.encode()])
    low, high = DOMAINS.get(name, (-3, 3))
    return [random.uniform(low, high, shape)[()] for shape in shapes]


def balls(value: Any) -> Any:
    """Exact balls of these floats."""
    return wrap(kernels.lift(value))


def test_the_tables_hold_no_other_names() -> None:
    """Each kernel is NumPy's or SciPy's function of the same name."""
    assert [name for name in (*UNARY, *BINARY, *COMPARE, *PREDICATE) if reference(name) is None] == []


@pytest.mark.parametrize("name", [*UNARY, *PREDICATE])
@FEW
@given(shape=st.sampled_from([(), (1,), (7,), (3, 4), (2, 1, 3), (0, 2)]), seed=st.integers(0, 99))
def test_one_argument(name: str, shape: tuple[int, ...], seed: int) -> None:
    """The kernel through the ufunc gives what NumPy gives, shapes and kinds included."""
    (x,) = drawn(name, seed, shape)
    with kernels.precision(BITS):
        got = apply_ufunc(name, "__call__", (balls(x),), {})
        assert_agree(name, reference(name)(x), got)


@pytest.mark.parametrize("name", [*BINARY, *COMPARE])
@FEW
@given(shapes=mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), seed=st.integers(0, 99))
def test_two_arguments_broadcast(name: str, shapes: BroadcastableShapes, seed: int) -> None:
    """The kernel broadcasts as NumPy does, and gives the same numbers."""
    x, y = drawn(name, seed, *shapes.input_shapes)
    with kernels.precision(BITS):
        got = apply_ufunc(name, "__call__", (balls(x), balls(y)), {})
        assert_agree(name, reference(name)(x, y), got)


@pytest.mark.parametrize("name", [name for name in UNARY if hasattr(np, name)])
def test_numpy_dispatches_to_the_kernel(name: str) -> None:
    """The untouched ufunc and its stand-in both end in the kernel."""
    (x,) = drawn(name, 1, (3,))
    with kernels.precision(BITS):
        assert_agree(name, getattr(np, name)(x), getattr(np, name)(balls(x)))
        assert_agree(name, getattr(np, name)(x), getattr(ball_numpy, name)(balls(x)))


@pytest.mark.parametrize("name", [name for name in BINARY if hasattr(np, name)])
@pytest.mark.parametrize("other", [0.75, 2, np.float64(1.25), [0.5, 1.5, 2.5], np.array([1, 2, 3])], ids=repr)
def test_plain_partners_are_lifted(name: str, other: Any) -> None:
    """Numbers, lists and arrays on either side mix with balls exactly."""
    (x,) = drawn(name, 2, (3,))
    with kernels.precision(BITS):
        assert_agree(name, getattr(np, name)(x, other), getattr(np, name)(balls(x), other))
        assert_agree(name, getattr(np, name)(np.abs(other), x), getattr(ball_numpy, name)(np.abs(other), balls(x)))


@pytest.mark.parametrize("name", UNARY)
def test_a_sabotaged_kernel_of_one_argument_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced entry changes what the ufunc gives: entries are looked up when they are needed."""
    (x,) = drawn(name, 3, (3,))
    with kernels.precision(BITS):
        monkeypatch.setitem(kernels.UNARY, name, lambda a: kernels.lift(np.full(a.shape, 1e9)))
        with pytest.raises(AssertionError, match=name):
            assert_agree(name, reference(name)(x), apply_ufunc(name, "__call__", (balls(x),), {}))


@pytest.mark.parametrize("name", BINARY)
def test_a_sabotaged_kernel_of_two_arguments_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced entry changes what the ufunc gives."""
    x, y = drawn(name, 3, (3,), (3,))
    with kernels.precision(BITS):
        monkeypatch.setitem(kernels.BINARY, name, lambda a, b: kernels.lift(np.full(a.shape, 1e9)))
        with pytest.raises(AssertionError, match=name):
            assert_agree(name, reference(name)(x, y), apply_ufunc(name, "__call__", (balls(x), balls(y)), {}))


@pytest.mark.parametrize("name", [*COMPARE, *PREDICATE])
def test_a_sabotaged_question_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced question changes the answer."""
    table = kernels.COMPARE if name in COMPARE else kernels.PREDICATE
    operands = drawn(name, 3, (3,), (3,))[: 2 if name in COMPARE else 1]
    real = table[name]
    monkeypatch.setitem(table, name, lambda *raws: ~real(*raws))
    with pytest.raises(AssertionError, match=name):
        assert_agree(name, reference(name)(*operands), apply_ufunc(name, "__call__", tuple(map(balls, operands)), {}))


# ---- out=, where= and the methods of ufuncs

OUTS: dict[str, Any] = {
    "out": lambda np, x, y, z: np.multiply(x, y, out=z),
    "out by position": lambda np, x, y, z: np.multiply(x, y, z),
    "out in a tuple": lambda np, x, y, z: np.multiply(x, y, out=(z,)),
    "out is an operand": lambda np, x, y, z: np.subtract(y, x, out=x),
    "out is a view": lambda np, x, y, z: np.add(x[0], 1, out=z[1]),
    "out is a transposed view": lambda np, x, y, z: np.tanh(x.T, out=z.T),
    "where": lambda np, x, y, z: np.divide(x, y, out=z, where=y > 0),
    "where on one argument": lambda np, x, y, z: np.log(np.abs(x), out=z, where=x > 0),
    "a narrow dtype": lambda np, x, y, z: np.add(x, y, dtype=np.float64),
    "a mask": lambda np, x, y, z: np.less(x, y, out=np.zeros(x.shape, bool)),
    "matmul with out": lambda np, x, y, z: np.matmul(x, y.T, out=z[:3, :3]),
}
METHODS: dict[str, Any] = {
    "add.reduce": lambda np, x, y: np.add.reduce(x),
    "add.reduce over both": lambda np, x, y: np.add.reduce(x, axis=(0, 1), keepdims=True),
    "add.reduce of all": lambda np, x, y: np.add.reduce(x, axis=None),
    "multiply.reduce": lambda np, x, y: np.multiply.reduce(x, axis=1),
    "maximum.reduce": lambda np, x, y: np.maximum.reduce(x, axis=1, initial=0.5),
    "minimum.reduce where": lambda np, x, y: np.minimum.reduce(x, axis=0, where=y > 0, initial=9.0),
    "fmax.reduce": lambda np, x, y: np.fmax.reduce(x, axis=1),
    "fmin.reduce": lambda np, x, y: np.fmin.reduce(x, axis=1),
    "logaddexp.reduce": lambda np, x, y: np.logaddexp.reduce(x, axis=1, keepdims=True),
    "subtract.reduce": lambda np, x, y: np.subtract.reduce(x),
    "logical_or.reduce": lambda np, x, y: np.logical_or.reduce(x, axis=0),
    "logical_and.reduce": lambda np, x, y: np.logical_and.reduce(np.floor(x), axis=None),
    "add.accumulate": lambda np, x, y: np.add.accumulate(x, axis=1),
    "multiply.accumulate": lambda np, x, y: np.multiply.accumulate(x),
    "maximum.accumulate": lambda np, x, y: np.maximum.accumulate(x, axis=1),
    "multiply.outer": lambda np, x, y: np.multiply.outer(x, y[0]),
    "subtract.outer": lambda np, x, y: np.subtract.outer(x[0], y),
    "less.outer": lambda np, x, y: np.less.outer(x[0], y[1]),
    "add.at": lambda np, x, y: _at(np.add, x, [0, 2, 0], y[:3]),
    "subtract.at": lambda np, x, y: _at(np.subtract, x, (np.array([0, 0]), np.array([1, 1])), 2.5),
    "multiply.at": lambda np, x, y: _at(np.multiply, x, (slice(None), [0, 0, 3]), y[:, :3]),
    "maximum.at": lambda np, x, y: _at(np.maximum, x, [1, 1], y[:2]),
    "negative.at": lambda np, x, y: _at(np.negative, x, [0, 0, 1]),
    "add.at a mask": lambda np, x, y: _at(np.add, x, x > 0, 1),
    "add.reduceat": lambda np, x, y: np.add.reduceat(x, [0, 2, 1, 3], axis=1),
    "maximum.reduceat": lambda np, x, y: np.maximum.reduceat(x, [0, 2]),
    "vector matmul": lambda np, x, y: (np.matmul(x[0], y.T), np.matmul(x, y[0]), np.matmul(x[0], y[0])),
    "batched matmul": lambda np, x, y: np.matmul(np.stack([x, y]), y.T[None]),
}


def _at(ufunc: Any, target: Any, indices: Any, *values: Any) -> Any:
    """The target after `ufunc.at`."""
    ufunc.at(target, indices, *values)
    return target


@pytest.mark.parametrize("name", list(OUTS))
def test_out_and_where(name: str) -> None:
    """Results stored in `out`, under a mask or not, are NumPy's, and so is what is returned."""
    x, y, z = drawn(name, 4, (3, 4), (3, 4), (3, 4))
    with kernels.precision(BITS):
        in_balls = [balls(value) for value in (x, y, z)]
        got = OUTS[name](ball_numpy, *in_balls)
        expected = OUTS[name](np, x, y, z)
        assert_agree(name, [expected, x, z], [got, in_balls[0], in_balls[2]])


@pytest.mark.parametrize("name", list(METHODS))
def test_methods_of_ufuncs(name: str) -> None:
    """Reductions, accumulations, outer products and `at` give what NumPy gives, by either way in."""
    x, y = drawn(name, 5, (3, 4), (3, 4))
    with kernels.precision(BITS):
        untouched = METHODS[name](np, balls(x), balls(y))
        got = METHODS[name](ball_numpy, balls(x), balls(y))
        expected = METHODS[name](np, x, y)
        assert_agree(name, expected, got)
        assert_agree(name, expected, untouched)


@pytest.mark.parametrize("where", [balls(np.ones(3)), np.ones(3), [1, 0, 1]], ids=["balls", "floats", "integers"])
def test_a_mask_must_be_bool(where: Any) -> None:
    """A mask of anything but booleans is NumPy's own error."""
    with pytest.raises(TypeError, match="Cannot cast array data from dtype"):
        np.add(balls(np.ones(3)), 1, where=where)


def test_without_out_the_rest_of_a_mask_is_not_a_number() -> None:
    """What a masked ufunc leaves unset cannot pass for a number."""
    got = np.add(balls(np.ones(2)), 1, where=np.array([True, False]))
    assert kernels.is_finite(got._raw).tolist() == [True, False]


# ---- powers and domains


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        (0, 0, 1),
        (-2, 3, -8),
        (0, 2, 0),
        (-1.5, 2, 2.25),
        (4, 0.5, 2),
        (2, -2, 0.25),
        (-8, 1 / 3, math.nan),
        (0, -1, math.nan),
    ],
)
def test_powers_follow_numpy(base: float, exponent: float, expected: float) -> None:
    """Integer powers are exact, a negative base to a fraction is not a number, and never silently complex."""
    with kernels.precision(BITS):
        got = balls(np.array([base], float)) ** exponent
    assert got.dtype == np.float64
    np.testing.assert_equal(kernels.midpoints(got._raw)[0], np.float64(expected))


@pytest.mark.parametrize(("name", "value"), [("sqrt", -1.0), ("log", -1.0), ("arcsin", 2.0), ("reciprocal", 0.0)])
def test_outside_the_domain_nothing_is_finite(name: str, value: float) -> None:
    """Outside its real domain a function gives a ball without bounds, and stays real."""
    got = getattr(ball_numpy, name)(balls(np.array([value])))
    assert got.dtype == np.float64
    assert not kernels.is_finite(got._raw).any()


def test_a_power_of_a_ball_around_zero_is_tight() -> None:
    """The square of a ball around 0 of radius r lies within r², where flint's own power loses everything."""
    with kernels.precision(BITS):
        around = balls(1e-30) * wrap(kernels.boxed(arb(0, 1)))
        for n in (2, 3, 4, 5, 7):
            assert kernels.radii((around**n)._raw) <= 1.001 * 1e-30**n


def test_balls_stay_balls() -> None:
    """No operator of a ball with a number yields anything else."""
    x = balls(np.array(1.5))
    results = [x + 1, 1 - x, x * 2.0, 2 / x, x**2, 2**x, x // 1, 7 % x, -x, +x, abs(x)]
    assert all(isinstance(result, Balls) for result in results)
