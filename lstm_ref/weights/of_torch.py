"""The layout of torch's `nn.LSTM` and `nn.GRU`: the names, shapes and orders of their state dicts.

| torch                      | shape         | ours                                          |
| -------------------------- | ------------- | --------------------------------------------- |
| weight_ih_l{l}[_reverse]   | (4H, D or N·R) | W, rows i f g o; of a GRU (3H, …), r z n     |
| weight_hh_l{l}[_reverse]   | (4H, R)       | U, likewise                                   |
| bias_ih_l{l}[_reverse]     | (4H,)         | b = bias_ih + bias_hh; of a GRU b             |
| bias_hh_l{l}[_reverse]     | (4H,)         | zeros when written; of a GRU c                |
| weight_hr_l{l}[_reverse]   | (R, H)        | P, with `proj_size`                           |

In an LSTM the two biases stand in the same sum, so that they are added, each sum rounded once, and the gradient of
either is that of b. In a GRU the candidate's do not (r multiplies one of them), and both are kept. `bias=False` has
neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_ref.architecture import BOTH, FORWARDS
from lstm_ref.checks import Array
from lstm_ref.variant import STANDARD
from lstm_ref.weights.checking import expect_finite
from lstm_ref.weights.configuration import Configuration, Gru, Layout, Shapes, features, places, width
from lstm_ref.weights.own import checked, expect_no_bias, made
from lstm_ref.weights.rows import reordered

_THEIRS, _OURS = "ifgo", "gifo"


def shapes(configuration: Configuration) -> Shapes:
    """The shapes of all tensors by name.

    Example
    -------
    >>> from lstm_ref.weights.configuration import Lstm
    >>> shapes(Lstm(D=3, H=2, projection=1, bias=False))
    {'weight_ih_l0': (8, 3), 'weight_hh_l0': (8, 1), 'weight_hr_l0': (1, 2)}
    """
    found: Shapes = {}
    for _, l, n in places(configuration):
        rows, at = (3 if isinstance(configuration, Gru) else 4) * configuration.H, _suffix(l, n)
        found |= {f"weight_ih{at}": (rows, width(configuration, l)), f"weight_hh{at}": (rows, configuration.R)}
        found |= {f"bias_ih{at}": (rows,), f"bias_hh{at}": (rows,)} if configuration.bias else {}
        found |= {f"weight_hr{at}": (configuration.R, configuration.H)} if _projected(configuration) else {}
    return found


def _suffix(l: int, n: int) -> str:
    """What the names of layer l and the n-th direction end with."""
    return f"_l{l}{'_reverse' if n else ''}"


def _projected(configuration: Configuration) -> bool:
    """Whether there is a projection."""
    return not isinstance(configuration, Gru) and configuration.projection is not None


def _refuse(configuration: Configuration) -> None:
    """Raise where torch has no such network."""
    if configuration.directions not in (FORWARDS, BOTH):
        raise ValueError("torch has no layer that only runs backwards, expected directions FORWARDS or BOTH")
    if isinstance(configuration, Gru):
        if not configuration.reset_after:
            raise ValueError("torch's GRU resets after the product, expected reset_after=True")
        return
    cell = configuration.variant
    if features(cell) != features(STANDARD):
        raise ValueError(f"torch's LSTM has the 'standard' cell, but the cell is {cell.name!r}")
    if configuration.projection is not None and configuration.projection >= configuration.H:
        sizes = f"projection is {configuration.projection} and H is {configuration.H}"
        raise ValueError(f"torch projects to fewer numbers than there are cells, but {sizes}")


def _read(tensors: dict[str, Array], configuration: Configuration) -> list[Any]:
    """Layers from tensors."""
    layers = []
    for _, l, n in places(configuration):
        at = _suffix(l, n)
        W, U = tensors[f"weight_ih{at}"], tensors[f"weight_hh{at}"]
        b = tensors.get(f"bias_ih{at}", np.zeros(len(W), dtype=W.dtype))
        c = tensors.get(f"bias_hh{at}", np.zeros(len(W), dtype=W.dtype))
        if isinstance(configuration, Gru):
            fields = {"W": W.copy(), "U": U.copy(), "b": b.copy(), "c": c.copy()}
        else:
            with np.errstate(over="ignore"):
                every = {"W": W, "U": U, "b": b + c}
            fields = {name: reordered(value, _THEIRS, _OURS) for name, value in every.items()}
            fields |= {"P": tensors[f"weight_hr{at}"].copy()} if _projected(configuration) else {}
            expect_finite("torch's layout", {f"bias_ih{at} + bias_hh{at}": fields["b"]})
        layers.append(made(fields, configuration))
    return layers


def _write(layers: list[Any], configuration: Configuration, gradients: bool) -> dict[str, Array]:
    """Tensors from layers; of gradients, both biases have that of b."""
    every, tensors = checked(layers, configuration), dict[str, Array]()
    if not configuration.bias and not gradients:
        expect_no_bias(every, "torch's layout")
    for k, l, n in places(configuration):
        at, fields = _suffix(l, n), every[k]
        gru = isinstance(configuration, Gru)
        W, U, b = (fields[name] if gru else reordered(fields[name], _OURS, _THEIRS) for name in "WUb")
        second = fields["c"] if gru else b if gradients else np.zeros_like(b)
        tensors |= {f"weight_ih{at}": W, f"weight_hh{at}": U}
        tensors |= {f"bias_ih{at}": b, f"bias_hh{at}": second} if configuration.bias else {}
        tensors |= {f"weight_hr{at}": fields["P"]} if "P" in fields else {}
    return {name: tensor.copy() for name, tensor in tensors.items()}


TORCH = Layout("torch's layout", _refuse, shapes, _read, _write)
