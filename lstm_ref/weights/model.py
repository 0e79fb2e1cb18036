"""ONNX models: weights read from their operators LSTM and GRU, and models of nothing but these written.

A model is read from its own bytes alone: a tensor that says that its numbers stand in another file is refused, and no
other file is opened. What a tensor declares is compared with what is expected before its numbers are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lstm_ref.checks import Array, expect_size
from lstm_ref.weights.checking import expect_declared, nbytes, short, total
from lstm_ref.weights.configuration import Configuration, Gru, Shapes
from lstm_ref.weights.graph import DIRECTIONS, INPUTS, expect_equations, kind, operators, weight_names
from lstm_ref.weights.reading import Damaged, missing, opened

_MODEL, _LAYER = 1 << 16, 1 << 14  # bytes left for what is no number
_OPSET, _IR = 14, 8  # the first with `layout`
_FIELDS = {"float64": "double_data", "float32": "float_data"}


def read(
    path: Path,
    shapes: Shapes,
    configuration: Configuration,
    nodes: Sequence[str] | None = None,
    most: int | None = None,
) -> dict[str, Array]:
    """The tensors of the operators in a model, by the names of ONNX's layout.

    Parameters
    ----------
    path : the file
    shapes : those of ONNX's layout
    configuration : what the operators are expected to be
    nodes : the names of the operators, one a layer; absent, there are no others of their kind
    most : how large the file may be; absent, as large as these weights make it

    Raises
    ------
    Damaged, ValueError, TypeError : the file is damaged, holds something else, or its operators compute something else
    ImportError : onnx is not installed
    """
    onnx = _library("reading ONNX")
    where = str(path)
    if most is None:
        most = _MODEL + _LAYER * configuration.layers + total(shapes, configuration.dtype)
    expect_size("most", most)
    with opened(path, most) as (file, size):
        data = file.read(size)
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # what protobuf raises has no public name
        raise Damaged(f"{where} is no ONNX model: {short(error, str)}") from None
    if kind(configuration) in {one.name for one in model.functions if one.domain in ("", "ai.onnx")}:
        raise ValueError(f"{where} says itself what {kind(configuration)} computes, expected ONNX's own operator")
    found = operators(where, model.graph, configuration, nodes)
    taken = _taken(onnx, where, model.graph, found, configuration)
    declared = {name: _declared(onnx, where, tensor) for name, tensor in taken.items()}
    expect_declared(where, declared, shapes, configuration.dtype)
    for name, tensor in taken.items():
        _expect_length(where, name, tensor, shapes[name], configuration.dtype)
    return {name: np.asarray(onnx.numpy_helper.to_array(taken[name])) for name in shapes}


def written(tensors: dict[str, Array], configuration: Configuration) -> bytes:
    """A model of these operators alone, one for each layer.

    Inputs are X (T, B, D) and, for layer l, `initial_h_l{l}` and of an LSTM `initial_c_l{l}`, (N, B, H). Outputs are
    Y (T, B, N·H), the directions side by side, and `Y_h_l{l}` and `Y_c_l{l}`, (N, B, H).
    """
    onnx = _library("writing ONNX")
    helper, states = onnx.helper, ("h",) if isinstance(configuration, Gru) else ("h", "c")
    of, (T, B, N) = helper.np_dtype_to_tensor_dtype(configuration.dtype), ("T", "B", len(configuration.directions))
    nodes, inputs, outputs = [], [("X", [T, B, configuration.D])], [("Y", [T, B, N * configuration.H])]
    for l in range(configuration.layers):
        nodes += _layer(helper, l, tensors, configuration, states)
        inputs += [(f"initial_{one}_l{l}", [N, B, configuration.H]) for one in states]
        outputs += [(f"Y_{one}_l{l}", [N, B, configuration.H]) for one in states]
    initializers = [onnx.numpy_helper.from_array(np.ascontiguousarray(one), name) for name, one in tensors.items()]
    initializers.append(onnx.numpy_helper.from_array(np.array([0, 0, -1], dtype=np.int64), "side_by_side"))
    values = [[helper.make_tensor_value_info(name, of, shape) for name, shape in side] for side in (inputs, outputs)]
    graph = helper.make_graph(nodes, kind(configuration).lower(), *values, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _layer(helper: Any, l: int, tensors: dict[str, Array], configuration: Configuration, states: Any) -> list[Any]:
    """The operator of layer l, and the two that put its directions side by side."""
    op, below = kind(configuration), "X" if l == 0 else f"Y_l{l - 1}"
    above = "Y" if l == configuration.layers - 1 else f"Y_l{l}"
    given = {"X": below, **{f"initial_{one}": f"initial_{one}_l{l}" for one in states}}
    given |= {slot: f"{slot}_l{l}" for slot in INPUTS[op] if f"{slot}_l{l}" in tensors}
    places = [given.get(slot, "") for slot in INPUTS[op]]
    while not places[-1]:
        places.pop()
    attributes: dict[str, Any] = {"hidden_size": configuration.H, "direction": DIRECTIONS[configuration.directions]}
    attributes |= {"linear_before_reset": int(configuration.reset_after)} if isinstance(configuration, Gru) else {}
    outputs = [f"directions_l{l}", *(f"Y_{one}_l{l}" for one in states)]
    return [
        helper.make_node(op, places, outputs, name=f"layer_{l}", **attributes),
        helper.make_node("Transpose", [outputs[0]], [f"batch_first_l{l}"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", [f"batch_first_l{l}", "side_by_side"], [above]),
    ]


def _taken(onnx: Any, where: str, graph: Any, nodes: list[Any], configuration: Configuration) -> dict[str, Any]:
    """The tensors that the nodes take, by their names in ONNX's layout."""
    stored = [tensor.name for tensor in graph.initializer]
    by_name = dict(zip(stored, graph.initializer, strict=True))
    taken = {}
    for l, node in enumerate(nodes):
        expect_equations(f"{where}, layer {l}", _attributes(onnx, where, node), configuration)
        for slot, name in weight_names(where, node, configuration).items():
            if name not in by_name:
                raise ValueError(f"{where} computes {slot} of layer {l} or takes it as input, expected a stored tensor")
            if stored.count(name) > 1:
                raise Damaged(f"{where} holds {short(name)} more than once")
            taken[f"{slot}_l{l}"] = by_name[name]
    return taken


def _attributes(onnx: Any, where: str, node: Any) -> dict[str, Any]:
    """The attributes of a node by name, text as such."""
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.name in found or attribute.ref_attr_name:
            raise Damaged(f"{where} gives {short(attribute.name)} of an operator more than once, or not its value")
        try:
            value = onnx.helper.get_attribute_value(attribute)
        except ValueError as error:
            raise Damaged(f"{where}: {short(attribute.name)} of an operator is damaged: {short(error, str)}") from None
        found[attribute.name] = _text(value)
    return found


def _text(value: Any) -> Any:
    """Bytes, and lists of them, as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_text(one) for one in value] if isinstance(value, list) else value


def _declared(onnx: Any, where: str, tensor: Any) -> tuple[tuple[int, ...], str]:
    """Shape and dtype that a stored tensor declares, once its numbers stand in the model itself."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"{where} keeps {short(tensor.name)} in another file, which is not opened: store it in the model"
        )
    types = {onnx.TensorProto.DOUBLE: "float64", onnx.TensorProto.FLOAT: "float32"}
    known = onnx.TensorProto.DataType.values()
    other = onnx.TensorProto.DataType.Name(tensor.data_type) if tensor.data_type in known else str(tensor.data_type)
    return tuple(tensor.dims), types.get(tensor.data_type, other)


def _expect_length(where: str, name: str, tensor: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Raise unless a tensor holds exactly as many numbers as it declares, in one place."""
    size = np.dtype(dtype).itemsize
    lengths = {field: len(getattr(tensor, field)) * size for field in _FIELDS.values()}
    lengths["raw_data"] = len(tensor.raw_data)
    field = "raw_data" if lengths["raw_data"] else _FIELDS[str(dtype)]
    if lengths != {**dict.fromkeys(lengths, 0), field: nbytes(shape, dtype)} or tensor.HasField("segment"):
        given, wanted = sum(lengths.values()), nbytes(shape, dtype)
        raise Damaged(f"{name} in {where} holds {given} bytes, expected {wanted} as {dtype} in one place")


def _library(what: str) -> Any:
    """The library onnx, with its helpers."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise missing(what, "onnx") from error
    return onnx
