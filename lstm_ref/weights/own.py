"""Our own layout: the parameters as `lstm_ref` takes them, named by their index, such as `0.W`.

    k.W k.U k.b              every cell, rows in the order g i f o without those the cell has not; r z n of a GRU
    k.p k.V k.P              peepholes, gate recurrence, projection
    k.c                      the second bias of a GRU

k = l·N + n for layer l and the n-th of N directions. It holds every variant, and gradients likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstm_ref.checks import Array
from lstm_ref.named import parameters
from lstm_ref.weights.checking import expect_tensors, short
from lstm_ref.weights.configuration import Configuration, Gru, GruParameters, Layout, Shapes, places

FIELDS = ("W", "U", "b", "c", "p", "V", "P")


def shapes(configuration: Configuration) -> Shapes:
    """The shapes of all tensors by name.

    Example
    -------
    >>> from lstm_ref.weights.configuration import Gru
    >>> list(shapes(Gru(D=1, H=1, layers=2)))
    ['0.W', '0.U', '0.b', '0.c', '1.W', '1.U', '1.b', '1.c']
    """
    every = ((k, configuration.shapes(l)) for k, l, _ in places(configuration))
    return {f"{k}.{field}": shape for k, layer in every for field, shape in layer.items()}


def checked(layers: Any, configuration: Configuration) -> list[dict[str, Array]]:
    """The parameters of each layer and direction by field, once they are those of the configuration.

    Raises
    ------
    TypeError, ValueError : there are not so many, or one has other parameters, shapes or dtypes; it is named
    """
    if not isinstance(layers, Sequence) or hasattr(layers, "_fields"):
        raise TypeError(f"layers is a {type(layers).__name__}, expected a list: one for each layer and direction")
    count = configuration.layers * len(configuration.directions)
    if len(layers) != count:
        raise ValueError(f"layers holds {len(layers)} sets of parameters, expected {count}")
    for k, one in enumerate(layers):
        if not hasattr(one, "_fields"):
            raise TypeError(f"layers[{k}] is a {type(one).__name__}, expected named parameters such as W, U and b")
    named = {f"{k}.{name}": getattr(one, name) for k, one in enumerate(layers) for name in one._fields}
    flat = {name: value for name, value in named.items() if name.split(".")[1] in FIELDS}
    arrays = expect_tensors("the list of layers", flat, shapes(configuration), configuration.dtype)
    return [{name: arrays[f"{k}.{name}"] for name in configuration.shapes(l)} for k, l, _ in places(configuration)]


def made(fields: dict[str, Array], configuration: Configuration) -> Any:
    """The parameters of one layer and direction from fresh arrays by field."""
    if isinstance(configuration, Gru):
        return GruParameters(*(fields[name] for name in GruParameters._fields))
    W, U, b = fields["W"], fields["U"], fields["b"]
    return parameters(W, U, b, p=fields.get("p"), V=fields.get("V"), P=fields.get("P"))


def expect_no_bias(layers: list[dict[str, Array]], format_name: str) -> None:
    """Raise unless all biases are zero: the format is said to hold none."""
    for k, fields in enumerate(layers):
        for name in ("b", "c"):
            if name in fields and fields[name].any():
                where = f"{short(name, str)} of layers[{k}]"
                raise ValueError(f"{where} is not zero, but bias=False leaves no place for it in {format_name}")


def _refuse(configuration: Configuration) -> None:
    """Our own layout holds whatever there is."""


def _read(tensors: dict[str, Array], configuration: Configuration) -> list[Any]:
    """Layers from tensors."""
    of = ((k, configuration.shapes(l)) for k, l, _ in places(configuration))
    return [made({name: tensors[f"{k}.{name}"].copy() for name in names}, configuration) for k, names in of]


def _write(layers: list[Any], configuration: Configuration, gradients: bool) -> dict[str, Array]:
    """Tensors from layers."""
    every = enumerate(checked(layers, configuration))
    return {f"{k}.{name}": value.copy() for k, fields in every for name, value in fields.items()}


OWN = Layout("our own layout", _refuse, shapes, _read, _write)
