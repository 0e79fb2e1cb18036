"""ONNX's operators: its own node test cases, its reference evaluator, and the gradients of its tensors."""

import importlib
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from interop_tools import OPERATORS, Case, bounds, drawn, same, worst
from jax.nn import sigmoid

from lstm_ref import BOTH, FORWARDS, REVERSED
from lstm_ref.checks import Array
from lstm_ref.weights import Gru, Lstm, from_onnx, gradients_to_onnx, load, save, to_onnx
from lstm_ref.weights.configuration import Configuration
from lstm_ref.weights.graph import INPUTS

onnx = pytest.importorskip("onnx", reason="needs the extra interop")
reference = pytest.importorskip("onnx.reference", reason="needs the extra interop")

DIRECTIONS = {"forward": FORWARDS, "reverse": REVERSED, "bidirectional": BOTH}


# ---- ONNX's own test cases


def node_cases() -> dict[str, Any]:
    """ONNX's test cases of the two operators, by name."""
    every = importlib.import_module("onnx.backend.test.case.node")
    for module in ("lstm", "gru"):
        importlib.import_module(f"onnx.backend.test.case.node.{module}")
    found = [case for case in every._NodeTestCases if case.model.graph.node[0].op_type in INPUTS]
    return {case.name: case for case in found}


CASES = node_cases()


def described(node: Any, given: dict[str, Array]) -> Configuration:
    """What the weights of a node are, from its attributes and the shape of W."""
    said = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    options: dict[str, Any] = {
        "D": given["W"].shape[2],
        "H": said["hidden_size"],
        "directions": DIRECTIONS[said.get("direction", b"forward").decode()],
        "bias": "B" in given,
        "dtype": given["W"].dtype,
    }
    if node.op_type == "GRU":
        return Gru(**options, reset_after=bool(said.get("linear_before_reset", 0)))
    return Lstm(**options, cell="vanilla" if "P" in given else "standard")


def stored(case: Any, given: dict[str, Array]) -> Any:
    """ONNX's model of a test case, with the weights stored in it rather than taken as inputs."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for name in {"W", "R", "B", "P"} & set(given):
        model.graph.initializer.append(onnx.numpy_helper.from_array(given[name], name))
    return model


@pytest.mark.parametrize("name", list(CASES))
def test_onnx_node_cases_come_out(name: str, tmp_path: Path) -> None:
    """ONNX's expected outputs, from the weights read from its own model, within the derived float32 bounds."""
    case = CASES[name]
    node, ((inputs, outputs),) = case.model.graph.node[0], case.data_sets
    given = dict(
        zip([slot for slot, used in zip(INPUTS[node.op_type], node.input, strict=False) if used], inputs, strict=True)
    )
    configuration = described(node, given)
    (tmp_path / "case.onnx").write_bytes(stored(case, given).SerializeToString())
    layers = load(tmp_path / "case.onnx", configuration)
    assert same(layers, from_onnx({f"{k}_l0": v for k, v in given.items() if k in "WRBP"}, configuration))

    batch_first = any(one.name == "layout" and one.i for one in node.attribute)
    x = given["X"].swapaxes(0, 1) if batch_first else given["X"]
    N, H = len(configuration.directions), configuration.H
    zeros = np.zeros((N, x.shape[1], H), dtype=x.dtype)
    slots = ("initial_h",) if node.op_type == "GRU" else ("initial_h", "initial_c")
    ours = Case(configuration, layers, x, [given.get(slot, zeros) for slot in slots])
    found, allowed = ours.gradients_named(), ours.bounds()
    shaped = {"Y": "out[0]", "Y_h": "out[1]", "Y_c": "out[2]"}
    wanted = {shaped[slot]: one for slot, one in zip([one for one in node.output if one], outputs, strict=True)}
    expected = {key: _in_our_shape(key, one, batch_first) for key, one in wanted.items()}
    assert worst({key: found[key] for key in expected}, expected, {key: allowed[key] for key in expected}) <= 1


def _in_our_shape(key: str, value: Array, batch_first: bool) -> Array:
    """ONNX's Y (T, N, B, H) as (T, B, N·H); batch first, (B, T, N, H) and states (B, N, H)."""
    if key != "out[0]":
        return value.swapaxes(0, 1) if batch_first else value
    Y = value.swapaxes(0, 1) if batch_first else value.swapaxes(1, 2)
    return Y.reshape(*Y.shape[:2], -1)


def test_the_node_cases_are_those_known() -> None:
    """What the cases above cover; one that ONNX adds is run as well."""
    assert {
        "test_lstm_defaults",
        "test_lstm_with_initial_bias",
        "test_lstm_with_peepholes",
        "test_lstm_batchwise",
        "test_gru_defaults",
        "test_gru_with_initial_bias",
        "test_gru_seq_length",
        "test_gru_batchwise",
    } <= set(CASES)


# ---- the reference evaluator


def evaluated(path: Path, case: Case) -> dict[str, Array]:
    """What ONNX's reference evaluator computes from a model that we wrote."""
    evaluator = reference.ReferenceEvaluator(str(path))
    N = case.N
    feeds = {"X": case.x}
    for state, letter in zip(case.states, "hc", strict=False):
        layers = range(case.configuration.layers)
        feeds |= {f"initial_{letter}_l{l}": state[l * N : (l + 1) * N] for l in layers}
    found = dict(zip(evaluator.output_names, evaluator.run(None, feeds), strict=True))
    outputs = {"out[0]": found["Y"]}
    for n, letter in enumerate("hc"[: len(case.states)], start=1):
        outputs[f"out[{n}]"] = np.concatenate([found[f"Y_{letter}_l{l}"] for l in range(case.configuration.layers)])
    return outputs


@pytest.mark.parametrize("name", list(OPERATORS))
def test_models_evaluate_to_what_we_compute(name: str, tmp_path: Path) -> None:
    """ONNX's reference evaluator on a model of ours: every output, within twice the bound of one sound run."""
    case = Case(OPERATORS[name])
    save(tmp_path / "net.onnx", case.layers, case.configuration)
    found, allowed, theirs = case.gradients_named(), case.bounds(), evaluated(tmp_path / "net.onnx", case)
    assert worst({key: found[key] for key in theirs}, theirs, {key: allowed[key] for key in theirs}) <= 1
    assert same(load(tmp_path / "net.onnx", case.configuration), case.layers)


def test_a_wrong_order_of_gates_is_seen(tmp_path: Path) -> None:
    """The control: a model with two gates exchanged evaluates to something else."""
    case = Case(OPERATORS["lstm with peepholes"])
    (layer,) = case.layers
    moved = type(layer)(*(np.roll(one, 2, axis=0) if name in "WUb" else one for name, one in layer._asdict().items()))
    save(tmp_path / "net.onnx", [moved], case.configuration)
    found, allowed, theirs = case.gradients_named(), case.bounds(), evaluated(tmp_path / "net.onnx", case)
    assert worst({key: found[key] for key in theirs}, theirs, {key: allowed[key] for key in theirs}) > 1e9


def test_peepholes_of_output_and_forget_gate_are_told_apart(tmp_path: Path) -> None:
    """The control of the order i o f: exchanged, they evaluate to something else."""
    case = Case(OPERATORS["lstm with peepholes"])
    (layer,) = case.layers
    fields = layer._asdict() | {"p": layer.p[[0, 2, 1]]}
    save(tmp_path / "net.onnx", [type(layer)(**fields)], case.configuration)
    found, allowed, theirs = case.gradients_named(), case.bounds(), evaluated(tmp_path / "net.onnx", case)
    assert worst({key: found[key] for key in theirs}, theirs, {key: allowed[key] for key in theirs}) > 1e9


# ---- gradients of ONNX's tensors


def equations(configuration: Configuration) -> Any:
    """One operator in one direction, written for JAX from ONNX's own equations, over its own tensors."""
    H, gru = configuration.H, isinstance(configuration, Gru)

    def lstm(x: Any, h: Any, c: Any, W: Any, R: Any, B: Any, P: Any = None) -> Any:
        p_i, p_o, p_f = jnp.zeros((3, H)) if P is None else P[0].reshape(3, H)
        Wb, Rb = B[0].reshape(2, 4 * H)
        h, c, Y = h[0], c[0], []
        for x_t in x:
            i, o, f, g = jnp.split(x_t @ W[0].T + h @ R[0].T + Wb + Rb, 4, axis=-1)
            i, f = sigmoid(i + p_i * c), sigmoid(f + p_f * c)
            c = f * c + i * jnp.tanh(g)
            h = sigmoid(o + p_o * c) * jnp.tanh(c)
            Y.append(h)
        return jnp.stack(Y), h[None], c[None]

    def unit(x: Any, h: Any, W: Any, R: Any, B: Any) -> Any:
        (W_z, W_r, W_h), (R_z, R_r, R_h) = (one[0].reshape(3, H, -1) for one in (W, R))
        Wb_z, Wb_r, Wb_h, Rb_z, Rb_r, Rb_h = B[0].reshape(6, H)
        h, Y = h[0], []
        for x_t in x:
            z = sigmoid(x_t @ W_z.T + h @ R_z.T + Wb_z + Rb_z)
            r = sigmoid(x_t @ W_r.T + h @ R_r.T + Wb_r + Rb_r)
            after = configuration.reset_after
            seen = r * (h @ R_h.T + Rb_h) if after else (r * h) @ R_h.T + Rb_h
            h = (1 - z) * jnp.tanh(x_t @ W_h.T + seen + Wb_h) + z * h
            Y.append(h)
        return jnp.stack(Y), h[None]

    return unit if gru else lstm


@pytest.mark.parametrize("name", ["lstm", "lstm with peepholes", "gru", "gru, reset before"])
def test_gradients_of_the_tensors_are_those_of_the_equations(name: str) -> None:
    """JAX's gradients of W, R, B and P, where ONNX's equations are differentiated as they stand."""
    from oracle.program import jit_gradients

    case = Case(OPERATORS[name])
    tensors = to_onnx(case.layers, case.configuration)
    outputs, inputs, layers = case.ours()
    found = gradients_to_onnx(layers, case.configuration) | dict(zip(["x", "h0", "s0"], inputs, strict=False))
    found |= {f"out[{n}]": one for n, one in enumerate(outputs)}
    given = dict(zip(["x", "h0", "s0"], [case.x, *case.states], strict=False)) | tensors
    computed, gradients = jit_gradients(equations(case.configuration), given, case.cotangents)
    theirs = gradients | {f"out[{n}]": one for n, one in enumerate(computed)}
    assert worst(found, theirs, bounds(equations(case.configuration), given, case.cotangents)) <= 1


# ---- models


@pytest.mark.parametrize("name", list(OPERATORS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_models_are_read_again_bit_for_bit(name: str, dtype: str, tmp_path: Path) -> None:
    """In both dtypes; the same network gives the same bytes."""
    configuration = type(OPERATORS[name])(**{**vars(OPERATORS[name]), "dtype": dtype})
    layers = drawn(configuration)
    save(tmp_path / "one.onnx", layers, configuration)
    save(tmp_path / "two.onnx", layers, configuration)
    assert same(load(tmp_path / "one.onnx", configuration), layers)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_operators_are_picked_by_name(tmp_path: Path) -> None:
    """Of two stacked operators, the first alone, from a file larger than one layer would make it."""
    whole, first = Lstm(D=2, H=2, layers=2), Lstm(D=2, H=2)
    layers = drawn(whole)
    save(tmp_path / "net.onnx", layers, whole)
    assert same(load(tmp_path / "net.onnx", first, nodes=["layer_0"], most=1 << 20), layers[:1])


def test_numbers_may_stand_in_fields_of_their_type(tmp_path: Path) -> None:
    """`double_data` and `float_data` are read as `raw_data` is."""
    for dtype, field in (("float64", "double_data"), ("float32", "float_data")):
        configuration = Lstm(D=2, H=2, dtype=dtype)
        layers = drawn(configuration)
        save(tmp_path / "net.onnx", layers, configuration)
        model = onnx.load(tmp_path / "net.onnx")
        for tensor in list(model.graph.initializer)[:-1]:
            numbers = onnx.numpy_helper.to_array(tensor).ravel().tolist()
            tensor.ClearField("raw_data")
            getattr(tensor, field).extend(numbers)
        (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
        assert same(load(tmp_path / "net.onnx", configuration), layers)
