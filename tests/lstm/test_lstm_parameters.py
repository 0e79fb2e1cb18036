"""Initialisers and the two layouts of parameters."""

from collections.abc import Iterator

import numpy as np
import pytest

from lstm_ref import (
    LstmParam,
    Parameters,
    from_gates,
    initial_parameters,
    reseeding_global_generator,
    to_gates,
    uniform,
)


@pytest.fixture(autouse=True)
def _global_generator() -> Iterator[None]:
    """Put NumPy's global generator back where it was."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


def test_the_reseeding_initialiser_draws_the_originals_numbers() -> None:
    """Each call gives the first numbers of seed 0, scaled to [-0.1, 0.1), to the bit."""
    expected = np.random.RandomState(0).rand(3, 5) * (0.1 - -0.1) + -0.1
    assert (reseeding_global_generator((3, 5)) == expected).all()
    assert (reseeding_global_generator((3, 5)) == expected).all()


def test_the_reseeding_initialiser_leaves_the_generator_where_the_original_does() -> None:
    """What is drawn next continues seed 0 behind the last array drawn, the bias bo."""
    LstmParam(4, 3, reseeding_global_generator)
    assert (np.random.random(5) == np.random.RandomState(0).rand(9)[4:]).all()


def test_the_reseeding_initialiser_gives_all_gates_the_same_weights() -> None:
    """All four gates start with equal weights and equal biases."""
    param = LstmParam(4, 3, reseeding_global_generator)
    assert (param.wg == param.wi).all()
    assert (param.wg == param.wf).all()
    assert (param.wg == param.wo).all()
    assert (param.bg == param.bo).all()


def test_the_default_initialiser_leaves_the_global_generator_alone() -> None:
    """Making parameters changes nothing in NumPy's global generator."""
    before = np.random.RandomState()
    before.set_state(np.random.get_state())
    LstmParam(4, 3)
    initial_parameters(4, 3)
    assert (np.random.random(3) == before.random(3)).all()


def test_the_default_initialiser_gives_gates_different_weights() -> None:
    """No weight is shared by two gates, and all lie in [-0.1, 0.1)."""
    param = LstmParam(4, 3)
    weights = np.concatenate([param.wg, param.wi, param.wf, param.wo]).ravel()
    assert len(np.unique(weights)) == len(weights)
    assert (weights >= -0.1).all()
    assert (weights < 0.1).all()


def test_uniform_draws_from_the_given_generator() -> None:
    """The numbers are the generator's own, in the asked dtype."""
    draw = uniform(np.random.default_rng(3), low=2.0, high=4.0, dtype=np.float32)
    expected = np.random.default_rng(3).uniform(2.0, 4.0, (2, 5)).astype(np.float32)
    got = draw((2, 5))
    assert got.dtype == np.float32
    assert (got == expected).all()


def test_a_layer_and_lstm_param_draw_the_same_numbers() -> None:
    """One initialiser gives the same parameters in both layouts."""
    param = LstmParam(4, 3, uniform(np.random.default_rng(3)))
    W, U, b = initial_parameters(4, 3, uniform(np.random.default_rng(3)))
    weights = np.concatenate([param.wg, param.wi, param.wf, param.wo])
    assert (weights[:, :3] == W).all()
    assert (weights[:, 3:] == U).all()
    assert (b == np.concatenate([param.bg, param.bi, param.bf, param.bo])).all()


def test_the_two_layouts_are_inverses_and_copies() -> None:
    """Going to gates and back gives the same parameters in fresh memory."""
    parameters = Parameters(np.arange(24.0).reshape(8, 3), np.arange(16.0).reshape(8, 2), np.arange(8.0))
    weights, biases = to_gates(parameters)
    again = from_gates(weights, biases)
    assert [gate.shape for gate in weights + biases] == [(2, 5)] * 4 + [(2,)] * 4
    for first, second in zip(parameters, again, strict=True):
        assert (first == second).all()
        assert not np.shares_memory(first, second)
    assert not any(np.shares_memory(bias, parameters.b) for bias in biases)
