"""Lengths and masks: padded steps do nothing, whatever stands on them."""

from typing import Any

import numpy as np
import pytest
from lstm_examples import gradients_of, layer_cotangents, layer_inputs, roundings, run

from lstm_ref import FGR, SEED, STANDARD, VANILLA, Variant

SIZES = T, B, D, H = 5, 4, 3, 2
LENGTHS = np.array([5, 0, 2, 1])
MASK = np.array([[1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 1, 0], [1, 0, 0, 1], [1, 0, 0, 0]], dtype=bool)
CELLS = [SEED, STANDARD, VANILLA, FGR]
BY_NAME = [cell.name for cell in CELLS]


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_a_padded_row_is_that_row_alone_and_shorter(cell: Variant) -> None:
    """Outputs, last output, last state and gradients of a row are those of its own steps alone; beyond, all is zero."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    h, h_T, s_T, _ = run(inputs, cell, LENGTHS)
    x_bar = gradients_of(inputs, cotangents, cell, LENGTHS)[0]
    for row, length in ((0, 5), (2, 2), (3, 1)):
        alone = [inputs[0][:length, row : row + 1], *(one[row : row + 1] for one in inputs[1:3]), *inputs[3:]]
        bars = [cotangents[0][:length, row : row + 1], *(one[row : row + 1] for one in cotangents[1:])]
        expected = run(alone, cell)
        assert roundings(h[:length, row], expected[0][:, 0]) < 8
        assert roundings(h_T[row], expected[1][0]) < 8
        assert roundings(s_T[row], expected[2][0]) < 8
        assert roundings(x_bar[:length, row], gradients_of(alone, bars, cell)[0][:, 0]) < 16
        assert not h[length:, row].any()
        assert not x_bar[length:, row].any()


def test_a_sequence_without_steps_hands_on_what_it_is_given() -> None:
    """Of length 0, h_T is h0 and s_T is s0, and so it is with their cotangents."""
    inputs, cotangents = layer_inputs(*SIZES), layer_cotangents(*SIZES)
    _, h_T, s_T, _ = run(inputs, SEED, LENGTHS)
    _, h0_bar, s0_bar, *_ = gradients_of(inputs, cotangents, SEED, LENGTHS)
    assert (h_T[1] == inputs[1][1]).all()
    assert (s_T[1] == inputs[2][1]).all()
    assert (h0_bar[1] == cotangents[1][1]).all()
    assert (s0_bar[1] == cotangents[2][1]).all()


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
@pytest.mark.parametrize("lengths", [LENGTHS, MASK], ids=["lengths", "mask"])
def test_what_stands_on_padding_changes_nothing(lengths: np.ndarray, cell: Variant) -> None:
    """Other inputs and cotangents on padded steps give the same outputs and gradients to the bit."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    pad = ~MASK if lengths is MASK else np.arange(T)[:, None] >= LENGTHS
    x, h_bar = (np.where(pad[..., None], 7.0, one) for one in (inputs[0], cotangents[0]))
    moved, moved_bars = [x, *inputs[1:]], [h_bar, *cotangents[1:]]
    pairs = list(zip(run(inputs, cell, lengths)[:3], run(moved, cell, lengths)[:3], strict=True))
    gradients = gradients_of(inputs, cotangents, cell, lengths)
    pairs += zip(gradients, gradients_of(moved, moved_bars, cell, lengths), strict=True)
    assert all((one == other).all() for one, other in pairs)
    assert not gradients[0][pad].any()


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_full_lengths_are_none_and_a_mask_of_lengths_is_lengths(cell: Variant) -> None:
    """Lengths of T give the bits of no lengths, and a mask that spells lengths gives those of the lengths."""
    inputs, cotangents = layer_inputs(*SIZES, cell=cell), layer_cotangents(*SIZES)
    spelled = np.arange(T)[:, None] < LENGTHS
    for one, other in ((None, np.full(B, T)), (LENGTHS, spelled), (LENGTHS, LENGTHS.tolist())):
        first, second = (gradients_of(inputs, cotangents, cell, lengths) for lengths in (one, other))
        assert all((a == b).all() for a, b in zip(first, second, strict=True))


BAD: list[tuple[Any, type[Exception], str]] = [
    ([5, 0, 6, 1], ValueError, "lengths[2] is 6, expected a length from 0 to T=5"),
    ([5, -1, 2, 1], ValueError, "lengths[1] is -1, expected a length from 0 to T=5"),
    ([5, 0, 2], ValueError, "lengths has shape (3,), expected (B,) with B=4"),
    (MASK[:4], ValueError, "lengths is a mask of shape (4, 4), expected (T, B) with T=5, B=4"),
    (
        [1.0, 2.0, 3.0, 4.0],
        TypeError,
        "lengths holds float64, expected whole numbers (B,) or a mask of booleans (T, B)",
    ),
]


@pytest.mark.parametrize(("lengths", "kind", "message"), BAD)
def test_lengths_that_do_not_fit_are_refused(lengths: Any, kind: type[Exception], message: str) -> None:
    """The sentence says which length, what it is and what was expected."""
    with pytest.raises(kind) as caught:
        run(layer_inputs(*SIZES), SEED, lengths)
    assert str(caught.value) == message
