"""Stochastic floats: what is perturbed, by how much, and that the spread is an honest measure of rounding."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from oracle.arithmetic.floats import Floats
from oracle.arithmetic.stochastic import Stochastic
from oracle.program import trace

UNITS = {"float32": 2.0**-24, "float64": 2.0**-53}
RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=1000), RNG.normal(size=1000)


def relative(arithmetic, raw):
    """Deviations of the perturbed samples from sample 0, relative to it, in units of roundoff."""
    units = UNITS[arithmetic.modelled] * arithmetic.magnified
    return (raw[..., 1:] - raw[..., :1]) / np.abs(raw[..., :1]) / units


@pytest.mark.parametrize("dtype", UNITS)
@pytest.mark.parametrize(
    ("name", "most"),
    [("add", 1), ("subtract", 1), ("multiply", 1), ("divide", 1), ("arctan2", 4)],
)
def test_each_operation_is_perturbed_once(name, most, dtype):
    """Deviations lie within the stated units, have mean zero, and the spread of a uniform distribution."""
    arithmetic = Stochastic(dtype, samples=33, seed=1)
    raw = arithmetic.binary(name, arithmetic.lift(X), arithmetic.lift(Y))
    deviations = relative(arithmetic, raw) / most
    assert np.abs(deviations).max() <= 1 + 1e-2
    assert abs(deviations.mean()) < 0.02
    assert abs(deviations.std() - 3**-0.5) < 0.02


@pytest.mark.parametrize(
    ("name", "most"), [("sqrt", 1), ("square", 1), ("exp", 4), ("tanh", 4), ("expit", 4), ("sin", 4)]
)
def test_functions_are_perturbed_by_what_libraries_lose(name, most):
    """Square roots are correctly rounded and lose one unit; elementary functions lose up to four."""
    arithmetic = Stochastic("float32", samples=33, seed=2)
    deviations = np.abs(relative(arithmetic, arithmetic.unary(name, arithmetic.lift(np.abs(X)))))
    assert 0.95 * most < deviations.max() <= most + 1e-2


@pytest.mark.parametrize("name", ["negative", "absolute", "sign"])
def test_exact_operations_are_not_perturbed(name):
    """What floats compute exactly stays exact in every sample."""
    arithmetic = Stochastic("float32")
    raw = arithmetic.unary(name, arithmetic.lift(X))
    np.testing.assert_array_equal(raw, np.broadcast_to(getattr(np, name)(X)[:, None], raw.shape))
    np.testing.assert_array_equal(arithmetic.spread(raw), np.zeros(1000))


def test_inputs_are_exact():
    """Lifting perturbs nothing."""
    arithmetic = Stochastic("float64")
    np.testing.assert_array_equal(arithmetic.spread(arithmetic.lift(X)), np.zeros(1000))


def test_underflow_is_perturbed_absolutely():
    """A result far below the smallest float32 keeps an absolute error of about the smallest normal number."""
    arithmetic = Stochastic("float32", samples=33, seed=3)
    tiny = arithmetic.binary("multiply", arithmetic.lift(np.full(100, 1e-30)), arithmetic.lift(1e-30))
    spread = arithmetic.spread(tiny)
    assert (spread > 0.2 * 2.0**-126).all()
    assert (spread < 2.0**-126).all()


def test_the_same_seed_gives_the_same_samples():
    """Runs are determined by the seed, and other seeds give other samples."""
    once, again, other = ((lambda a: a.unary("exp", a.lift(X)))(Stochastic("float32", seed=seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once, again)
    assert (once != other)[:, 1:].mean() > 0.99


@pytest.mark.parametrize("size", [3, 100, 3000])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_sums_in_any_usual_order_stay_near_the_spread(size, offset):
    """Sequential, reversed, shuffled and pairwise float32 sums err by less than 8 times the spread."""
    x = (np.random.default_rng(size).normal(size=size) + offset).astype(np.float32)
    arithmetic = Stochastic("float32", samples=33, seed=4)
    spread = float(arithmetic.spread(arithmetic.sum(arithmetic.lift(x), (0,))))
    exact = float(np.sum(x.astype(np.float64)))
    orders = [x, x[::-1], np.random.default_rng(1).permutation(x)]
    sums = [float(np.add.accumulate(order)[-1]) for order in orders] + [float(np.sum(x))]
    assert max(abs(value - exact) for value in sums) <= 8 * spread
    assert spread <= size * 2.0**-24 * float(np.abs(x).sum())


def test_products_of_matrices_stay_near_the_spread():
    """BLAS products in float32 err by less than 8 times the spread."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(1, 20, 50)).astype(np.float32), rng.normal(size=(1, 50, 30)).astype(np.float32)
    arithmetic = Stochastic("float32", samples=33, seed=4)
    spread = arithmetic.spread(arithmetic.matmul(arithmetic.lift(a), arithmetic.lift(b)))
    error = np.abs(a @ b - np.matmul(a.astype(float), b.astype(float)))
    assert (error <= 8 * spread).all()
    assert np.median(spread) < 20 * np.median(error)


def test_large_and_small_terms_neither_overflow_nor_vanish():
    """Sums of terms near the ends of the range of float64 have a finite, positive spread of the right size."""
    for size in (1e-200, 1e200):
        arithmetic = Stochastic("float64", seed=4)
        spread = arithmetic.spread(arithmetic.sum(arithmetic.lift(X * size), (0,)))
        near_one = Stochastic("float64", seed=4)
        expected = near_one.spread(near_one.sum(near_one.lift(X), (0,)))
        np.testing.assert_allclose(spread / size, expected, rtol=1e-2)


def test_the_spread_is_proportional_to_the_unit():
    """One program spreads in float32 and in float64 in proportion to their units of roundoff."""
    program = trace(lambda w, x: jnp.tanh(jnp.exp(w @ x) - x), {"w": "D D", "x": "D"})
    inputs = {"w": RNG.normal(size=(6, 6)), "x": RNG.normal(size=6)}
    spreads = {}
    for dtype, unit in UNITS.items():
        arithmetic = Stochastic(dtype, samples=1000, seed=9)
        gradients = program.run(arithmetic, {"D": 6}, inputs, [np.ones(6)])[1]
        spreads[dtype] = arithmetic.spread(gradients["w"]) / unit
    np.testing.assert_allclose(spreads["float32"], spreads["float64"], rtol=0.2)


def test_samples_deviate_to_both_sides_alike():
    """Through a whole program, the mean deviation is within three standard errors of zero."""
    program = trace(lambda x: jnp.sum(jax.nn.sigmoid(x) * jnp.tanh(x)), {"x": "D"})
    arithmetic = Stochastic("float32", samples=2001, seed=10)
    gradient = program.run(arithmetic, {"D": 8}, {"x": X[:8]}, [1.0])[1]["x"]
    mean = (gradient[:, 1:] - gradient[:, :1]).mean(-1)
    assert (np.abs(mean) < 4 * arithmetic.spread(gradient) / 2000**0.5).all()


def test_saturated_gates_spread_as_floats_lose_them():
    """Where 1 - tanh² cancels, the spread is as large as the derivative itself, in either dtype."""
    program = trace(jnp.tanh, {"x": "D"})
    for dtype, at in (("float32", 9.0), ("float64", 19.0)):
        arithmetic = Stochastic(dtype, samples=33, seed=12)
        gradient = program.run(arithmetic, {"D": 1}, {"x": [at]}, [[1.0]])[1]["x"]
        assert 0.2 < arithmetic.spread(gradient)[0] / UNITS[dtype] < 20
        assert arithmetic.spread(gradient)[0] > 0.1 * 4 * np.exp(-2 * at)


def test_questions_are_put_to_the_unperturbed_sample():
    """A branch, an argmax, a sort and an integer part follow sample 0 alone, and lose the sample axis."""
    arithmetic = Stochastic("float32", samples=5)
    raw = arithmetic.lift([1.0, 2.0]) + np.array([0.0, 9.0, -9.0, 9.0, -9.0]) * np.array([[1.0], [-1.0]])
    np.testing.assert_array_equal(arithmetic.compare("less", raw[0], raw[1]), True)
    np.testing.assert_array_equal(arithmetic.order(raw, 0), [0, 1])
    np.testing.assert_array_equal(arithmetic.truncated(raw), [1, 2])
    np.testing.assert_array_equal(arithmetic.is_finite(raw), [True, True])
    branch = trace(lambda x: lax.cond(jnp.exp(x) > 1, lambda x: 2 * x, lambda x: 3 * x, x), {"x": ""})
    outputs, _ = branch.run(arithmetic, {}, {"x": 1e-9}, [1.0])
    np.testing.assert_allclose(outputs[0], 2e-9, rtol=1e-5)


def test_bad_arguments_are_refused():
    """Unknown dtypes and too few samples raise one sentence each."""
    with pytest.raises(ValueError, match=r"^Stochastic models float32 or float64, but float16 was asked for$"):
        Stochastic("float16")
    with pytest.raises(ValueError, match=r"^Stochastic needs at least 2 samples, but 1 were asked for$"):
        Stochastic("float32", samples=1)
    message = re.escape("Floats computes in float32 or float64, but int64 was asked for")
    with pytest.raises(ValueError, match=f"^{message}$"):
        Floats("int64")


def test_float32_is_computed_in_float32():
    """The float arithmetic of a dtype stays in it, complex numbers included."""
    floats = Floats("float32")
    x = floats.lift([1.0, 3.0])
    third = floats.binary("divide", x[0], x[1])
    assert (third.dtype, float(third)) == (np.dtype("float32"), float(np.float32(1) / np.float32(3)))
    for name in ("expit", "erf", "erfc", "tanh"):
        assert floats.unary(name, x).dtype == np.float32
    assert floats.complex(x, x).dtype == np.complex64
    assert floats.power(x, -2).dtype == np.float32
