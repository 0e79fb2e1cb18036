"""The float witnesses themselves: right on known slopes, and not deceived by wrong ones."""

import numpy as np
import pytest
from witnesses_in_floats import central_slope, complex_slope, inner, size

KNOWN = {
    "exp": (lambda t: np.exp(3 * t), 3.0),
    "tanh": (lambda t: np.tanh(0.3 + t), 1 - np.tanh(0.3) ** 2),
    "sigmoid": (lambda t: 1 / (1 + np.exp(-1 - t)), np.exp(-1) / (1 + np.exp(-1)) ** 2),
    "cubic": (lambda t: (1 + t) ** 3, 3.0),
    "constant": (lambda t: 0 * t + 5.0, 0.0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_central_differences_know_their_error(name):
    """The slope lies within the stated error, which is small."""
    function, slope = KNOWN[name]
    estimate, error = central_slope(function)
    assert abs(estimate - slope) <= error < 1e-8 * max(1.0, abs(slope))


@pytest.mark.parametrize("name", KNOWN)
def test_central_differences_see_a_wrong_slope(name):
    """The control: a slope that is off by a millionth lies beyond the stated error."""
    function, slope = KNOWN[name]
    estimate, error = central_slope(function)
    assert abs(estimate - (slope * (1 + 1e-6) + 1e-6)) > error


@pytest.mark.parametrize("name", KNOWN)
def test_the_complex_step_has_no_cancellation(name):
    """The complex step gives the slope to the last places."""
    function, slope = KNOWN[name]
    assert complex_slope(function) == pytest.approx(slope, rel=4 * np.finfo(float).eps, abs=0)


def test_the_complex_step_needs_an_analytic_function():
    """The control: where the code takes an absolute value, the imaginary part is lost."""
    assert complex_slope(lambda t: abs(1.0 + t)) == 0.0


def test_inner_products():
    """`inner` adds the products over all names of the direction, `size` their magnitudes."""
    a, b = {"x": np.array([1.0, -2.0]), "y": 3.0}, {"x": np.array([4.0, 5.0])}
    assert (inner(a, b), size(a, b)) == (-6.0, 14.0)
