"""The layout of ONNX's operators LSTM and GRU: one operator for each layer, its directions on the first axis.

| ONNX     | shape            | ours, by direction                                              |
| -------- | ---------------- | --------------------------------------------------------------- |
| W_l{l}   | (N, 4H, D or N·H) | W, rows i o f c; of a GRU (N, 3H, …), z r h                    |
| R_l{l}   | (N, 4H, H)       | U, likewise                                                     |
| B_l{l}   | (N, 8H)          | b = Wb + Rb, written as [b, 0]; of a GRU (N, 6H), [b, c]        |
| P_l{l}   | (N, 3H)          | p, gates i o f, for the `vanilla` cell                          |

ONNX's c is our g, its h our n. In an LSTM the two biases stand in the same sum, so that they are added, each sum
rounded once, and the gradient of either is that of b; a GRU keeps both. `bias=False` is an operator without B. P looks
at the old state in i and f and at the new one in o, as ours does. An operator has no projection and no other cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_ref.checks import Array
from lstm_ref.variant import STANDARD, VANILLA
from lstm_ref.weights.checking import expect_finite
from lstm_ref.weights.configuration import Configuration, Gru, Layout, Shapes, features, places, width
from lstm_ref.weights.own import checked, expect_no_bias, made
from lstm_ref.weights.rows import reordered

_NAMES = {"W": "W", "R": "U"}


def shapes(configuration: Configuration) -> Shapes:
    """The shapes of all tensors by name.

    Example
    -------
    >>> from lstm_ref.weights.configuration import Lstm
    >>> shapes(Lstm(D=3, H=2, cell="vanilla"))
    {'W_l0': (1, 8, 3), 'R_l0': (1, 8, 2), 'B_l0': (1, 16), 'P_l0': (1, 6)}
    """
    N, H, rows = len(configuration.directions), configuration.H, len(_orders(configuration)[0]) * configuration.H
    found: Shapes = {}
    for l in range(configuration.layers):
        found |= {f"W_l{l}": (N, rows, width(configuration, l)), f"R_l{l}": (N, rows, H)}
        found |= {f"B_l{l}": (N, 2 * rows)} if configuration.bias else {}
        found |= {f"P_l{l}": (N, 3 * H)} if _peepholes(configuration) else {}
    return found


def _orders(configuration: Configuration) -> tuple[str, str]:
    """The gates in ONNX's order and in ours, in our letters."""
    return ("zrn", "rzn") if isinstance(configuration, Gru) else ("iofg", "gifo")


def _peepholes(configuration: Configuration) -> bool:
    """Whether there are peepholes."""
    return not isinstance(configuration, Gru) and configuration.variant.peepholes


def _refuse(configuration: Configuration) -> None:
    """Raise where ONNX has no such operator."""
    if isinstance(configuration, Gru):
        return
    cell = configuration.variant
    if features(cell) not in (features(STANDARD), features(VANILLA)):
        raise ValueError(
            f"ONNX's LSTM has the 'standard' or the 'vanilla' cell (other activations and input_forget are not "
            f"exchanged), but the cell is {cell.name!r}"
        )
    if configuration.projection is not None:
        raise ValueError(f"ONNX's LSTM has no projection, but projection is {configuration.projection}")


def _read(tensors: dict[str, Array], configuration: Configuration) -> list[Any]:
    """Layers from tensors."""
    theirs, ours = _orders(configuration)
    layers = []
    for _, l, n in places(configuration):
        own = {to: reordered(tensors[f"{name}_l{l}"][n], theirs, ours) for name, to in _NAMES.items()}
        both = tensors.get(f"B_l{l}", np.zeros((n + 1, 2 * len(own["W"])), dtype=configuration.dtype))[n]
        b, c = (reordered(half, theirs, ours) for half in np.split(both, 2))
        if isinstance(configuration, Gru):
            own |= {"b": b, "c": c}
        else:
            with np.errstate(over="ignore"):
                own["b"] = b + c
            expect_finite("ONNX's layout", {f"the sum of the halves of B_l{l}": own["b"]})
        if _peepholes(configuration):
            own["p"] = reordered(tensors[f"P_l{l}"][n], "iof", "ifo").reshape(3, configuration.H)
        layers.append(made(own, configuration))
    return layers


def _write(layers: list[Any], configuration: Configuration, gradients: bool) -> dict[str, Array]:
    """Tensors from layers; of gradients, both halves of B have that of b."""
    every, (theirs, ours) = checked(layers, configuration), _orders(configuration)
    if not configuration.bias and not gradients:
        expect_no_bias(every, "ONNX's layout")
    tensors, N = dict[str, Array](), len(configuration.directions)
    for l in range(configuration.layers):
        rows = [
            {name: reordered(value, ours, theirs) for name, value in fields.items() if name in "WUbc"}
            for fields in every[l * N : (l + 1) * N]
        ]
        tensors |= {f"{name}_l{l}": np.stack([one[own] for one in rows]) for name, own in _NAMES.items()}
        if configuration.bias:
            halves = [(one["b"], _second(one, gradients)) for one in rows]
            tensors[f"B_l{l}"] = np.stack([np.concatenate(pair) for pair in halves])
        if _peepholes(configuration):
            looks = [reordered(fields["p"], "ifo", "iof").ravel() for fields in every[l * N : (l + 1) * N]]
            tensors[f"P_l{l}"] = np.stack(looks)
    return tensors


def _second(fields: dict[str, Array], gradients: bool) -> Array:
    """What stands in the second half of B: c of a GRU; of an LSTM nothing, or the gradient of b again."""
    b = fields["b"]
    return fields.get("c", b if gradients else np.zeros_like(b))


ONNX = Layout("ONNX's layout", _refuse, shapes, _read, _write)
