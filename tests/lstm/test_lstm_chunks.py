"""Sequences in chunks: carried, truncated, checkpointed."""

import itertools
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from lstm_examples import NAMES, complex_step, layer_cotangents, layer_inputs, roundings

from lstm_ref import STANDARD, backward, checkpointed, checkpointing, chunked, chunks, forward, truncated
from lstm_ref.checkpointing import root_of
from lstm_ref.variant import VANILLA

SIZES = (5, 2, 3, 2)  # T, B, D, H
STEPS = [1, 2, 3, 4, 5, 6, 100]
BOTH = [chunks, checkpointing]
BY_NAME = [module.__name__ for module in BOTH]


def whole() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Outputs and gradients of the sequence in one piece."""
    *outputs, tape = forward(*layer_inputs(*SIZES), STANDARD)
    return outputs, list(backward(*layer_cotangents(*SIZES), tape))


def in_pieces(module: ModuleType, steps: int | None) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Outputs and gradients of the sequence in chunks."""
    *outputs, tape = module.forward(*layer_inputs(*SIZES), STANDARD, steps=steps)
    return outputs, list(module.backward(*layer_cotangents(*SIZES), tape))


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
@pytest.mark.parametrize("steps", STEPS)
def test_chunks_are_the_whole(module: ModuleType, steps: int) -> None:
    """Outputs and gradients of a sequence in chunks are those of the sequence in one piece."""
    for got, expected in zip(in_pieces(module, steps), whole(), strict=True):
        assert max(map(roundings, got, expected)) < 8


@pytest.mark.parametrize("steps", STEPS)
def test_checkpointed_gradients_have_the_bits_of_chunks(steps: int) -> None:
    """Running a chunk again gives the same tape, and so the same gradients to the bit."""
    for got, expected in zip(in_pieces(checkpointing, steps), in_pieces(chunks, steps), strict=True):
        assert all((one == other).all() for one, other in zip(got, expected, strict=True))


@pytest.mark.parametrize("lengths", [None, [5, 2], [0, 4], np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], bool)])
@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
def test_chunks_of_every_feature_are_the_whole(module: ModuleType, lengths: Any) -> None:
    """Peepholes, a projection, lengths and masks with gaps: outputs and gradients stay those of one piece."""
    shapes = [(5, 2, 3), (2, 4), (2, 2), (8, 3), (8, 4), (8,), (3, 2), (4, 2), (5, 2, 4), (2, 4), (2, 2)]
    generator = np.random.default_rng(3)
    *inputs, p, P, h_bar, h_T_bar, s_T_bar = (generator.uniform(-1, 1, shape) for shape in shapes)
    further = {"p": p, "P": P, "lengths": lengths}
    *expected, tape = forward(*inputs, VANILLA, **further)
    expected += backward(h_bar, h_T_bar, s_T_bar, tape)
    *got, tape = module.forward(*inputs, VANILLA, **further, steps=2)
    gradients = module.backward(h_bar, h_T_bar, s_T_bar, tape)
    got += gradients
    assert gradients._fields == ("x", "h0", "s0", "W", "U", "b", "p", "P")
    assert max(float(np.abs(one - other).max()) for one, other in zip(got, expected, strict=True)) < 1e-14


def test_checkpoints_stand_every_root_of_the_steps() -> None:
    """Without `steps` a chunk has √T steps, rounded up."""
    assert [root_of(np.empty((T, 1, 1))) for T in (1, 2, 4, 5, 9, 10, 10_000, 10_001)] == [1, 2, 2, 3, 3, 4, 100, 101]
    *_, tape = checkpointing.forward(*layer_inputs(*SIZES))
    assert tape.chunks == (slice(0, 3), slice(3, 5))


def test_a_stream_of_chunks_by_hand_is_the_whole() -> None:
    """Carrying h and s forwards and their cotangents back by hand gives the gradients of the whole sequence."""
    x, h0, s0, *parameters = layer_inputs(*SIZES)
    h_bar, h_T_bar, s_T_bar = layer_cotangents(*SIZES)
    _, h, s, first = forward(x[:2], h0, s0, *parameters, STANDARD)
    *_, second = forward(x[2:], h, s, *parameters, STANDARD)
    late = backward(h_bar[2:], h_T_bar, s_T_bar, second)
    early = backward(h_bar[:2], late.h0, late.s0, first)
    got = [np.concatenate([early.x, late.x]), early.h0, early.s0, early.W + late.W, early.U + late.U, early.b + late.b]
    assert max(map(roundings, got, whole()[1])) < 8


# ---- truncated


def frozen(k: int, inputs: list[np.ndarray]) -> Any:
    """The outputs as a function of the inputs, where what every chunk but the first starts from is a constant."""
    x, h, s, *parameters = inputs
    starts = []
    for start in range(0, len(x), k):
        starts.append((h, s))
        _, h, s, _ = forward(x[start : start + k], h, s, *parameters, STANDARD)

    def outputs(x: np.ndarray, h0: np.ndarray, s0: np.ndarray, *parameters: np.ndarray) -> list[np.ndarray]:
        pieces = []
        for start, (h, s) in zip(range(0, len(x), k), [(h0, s0), *starts[1:]], strict=True):
            *piece, _ = forward(x[start : start + k], h.astype(x.dtype), s.astype(x.dtype), *parameters, STANDARD)
            pieces.append(piece)
        return [np.concatenate([h for h, _, _ in pieces]), pieces[-1][1], pieces[-1][2]]

    return outputs


@pytest.mark.parametrize("k", STEPS)
def test_truncated_gradients_are_derivatives_with_constant_starts(k: int) -> None:
    """Every entry is the derivative of the outputs where h and s at steps k, 2k, … count as constants."""
    inputs, cotangents = layer_inputs(*SIZES), layer_cotangents(*SIZES)
    expected = complex_step(frozen(k, inputs), inputs, cotangents)
    *_, tape = chunks.forward(*inputs, STANDARD, steps=k)
    got = chunks.backward_truncated(*cotangents, tape)
    for name, gradient, derivative in zip(NAMES, got, expected, strict=True):
        assert np.allclose(gradient, derivative, rtol=0, atol=1e-14 * max(1.0, np.abs(derivative).max())), name


@pytest.mark.parametrize("k", [5, 6])
def test_a_truncation_that_cuts_nothing_is_the_derivative(k: int) -> None:
    """With k ≥ T the truncated gradients are the gradients, to the bit."""
    *_, tape = chunks.forward(*layer_inputs(*SIZES), STANDARD, steps=k)
    got = chunks.backward_truncated(*layer_cotangents(*SIZES), tape)
    assert all((one == other).all() for one, other in zip(got, whole()[1], strict=True))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_truncation_cuts(k: int) -> None:
    """The control: with k < T every gradient is another, but for those of x in the last chunk."""
    *_, tape = chunks.forward(*layer_inputs(*SIZES), STANDARD, steps=k)
    got, expected = chunks.backward_truncated(*layer_cotangents(*SIZES), tape), whole()[1]
    assert min(map(roundings, got, expected)) > 1e9
    last = tape.chunks[-1]
    assert roundings(got.x[last], expected[0][last]) < 8


def test_a_late_loss_does_not_reach_an_earlier_chunk() -> None:
    """A cotangent of the last output alone gives x nothing before the last chunk."""
    *_, tape = chunks.forward(*layer_inputs(*SIZES), STANDARD, steps=2)
    x_bar = chunks.backward_truncated(None, np.ones((2, 2)), None, tape).x
    assert (x_bar[:4] == 0).all()
    assert (x_bar[4] != 0).all()


# ---- cotangents, memory, misuse


@pytest.mark.parametrize("pull", [chunks.backward, chunks.backward_truncated], ids=["carried", "truncated"])
def test_no_cotangent_is_a_cotangent_of_zero(pull: Any) -> None:
    """None stands for zeros, one output at a time."""
    *_, tape = chunks.forward(*layer_inputs(*SIZES), STANDARD, steps=2)
    cotangents = layer_cotangents(*SIZES)
    for given in itertools.product([True, False], repeat=3):
        some = [bar if here else None for here, bar in zip(given, cotangents, strict=True)]
        filled = [bar if here else np.zeros_like(bar) for here, bar in zip(given, cotangents, strict=True)]
        assert all((one == two).all() for one, two in zip(pull(*some, tape), pull(*filled, tape), strict=True))


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
def test_chunks_keep_what_they_are_given_and_give_fresh_arrays(module: ModuleType) -> None:
    """Inputs and cotangents keep their bits, a second backward gives the same ones, and nothing shares memory."""
    inputs, cotangents = layer_inputs(*SIZES), layer_cotangents(*SIZES)
    *outputs, tape = module.forward(*inputs, STANDARD, steps=2)
    first, second = module.backward(*cotangents, tape), module.backward(*cotangents, tape)
    assert all((one == two).all() for one, two in zip(first, second, strict=True))
    assert all((one == two).all() for one, two in zip(inputs, layer_inputs(*SIZES), strict=True))
    assert all((one == two).all() for one, two in zip(cotangents, layer_cotangents(*SIZES), strict=True))
    fresh = [*outputs, *first, *second]
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(fresh, 2))
    assert not any(np.shares_memory(one, other) for one in fresh for other in [*inputs, *cotangents])


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
def test_chunks_keep_the_dtype(module: ModuleType) -> None:
    """In float32 outputs and gradients are float32."""
    *outputs, tape = module.forward(*layer_inputs(*SIZES, np.float32), STANDARD, steps=2)
    gradients = module.backward(*layer_cotangents(*SIZES, np.float32), tape)
    assert {array.dtype for array in [*outputs, *gradients]} == {np.dtype(np.float32)}


def peak(module: ModuleType, **options: Any) -> int:
    """Bytes in use at the highest, beside inputs, for 900 steps there and back."""
    sizes = (900, 2, 4, 8)
    inputs, cotangents = layer_inputs(*sizes), layer_cotangents(*sizes)
    tracemalloc.start()
    *_, tape = module.forward(*inputs, STANDARD, **options)
    module.backward(*cotangents, tape)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


def test_checkpoints_save_memory() -> None:
    """What is in use at the highest, outputs and gradients included, is less than two fifths of what chunks need."""
    peak(checkpointing)  # whatever is made once
    assert 2.5 * peak(checkpointing) < peak(chunks, steps=30)


MISUSE = [
    ({"steps": 0}, ValueError, "steps is 0, expected a whole number of at least 1"),
    ({"steps": 2.0}, TypeError, "steps is 2.0, expected a whole number of at least 1"),
    ({"x": np.ones((0, 2, 3))}, ValueError, "x has shape (0, 2, 3), expected (T, B, D) with every size at least 1"),
    ({"x": np.float64(1)}, ValueError, "x has shape (), expected (T, B, D) with every size at least 1"),
    ({"x": 1.0}, TypeError, "x is a float, expected an array of floating-point numbers"),
    ({"h0": np.ones((3, 2))}, ValueError, "h0 has shape (3, 2), expected (B, H) with B=2"),
    ({"W": np.ones((8, 2))}, ValueError, "W has shape (8, 2), expected (4H, D) with D=3, H=2"),
    ({"steps": True}, TypeError, "steps is True, expected a whole number of at least 1"),
    ({"s0": None}, TypeError, "s0 is a NoneType, expected an array of floating-point numbers"),
    ({"cell": "standard"}, TypeError, "cell is a str, expected a Variant, such as SEED or STANDARD"),
    ({"lengths": [5, 6]}, ValueError, "lengths[1] is 6, expected a length from 0 to T=5"),
    (
        {"lengths": np.ma.masked_array([1, 2], [0, 1])},
        TypeError,
        "lengths is a masked array, expected whole numbers (B,) or a mask of booleans (T, B)",
    ),
]


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
@pytest.mark.parametrize(("changed", "kind", "sentence"), MISUSE)
def test_misuse_of_chunks_is_a_sentence(module: ModuleType, changed: Any, kind: Any, sentence: str) -> None:
    """What cannot be run is refused, with what was given and what was expected."""
    given = dict(zip(NAMES, layer_inputs(*SIZES), strict=True)) | {"steps": 2} | changed
    with pytest.raises(kind) as caught:
        module.forward(**given)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
def test_misuse_of_their_backward_is_a_sentence(module: ModuleType) -> None:
    """A cotangent of another shape or dtype is refused before anything is computed."""
    *_, tape = module.forward(*layer_inputs(*SIZES), STANDARD, steps=2)
    with pytest.raises(ValueError, match=r"^h_bar has shape \(4, 2, 2\), expected \(T, B, R\) with T=5, B=2, R=2$"):
        module.backward(np.ones((4, 2, 2)), None, None, tape)
    with pytest.raises(TypeError, match=r"^s_T_bar holds float32, expected float64 like the other"):
        module.backward(None, None, np.ones((2, 2), dtype=np.float32), tape)
    *_, other = forward(*layer_inputs(*SIZES), STANDARD)
    for wrong, named in ((None, "None"), (other, "a Tape")):
        with pytest.raises(TypeError, match=f"^tape is {named}, expected the tape that forward returned$"):
            module.backward(None, None, None, wrong)


@pytest.mark.parametrize("module", BOTH, ids=BY_NAME)
def test_what_is_refused_costs_nothing(module: ModuleType) -> None:
    """Parameters that do not fit a long sequence are refused before anything of its length is allocated."""
    x, h0, s0, W, U, b = layer_inputs(20_000, 2, 3, 2)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"^U has shape \(2, 8\), expected \(4H, H\) with H=2$"):
        module.forward(x, h0, s0, W, U.T, b, STANDARD, steps=100)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200_000  # outputs would take 640,000 bytes


@pytest.mark.parametrize(("make", "name"), [(chunked, "steps"), (checkpointed, "steps"), (truncated, "k")])
@pytest.mark.parametrize("value", [0, -1])
def test_an_unrolling_needs_steps(make: Any, name: str, value: int) -> None:
    """Fewer steps than 1 are refused where the unrolling is made."""
    with pytest.raises(ValueError, match=f"^{name} is {value}, expected a whole number of at least 1$"):
        make(value)
