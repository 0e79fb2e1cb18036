"""ONNX models that are damaged or hostile, or whose operators compute something else: refused, and nothing opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import refused, sparse
from interop_tools import drawn, same

from lstm_ref import BOTH
from lstm_ref.weights import Damaged, Gru, Lstm, load, save

onnx = pytest.importorskip("onnx", reason="needs the extra interop")

LSTM = Lstm(D=3, H=2, cell="vanilla")
GRU = Gru(D=3, H=2)
STACK = Lstm(D=2, H=2, layers=2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the model is written."""
    return tmp_path / "net.onnx"


def changed(path: Path, configuration: Any, change: Callable[[Any], None]) -> Path:
    """A right model after some change."""
    save(path, drawn(configuration), configuration)
    model = onnx.load_model_from_string(path.read_bytes())
    change(model.graph)
    path.write_bytes(model.SerializeToString())
    return path


def operator(graph: Any) -> Any:
    """The first LSTM or GRU."""
    return next(node for node in graph.node if node.op_type in ("LSTM", "GRU"))


def saying(**attributes: Any) -> Callable[[Any], None]:
    """The change that gives the operator these attributes."""

    def change(graph: Any) -> None:
        node = operator(graph)
        kept = [one for one in node.attribute if one.name not in attributes]
        node.ClearField("attribute")
        node.attribute.extend([*kept, *(onnx.helper.make_attribute(name, one) for name, one in attributes.items())])

    return change


@pytest.mark.parametrize("configuration", [LSTM, GRU, STACK], ids=["lstm", "gru", "stack"])
def test_the_model_itself_is_read(path: Path, configuration: Any) -> None:
    """The control of all below: unchanged, it is read."""
    changed(path, configuration, lambda graph: None)
    assert same(load(path, configuration), drawn(configuration))


@pytest.mark.parametrize(
    "attributes",
    [
        {"direction": "forward", "hidden_size": 2, "input_forget": 0, "layout": 0},
        {"layout": 1},
        {"activations": ["SIGMOID", "tanh", "Tanh"]},
    ],
    ids=["defaults", "batch first", "activations"],
)
def test_attributes_that_change_no_equation_are_taken(path: Path, attributes: dict[str, Any]) -> None:
    """Defaults that are spelled out, and the order of X, which is not that of the weights."""
    changed(path, LSTM, saying(**attributes))
    assert same(load(path, LSTM), drawn(LSTM))


@pytest.mark.parametrize(
    ("configuration", "attributes", "message"),
    [
        (LSTM, {"clip": 3.0}, "clip is 3.0, which changes the equations and is not exchanged"),
        (
            LSTM,
            {"activation_alpha": [1.0]},
            "activation_alpha is [1.0], which changes the equations and is not exchanged",
        ),
        (
            LSTM,
            {"activation_beta": [1.0]},
            "activation_beta is [1.0], which changes the equations and is not exchanged",
        ),
        (LSTM, {"unheard_of": 1}, "unheard_of is 1, which changes the equations and is not exchanged"),
        (LSTM, {"input_forget": 1}, "input_forget is 1, expected 0"),
        (LSTM, {"hidden_size": 3}, "hidden_size is 3, expected 2"),
        (LSTM, {"direction": "reverse"}, "direction is 'reverse', expected 'forward'"),
        (LSTM, {"layout": 2}, "layout is 2, expected 0 or 1"),
        (
            LSTM,
            {"activations": ["HardSigmoid", "Tanh", "Tanh"]},
            "activations are ('hardsigmoid', 'tanh', 'tanh'), expected sigmoid, tanh, tanh",
        ),
        (
            LSTM,
            {"activations": ["Sigmoid", "Tanh"]},
            "activations are ('sigmoid', 'tanh'), expected sigmoid, tanh, tanh",
        ),
        (LSTM, {"linear_before_reset": 1}, "linear_before_reset is 1, expected 0"),
        (GRU, {"linear_before_reset": 0}, "linear_before_reset is 0, expected 1"),
        (Gru(D=3, H=2, reset_after=False), {"linear_before_reset": 1}, "linear_before_reset is 1, expected 0"),
        (Lstm(D=3, H=2, directions=BOTH), {"direction": "forward"}, "direction is 'forward', expected 'bidirectional'"),
        (GRU, {"activations": ["Sigmoid", "Relu"]}, "activations are ('sigmoid', 'relu'), expected sigmoid, tanh"),
    ],
)
def test_operators_that_compute_something_else_are_refused(
    path: Path, configuration: Any, attributes: dict[str, Any], message: str
) -> None:
    """With the attribute, what it is and what was expected."""
    changed(path, configuration, saying(**attributes))
    assert refused(path, configuration, "onnx") == (ValueError, f"net.onnx, layer 0: {message}")


def first(graph: Any) -> Any:
    """The stored tensor W_l0."""
    return graph.initializer[0]


def external(graph: Any) -> None:
    """Say that W stands in another file."""
    tensor = first(graph)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def computed(graph: Any) -> None:
    """Take W as an input of the model."""
    del graph.initializer[0]


def integers(graph: Any) -> None:
    """Store W as whole numbers."""
    first(graph).data_type = onnx.TensorProto.INT64


def unknown_type(graph: Any) -> None:
    """Store W as something that nobody knows."""
    first(graph).data_type = 99


def other_shape(graph: Any) -> None:
    """Declare that W is huge."""
    first(graph).dims[1] = 1 << 60


def negative_shape(graph: Any) -> None:
    """Declare that W has less than nothing."""
    first(graph).dims[1] = -8


def shorter(graph: Any) -> None:
    """Leave out the last byte of W."""
    first(graph).raw_data = first(graph).raw_data[:-1]


def both_fields(graph: Any) -> None:
    """Give the numbers of W twice, in other places."""
    first(graph).double_data.extend([0.0] * 24)


def wrong_field(graph: Any) -> None:
    """Give the numbers of W as floats of another type."""
    tensor = first(graph)
    tensor.ClearField("raw_data")
    tensor.float_data.extend([0.0] * 24)


def twice(graph: Any) -> None:
    """Store two tensors W_l0."""
    graph.initializer.append(first(graph))


def attribute_twice(graph: Any) -> None:
    """Say the direction twice."""
    operator(graph).attribute.append(onnx.helper.make_attribute("direction", "forward"))


def attribute_elsewhere(graph: Any) -> None:
    """Refer to an attribute of a function."""
    attribute = operator(graph).attribute[0]
    attribute.ref_attr_name = "given_elsewhere"


def not_a_number(graph: Any) -> None:
    """Store NaN."""
    first(graph).raw_data = np.full(24, np.nan).tobytes()


def no_bias(graph: Any) -> None:
    """Leave out B."""
    operator(graph).input[3] = ""


def too_many(graph: Any) -> None:
    """Give one input too many."""
    operator(graph).input.append("more")


def no_operator(graph: Any) -> None:
    """Take the operator away."""
    graph.node.remove(operator(graph))


def second_operator(graph: Any) -> None:
    """Put another LSTM beside it."""
    graph.node.append(operator(graph))


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (external, ValueError, "net.onnx keeps 'W_l0' in another file, which is not opened: store it in the model"),
        (computed, ValueError, "net.onnx computes W of layer 0 or takes it as input, expected a stored tensor"),
        (integers, TypeError, "W_l0 in net.onnx holds INT64, expected float64: convert one of them"),
        (unknown_type, TypeError, "W_l0 in net.onnx holds 99, expected float64: convert one of them"),
        (other_shape, ValueError, f"W_l0 in net.onnx has shape (1, {1 << 60}, 3), expected (1, 8, 3)"),
        (negative_shape, ValueError, "W_l0 in net.onnx has shape (1, -8, 3), expected (1, 8, 3)"),
        (shorter, Damaged, "W_l0 in net.onnx holds 191 bytes, expected 192 as float64 in one place"),
        (both_fields, Damaged, "W_l0 in net.onnx holds 384 bytes, expected 192 as float64 in one place"),
        (wrong_field, Damaged, "W_l0 in net.onnx holds 192 bytes, expected 192 as float64 in one place"),
        (twice, Damaged, "net.onnx holds 'W_l0' more than once"),
        (attribute_twice, Damaged, "net.onnx gives 'direction' of an operator more than once, or not its value"),
        (attribute_elsewhere, Damaged, "net.onnx gives 'direction' of an operator more than once, or not its value"),
        (not_a_number, ValueError, "W_l0 in net.onnx holds NaN or infinity, expected finite numbers"),
        (
            no_bias,
            ValueError,
            "net.onnx lacks B_l0, expected W_l0 (1, 8, 3), R_l0 (1, 8, 2), B_l0 (1, 16), P_l0 (1, 6)",
        ),
        (too_many, ValueError, "net.onnx: the operator takes 9 inputs, expected at most 8"),
        (no_operator, ValueError, "net.onnx has 0 operators LSTM, expected 1: name them in nodes"),
        (second_operator, ValueError, "net.onnx has 2 operators LSTM, expected 1: name them in nodes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_wrong_models_are_refused(path: Path, change: Callable[[Any], None], kind: type, message: str) -> None:
    """Each with its sentence, to the letter."""
    changed(path, LSTM, change)
    assert refused(path, LSTM, "onnx") == (kind, message)


def test_surplus_peepholes_are_refused(path: Path) -> None:
    """A model with P, where the standard cell was expected."""
    changed(path, LSTM, lambda graph: None)
    found = refused(path, Lstm(D=3, H=2), "onnx")
    assert found == (ValueError, "net.onnx holds 'P_l0', expected only W_l0, R_l0, B_l0")


def test_operators_that_are_no_stack_are_refused(path: Path) -> None:
    """Two side by side are not one above the other; the shapes alone would not tell."""

    def beside(graph: Any) -> None:
        second = [node for node in graph.node if node.op_type == "LSTM"][1]
        second.input[0] = "X"

    changed(path, STACK, beside)
    message = "net.onnx: the LSTM of layer 0 does not feed that of layer 1, expected a stack"
    assert refused(path, STACK, "onnx") == (ValueError, message)


def test_operators_of_no_such_name_are_refused(path: Path) -> None:
    """With the names that there are."""
    changed(path, LSTM, lambda graph: None)
    found = refused(path, LSTM, "onnx", nodes=["other"])
    assert found == (ValueError, "net.onnx has no LSTM named 'other', expected names among 'layer_0'")


def test_options_of_a_wrong_kind_are_refused(path: Path) -> None:
    """One name for a list of them, and no size at all."""
    changed(path, LSTM, lambda graph: None)
    found = refused(path, LSTM, "onnx", nodes="layer_0")
    assert found == (TypeError, "nodes is 'layer_0', expected a list of names, one for each layer")
    assert refused(path, LSTM, "onnx", most=0) == (ValueError, "most is 0, expected a whole number of at least 1")


def test_a_model_with_an_operator_of_its_own_is_refused(path: Path) -> None:
    """A function of the same name takes the operator's place."""
    save(path, drawn(LSTM), LSTM)
    model = onnx.load_model_from_string(path.read_bytes())
    model.functions.add(name="LSTM", domain="")
    path.write_bytes(model.SerializeToString())
    message = "net.onnx says itself what LSTM computes, expected ONNX's own operator"
    assert refused(path, LSTM, "onnx") == (ValueError, message)


def test_the_other_kind_of_operator_is_not_taken(path: Path) -> None:
    """A GRU for an LSTM."""
    changed(path, GRU, lambda graph: None)
    found = refused(path, LSTM, "onnx")
    assert found == (ValueError, "net.onnx has 0 operators LSTM, expected 1: name them in nodes")


def test_a_huge_file_is_refused(path: Path) -> None:
    """By its size, unread."""
    sparse(path, b"", 1 << 36)
    kind, message = refused(path, LSTM, "onnx")
    assert kind is Damaged
    assert message.startswith(f"net.onnx holds {1 << 36} bytes, expected at most ")


def test_what_is_no_model_is_refused(path: Path) -> None:
    """Random bytes, and a model cut short."""
    path.write_bytes(b"\xff" * 100)
    kind, message = refused(path, LSTM, "onnx")
    assert kind is Damaged
    assert message.startswith("net.onnx is no ONNX model: ")
    save(path, drawn(LSTM), LSTM)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        assert issubclass(refused(path, LSTM, "onnx")[0], ValueError)


@pytest.mark.parametrize(
    ("name", "layout", "options", "message"),
    [
        ("w.pt", None, {}, "w.pt ends with '.pt', expected .safetensors, .npz or .onnx"),
        ("w.npz", "keras", {}, "layout is 'keras', expected one of own, torch, onnx"),
        ("w.onnx", "torch", {}, "layout is 'torch', but w.onnx is a model, whose layout is 'onnx'"),
        ("w.npz", "onnx", {"nodes": ["a"]}, "nodes and most belong to ONNX models, but w.npz is none"),
        ("w.npz", "onnx", {"most": 9}, "nodes and most belong to ONNX models, but w.npz is none"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path, name: str, layout: Any, options: dict[str, Any], message: str
) -> None:
    """Before a file is looked for."""
    with pytest.raises(ValueError, match=r"^.") as caught:
        load(tmp_path / name, LSTM, layout, **options)
    assert str(caught.value).replace(f"{tmp_path}/", "") == message
