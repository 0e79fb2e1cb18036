"""The classic objects: nodes, networks, steps against the gradient."""

import numpy as np
from lstm_examples import complex_step, roundings

from lstm_ref import (
    LstmNetwork,
    LstmNode,
    LstmParam,
    LstmState,
    Parameters,
    SquaredLossLayer,
    ToyLossLayer,
    backward,
    forward,
    from_gates,
    uniform,
)
from lstm_ref.classic import NAMES

H, D = 3, 2


def param_of_order_one(dtype: type = float) -> LstmParam:
    """Parameters far from zero, different in every gate."""
    return LstmParam(H, D, uniform(np.random.default_rng(5), -1.0, 1.0, dtype))


def stacked(param: LstmParam, suffix: str = "") -> Parameters:
    """The parameters, or with "_diff" their gradients, as a layer has them."""
    values = [getattr(param, name + suffix) for name in NAMES]
    return from_gates(values[:4], values[4:])


def vectors(*lengths: int) -> list[np.ndarray]:
    """Vectors of order one."""
    generator = np.random.default_rng(6)
    return [generator.uniform(-1, 1, length) for length in lengths]


def run_node(
    x: np.ndarray, s_prev: np.ndarray, h_prev: np.ndarray, *values: np.ndarray
) -> tuple[LstmNode, tuple[np.ndarray, np.ndarray]]:
    """A node with these inputs and parameters, and its outputs h and s."""
    queue = iter(values)
    node = LstmNode(LstmParam(H, D, lambda shape: next(queue)), LstmState(H, D))
    node.bottom_data_is(x, s_prev, h_prev)
    return node, (node.state.h, node.state.s)


def test_a_nodes_gradients_are_the_derivatives() -> None:
    """With cotangents of both h and s, all eleven gradients agree with the complex step."""
    inputs = vectors(D, H, H) + [getattr(param_of_order_one(), name) for name in NAMES]
    cotangents = vectors(2, H, H)[1:]
    expected = complex_step(lambda *moved: run_node(*moved)[1], inputs, cotangents)
    node, _ = run_node(*inputs)
    node.top_diff_is(*cotangents)
    state, param = node.state, node.param
    got = [state.bottom_diff_x, state.bottom_diff_s, state.bottom_diff_h]
    got += [getattr(param, name + "_diff") for name in NAMES]
    assert max(map(roundings, got, expected)) < 8


def test_a_node_starts_from_zero_states() -> None:
    """Without s_prev and h_prev, a node computes what zeros would give."""
    (x,) = vectors(D)
    param = param_of_order_one()
    first, second = LstmNode(param, LstmState(H, D)), LstmNode(param, LstmState(H, D))
    first.bottom_data_is(x)
    second.bottom_data_is(x, np.zeros(H), np.zeros(H))
    assert (first.state.h == second.state.h).all()
    assert (first.state.s == second.state.s).all()


def test_diffs_accumulate() -> None:
    """A second call of top_diff_is adds the same gradients again, and leaves cotangents and parameters alone."""
    x, s_prev, h_prev, h_bar, s_bar = vectors(D, H, H, H, H)
    node, _ = run_node(x, s_prev, h_prev, *(getattr(param_of_order_one(), name) for name in NAMES))
    given = [x.copy(), s_prev.copy(), h_prev.copy(), h_bar.copy(), s_bar.copy()]
    node.top_diff_is(h_bar, s_bar)
    once = [getattr(node.param, name + "_diff").copy() for name in NAMES]
    node.top_diff_is(h_bar, s_bar)
    assert all((getattr(node.param, name + "_diff") == 2 * diff).all() for name, diff in zip(NAMES, once, strict=True))
    assert all((a == b).all() for a, b in zip((x, s_prev, h_prev, h_bar, s_bar), given, strict=True))
    assert all((getattr(node.param, name) == getattr(param_of_order_one(), name)).all() for name in NAMES)


def test_a_network_agrees_with_the_layer() -> None:
    """Loss and gradients of a loss that reads every unit are those of the layer to the last few bits."""
    T, generator = 4, np.random.default_rng(8)
    x, y = generator.uniform(-1, 1, (T, 1, D)), generator.uniform(-1, 1, (T, 1, H))
    param = param_of_order_one()
    network = LstmNetwork(param)
    for x_t in x[:, 0]:
        network.x_list_add(x_t)
    loss = network.y_list_is(list(y[:, 0]), SquaredLossLayer)

    zero = np.zeros((1, H))
    h, _, _, tape = forward(x, zero, zero, *stacked(param))
    expected = backward(2 * (h - y), zero, zero, tape)
    got = stacked(param, "_diff")
    assert roundings(loss, np.square(h - y).sum()) < 8
    assert max(map(roundings, got, expected[3:])) < 16
    assert roundings(np.array([node.state.bottom_diff_x for node in network.lstm_node_list]), expected.x[:, 0]) < 16


def test_a_network_never_steps_by_itself() -> None:
    """y_list_is leaves every parameter as it was."""
    param = param_of_order_one()
    network = LstmNetwork(param)
    network.x_list_add(vectors(D)[0])
    network.y_list_is([0.3], ToyLossLayer)
    assert all((getattr(param, name) == getattr(param_of_order_one(), name)).all() for name in NAMES)
    assert param.wg_diff.any()


def test_a_cleared_network_is_as_good_as_new() -> None:
    """After x_list_clear, a shorter sequence gives the same loss and gradients as on a fresh network."""
    first, second, third = vectors(D, D, D)
    used, fresh = LstmNetwork(param_of_order_one()), LstmNetwork(param_of_order_one())
    for x in (first, second, third):
        used.x_list_add(x)
    used.y_list_is([0.1, 0.2, 0.3], ToyLossLayer)
    used.lstm_param.apply_diff(lr=0)
    used.x_list_clear()
    losses = []
    for network in (used, fresh):
        network.x_list_add(third)
        network.x_list_add(first)
        losses.append(network.y_list_is([0.4, 0.5], ToyLossLayer))
    assert losses[0] == losses[1]
    for name in NAMES:
        assert (getattr(used.lstm_param, name + "_diff") == getattr(fresh.lstm_param, name + "_diff")).all()


def test_apply_diff_steps_in_place_and_starts_again() -> None:
    """Each parameter loses lr times its diff, in its own memory, and each diff becomes zero."""
    param = param_of_order_one()
    values = [getattr(param, name) for name in NAMES]
    for name, value in zip(NAMES, values, strict=True):
        getattr(param, name + "_diff")[...] = 2 * value
    param.apply_diff(lr=0.25)
    for name, value in zip(NAMES, values, strict=True):
        assert getattr(param, name) is value
        assert (value == 0.5 * getattr(param_of_order_one(), name)).all()
        assert not getattr(param, name + "_diff").any()


def test_apply_diff_steps_by_the_whole_gradient_by_default() -> None:
    """The default learning rate is 1."""
    param = param_of_order_one()
    param.bo_diff[...] = param.bo
    param.apply_diff()
    assert not param.bo.any()


def test_a_loss_layer_may_return_the_prediction_itself() -> None:
    """y_list_is does not write to what the loss layer returns, so a state survives being its own cotangent."""

    class Half:
        """½ Σ h², whose derivative is h."""

        def loss(self, pred: np.ndarray, label: None) -> float:
            return (pred * pred).sum() / 2

        def bottom_diff(self, pred: np.ndarray, label: None) -> np.ndarray:
            return pred

    network = LstmNetwork(param_of_order_one())
    for x in vectors(D, D):
        network.x_list_add(x)
    before = [node.state.h.copy() for node in network.lstm_node_list]
    network.y_list_is([None, None], Half())
    assert all((node.state.h == h).all() for node, h in zip(network.lstm_node_list, before, strict=True))


def test_float32_parameters_stay_float32() -> None:
    """States, diffs, passed-on cotangents and loss are float32, from the first step on."""
    param = param_of_order_one(np.float32)
    network = LstmNetwork(param)
    for x in vectors(D, D):
        network.x_list_add(x.astype(np.float32))
    loss = network.y_list_is([0.5, 0.25], ToyLossLayer)
    param_arrays = [getattr(param, name + suffix) for name in NAMES for suffix in ("", "_diff")]
    state_arrays = [array for node in network.lstm_node_list for array in vars(node.state).values()]
    assert {array.dtype for array in [loss, *param_arrays, *state_arrays]} == {np.dtype(np.float32)}
    param.apply_diff(lr=0.1)
    assert {getattr(param, name).dtype for name in NAMES} == {np.dtype(np.float32)}
