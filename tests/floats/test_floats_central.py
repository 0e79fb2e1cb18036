"""Central differences and complex steps of float code: right within the stated error, and not deceived."""

import numpy as np
import pytest
from floats_tools import by_buffer, by_real_part, pair

from oracle.binding import Binding
from oracle.cases import Case
from oracle.point import Point
from oracle.witnesses.central_difference import FEW_RUNGS, MANY_RUNGS, central_slope
from oracle.witnesses.complex_step import complex_slope, own_rounding


def witnessed(function, slope, *, seed=1, size=4):
    """Point, binding, direction and true slope for y = function(x), entry by entry; `slope` is its derivative."""
    subject = pair(lambda x: (function(x), x), lambda y_bar, x: y_bar * slope(x))
    point = Point(subject, Case({"D": size}, seed=seed))
    x, v = point.values["x"], point.direction("x")
    true = float(np.sum(point.cotangent("out", x.shape) * slope(x) * v))
    return point, Binding(subject.form.code), {"x": v}, true


SMOOTH = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "exp": (lambda x: np.exp(3 * x), lambda x: 3 * np.exp(3 * x)),
    "sine": (lambda x: np.sin(20 * x), lambda x: 20 * np.cos(20 * x)),
    "cubic": (lambda x: x**3, lambda x: 3 * x**2),
    "linear": (lambda x: 3 * x, lambda x: 3 + 0 * x),
    "large offset": (lambda x: 1e10 + x, lambda x: 1 + 0 * x),
    "pole nearby": (lambda x: 1 / (x - 2.0), lambda x: -1 / (x - 2.0) ** 2),
    "rounded to float32": (lambda x: np.tanh(x).astype(np.float32).astype(float), lambda x: 1 - np.tanh(x) ** 2),
    "kinked": (lambda x: np.abs(x - 0.3), lambda x: np.sign(x - 0.3)),
    "root": (lambda x: np.cbrt(x), lambda x: np.cbrt(x) / (3 * x)),
    "steep": (lambda x: np.tanh(300 * x), lambda x: 300 * (1 - np.tanh(300 * x) ** 2)),
}


@pytest.mark.parametrize("rungs", [FEW_RUNGS, MANY_RUNGS])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_stated_error_is_honest(name, rungs):
    """Over 20 points the true slope lies within the stated error of the estimate, and there is no kink."""
    for seed in range(20):
        *arguments, true = witnessed(*SMOOTH[name], seed=seed)
        seen = central_slope(*arguments, rungs)
        assert abs(seen.estimate - true) <= seen.error
        assert seen.kink == 0.0


@pytest.mark.parametrize("name", ["tanh", "exp", "cubic", "linear", "pole nearby"])
def test_the_stated_error_is_small(name):
    """The control: on smooth functions it is below 1e-7 of the terms, so that it can convict."""
    for seed in range(20):
        *arguments, _ = witnessed(*SMOOTH[name], seed=seed)
        point, _, direction = arguments
        terms = np.abs(SMOOTH[name][1](point.values["x"]) * direction["x"]).sum()
        assert central_slope(*arguments, FEW_RUNGS).error < 1e-7 * terms


def test_a_kink_at_the_point_is_seen():
    """|x - x0| at x0 jumps by twice the sum of what the direction moves."""
    point, binding, direction, _ = witnessed(lambda x: x, lambda x: 1 + 0 * x)
    x0 = point.values["x"].copy()
    at_kink, binding, direction, _ = witnessed(lambda x: np.abs(x - x0), lambda x: 0 * x)
    expected = abs(np.sum(at_kink.cotangent("out", x0.shape) * 2 * np.abs(direction["x"])))
    assert central_slope(at_kink, binding, direction, MANY_RUNGS).kink == pytest.approx(expected, rel=1e-6)


def test_a_forward_that_is_nowhere_finite_has_no_slope():
    """Neither a value nor an error is made up."""
    *arguments, _ = witnessed(lambda x: np.full(x.shape, np.nan), lambda x: x)
    assert central_slope(*arguments, FEW_RUNGS) is None


def test_a_forward_that_raises_on_one_side_keeps_the_short_steps():
    """Steps that leave the domain are not used, and no zero is taken for the value there."""

    def near(x):
        if np.max(np.abs(x - np.round(x, 6))) > 0.01 or np.min(x) < -1.61:
            raise ValueError("outside")
        return x**2

    *arguments, true = witnessed(near, lambda x: 2 * x)
    seen = central_slope(*arguments, FEW_RUNGS)
    assert seen is None or abs(seen.estimate - true) <= seen.error


@pytest.mark.parametrize("name", ["tanh", "exp", "sine", "cubic", "pole nearby"])
def test_a_complex_step_is_honest_and_fine(name):
    """The true slope lies within the stated error, which is a few roundings of the terms."""
    for seed in range(10):
        *arguments, true = witnessed(*SMOOTH[name], seed=seed)
        seen = complex_slope(*arguments)
        point, _, direction = arguments
        terms = np.abs(SMOOTH[name][1](point.values["x"]) * direction["x"]).sum()
        assert abs(seen.estimate - true) <= seen.error + 1e-14 * terms
        assert seen.error < 1e-11 * terms + 1e-15


def test_code_that_drops_imaginary_parts_gives_no_complex_step():
    """A real answer to a complex question is no slope."""
    *arguments, _ = witnessed(by_real_part, lambda x: 1 - np.tanh(x) ** 2)
    assert complex_slope(*arguments) is None


def test_own_rounding_sees_what_perturbed_inputs_cannot():
    """The derivative of a saturated tanh, 1 - tanh², keeps an absolute error of u, whatever x is moved by."""
    subject = pair(lambda x: (by_buffer(8 * x), x), lambda y_bar, x: 8 * y_bar * (1 - np.tanh(8 * x) ** 2))
    point = Point(subject, Case({"D": 6}, "saturated", seed=2))
    own = own_rounding(point, Binding(subject.form.code))
    assert (own["x"] > 0).any()
    assert (own["x"] < 1e-14).all()


def test_own_rounding_needs_float32():
    """Code that answers in float64 whatever it is given shows nothing of its rounding."""
    subject = pair(lambda x: (x**2, x), lambda y_bar, x: 2.0 * x.astype(np.float64) * y_bar)
    assert own_rounding(Point(subject, Case({"D": 2}, seed=1)), Binding(subject.form.code)) is None
