"""Misuse is answered with one sentence, and leaves nothing half-written behind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lstm_examples import NAMES, layer_cotangents, layer_inputs

from lstm_ref import (
    LstmNetwork,
    LstmNode,
    LstmParam,
    LstmState,
    ToyLossLayer,
    Variant,
    backward,
    forward,
    gru_backward,
    initial_parameters,
    network,
    step,
    step_vjp,
)
from lstm_ref.classic import NAMES as PARAMETERS

SIZES = (2, 3, 4, 5)  # T, B, D, H

FORWARD = [
    ("x", np.ones(3), ValueError, "x has shape (3,), expected (T, B, D) with every size at least 1"),
    ("x", np.ones((0, 3, 4)), ValueError, "x has shape (0, 3, 4), expected (T, B, D) with every size at least 1"),
    ("h0", np.ones((2, 5)), ValueError, "h0 has shape (2, 5), expected (B, H) with B=3"),
    ("h0", np.ones((3, 0)), ValueError, "h0 has shape (3, 0), expected (B, H) with B=3, every size at least 1"),
    ("s0", np.ones((3, 4)), ValueError, "s0 has shape (3, 4), expected (B, H) with B=3, H=5"),
    ("W", np.ones((4, 20)), ValueError, "W has shape (4, 20), expected (4H, D) with D=4, H=5"),
    ("U", np.ones((5, 20)), ValueError, "U has shape (5, 20), expected (4H, H) with H=5"),
    ("b", np.ones(5), ValueError, "b has shape (5,), expected (4H,) with H=5"),
    ("b", np.ones((20, 1)), ValueError, "b has shape (20, 1), expected (4H,) with H=5"),
    ("b", 1.0, TypeError, "b is a float, expected an array of floating-point numbers"),
    ("x", [[[1.0]]], TypeError, "x is a list, expected an array of floating-point numbers"),
    (
        "W",
        np.ones((20, 4), dtype=np.int64),
        TypeError,
        "W holds int64, expected floating-point numbers: convert it with .astype(float)",
    ),
    (
        "U",
        np.ones((20, 5), dtype=np.float32),
        TypeError,
        "U holds float32, expected float64 like the other arrays: convert one of them",
    ),
]

BACKWARD = [
    (0, np.ones((2, 3, 4)), ValueError, "h_bar has shape (2, 3, 4), expected (T, B, H) with T=2, B=3, H=5"),
    (1, np.ones((2, 5)), ValueError, "h_T_bar has shape (2, 5), expected (B, H) with B=3, H=5"),
    (2, np.ones(5), ValueError, "s_T_bar has shape (5,), expected (B, H) with B=3, H=5"),
    (1, None, TypeError, "h_T_bar is a NoneType, expected an array of floating-point numbers"),
    (
        2,
        np.ones((3, 5), dtype=int),
        TypeError,
        "s_T_bar holds int64, expected floating-point numbers: convert it with .astype(float)",
    ),
    (
        0,
        np.ones((2, 3, 5), dtype=np.float32),
        TypeError,
        "h_bar holds float32, expected float64 like the other arrays: convert one of them",
    ),
]


def message_of(kind: type[Exception], call: Callable[..., Any], *arguments: Any) -> str:
    """What `call` says when it raises exactly `kind`."""
    with pytest.raises(kind) as caught:
        call(*arguments)
    assert caught.type is kind
    return str(caught.value)


def a_network(steps: int = 2) -> LstmNetwork:
    """A network of two cells and three inputs that has seen `steps` inputs."""
    network = LstmNetwork(LstmParam(2, 3))
    for _ in range(steps):
        network.x_list_add(np.ones(3))
    return network


def a_node() -> LstmNode:
    """A node of two cells and three inputs that has seen its input."""
    node = LstmNode(LstmParam(2, 3), LstmState(2, 3))
    node.bottom_data_is(np.ones(3))
    return node


def no_diff_is_written(param: LstmParam) -> bool:
    """Whether every diff is still zero."""
    return not any(getattr(param, name + "_diff").any() for name in PARAMETERS)


@pytest.mark.parametrize(("name", "value", "kind", "message"), FORWARD)
def test_forward_names_the_input_that_does_not_fit(name: str, value: Any, kind: type[Exception], message: str) -> None:
    """The sentence says which input, what it is, and what was expected."""
    inputs: list[Any] = list(layer_inputs(*SIZES))
    inputs[NAMES.index(name)] = value
    assert message_of(kind, forward, *inputs) == message


@pytest.mark.parametrize(("position", "value", "kind", "message"), BACKWARD)
def test_backward_names_the_cotangent_that_does_not_fit(
    position: int, value: Any, kind: type[Exception], message: str
) -> None:
    """The sentence says which cotangent, what it is, and what was expected."""
    cotangents: list[Any] = list(layer_cotangents(*SIZES))
    cotangents[position] = value
    assert message_of(kind, backward, *cotangents, forward(*layer_inputs(*SIZES))[3]) == message


def test_a_step_names_the_argument_that_does_not_fit() -> None:
    """a must be four times as wide as s_prev, and cotangents must be like s."""
    a, s_prev = np.ones((2, 12)), np.ones((2, 3))
    tape = step(a, s_prev)[2]
    narrow, few = np.ones((2, 11)), np.ones((1, 3))
    assert message_of(ValueError, step, narrow, s_prev) == "a has shape (2, 11), expected (B, 4H) with B=2, H=3"
    assert message_of(ValueError, step, a, np.ones(3)) == (
        "s_prev has shape (3,), expected (B, H) with every size at least 1"
    )
    assert message_of(TypeError, step, a.astype(np.float32), s_prev) == (
        "a holds float32, expected float64 like the other arrays: convert one of them"
    )
    assert message_of(TypeError, step, a, s_prev.astype(int)) == (
        "s_prev holds int64, expected floating-point numbers: convert it with .astype(float)"
    )
    assert message_of(ValueError, step_vjp, few, s_prev, tape) == (
        "h_bar has shape (1, 3), expected (B, H) with B=2, H=3"
    )
    assert message_of(ValueError, step_vjp, s_prev, few, tape) == (
        "s_bar has shape (1, 3), expected (B, H) with B=2, H=3"
    )
    assert message_of(ValueError, step_vjp, s_prev, s_prev, tape, None, np.ones((3, 2, 3))) == (
        "q_bar is given, but the 'seed' cell has none: expected None"
    )
    assert message_of(TypeError, step_vjp, s_prev.astype(np.float32), s_prev, tape) == (
        "h_bar holds float32, expected float64 like the other arrays: convert one of them"
    )


@pytest.mark.parametrize("make", [LstmParam, LstmState, initial_parameters])
def test_sizes_are_whole_numbers_of_at_least_one(make: Callable[..., Any]) -> None:
    """0, a negative and a fraction are refused by name."""
    assert message_of(ValueError, make, 0, 3) == "mem_cell_ct is 0, expected a whole number of at least 1"
    assert message_of(ValueError, make, 2, -1) == "x_dim is -1, expected a whole number of at least 1"
    assert message_of(TypeError, make, 2, 1.5) == "x_dim is 1.5, expected a whole number of at least 1"


def test_a_node_names_the_argument_that_does_not_fit() -> None:
    """Inputs, previous states and cotangents are checked before anything is written."""
    node = a_node()
    h, s = node.state.h.copy(), node.state.s.copy()
    x, two, three = np.ones(3), np.ones(2), np.ones(3)
    assert message_of(ValueError, node.bottom_data_is, two) == "x has shape (2,), expected (D,) with D=3"
    assert message_of(ValueError, node.bottom_data_is, x, three) == "s_prev has shape (3,), expected (H,) with H=2"
    assert message_of(ValueError, node.bottom_data_is, x, two, three) == "h_prev has shape (3,), expected (H,) with H=2"
    assert message_of(ValueError, node.top_diff_is, three, two) == "top_diff_h has shape (3,), expected (H,) with H=2"
    assert message_of(ValueError, node.top_diff_is, two, three) == "top_diff_s has shape (3,), expected (H,) with H=2"
    assert message_of(TypeError, node.bottom_data_is, x.astype(int)) == (
        "x holds int64, expected floating-point numbers: convert it with .astype(float)"
    )
    assert message_of(TypeError, node.top_diff_is, two, two.astype(int)) == (
        "top_diff_s holds int64, expected floating-point numbers: convert it with .astype(float)"
    )
    assert no_diff_is_written(node.param)
    assert (node.state.h == h).all()
    assert (node.state.s == s).all()


def test_a_node_without_input_has_no_gradient() -> None:
    """top_diff_is before bottom_data_is is refused."""
    node = LstmNode(LstmParam(2, 3), LstmState(2, 3))
    assert message_of(ValueError, node.top_diff_is, np.ones(2), np.ones(2)) == (
        "the node has no input, expected bottom_data_is before top_diff_is"
    )
    assert no_diff_is_written(node.param)


def test_an_input_that_does_not_fit_is_not_added() -> None:
    """The network says which width it wants, and keeps the sequence it has."""
    network = a_network(steps=1)
    assert message_of(ValueError, network.x_list_add, np.ones(2)) == "x has shape (2,), expected (D,) with D=3"
    assert message_of(TypeError, network.x_list_add, [1.0, 2.0, 3.0]) == (
        "x is a list, expected an array of floating-point numbers"
    )
    assert len(network.x_list) == 1
    assert len(network.lstm_node_list) == 1


def test_there_is_one_label_for_each_input() -> None:
    """Too many labels, too few, and none for no input are refused."""
    network, empty = a_network(steps=2), a_network(steps=0)
    assert message_of(ValueError, network.y_list_is, [0.5], ToyLossLayer) == (
        "y_list has length 1, expected one label for each of the 2 inputs in x_list"
    )
    assert message_of(ValueError, network.y_list_is, [0.5] * 3, ToyLossLayer) == (
        "y_list has length 3, expected one label for each of the 2 inputs in x_list"
    )
    assert message_of(ValueError, empty.y_list_is, [], ToyLossLayer) == (
        "x_list is empty, expected at least one x_list_add before y_list_is"
    )
    assert no_diff_is_written(network.lstm_param)


def test_a_loss_layer_whose_derivative_does_not_fit_writes_nothing() -> None:
    """A derivative of another shape, at the first step alone, leaves every diff as it was."""

    class OddLoss(ToyLossLayer):
        """Returns a derivative that is too long where the label is 1."""

        @classmethod
        def bottom_diff(cls, pred: np.ndarray, label: float) -> np.ndarray:
            return np.ones(2 + int(label))

    network = a_network(steps=2)
    assert message_of(ValueError, network.y_list_is, [1.0, 0.0], OddLoss) == (
        "bottom_diff has shape (3,), expected (H,) with H=2"
    )
    assert no_diff_is_written(network.lstm_param)


def test_a_loss_layer_that_raises_writes_nothing() -> None:
    """An error of the loss layer passes through, and leaves every diff as it was."""

    class Broken(ToyLossLayer):
        """Raises where the label is 1."""

        @classmethod
        def bottom_diff(cls, pred: np.ndarray, label: float) -> np.ndarray:
            return {0.0: np.ones(2)}[label]

    network = a_network(steps=2)
    assert message_of(KeyError, network.y_list_is, [1.0, 0.0], Broken) == "1.0"
    assert no_diff_is_written(network.lstm_param)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", range(6))
def test_an_input_that_is_not_finite_is_refused_by_name(position: int, value: float) -> None:
    """NaN or infinity in any input of the layer is refused where it comes in."""
    inputs = list(layer_inputs(*SIZES))
    inputs[position].flat[0] = value
    name = ("x", "h0", "s0", "W", "U", "b")[position]
    assert message_of(ValueError, forward, *inputs) == f"{name} holds NaN or infinity, expected finite numbers"


@pytest.mark.parametrize("position", range(3))
def test_a_cotangent_that_is_not_finite_is_refused_by_name(position: int) -> None:
    """NaN in a cotangent of the layer is refused where it comes in."""
    h, h_T, s_T, tape = forward(*layer_inputs(*SIZES))
    cotangents = [np.ones_like(h), np.ones_like(h_T), np.ones_like(s_T)]
    cotangents[position].flat[-1] = np.nan
    name = ("h_bar", "h_T_bar", "s_T_bar")[position]
    assert (
        message_of(ValueError, backward, *cotangents, tape) == f"{name} holds NaN or infinity, expected finite numbers"
    )


def test_a_vector_that_is_not_finite_leaves_the_node_as_it_was() -> None:
    """Infinity in the input of a classic node is refused, and nothing of its state has changed."""
    node = LstmNode(LstmParam(2, 3), LstmState(2, 3))
    sentence = "x holds NaN or infinity, expected finite numbers"
    assert message_of(ValueError, node.bottom_data_is, np.array([1.0, np.inf, 0.0])) == sentence
    assert not node.state.h.any()


def _sequence() -> list[Any]:
    """Inputs of a layer with T=2, B=1, D=3, H=2."""
    return [np.zeros((2, 1, 3)), np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((8, 3)), np.zeros((8, 2)), np.zeros(8)]


WRONG_KINDS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: forward(*_sequence(), "standard"),  # type: ignore[arg-type]
        "cell is a str, expected a Variant, such as SEED or STANDARD",
    ),
    (
        lambda: backward(np.zeros((2, 1, 2)), np.zeros((1, 2)), np.zeros((1, 2)), None),  # type: ignore[arg-type]
        "tape is None, expected the tape that forward returned",
    ),
    (
        lambda: backward(np.zeros((2, 1, 2)), np.zeros((1, 2)), np.zeros((1, 2)), ("x",)),  # type: ignore[arg-type]
        "tape is a tuple, expected the tape that forward returned",
    ),
    (lambda: gru_backward(None, None, None), "tape is None, expected the tape that gru_forward returned"),  # type: ignore[arg-type]
    (
        lambda: gru_backward(np.zeros((2, 1, 2)), np.zeros((1, 2)), forward(*_sequence())[3]),  # type: ignore[arg-type]
        "tape is a Tape, expected the tape that gru_forward returned",
    ),
    (lambda: step_vjp(None, None, None), "tape is None, expected the tape that step returned"),  # type: ignore[arg-type]
    (
        lambda: step_vjp(np.zeros((1, 2)), np.zeros((1, 2)), forward(*_sequence())[3]),  # type: ignore[arg-type]
        "tape is a Tape, expected the tape that step returned",
    ),
    (lambda: network.backward(None, None, None, None), "tape is None, expected the tape that forward returned"),  # type: ignore[arg-type]
    (lambda: Variant(3), "name is 3, expected text"),  # type: ignore[arg-type]
    (lambda: Variant(None), "name is None, expected text"),  # type: ignore[arg-type]
    (lambda: LstmNetwork(None), "lstm_param is None, expected an LstmParam"),  # type: ignore[arg-type]
    (lambda: LstmNode(None, LstmState(2, 3)), "lstm_param is None, expected an LstmParam"),  # type: ignore[arg-type]
    (
        lambda: LstmNode(LstmParam(2, 3, np.zeros), LstmParam(2, 3, np.zeros)),  # type: ignore[arg-type]
        "lstm_state is a LstmParam, expected an LstmState",
    ),
]


@pytest.mark.parametrize(("call", "sentence"), WRONG_KINDS)
def test_objects_of_another_kind_are_named(call: Callable[[], Any], sentence: str) -> None:
    """What was given, what was expected."""
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((4, 3), "the h of lstm_state has shape (4,), expected (H,) with H=2"),
        ((2, 5), "the bottom_diff_x of lstm_state has shape (5,), expected (D,) with D=3"),
    ],
)
def test_a_state_of_another_size_is_refused(sizes: tuple[int, int], sentence: str) -> None:
    """A node's state fits its parameters."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        LstmNode(LstmParam(2, 3, np.zeros), LstmState(*sizes))
    assert str(caught.value) == sentence
