"""One step of the cell, and its vector-Jacobian product."""

import numpy as np
import pytest
from lstm_examples import arrays, complex_step, roundings

from lstm_ref import SEED, STANDARD, Variant, step, step_vjp

CELLS = [SEED, STANDARD]
BY_NAME = [cell.name for cell in CELLS]


def example(B: int = 3, H: int = 2) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs a and s_prev, and cotangents of h and s."""
    generator = np.random.default_rng(11)
    shapes = [(B, 4 * H), (B, H), (B, H), (B, H)]
    arrays = [generator.uniform(-2, 2, shape) for shape in shapes]
    return arrays[:2], arrays[2:]


def test_the_seeds_cell_is_its_formula() -> None:
    """s = tanh(a_g) σ(a_i) + s_prev σ(a_f) and h = s σ(a_o)."""
    (a, s_prev), _ = example()
    h, s, _ = step(a, s_prev, SEED)
    i, f, o = (1 / (1 + np.exp(-a[:, 2 * k : 2 * k + 2])) for k in (1, 2, 3))
    expected = np.tanh(a[:, :2]) * i + s_prev * f
    assert roundings(s, expected) < 4
    assert roundings(h, expected * o) < 4


def test_the_standard_cell_differs_in_the_output_alone() -> None:
    """Its state is the seed's and its output is tanh(s) σ(a_o)."""
    (a, s_prev), _ = example()
    h, s, _ = step(a, s_prev, STANDARD)
    assert (s == step(a, s_prev, SEED)[1]).all()
    assert roundings(h, np.tanh(s) / (1 + np.exp(-a[:, 6:]))) < 4


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (2, 5)])
def test_the_vjp_is_the_derivative(sizes: tuple[int, int], cell: Variant) -> None:
    """Every entry of a_bar and s_prev_bar agrees with the complex step."""
    inputs, cotangents = example(*sizes)
    expected = complex_step(lambda a, s_prev: step(a, s_prev, cell)[:2], inputs, cotangents)
    got = step_vjp(*cotangents, step(*inputs, cell)[2])
    assert max(map(roundings, got, expected)) < 8


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_a_step_leaves_its_arguments_alone(cell: Variant) -> None:
    """Inputs, cotangents and tape are as before, and a second pull-back gives the same bits."""
    inputs, cotangents = example()
    tape = step(*inputs, cell)[2]
    held = [*inputs, *cotangents, *arrays(tape)]
    before = [array.copy() for array in held]
    first = step_vjp(*cotangents, tape)
    second = step_vjp(*cotangents, tape)
    assert all(np.array_equal(array, copy, equal_nan=True) for array, copy in zip(held, before, strict=True))
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    assert not any(np.shares_memory(one, other) for one in first for other in [*second, *held])


def test_a_state_reaches_the_next_step_without_a_copy() -> None:
    """The tape holds the s_prev it was given and the h and s it returned, as documented."""
    (a, s_prev), _ = example()
    h, s, tape = step(a, s_prev, STANDARD)
    assert tape.s_prev is s_prev
    assert tape.h is h
    assert tape.s is s
