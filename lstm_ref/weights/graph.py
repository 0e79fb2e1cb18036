"""The operators LSTM and GRU in an ONNX model: found, and refused where they compute something else than ours.

Functions here take a parsed model; onnx itself is imported by `lstm_ref.weights.model`, and not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from lstm_ref.architecture import BOTH, FORWARDS, REVERSED
from lstm_ref.weights.checking import short
from lstm_ref.weights.configuration import Configuration, Gru

DIRECTIONS = {FORWARDS: "forward", REVERSED: "reverse", BOTH: "bidirectional"}
INPUTS = {
    "LSTM": ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"),
    "GRU": ("X", "W", "R", "B", "sequence_lens", "initial_h"),
}
WEIGHTS = ("W", "R", "B", "P")
_ACTIVATIONS = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh")}
_KNOWN = {"direction", "hidden_size", "activations", "layout", "linear_before_reset", "input_forget"}


def kind(configuration: Configuration) -> str:
    """What ONNX calls the operator."""
    return "GRU" if isinstance(configuration, Gru) else "LSTM"


def operators(where: str, graph: Any, configuration: Configuration, names: Sequence[str] | None) -> list[Any]:
    """The nodes that are the layers of the configuration, in their order.

    Raises
    ------
    TypeError : names is a name
    ValueError : there are not as many as layers, a name is that of none, or one layer does not feed the next
    """
    op = kind(configuration)
    if isinstance(names, str):
        raise TypeError(f"nodes is {short(names)}, expected a list of names, one for each layer")
    found = [node for node in graph.node if node.op_type == op and node.domain in ("", "ai.onnx")]
    if names is not None:
        by_name = {node.name: node for node in found}
        if unknown := [name for name in names if name not in by_name]:
            known = ", ".join(map(short, by_name)) or "none at all"
            raise ValueError(f"{where} has no {op} named {unknown[0]!r}, expected names among {known}")
        found = [by_name[name] for name in names]
    if len(found) != configuration.layers:
        raise ValueError(
            f"{where} has {len(found)} operators {op}, expected {configuration.layers}: name them in nodes"
        )
    for l, (below, above) in enumerate(pairwise(found)):
        if not _feeds(graph, below, above):
            raise ValueError(f"{where}: the {op} of layer {l} does not feed that of layer {l + 1}, expected a stack")
    return found


def expect_equations(where: str, attributes: Mapping[str, Any], configuration: Configuration) -> None:
    """Raise unless an operator with these attributes computes what the configuration says.

    Raises
    ------
    ValueError : another direction, size, place of the reset; clip, input_forget or activations that ours have not

    Example
    -------
    >>> from lstm_ref.weights.configuration import Lstm
    >>> expect_equations("net.onnx", {"clip": 3.0}, Lstm(D=1, H=1))
    Traceback (most recent call last):
    ValueError: net.onnx: clip is 3.0, which changes the equations and is not exchanged
    """
    op, N = kind(configuration), len(configuration.directions)
    if changing := [name for name in attributes if name not in _KNOWN]:
        value = short(attributes[changing[0]])
        raise ValueError(
            f"{where}: {short(changing[0], str)} is {value}, which changes the equations and is not exchanged"
        )
    expected: dict[str, Any] = {
        "direction": DIRECTIONS[configuration.directions],
        "hidden_size": configuration.H,
        "input_forget": 0,
        "linear_before_reset": int(isinstance(configuration, Gru) and configuration.reset_after),
    }
    defaults = {"direction": "forward", "hidden_size": configuration.H}
    for name, wanted in expected.items():
        given = attributes.get(name, defaults.get(name, 0))
        if given != wanted:
            raise ValueError(f"{where}: {name} is {short(given)}, expected {wanted!r}")
    activations = tuple(str(one).lower() for one in attributes.get("activations", _ACTIVATIONS[op] * N))
    if activations != _ACTIVATIONS[op] * N:
        raise ValueError(f"{where}: activations are {short(activations)}, expected {', '.join(_ACTIVATIONS[op])}")
    if attributes.get("layout", 0) not in (0, 1):
        raise ValueError(f"{where}: layout is {short(attributes['layout'])}, expected 0 or 1")


def weight_names(where: str, node: Any, configuration: Configuration) -> dict[str, str]:
    """By W, R, B and P, the names of the tensors that a node takes; without those that it leaves out.

    Raises
    ------
    ValueError : a node takes more inputs than the operator has
    """
    slots = INPUTS[kind(configuration)]
    if len(node.input) > len(slots):
        raise ValueError(f"{where}: the operator takes {len(node.input)} inputs, expected at most {len(slots)}")
    return {slot: name for slot, name in zip(slots, node.input, strict=False) if name and slot in WEIGHTS}


def _feeds(graph: Any, below: Any, above: Any) -> bool:
    """Whether the first output of one node reaches the first input of another."""
    maker = {output: node for node in graph.node for output in node.output if output}
    waiting, seen = [above.input[0] if above.input else ""], set[str]()
    wanted = below.output[0] if below.output else ""
    while waiting:
        name = waiting.pop()
        if name and name == wanted:
            return True
        if name in maker and name not in seen:
            seen.add(name)
            waiting.extend(maker[name].input)
    return False
