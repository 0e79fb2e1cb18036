"""The image of a ball contains the image of every point in it: each kernel on wide balls, and on points of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flint import acb, arb
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from oracle.arithmetic import elements, kernels, ordering
from oracle.arithmetic.refusals import Undecided

FINE = 600
SOME = settings(max_examples=30, deadline=None)
DOMAINS = dict.fromkeys(("log", "log2", "log10", "sqrt", "cbrt", "gamma", "gammaln", "reciprocal"), (0.5, 3.0))
DOMAINS |= dict.fromkeys(("arcsin", "arccos", "tan"), (-0.4, 0.4)) | {"arctanh": (-0.2, 0.2)}
DOMAINS |= dict.fromkeys(("digamma", "psi"), (1.0, 3.0)) | {"arccosh": (1.5, 3.0), "log1p": (-0.5, 3.0)}
BASES = {"power": (0.5, 3.0), "float_power": (0.5, 3.0)}
POSITIVE = {"divide", "floor_divide", "remainder", "fmod", "hypot"}
JUMPS = {"floor", "ceil", "trunc", "rint", "floor_divide", "remainder", "fmod", "heaviside", "copysign"}
WIDTHS = st.sampled_from([0.0, 1e-30, 1e-3, 0.2])
UNITS = st.integers(-(2**20), 2**20).map(lambda k: k / 2**20)


def ball(middle: float, radius: float) -> Any:
    """A ball with this midpoint and about this radius."""
    return arb(middle, radius)


def point(within: Any, unit: float) -> Any:
    """The point of a ball that lies `unit` times its radius from the midpoint, exactly."""
    return within.mid() + within.rad() * arb(unit)


def contains(image: Any, value: Any) -> bool:
    """Whether the true value, known to 600 bits, can lie in the image."""
    return bool(image.overlaps(value))


def assert_contains(image: kernels.Raw, value: kernels.Raw, name: str) -> None:
    """Raise where a value lies outside its image, or where an image without bounds proves nothing."""
    for outer, inner in zip(image.ravel(), value.ravel(), strict=True):
        assert outer.is_finite(), f"{name}: {outer}"
        assert contains(outer, inner), f"{name}: {inner} outside {outer}"


def checked(name: str, apply: Callable[..., kernels.Raw], balls: list[kernels.Raw], units: list[float]) -> None:
    """Apply a kernel to balls and to points in them; a function that jumps may be undecided."""
    with kernels.precision(53):
        try:
            image = apply(*balls)
        except Undecided:
            assert name in JUMPS
            reject()
    for unit in (*units, -1.0, 0.0, 1.0):
        with kernels.precision(FINE):
            points = [
                np.frompyfunc(lambda b, u=unit, k=k: point(b, u if k % 2 else -u), 1, 1)(raw)
                for k, raw in enumerate(balls)
            ]
            value = apply(*map(kernels.boxed, points))
        assert_contains(image, value, name)


@pytest.mark.parametrize("name", sorted(kernels.UNARY))
@SOME
@given(unit=UNITS, share=st.floats(0, 1), radius=WIDTHS)
def test_one_argument(name: str, unit: float, share: float, radius: float) -> None:
    """f of a ball contains f of its points."""
    low, high = DOMAINS.get(name, (-3.0, 3.0))
    checked(name, lambda a: kernels.UNARY[name](a), [kernels.boxed(ball(low + share * (high - low), radius))], [unit])


@pytest.mark.parametrize("name", sorted(kernels.BINARY))
@SOME
@given(unit=UNITS, x=st.floats(0, 1), y=st.floats(0, 1), radii=st.tuples(WIDTHS, WIDTHS))
def test_two_arguments(name: str, unit: float, x: float, y: float, radii: tuple[float, float]) -> None:
    """f of two balls contains f of their points."""
    low, high = BASES.get(name, (-2.0, 2.0))
    b = ball(1 + 2 * y if name in POSITIVE else 4 * y - 2, radii[1])
    a = ball(low + x * (high - low), radii[0])
    checked(name, lambda *raws: kernels.BINARY[name](*raws), [kernels.boxed(a), kernels.boxed(b)], [unit])


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, -1, -2, 0.5, 1.5])
@SOME
@given(unit=UNITS, middle=st.floats(-2, 2), radius=WIDTHS)
def test_powers(exponent: float, unit: float, middle: float, radius: float) -> None:
    """Exact exponents, balls around zero included."""
    base = ball(middle, radius)
    if exponent != int(exponent) or exponent < 0:
        base = ball(abs(middle) + 0.5, radius)
    checked("power", lambda a: kernels.BINARY["power"](a, kernels.lift(exponent)), [kernels.boxed(base)], [unit])


ARRAYS: dict[str, Callable[[kernels.Raw], kernels.Raw]] = {
    "reduce_sum": lambda a: kernels.reduce_sum(a, 0),
    "reduce_product": lambda a: kernels.reduce_product(a, 1),
    "reduce_max": lambda a: kernels.reduce_max(a, 0),
    "reduce_min": lambda a: kernels.reduce_min(a, (0, 1)),
    "cumulative_sum": lambda a: kernels.cumulative_sum(a, 0),
    "cumulative_product": lambda a: kernels.cumulative_product(a, 1),
    "matmul": lambda a: kernels.matmul(a, a.T),
}


@pytest.mark.parametrize("name", list(ARRAYS))
@SOME
@given(seed=st.integers(0, 999), unit=UNITS, radius=WIDTHS)
def test_arrays(name: str, seed: int, unit: float, radius: float) -> None:
    """Reductions and matrix products of balls contain those of their points."""
    middles = np.random.default_rng(seed).uniform(-1, 1, (3, 4))
    balls = np.frompyfunc(lambda m: ball(m, radius), 1, 1)(middles)
    checked(name, ARRAYS[name], [balls], [unit])


@SOME
@given(seed=st.integers(0, 999), unit=UNITS, radius=WIDTHS)
def test_large_matrices(seed: int, unit: float, radius: float) -> None:
    """flint's block algorithm for large matrices with entries of very different size encloses too."""
    random = np.random.default_rng(seed)
    middles = random.uniform(-1, 1, (45, 45)) * 10.0 ** random.integers(-40, 40, (45, 45))
    balls = np.frompyfunc(lambda m: ball(m, radius * abs(m)), 1, 1)(middles)
    checked("matmul", lambda a: kernels.matmul(a, a[:, :3]), [balls], [unit])


@pytest.mark.parametrize("name", sorted(set(kernels.COMPARE) - {"logical_and", "logical_or", "logical_xor"}))
@SOME
@given(x=st.floats(-1, 1), y=st.floats(-1, 1), radii=st.tuples(WIDTHS, WIDTHS), units=st.tuples(UNITS, UNITS))
def test_decided_comparisons_hold_for_all_points(name: str, x: float, y: float, radii: Any, units: Any) -> None:
    """Where a comparison is answered, every pair of points has that answer."""
    a, b = ball(x, radii[0]), ball(y, radii[1])
    try:
        answer = kernels.COMPARE[name](kernels.boxed(a), kernels.boxed(b))[()]
    except Undecided:
        assert a.overlaps(b)
        reject()
    with kernels.precision(FINE):
        for u, v in (units, (1, -1), (-1, 1), (1, 1)):
            assert kernels.COMPARE[name](kernels.boxed(point(a, u)), kernels.boxed(point(b, v)))[()] == answer


@pytest.mark.parametrize("question", [ordering.argsort, ordering.argmax, ordering.argmin])
@SOME
@given(
    middles=st.lists(st.floats(-1, 1), min_size=2, max_size=5),
    radius=WIDTHS,
    units=st.lists(UNITS, min_size=5, max_size=5),
)
def test_decided_orders_hold_for_all_points(
    question: Any, middles: list[float], radius: float, units: list[float]
) -> None:
    """Where argsort and argmax are answered, points sort the same way."""
    balls = np.array([ball(middle, radius) for middle in middles], object)
    with kernels.precision(FINE):
        points = np.array([point(b, unit) for b, unit in zip(balls, units, strict=False)], object)
        try:
            answer = question(balls, 0)
        except Undecided:
            assert any(a.overlaps(b) for k, a in enumerate(balls) for b in balls[:k])
            reject()
        np.testing.assert_array_equal(question(points, 0), answer)


@pytest.mark.parametrize(
    "name", ["exp", "sin", "tanh", "square", "sqrt", "log", "expit", "absolute", "conjugate", "sign"]
)
@SOME
@given(unit=UNITS, x=st.floats(0.5, 2), y=st.floats(-1, 1), radius=WIDTHS)
def test_complex_balls(name: str, unit: float, x: float, y: float, radius: float) -> None:
    """Functions of complex balls contain those of their points."""
    z = acb(ball(x, radius), ball(y, radius))
    image = kernels.UNARY[name](kernels.boxed(z))[()]
    with kernels.precision(FINE):
        value = kernels.UNARY[name](kernels.boxed(acb(point(z.real, unit), point(z.imag, -unit))))[()]
    assert image.is_finite()
    assert contains(image, value)


@SOME
@given(middle=st.floats(-5, 5), radius=WIDTHS, unit=UNITS)
def test_integer_parts_hold_for_all_points(middle: float, radius: float, unit: float) -> None:
    """Where int() is answered, every point has that integer part."""
    b = ball(middle, radius)
    try:
        answer = elements.integer_part(b)
    except Undecided:
        reject()
    with kernels.precision(FINE):
        assert elements.integer_part(point(b, unit)) == answer


def test_a_wrong_enclosure_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: a kernel that forgets the radius is caught."""
    monkeypatch.setitem(kernels.UNARY, "exp", np.frompyfunc(lambda b: b.mid().exp(), 1, 1))
    with pytest.raises(AssertionError, match="outside"):
        checked("exp", lambda a: kernels.boxed(kernels.UNARY["exp"](a)), [kernels.boxed(ball(1.0, 0.1))], [1.0])
