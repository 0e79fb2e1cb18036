"""torch's own networks: state dicts in and out, and the same outputs and gradients for the same weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop_tools import NETWORKS, Case, drawn, same, worst

from lstm_ref.weights import Gru, Lstm, from_torch, gradients_to_torch, load, save, to_torch
from lstm_ref.weights.configuration import Configuration

torch = pytest.importorskip("torch", reason="needs the extra torch")


def network(configuration: Configuration) -> Any:
    """torch's network of this configuration, with the weights that torch draws."""
    torch.manual_seed(5)
    kind, options = torch.nn.GRU, dict[str, Any]()
    if isinstance(configuration, Lstm):
        kind, options = torch.nn.LSTM, {"proj_size": configuration.projection or 0}
    return kind(
        configuration.D,
        configuration.H,
        configuration.layers,
        bias=configuration.bias,
        bidirectional=len(configuration.directions) == 2,
        dtype=getattr(torch, str(configuration.dtype)),
        **options,
    )


def tensors(state: dict[str, Any]) -> dict[str, Any]:
    """torch's tensors of these arrays."""
    return {name: torch.from_numpy(array) for name, array in state.items()}


def by_torch(net: Any, case: Case) -> dict[str, Any]:
    """torch's outputs and gradients, the latter by torch's names of the parameters."""
    x, *states = (torch.from_numpy(array.copy()).requires_grad_() for array in [case.x, *case.states])
    y, last = net(x, states[0] if isinstance(case.configuration, Gru) else tuple(states))
    outputs = [y, last] if isinstance(case.configuration, Gru) else [y, *last]
    named = {"x": x} | dict(zip(["h0", "s0"], states, strict=False)) | dict(net.named_parameters())
    bars = [torch.from_numpy(bar) for bar in case.cotangents]
    gradients = torch.autograd.grad(outputs, list(named.values()), bars)
    found = dict(zip(named, gradients, strict=True)) | {f"out[{n}]": one for n, one in enumerate(outputs)}
    return {name: one.detach().numpy() for name, one in found.items()}


def by_us(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our outputs and gradients in torch's layout, and what is allowed between the two, likewise."""
    outputs, inputs, layers = case.ours()
    found = gradients_to_torch(layers, case.configuration) | dict(zip(["x", "h0", "s0"], inputs, strict=False))
    found |= {f"out[{n}]": one for n, one in enumerate(outputs)}
    allowed = case.bounds()
    rows = [
        type(layer)(*(allowed[f"{k}.{name}"].astype(case.configuration.dtype) for name in layer._fields))
        for k, layer in enumerate(case.layers)
    ]
    others = {name: bound for name, bound in allowed.items() if "." not in name}
    return found, gradients_to_torch(rows, case.configuration) | others


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_network_of_torch_computes_the_same_here(name: str) -> None:
    """Every output and gradient in float64, each within twice the derived bound of one sound run."""
    net = network(NETWORKS[name])
    case = Case(NETWORKS[name], from_torch(net.state_dict(), NETWORKS[name]))
    found, allowed = by_us(case)
    assert worst(found, by_torch(net, case), allowed) <= 1


@pytest.mark.parametrize("name", list(NETWORKS))
def test_our_weights_compute_the_same_in_torch(name: str) -> None:
    """The way out: weights of order one, loaded by torch with `strict=True`."""
    net, case = network(NETWORKS[name]), Case(NETWORKS[name])
    net.load_state_dict(tensors(to_torch(case.layers, case.configuration)), strict=True)
    found, allowed = by_us(case)
    assert worst(found, by_torch(net, case), allowed) <= 1


def test_a_wrong_order_of_gates_is_seen() -> None:
    """The control: with two gates of torch's exchanged, the same comparison fails by far."""
    net = network(NETWORKS["lstm"])
    case = Case(NETWORKS["lstm"], from_torch(net.state_dict(), NETWORKS["lstm"]))
    with torch.no_grad():
        net.weight_ih_l0.copy_(torch.roll(net.weight_ih_l0, 2, dims=0))
    found, allowed = by_us(case)
    assert worst(found, by_torch(net, case), allowed) > 1e9


@pytest.mark.parametrize("name", list(NETWORKS))
def test_weights_go_to_torch_and_back_bit_for_bit(name: str) -> None:
    """Out through torch's `state_dict` and in again, nothing has changed."""
    net, layers = network(NETWORKS[name]), drawn(NETWORKS[name])
    net.load_state_dict(tensors(to_torch(layers, NETWORKS[name])))
    assert same(from_torch(net.state_dict(), NETWORKS[name]), layers)


@pytest.mark.parametrize("name", [name for name, one in NETWORKS.items() if getattr(one, "projection", None) is None])
def test_the_round_trip_through_torch_and_onnx_keeps_the_gradients(name: str, tmp_path: Path) -> None:
    """torch to ours to a model of ONNX's and back: torch's gradients before and after agree within the bound."""
    pytest.importorskip("onnx", reason="needs the extra interop")
    configuration, first, second = NETWORKS[name], network(NETWORKS[name]), network(NETWORKS[name])
    case = Case(configuration, from_torch(first.state_dict(), configuration))
    save(tmp_path / "net.onnx", case.layers, configuration)
    back = load(tmp_path / "net.onnx", configuration)
    assert same(back, case.layers)
    second.load_state_dict(tensors(to_torch(back, configuration)))
    _, allowed = by_us(case)
    assert worst(by_torch(second, case), by_torch(first, case), allowed) <= 1


def test_float32_agrees_within_its_own_bound() -> None:
    """The same comparison in float32."""
    configuration = Lstm(D=3, H=4, layers=2, dtype="float32")
    net = network(configuration)
    case = Case(configuration, from_torch(net.state_dict(), configuration))
    found, allowed = by_us(case)
    assert worst(found, by_torch(net, case), allowed) <= 1


def test_files_that_torch_writes_are_read(tmp_path: Path) -> None:
    """safetensors as its own module for torch writes them, with metadata."""
    writer = pytest.importorskip("safetensors.torch", reason="needs the extra interop")
    net, configuration = network(NETWORKS["gru"]), NETWORKS["gru"]
    writer.save_file(net.state_dict(), tmp_path / "net.safetensors", metadata={"format": "pt"})
    assert same(load(tmp_path / "net.safetensors", configuration, "torch"), from_torch(net.state_dict(), configuration))


def test_torch_reads_the_files_that_we_write(tmp_path: Path) -> None:
    """And `load_state_dict` takes what it reads."""
    reader = pytest.importorskip("safetensors.torch", reason="needs the extra interop")
    net, configuration = network(NETWORKS["lstm of everything"]), NETWORKS["lstm of everything"]
    layers = drawn(configuration)
    save(tmp_path / "net.safetensors", layers, configuration, "torch")
    net.load_state_dict(reader.load_file(tmp_path / "net.safetensors"), strict=True)
    assert same(from_torch(net.state_dict(), configuration), layers)


def test_tensors_of_another_dtype_are_refused() -> None:
    """bfloat16 has no counterpart here, and float32 is not taken for float64."""
    configuration = Lstm(D=1, H=1)
    for dtype in (torch.bfloat16, torch.float32, torch.int64):
        state = {name: value.to(dtype) for name, value in network(configuration).state_dict().items()}
        kind = str(dtype).removeprefix("torch.")
        message = f"weight_ih_l0 in the state dict holds {kind}, expected float64: convert one of them"
        with pytest.raises(TypeError) as caught:
            from_torch(state, configuration)
        assert str(caught.value) == message


def test_parameters_that_want_gradients_are_taken() -> None:
    """`dict(module.named_parameters())` does as well as the state dict, and is copied."""
    net, configuration = network(NETWORKS["lstm"]), NETWORKS["lstm"]
    (layer,) = from_torch(dict(net.named_parameters()), configuration)
    layer.W[:] = np.nan
    assert bool(torch.isfinite(net.weight_ih_l0).all())
