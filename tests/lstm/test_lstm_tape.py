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
from lstm_ref.tape import linearised
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
def test_how_many_steps_are_taken_at_once_does_not_matter(cell: Variant) -> None:
    """Outputs and gradients agree to the last few bits whether steps are taken one, two or all five at a time."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    found = []
    for block in (5, 1, 2):
        *outputs, tape = run(inputs, cell, block=block)
        assert len(tape.blocks) == -(-5 // block)
        found.append([*outputs, *layer.backward(*cotangents, tape)])
    assert max(roundings(one, other) for some in found[1:] for one, other in zip(some, found[0], strict=True)) < 8


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_the_memory_of_a_tape_can_be_written_again(cell: Variant) -> None:
    """With a tape whose arrays hold no numbers any more outputs and gradients have the same bits, in its memory."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    *outputs, tape = run(inputs, cell)
    first = [*outputs, *layer.backward(*cotangents, tape)]
    for array in (tape.tails, tape.s, tape.h):
        array.fill(np.nan)
    *outputs, again = run(inputs, cell, out=tape)
    second = [*outputs, *layer.backward(*cotangents, again)]
    assert again.tails is tape.tails
    assert all((one == two).all() for one, two in zip(first, second, strict=True))


def test_the_memory_of_another_layer_is_refused() -> None:
    """A tape of another length, with another dtype or with a projection of its own is no memory for this layer."""
    inputs = layer_inputs(*SIZES)
    *_, tape = layer.forward(*inputs, STANDARD)
    with pytest.raises(ValueError, match=r"^out is a tape .* of float64 and shapes \(\(5, 4, 2, 2\), .* leave"):
        layer.forward(inputs[0][:4], *inputs[1:], STANDARD, out=tape)
    with pytest.raises(ValueError, match=r"expected float32 and"):
        layer.forward(*(array.astype(np.float32) for array in inputs), STANDARD, out=tape)
    with pytest.raises(ValueError, match=r"^out is a tape"):
        layer.forward(*inputs, STANDARD, P=np.eye(len(inputs[2][0])), out=tape)
    with pytest.raises(TypeError, match=r"^out is a list, expected a tape that forward returned$"):
        layer.forward(*inputs, STANDARD, out=[])


def test_steps_of_another_block_are_seen() -> None:
    """The control: the steps of a tape that are taken again differ from step to step."""
    states = [step.s_prev for step in linearised(of_a_layer()[1])]
    assert len(states) == 5
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(states, 2))
