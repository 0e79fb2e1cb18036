"""The GRU in both conventions: values, gradients and what it refuses."""

import itertools

import numpy as np
import pytest
from lstm_examples import complex_step, roundings

from lstm_ref import gru_backward, gru_forward

SIZES = [(1, 1, 1, 1), (4, 2, 3, 2), (3, 3, 2, 4)]
SHAPES = ("x", "h0", "W", "U", "b", "c")


def inputs_of(T: int, B: int, D: int, H: int, dtype: type = np.float64) -> list[np.ndarray]:
    """Values of order one for x, h0, W, U, b and c."""
    generator = np.random.default_rng(T + 10 * H)
    shapes = [(T, B, D), (B, H), (3 * H, D), (3 * H, H), (3 * H,), (3 * H,)]
    return [generator.uniform(-1, 1, shape).astype(dtype) for shape in shapes]


def cotangents_of(T: int, B: int, D: int, H: int, dtype: type = np.float64) -> list[np.ndarray]:
    """Values of order one for the cotangents of h and h_T."""
    generator = np.random.default_rng(T + H)
    return [generator.uniform(0.2, 1, shape).astype(dtype) for shape in [(T, B, H), (B, H)]]


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_last_step_is_the_formula(reset_after: bool) -> None:
    """From the state before it, the last state is what the equations give, with the reset after or before."""
    H = 4
    x, _, W, U, b, c = inputs = inputs_of(3, 3, 2, H)
    h, h_T, _ = gru_forward(*inputs, reset_after)
    a, k = np.split(x[-1] @ W.T + b, 3, axis=1), np.split(h[-2] @ U.T + c, 3, axis=1)
    r, z = (1 / (1 + np.exp(-a[gate] - k[gate])) for gate in (0, 1))
    n = np.tanh(a[2] + (r * k[2] if reset_after else (r * h[-2]) @ U[2 * H :].T + c[2 * H :]))
    assert roundings(h_T, (1 - z) * n + z * h[-2]) < 8
    assert (h[-1] == h_T).all()


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_are_the_derivatives(sizes: tuple[int, int, int, int], reset_after: bool) -> None:
    """Every entry of every gradient agrees with the complex step."""
    inputs, cotangents = inputs_of(*sizes), cotangents_of(*sizes)
    expected = complex_step(lambda *moved: gru_forward(*moved, reset_after)[:2], inputs, cotangents)
    got = gru_backward(*cotangents, gru_forward(*inputs, reset_after)[2])
    for name, gradient, derivative in zip(SHAPES, got, expected, strict=True):
        assert roundings(gradient, derivative) < 32, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reset_after", [True, False])
def test_dtype_inputs_and_tape_are_kept(dtype: type, reset_after: bool) -> None:
    """Everything has the dtype of x; nothing given is changed; a second backward gives the same bits anew."""
    inputs, cotangents = inputs_of(4, 2, 3, 2, dtype), cotangents_of(4, 2, 3, 2, dtype)
    before = [array.copy() for array in inputs + cotangents]
    *outputs, tape = gru_forward(*inputs, reset_after)
    first, second = gru_backward(*cotangents, tape), gru_backward(*cotangents, tape)
    assert {array.dtype for array in [*outputs, *tape[:-1], *first]} == {np.dtype(dtype)}
    assert all((array == copy).all() for array, copy in zip(inputs + cotangents, before, strict=True))
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations([*first, *outputs], 2))


def test_misfits_are_refused_by_name() -> None:
    """The sentence says which argument, what it is and what was expected."""
    inputs, cotangents = inputs_of(4, 2, 3, 2), cotangents_of(4, 2, 3, 2)
    with pytest.raises(ValueError, match=r"^U has shape \(2, 6\), expected \(3H, H\) with H=2$"):
        gru_forward(*inputs[:3], inputs[3].T, *inputs[4:])
    with pytest.raises(TypeError, match=r"^reset_after is 1, expected True or False$"):
        gru_forward(*inputs, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^h_T_bar has shape \(2,\), expected \(B, H\) with B=2, H=2$"):
        gru_backward(cotangents[0], cotangents[1][0], gru_forward(*inputs)[2])
