"""σ and tanh: values, slopes, extremes and dtypes."""

from collections.abc import Callable

import numpy as np
import pytest
from lstm_examples import roundings

from lstm_ref import sigmoid, sigmoid_slope, tanh, tanh_slope

DTYPES = [np.float32, np.float64]


def test_sigmoid_is_the_logistic_function() -> None:
    """σ(a) is 1 / (1 + exp(-a))."""
    a = np.linspace(-6, 6, 101)
    assert roundings(sigmoid(a), 1 / (1 + np.exp(-a))) < 2


def test_tanh_is_numpys() -> None:
    """tanh is NumPy's, to the bit."""
    a = np.linspace(-6, 6, 101)
    assert (tanh(a) == np.tanh(a)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_keeps_its_digits_where_it_is_small(dtype: type) -> None:
    """Down to a = -80, every value is within four roundings of itself."""
    a = np.linspace(-80, 0, 501).astype(dtype)
    true = 1 / (1 + np.exp(-a.astype(np.longdouble)))
    assert (np.abs(sigmoid(a) - true) <= 4 * np.finfo(dtype).eps * true).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_reaches_its_limits_without_a_warning(dtype: type) -> None:
    """At ±1000, σ is exactly 0 and 1, and nothing overflows."""
    with np.errstate(all="raise"):
        y = sigmoid(np.array([-1000, 1000], dtype=dtype))
    assert y.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("function", "slope"), [(sigmoid, sigmoid_slope), (tanh, tanh_slope)])
def test_slopes_are_the_derivatives(function: Callable[..., np.ndarray], slope: Callable[..., np.ndarray]) -> None:
    """The slope read off the output is the derivative by the complex step."""
    a = np.linspace(-4, 4, 101)
    assert roundings(slope(function(a)), function(a + 1e-30j).imag / 1e-30) < 4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [sigmoid, sigmoid_slope, tanh, tanh_slope])
def test_the_dtype_is_kept(function: Callable[..., np.ndarray], dtype: type) -> None:
    """float32 stays float32 and float64 stays float64, for arrays and for scalars."""
    assert function(np.ones(3, dtype=dtype)).dtype == dtype
    assert function(dtype(1)).dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("B", [1, 2, 3, 5])
def test_columns_of_an_array_can_be_replaced_by_their_sigmoids(B: int, dtype: type) -> None:
    """In place and with strides, as the layer calls it, the values are those of contiguous memory."""
    a = np.random.default_rng(B).standard_normal((B, 4)).astype(dtype)
    for k in range(4):
        columns = a.copy().reshape(B, 4, 1).transpose(1, 0, 2)[k : k + 1]
        y = np.empty_like(columns)
        expected = sigmoid(np.ascontiguousarray(columns))
        assert sigmoid(columns, out=y, tail=columns) is y
        assert roundings(y, expected) < 2


@pytest.mark.parametrize("function", [sigmoid, sigmoid_slope, tanh, tanh_slope])
def test_out_is_filled_and_returned(function: Callable[..., np.ndarray]) -> None:
    """With `out`, the same bits are written there and the argument stays as it is."""
    a = np.linspace(-1, 1, 5)
    out = np.full(5, np.nan)
    assert function(a, out=out) is out
    assert (out == function(a)).all()
    assert (a == np.linspace(-1, 1, 5)).all()
