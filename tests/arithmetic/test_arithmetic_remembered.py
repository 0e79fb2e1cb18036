"""Matrices that are multiplied again are not made again; one that has changed is."""

import numpy as np
import pytest
from flint import acb, arb

from oracle.arithmetic import kernels

ROWS, COLUMNS = 20, 30  # large enough to be remembered


@pytest.fixture
def matrix():
    """A matrix of balls, multiplied once."""
    balls = kernels.lift(np.arange(1.0, 1 + ROWS * COLUMNS).reshape(ROWS, COLUMNS)) / 7
    kernels.matmul(balls, _ones())
    return balls


def _ones():
    return kernels.lift(np.ones(COLUMNS))


def _sums(balls):
    """The sums of the rows, by additions alone."""
    return kernels.reduce_sum(balls, 1)


def _agree(got, expected):
    """Whether all balls meet and are thin."""
    return all(one.overlaps(other) and one.rel_accuracy_bits() > 40 for one, other in zip(got, expected, strict=True))


@pytest.mark.parametrize("index", [(0, 0), (7, 11), (ROWS - 1, COLUMNS - 1)])
def test_an_entry_written_in_place_is_seen(matrix, index):
    """The product after a write is that of what was written."""
    matrix[index] = arb(10**6)
    assert _agree(kernels.matmul(matrix, _ones()), _sums(matrix))


def test_a_wider_ball_of_the_same_midpoint_is_seen(matrix):
    """A ball with another radius makes another product, although its midpoint is the same."""
    matrix[3, 4] = arb(matrix[3, 4].mid(), 1)
    assert float(kernels.matmul(matrix, _ones())[3].rad()) >= 1


def test_a_complex_matrix_is_not_the_real_one(matrix):
    """The same real matrix times a complex vector gives complex balls."""
    product = kernels.matmul(matrix, kernels.complexified(_ones()))
    assert all(type(ball) is acb for ball in product)
    assert _agree(kernels.real_part(product), _sums(matrix))


def test_a_transposed_or_reshaped_matrix_is_its_own(matrix):
    """Another shape of the same balls is another matrix."""
    reshaped = matrix.reshape(COLUMNS, ROWS)
    assert _agree(kernels.matmul(reshaped, kernels.lift(np.ones(ROWS))), _sums(reshaped))
    assert _agree(kernels.matmul(matrix.T, kernels.lift(np.ones(ROWS))), _sums(matrix.T))


def test_what_is_remembered_stays_small():
    """However many matrices are multiplied, no more balls are kept than allowed, and the last one is."""
    for k in range(1, 12):
        balls = kernels.lift(np.full((100, 200), float(k)))
        kernels.matmul(balls, kernels.lift(np.ones(200)))
    assert sum(len(balls) for balls, _ in kernels._remembered.values()) <= kernels._KEPT
    assert (100, 200, id(balls[0, 0])) in kernels._remembered
