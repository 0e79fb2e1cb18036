"""`lstm_ref` on trial: the layer with both cells, and the seed's objects at node and network level."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import lstm_ref.classic as classic
import lstm_ref.layer as layer
from lstm_ref.losses import SquaredLossLayer
from lstm_ref.variant import SEED, STANDARD, Variant
from oracle.diagnosis.probes.declared import Probe, probe
from oracle.inputs import fixed, reals
from oracle.subject import Subject
from oracle.subjects import twins

LAYER_PROBES: Final[dict[str, str | Probe]] = {
    "h_t_bar": "backward.h_t_bar",
    "o_bar": "step_vjp.o_bar",
    "c_bar": probe("step_vjp.c_bar", store=(2, 4)),  # its memory, then c's product with o, ⊙ slope, + s_bar
    "s_by_c_bar": probe("step_vjp.c_bar", store=(3, 4)),
    "s_total_bar": probe("step_vjp.s_total_bar", of="s"),
    "g_bar": "step_vjp.g_bar",
    "i_bar": "step_vjp.i_bar",
    "f_bar": "step_vjp.f_bar",
    "s_prev_bar": "step_vjp.s_prev_bar",
    **{f"a_{gate}_bar": f"step_vjp.a_gates_bar[{k}]" for k, gate in enumerate(twins.GATES)},
    "a_bar": "backward.a_bar",
    "h_next_bar": probe("backward.h_next_bar", of="h_prev"),
}
NODE_PROBES: Final[dict[str, str | Probe]] = {
    **{name: f"top_diff_is.{name}" for name in ("h_bar", "o_bar", "s_bar", "g_bar", "i_bar", "f_bar")},
    "s_prev_bar": "top_diff_is.state.bottom_diff_s",
    **{f"a_{gate}_bar": f"top_diff_is.a_{gate}_bar" for gate in reversed(twins.GATES)},
    **{  # xc_bar is a sum of four
        f"{place}_bar": probe("top_diff_is.xc_bar", of=place, store=(k, 4))
        for k, place in enumerate(("z_o", "z_of", "z_ofi", "z"), 1)
    },
    "x_bar": "top_diff_is.state.bottom_diff_x",
    "h_prev_bar": "top_diff_is.state.bottom_diff_h",
}


def _layer(cell: Variant) -> Subject:
    return Subject.from_functions(
        layer.forward,
        layer.backward,
        inputs={
            "x": "T B D",
            "h0": "B H",
            "s0": "B H",
            "W": "4*H D",
            "U": "4*H H",
            "b": "4*H",
            "cell": fixed(cell),
        },
        reference=twins.layer_of(cell.tanh_of_state),
        probes=LAYER_PROBES,
    )


def layer_seed() -> Subject:
    """`lstm_ref.layer` with the seed's cell, h = s ⊙ o."""
    return _layer(SEED)


def layer_standard() -> Subject:
    """`lstm_ref.layer` with the standard cell, h = tanh(s) ⊙ o."""
    return _layer(STANDARD)


def classic_parameters(prefix: str) -> dict[str, str]:
    """The shapes of the classic objects' weights and biases."""
    weights = {f"{prefix}.w{gate}": "H D+H" for gate in twins.GATES}
    return weights | {f"{prefix}.b{gate}": "H" for gate in twins.GATES}


def classic_node() -> Subject:
    """One `LstmNode`, with random `top_diff_h` and `top_diff_s`."""

    def make(H: int, D: int) -> classic.LstmNode:
        return classic.LstmNode(classic.LstmParam(H, D, np.zeros), classic.LstmState(H, D))

    return Subject.from_object(
        make,
        forward="bottom_data_is",
        backward="top_diff_is",
        inputs={"x": "D", "s_prev": "H", "h_prev": "H"},
        parameters=classic_parameters("param"),
        outputs={"state.h": "H", "state.s": "H"},
        gradients="{}_diff",
        input_gradients={"x": "state.bottom_diff_x", "s_prev": "state.bottom_diff_s", "h_prev": "state.bottom_diff_h"},
        reference=twins.node,
        probes=NODE_PROBES,
        modules=[classic],
        accumulates=True,
    )


def network_forward(network: classic.LstmNetwork, x: Any, y: Any) -> Any:
    """The loss over the sequence, read off the nodes' own states."""
    network.x_list_clear()
    for x_t in x:
        network.x_list_add(x_t)
    network.targets = list(y)  # type: ignore[attr-defined]
    nodes = network.lstm_node_list[: len(x)]
    return sum(SquaredLossLayer.loss(node.state.h, y_t) for node, y_t in zip(nodes, y, strict=True))


def network_backward(network: classic.LstmNetwork, loss_layer: Any = SquaredLossLayer) -> Any:
    """The network's own backpropagation: the cotangents of the inputs, which stand on the nodes, and the loss."""
    targets = network.targets  # type: ignore[attr-defined]
    loss = network.y_list_is(targets, loss_layer)
    return np.stack([node.state.bottom_diff_x for node in network.lstm_node_list[: len(targets)]]), loss


def _network_vjp(network: classic.LstmNetwork) -> Any:
    """The cotangents of the inputs alone."""
    return network_backward(network)[0]


def make_network(H: int, D: int) -> classic.LstmNetwork:
    """A network without values of its own: those that are drawn replace them."""
    return classic.LstmNetwork(classic.LstmParam(H, D, np.zeros))


def classic_network() -> Subject:
    """`LstmNetwork` over a sequence, with a loss that reads every unit."""

    return Subject.from_object(
        make_network,
        forward=network_forward,
        backward=_network_vjp,
        inputs={"x": "T D", "y": reals("T H", differentiated=False)},
        parameters=classic_parameters("lstm_param"),
        gradients="{}_diff",
        reference=twins.network_loss,
        probes={"h_out_bar": "y_list_is.h_bar", **NODE_PROBES},
        modules=[classic],
        accumulates=True,
    )
