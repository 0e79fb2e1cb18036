"""The objects of nicodjimenez/lstm, one sample and one step at a time, with the names and attributes of the original.

    z = [x, h_prev]                           (1)
    g = tanh(W_g z + b_g)                     (2)
    i = σ(W_i z + b_i)                        (3)
    f = σ(W_f z + b_f)                        (4)
    o = σ(W_o z + b_o)                        (5)
    s = g ⊙ i + s_prev ⊙ f                    (6)
    h = s ⊙ o                                 (7)

| symbol              | name                                     | attribute                      | shape   |
| ------------------- | ---------------------------------------- | ------------------------------ | ------- |
| W_g W_i W_f W_o     | weights                                  | wg wi wf wo                    | (H, D+H) |
| b_g b_i b_f b_o     | biases                                   | bg bi bf bo                    | (H,)    |
| z                   | input and previous output, side by side  | xc                             | (D+H,)  |
| g i f o s h         | as in `lstm_ref.cell`                    | the same                       | (H,)    |
| h_bar s_bar         | cotangents of h and s, from above        | top_diff_h top_diff_s          | (H,)    |
| h_prev_bar s_prev_bar | cotangents passed on                   | bottom_diff_h bottom_diff_s    | (H,)    |
| x_bar               | cotangent of x                           | bottom_diff_x                  | (D,)    |

H is mem_cell_ct and D is x_dim. `a` with a letter is the pre-activation of that gate.

What differs from the original: gates start with different weights (`reseeding_global_generator` brings the original's
back), σ does not overflow, a misuse raises before anything has changed, and the loss layer's arrays are not written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm_ref.activations import sigmoid, sigmoid_slope, tanh, tanh_slope
from lstm_ref.checks import Array, expect_floats, expect_kind, expect_shape, expect_size
from lstm_ref.losses import LossLayer
from lstm_ref.parameters import GATES, Initialiser, initial_gates

NAMES = tuple("w" + gate for gate in GATES) + tuple("b" + gate for gate in GATES)


class LstmParam:
    """The parameters of one layer, and the sum of the gradients that nodes have left in `*_diff`.

    Parameters
    ----------
    mem_cell_ct, x_dim : H and D, at least 1
    initialiser : shape -> array; absent, `lstm_ref.uniform()`

    Raises
    ------
    ValueError, TypeError : a size is not a whole number of at least 1

    Example
    -------
    >>> param = LstmParam(mem_cell_ct=2, x_dim=3)
    >>> param.wg.shape, param.bg.shape, param.wg_diff.any()
    ((2, 5), (2,), np.False_)
    """

    wg: Array  # (H, D+H)
    wi: Array  # (H, D+H)
    wf: Array  # (H, D+H)
    wo: Array  # (H, D+H)
    bg: Array  # (H,)
    bi: Array  # (H,)
    bf: Array  # (H,)
    bo: Array  # (H,)
    wg_diff: Array  # (H, D+H)
    wi_diff: Array  # (H, D+H)
    wf_diff: Array  # (H, D+H)
    wo_diff: Array  # (H, D+H)
    bg_diff: Array  # (H,)
    bi_diff: Array  # (H,)
    bf_diff: Array  # (H,)
    bo_diff: Array  # (H,)

    def __init__(self, mem_cell_ct: int, x_dim: int, initialiser: Initialiser | None = None) -> None:
        weights, biases = initial_gates(mem_cell_ct, x_dim, initialiser)
        self.mem_cell_ct = mem_cell_ct
        self.x_dim = x_dim
        for name, value in zip(NAMES, weights + biases, strict=True):
            setattr(self, name, value)
            setattr(self, name + "_diff", np.zeros_like(value))

    def apply_diff(self, lr: float = 1) -> None:
        """Step against the gradient, w -= lr * w_diff for every parameter, and start the diffs from zero again."""
        for name in NAMES:
            value = getattr(self, name)
            value -= lr * getattr(self, name + "_diff")
            setattr(self, name + "_diff", np.zeros_like(value))


class LstmState:
    """What one step computed, and the cotangents it passes down.

    Parameters
    ----------
    mem_cell_ct, x_dim : H and D, at least 1

    Raises
    ------
    ValueError, TypeError : a size is not a whole number of at least 1

    Example
    -------
    >>> LstmState(2, 3).h, LstmState(2, 3).bottom_diff_x
    (array([0., 0.]), array([0., 0., 0.]))
    """

    def __init__(self, mem_cell_ct: int, x_dim: int) -> None:
        expect_size("mem_cell_ct", mem_cell_ct)
        expect_size("x_dim", x_dim)
        self.g: Array = np.zeros(mem_cell_ct)
        self.i: Array = np.zeros(mem_cell_ct)
        self.f: Array = np.zeros(mem_cell_ct)
        self.o: Array = np.zeros(mem_cell_ct)
        self.s: Array = np.zeros(mem_cell_ct)
        self.h: Array = np.zeros(mem_cell_ct)
        self.bottom_diff_h: Array = np.zeros(mem_cell_ct)
        self.bottom_diff_s: Array = np.zeros(mem_cell_ct)
        self.bottom_diff_x: Array = np.zeros(x_dim)


class LstmNode:
    """One step: `bottom_data_is` computes its state, `top_diff_is` the gradients.

    Example
    -------
    >>> node = LstmNode(LstmParam(1, 1, np.zeros), LstmState(1, 1))
    >>> node.bottom_data_is(np.array([3.0]), s_prev=np.array([1.0]))
    >>> node.state.s, node.state.h
    (array([0.5]), array([0.25]))
    >>> node.top_diff_is(np.array([1.0]), np.array([0.0]))
    >>> node.state.bottom_diff_s, node.param.bo_diff
    (array([0.25]), array([0.125]))
    """

    def __init__(self, lstm_param: LstmParam, lstm_state: LstmState) -> None:
        expect_kind("lstm_param", lstm_param, LstmParam, "an LstmParam")
        expect_kind("lstm_state", lstm_state, LstmState, "an LstmState")
        _check_state(lstm_param, lstm_state)
        self.state = lstm_state
        self.param = lstm_param
        self.xc: Array | None = None  # (D+H,)  z, once there is an input
        self.s_prev: Array
        self.h_prev: Array

    def bottom_data_is(self, x: Array, s_prev: Array | None = None, h_prev: Array | None = None) -> None:
        """Compute the state that follows from x, s_prev and h_prev, equations (1) to (7).

        Parameters
        ----------
        x : (D,) floating-point
        s_prev, h_prev : (H,) state and output of the step before; absent, zeros

        Raises
        ------
        ValueError : another shape; TypeError : not floating-point numbers
        """
        param, state = self.param, self.state
        s_prev = np.zeros_like(param.bg) if s_prev is None else s_prev
        h_prev = np.zeros_like(param.bg) if h_prev is None else h_prev
        _check_vectors(param, "D", x=x)
        _check_vectors(param, "H", s_prev=s_prev, h_prev=h_prev)
        xc = np.hstack((x, h_prev))  # (1)  (D+H,)
        state.g = tanh(np.dot(param.wg, xc) + param.bg)  # (2)  (H,)
        state.i = sigmoid(np.dot(param.wi, xc) + param.bi)  # (3)  (H,)
        state.f = sigmoid(np.dot(param.wf, xc) + param.bf)  # (4)  (H,)
        state.o = sigmoid(np.dot(param.wo, xc) + param.bo)  # (5)  (H,)
        state.s = state.g * state.i + s_prev * state.f  # (6)  (H,)
        state.h = state.s * state.o  # (7)  (H,)
        self.xc, self.s_prev, self.h_prev = xc, s_prev, h_prev

    def top_diff_is(self, top_diff_h: Array, top_diff_s: Array) -> None:
        """Add this step's gradients to the parameters' diffs, and leave the cotangents of its inputs on its state.

        Parameters
        ----------
        top_diff_h : (H,) cotangent of h
        top_diff_s : (H,) cotangent of s, as far as it does not come through this step's h

        Raises
        ------
        ValueError : another shape, or no input yet; TypeError : not floating-point numbers
        """
        xc = self.xc
        if xc is None:
            raise ValueError("the node has no input, expected bottom_data_is before top_diff_is")
        _check_vectors(self.param, "H", top_diff_h=top_diff_h, top_diff_s=top_diff_s)
        param, state, h_bar = self.param, self.state, top_diff_h
        # h = s ⊙ o                                 (7)
        o_bar = state.s * h_bar
        s_bar = state.o * h_bar + top_diff_s  # s is used by (7) and by the next step
        # s = g ⊙ i + s_prev ⊙ f                    (6)
        g_bar = state.i * s_bar
        i_bar = state.g * s_bar
        f_bar = self.s_prev * s_bar
        state.bottom_diff_s = state.f * s_bar
        # o = σ(W_o z + b_o)                        (5)
        a_o_bar = sigmoid_slope(state.o) * o_bar
        param.wo_diff += np.outer(a_o_bar, xc)
        param.bo_diff += a_o_bar
        # f = σ(W_f z + b_f)                        (4)
        a_f_bar = sigmoid_slope(state.f) * f_bar
        param.wf_diff += np.outer(a_f_bar, xc)
        param.bf_diff += a_f_bar
        # i = σ(W_i z + b_i)                        (3)
        a_i_bar = sigmoid_slope(state.i) * i_bar
        param.wi_diff += np.outer(a_i_bar, xc)
        param.bi_diff += a_i_bar
        # g = tanh(W_g z + b_g)                     (2)
        a_g_bar = tanh_slope(state.g) * g_bar
        param.wg_diff += np.outer(a_g_bar, xc)
        param.bg_diff += a_g_bar
        # z is used by (2), (3), (4) and (5)
        xc_bar = np.dot(param.wo.T, a_o_bar)
        xc_bar += np.dot(param.wf.T, a_f_bar)
        xc_bar += np.dot(param.wi.T, a_i_bar)
        xc_bar += np.dot(param.wg.T, a_g_bar)
        # z = [x, h_prev]                           (1)
        state.bottom_diff_x = xc_bar[: param.x_dim]
        state.bottom_diff_h = xc_bar[param.x_dim :]


class LstmNetwork:
    """A sequence of nodes that share their parameters; nodes are kept and used again by the next sequence.

    Example
    -------
    >>> from lstm_ref.losses import ToyLossLayer
    >>> network = LstmNetwork(LstmParam(1, 1, np.zeros))
    >>> network.x_list_add(np.array([3.0]))
    >>> network.y_list_is([0.5], ToyLossLayer)
    np.float64(0.25)
    >>> network.x_list_clear()
    """

    def __init__(self, lstm_param: LstmParam) -> None:
        expect_kind("lstm_param", lstm_param, LstmParam, "an LstmParam")
        self.lstm_param = lstm_param
        self.lstm_node_list: list[LstmNode] = []
        self.x_list: list[Array] = []

    def y_list_is(self, y_list: Sequence[Any], loss_layer: LossLayer) -> Any:
        """The summed loss of all steps; its gradients are added to the parameters' diffs. Parameters stay as they are.

        Parameters
        ----------
        y_list : one label for each input
        loss_layer : gives the loss of a prediction h and its derivative, see `lstm_ref.losses`

        Raises
        ------
        ValueError : no input, another number of labels than inputs, a derivative of another shape than h
        TypeError : a derivative that does not hold floating-point numbers
        """
        inputs, labels = len(self.x_list), len(y_list)
        if labels != inputs:
            raise ValueError(
                f"y_list has length {labels}, expected one label for each of the {inputs} inputs in x_list"
            )
        if inputs == 0:
            raise ValueError("x_list is empty, expected at least one x_list_add before y_list_is")
        nodes = self.lstm_node_list[:inputs]
        steps = list(zip(nodes, y_list, strict=True))[::-1]  # last step first
        losses = [loss_layer.loss(node.state.h, label) for node, label in steps]
        h_bars = [loss_layer.bottom_diff(node.state.h, label) for node, label in steps]
        for h_bar in h_bars:
            _check_vectors(self.lstm_param, "H", bottom_diff=h_bar)
        h_next_bar = s_next_bar = np.zeros_like(self.lstm_param.bg)
        for (node, _), h_bar in zip(steps, h_bars, strict=True):
            node.top_diff_is(h_bar + h_next_bar, s_next_bar)  # h is used by the loss and by the next step
            h_next_bar, s_next_bar = node.state.bottom_diff_h, node.state.bottom_diff_s
        return sum(losses[1:], start=losses[0])

    def x_list_clear(self) -> None:
        """Begin a new sequence."""
        self.x_list = []

    def x_list_add(self, x: Array) -> None:
        """Add the next input, and compute the state that follows from it.

        Parameters
        ----------
        x : (D,) floating-point

        Raises
        ------
        ValueError : another shape; TypeError : not floating-point numbers
        """
        param, t = self.lstm_param, len(self.x_list)
        _check_vectors(param, "D", x=x)
        if t == len(self.lstm_node_list):
            self.lstm_node_list.append(LstmNode(param, LstmState(param.mem_cell_ct, param.x_dim)))
        before = self.lstm_node_list[t - 1].state if t > 0 else None
        s_prev, h_prev = (None, None) if before is None else (before.s, before.h)
        self.lstm_node_list[t].bottom_data_is(x, s_prev, h_prev)
        self.x_list.append(x)


def _check_state(param: LstmParam, state: LstmState) -> None:
    """Raise unless the state has the sizes of the parameters."""
    sizes = {"H": param.mem_cell_ct, "D": param.x_dim}
    expect_shape("the h of lstm_state", state.h, "H", sizes)
    expect_shape("the bottom_diff_x of lstm_state", state.bottom_diff_x, "D", sizes)


def _check_vectors(param: LstmParam, letter: str, **vectors: Any) -> None:
    """Raise unless every vector holds floating-point numbers and has the length that `letter` stands for."""
    sizes = {"H": param.mem_cell_ct, "D": param.x_dim}
    for name, vector in vectors.items():
        expect_floats(name, vector)
        expect_shape(name, vector, letter, sizes)
