"""Parts of `lstm_ref` that the registered subjects use from inside, each on trial alone: what it returns is judged.

A layer hands its cell the arrays to write into, and looks at nothing that the cell returns. So a fault in what the
cell returns shows only where the cell is called by itself. Likewise the classic network's backward returns the loss,
which no gradient depends on.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import lstm_ref.cell as cell
import lstm_ref.classic as classic
import lstm_ref.layer as layer
import lstm_ref.losses as losses
from lstm_ref.variant import SEED, STANDARD, VANILLA, Variant
from oracle.inputs import reals
from oracle.subject import Subject
from oracle.subjects import lstm, twins_of_parts

PARTS: Final = ("cell_seed", "cell_standard", "cell_vanilla", "squared_error")
CORNERS: Final = ("returned_loss", "shut_layer")


def names() -> list[str]:
    """The parts, as the command line names them."""
    return [f"{__name__}:{part}" for part in PARTS]


def corners() -> list[str]:
    """What the registered subjects show too, but for one thing each: to be asked last."""
    return [f"{__name__}:{part}" for part in CORNERS]


def _cell(variant: Variant, name: str) -> Subject:
    def forward(a: Any, s_prev: Any) -> Any:
        h, s, tape = cell.step(a, s_prev, variant)
        return h, s, tape

    def backward(h_bar: Any, s_bar: Any, tape: Any) -> Any:
        return cell.step_vjp(h_bar, s_bar, tape)

    return Subject.from_functions(
        forward,
        backward,
        inputs={"a": "B 4*H", "s_prev": "B H"},
        reference=twins_of_parts.step_of(variant.tanh_of_state),
        name=name,
        modules=[cell],
    )


def cell_seed() -> Subject:
    """`lstm_ref.cell` with the seed's cell."""
    return _cell(SEED, "cell-seed")


def cell_standard() -> Subject:
    """`lstm_ref.cell` with the standard cell."""
    return _cell(STANDARD, "cell-standard")


def cell_vanilla() -> Subject:
    """`lstm_ref.cell` with peepholes, which are no input of its own backward."""

    def forward(a: Any, s_prev: Any, p: Any) -> Any:
        h, s, tape = cell.step(a, s_prev, VANILLA, None, p)
        return h, s, tape

    return Subject.from_functions(
        forward,
        cell.step_vjp,
        inputs={"a": "B 4*H", "s_prev": "B H", "p": reals("3 H", differentiated=False)},
        reference=twins_of_parts.step_with_peepholes,
        name="cell-vanilla",
        modules=[cell],
    )


def squared_error() -> Subject:
    """`lstm_ref.losses.squared_error`."""

    def forward(h: Any, y: Any) -> Any:
        return losses.squared_error(h, y), (h, y)

    def backward(loss_bar: Any, inputs: Any) -> Any:
        return losses.squared_error_vjp(loss_bar, *inputs)

    return Subject.from_functions(
        forward,
        backward,
        inputs={"h": "B H", "y": reals("B H", differentiated=False)},
        reference=twins_of_parts.squared_error,
        name="squared-error",
        modules=[losses],
    )


class _Weighted:
    """The squared error times a weight."""

    def __init__(self, weight: Any) -> None:
        self.weight = weight

    def loss(self, pred: Any, label: Any) -> Any:
        """The weighted loss of one step."""
        return self.weight * losses.SquaredLossLayer.loss(pred, label)

    def bottom_diff(self, pred: Any, label: Any) -> Any:
        """Its derivative."""
        return self.weight * losses.SquaredLossLayer.bottom_diff(pred, label)


def _weighted_forward(network: Any, x: Any, y: Any, v: Any) -> Any:
    """The loss over the sequence times e^v, read off the nodes' own states."""
    network.weighted = _Weighted(np.exp(v))
    return network.weighted.weight * lstm.network_forward(network, x, y)


def _weighted_backward(network: Any) -> Any:
    """The cotangents of the inputs, and as that of v the loss that the network's own backward returns."""
    return lstm.network_backward(network, network.weighted)


def returned_loss() -> Subject:
    """The loss that `LstmNetwork.y_list_is` returns: with a loss times e^v it is its own derivative by v."""
    return Subject.from_object(
        lstm.make_network,
        forward=_weighted_forward,
        backward=_weighted_backward,
        inputs={"x": "T D", "y": reals("T H", differentiated=False), "v": ""},
        parameters=lstm.classic_parameters("lstm_param"),
        gradients="{}_diff",
        reference=twins_of_parts.weighted_network_loss,
        name="returned-loss",
        modules=[classic],
        accumulates=True,
    )


def _shut(b: Any) -> Any:
    """The biases, those of the forget gate so far below 0 that exp(-a) overflows in floats."""
    H = len(b) // 4
    found = b.copy()
    found[2 * H : 3 * H] -= twins_of_parts.SHUT
    return found


def _shut_forward(x: Any, h0: Any, s0: Any, W: Any, U: Any, b: Any) -> Any:
    """The layer with its forget gate shut."""
    return layer.forward(x, h0, s0, W, U, _shut(b), STANDARD)


def shut_layer() -> Subject:
    """`lstm_ref.layer` with a forget gate that is 0 in floats, where exp(-a) is infinite."""

    def backward(h_bar: Any, h_T_bar: Any, s_T_bar: Any, tape: Any) -> Any:
        return layer.backward(h_bar, h_T_bar, s_T_bar, tape)

    return Subject.from_functions(
        _shut_forward,
        backward,
        inputs={"x": "T B D", "h0": "B H", "s0": "B H", "W": "4*H D", "U": "4*H H", "b": "4*H"},
        reference=twins_of_parts.shut_layer,
        name="shut-layer",
        modules=[layer],
        sizes={"T": (1, 3), "B": (1, 2), "D": (1, 3), "H": (1, 3)},
    )
