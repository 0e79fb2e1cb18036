"""A tape is read only: it may be pulled back through any number of times, with any cotangents."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from lstm_examples import layer_cotangents, layer_inputs, roundings, run

from lstm_ref import (
    BOTH,
    STANDARD,
    Architecture,
    Parameters,
    Variant,
    checkpointing,
    chunks,
    gru_backward,
    gru_forward,
    layer,
    network,
)
from lstm_ref import tape as tape_module
from lstm_ref.tape import Steps
from lstm_ref.variant import VARIANTS

SIZES = (5, 2, 3, 2)  # T, B, D, H
CELLS = [cell for name, cell in VARIANTS.items() if name != "np"]  # which is the standard one
Pair = tuple[list[np.ndarray], Any, Callable[..., Any]]  # cotangents, tape, backward


def of_a_layer() -> Pair:
    """A single layer."""
    return layer_cotangents(*SIZES), layer.forward(*layer_inputs(*SIZES), STANDARD)[3], layer.backward


def in_chunks(module: Any, backward: Callable[..., Any]) -> Pair:
    """A layer in chunks."""
    return layer_cotangents(*SIZES), module.forward(*layer_inputs(*SIZES), STANDARD, steps=2)[3], backward


def of_a_gru(reset_after: bool) -> Pair:
    """A GRU."""
    T, B, D, H = SIZES
    draw = np.random.default_rng(4).uniform
    inputs = [draw(-1, 1, s) for s in [(T, B, D), (B, H), (3 * H, D), (3 * H, H), (3 * H,), (3 * H,)]]
    return layer_cotangents(*SIZES)[:2], gru_forward(*inputs, reset_after)[2], gru_backward


def of_a_network() -> Pair:
    """Two layers in both directions, with dropout between them."""
    T, B, D, H = SIZES
    draw = np.random.default_rng(5).uniform
    layers = [Parameters(draw(-1, 1, (4 * H, w)), draw(-1, 1, (4 * H, H)), draw(-1, 1, 4 * H)) for w in (D, D, 4, 4)]
    states = [draw(-1, 1, (4, B, H)) for _ in range(4)]
    mask = np.arange(T * B * 2 * H).reshape(1, T, B, 2 * H) % 3 > 0
    architecture = Architecture(STANDARD, BOTH, rate=0.25)
    tape = network.forward(draw(-1, 1, (T, B, D)), *states[:2], layers, architecture, mask)[3]
    return [draw(-1, 1, (T, B, 2 * H)), *states[2:]], tape, network.backward


PAIRS = {
    "layer": of_a_layer,
    "chunks": lambda: in_chunks(chunks, chunks.backward),
    "truncated": lambda: in_chunks(chunks, chunks.backward_truncated),
    "checkpointing": lambda: in_chunks(checkpointing, checkpointing.backward),
    "gru, reset after": lambda: of_a_gru(True),
    "gru, reset before": lambda: of_a_gru(False),
    "network": of_a_network,
}


def held(value: Any) -> Iterator[np.ndarray]:
    """The arrays in a tape or in gradients, at any depth."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from held(one)


@pytest.mark.parametrize("name", PAIRS)
def test_a_tape_is_read_only(name: str) -> None:
    """Its arrays can be locked; after a call with other cotangents, the same ones give the same bits."""
    cotangents, tape, backward = PAIRS[name]()
    arrays = list(held(tape))
    assert len(arrays) > 5
    for array in arrays:
        array.flags.writeable = False
    first = list(held(backward(*cotangents, tape)))
    other = list(held(backward(*(0.5 - cotangent for cotangent in cotangents), tape)))
    again = list(held(backward(*cotangents, tape)))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert all((one != two).any() for one, two in zip(first, other, strict=True))


def test_a_backward_that_writes_to_its_tape_is_seen() -> None:
    """The control: a locked array refuses to be written to."""
    _, tape, _ = of_a_layer()
    array = next(held(tape))
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        np.subtract(1.0, array, out=array)


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_how_many_steps_are_taken_at_once_does_not_matter(cell: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs and gradients have the same bits whether steps are taken one, two or all five at a time."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    found = []
    for n in (1, 2, 5):
        monkeypatch.setattr(tape_module, "steps_at_once", lambda _, n=n: n)
        *outputs, tape = run(inputs, cell)
        found.append([*outputs, *layer.backward(*cotangents, tape)])
    assert all((one == other).all() for some in found[1:] for one, other in zip(found[0], some, strict=True))


def test_how_many_inputs_are_taken_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs and gradients agree to the last few bits whether inputs enter one, two or all five steps at a time."""
    inputs, cotangents = layer_inputs(*SIZES), layer_cotangents(*SIZES)
    found = []
    for n in (5, 1, 2):
        monkeypatch.setattr(layer, "steps_at_once", lambda _, n=n: n)
        *outputs, tape = layer.forward(*inputs, STANDARD)
        found.append([*outputs, *layer.backward(*cotangents, tape)])
    assert max(roundings(one, other) for some in found[1:] for one, other in zip(some, found[0], strict=True)) < 8


def test_steps_of_another_chunk_are_seen() -> None:
    """The control: the steps of a tape that are taken again differ from step to step, in either direction."""
    steps = Steps(of_a_layer()[1])
    states = [steps.at(t).s for t in (0, 4, 2, 3, 1)]
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(states, 2))
