"""The layer: values, gradients, and what it leaves alone."""

import itertools

import numpy as np
import pytest
from lstm_examples import (
    SIZES,
    arrays,
    complex_step,
    gradients_of,
    layer_cotangents,
    layer_inputs,
    present,
    roundings,
    run,
)

from lstm_ref import Gradients, LstmNode, LstmParam, LstmState, Variant, backward, forward, step
from lstm_ref.parameters import Parameters, from_gates, to_gates
from lstm_ref.variant import VARIANTS

CELLS = [cell for name, cell in VARIANTS.items() if name != "np"]  # which is the standard one
BY_NAME = [cell.name for cell in CELLS]
Sizes = tuple[int, int, int, int]


def classic_param(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> LstmParam:
    """The same parameters in the classic objects."""
    weights, biases = to_gates(Parameters(W, U, b))
    values = iter(weights + biases)
    return LstmParam(len(b) // 4, W.shape[1], lambda shape: next(values))


def classic_run(inputs: list[np.ndarray], cotangents: list[np.ndarray], row: int) -> tuple[list[np.ndarray], Gradients]:
    """Outputs h, h_T, s_T and gradients of one row of the batch, by classic nodes one step at a time."""
    x, h0, s0, *parameters = inputs
    h_bar, h_T_bar, s_T_bar = (array[..., row, :] for array in cotangents)
    param = classic_param(*parameters)
    h, s, nodes = h0[row], s0[row], []
    for x_t in x[:, row]:
        node = LstmNode(param, LstmState(param.mem_cell_ct, param.x_dim))
        node.bottom_data_is(x_t, s, h)
        h, s = node.state.h, node.state.s
        nodes.append(node)
    h_next_bar, s_next_bar, x_bar = h_T_bar, s_T_bar, []
    for node, h_t_bar in zip(nodes[::-1], h_bar[::-1], strict=True):
        node.top_diff_is(h_t_bar + h_next_bar, s_next_bar)
        h_next_bar, s_next_bar = node.state.bottom_diff_h, node.state.bottom_diff_s
        x_bar.append(node.state.bottom_diff_x)
    weights = [param.wg_diff, param.wi_diff, param.wf_diff, param.wo_diff]
    biases = [param.bg_diff, param.bi_diff, param.bf_diff, param.bo_diff]
    outputs = [np.array([node.state.h for node in nodes]), h, s]
    return outputs, Gradients(np.array(x_bar[::-1]), h_next_bar, s_next_bar, *from_gates(weights, biases))


@pytest.mark.parametrize("sizes", SIZES)
def test_outputs_agree_with_the_classic_objects(sizes: Sizes) -> None:
    """h, h_T and s_T of every row are those of classic nodes to the last few bits."""
    inputs, cotangents = layer_inputs(*sizes), layer_cotangents(*sizes)
    h, h_T, s_T, _ = forward(*inputs)
    for row in range(sizes[1]):
        expected, _ = classic_run(inputs, cotangents, row)
        assert max(map(roundings, (h[:, row], h_T[row], s_T[row]), expected)) < 8


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_agree_with_the_classic_objects(sizes: Sizes) -> None:
    """Rows of x, h0 and s0, and the sum over rows of the parameters' gradients, agree to the last few bits."""
    inputs, cotangents = layer_inputs(*sizes), layer_cotangents(*sizes)
    got = backward(*cotangents, forward(*inputs)[3])
    rows = [classic_run(inputs, cotangents, row)[1] for row in range(sizes[1])]
    expected = Gradients(
        np.stack([row.x for row in rows], axis=1),
        np.stack([row.h0 for row in rows]),
        np.stack([row.s0 for row in rows]),
        *(np.sum([row[k] for row in rows], axis=0) for k in (3, 4, 5)),
    )
    assert max(map(roundings, got, expected)) < 16


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_are_the_derivatives(sizes: Sizes, cell: Variant) -> None:
    """Every entry of every gradient agrees with the complex step."""
    inputs, cotangents = layer_inputs(*sizes, cell=cell), layer_cotangents(*sizes)
    expected = complex_step(lambda *moved: run(moved, cell)[:3], inputs, cotangents)
    got = gradients_of(inputs, cotangents, cell)
    for name, gradient, derivative in zip(present(cell), got, expected, strict=True):
        assert roundings(gradient, derivative) < 32, name  # a single entry may be a difference of two terms


INPUTS = [(cell, name) for cell in CELLS for name in present(cell)]


@pytest.mark.parametrize(("cell", "name"), INPUTS, ids=[f"{cell.name} {name}" for cell, name in INPUTS])
def test_gradients_are_central_differences(name: str, cell: Variant) -> None:
    """Along one random direction of each input, a central difference gives the gradient to nine places."""
    sizes = (4, 2, 3, 2)
    inputs, cotangents = layer_inputs(*sizes, cell=cell), layer_cotangents(*sizes)
    position, step_size = present(cell).index(name), 1e-5
    direction = np.random.default_rng(position).uniform(-1, 1, inputs[position].shape)

    def loss(distance: float) -> float:
        moved = [array.copy() for array in inputs]
        moved[position] += distance * direction
        return sum(float((bar * out).sum()) for bar, out in zip(cotangents, run(moved, cell)[:3], strict=True))

    got = float((getattr(backward(*cotangents, run(inputs, cell)[3]), name) * direction).sum())
    assert (loss(step_size) - loss(-step_size)) / (2 * step_size) == pytest.approx(got, rel=0, abs=1e-9)


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_one_step_of_the_layer_is_one_step_of_the_cell(cell: Variant) -> None:
    """With T = 1, h and s are those of `step` for a = W x + U h0 + b."""
    inputs = layer_inputs(1, 3, 4, 2, cell=cell)
    x, h0, s0, W, U, b = inputs[:6]
    h, h_T, s_T, _ = run(inputs, cell)
    p = inputs[6] if cell.peepholes else None
    expected_h, expected_s, _ = step(x[0] @ W.T + h0 @ U.T + b, s0, cell, p=p)
    assert roundings(h[0], expected_h) < 8
    assert (h[0] == h_T).all()
    assert roundings(s_T, expected_s) < 8


def test_the_last_output_is_counted_twice() -> None:
    """A cotangent of h_T and the same one at h[T-1] give the same gradients to the bit."""
    sizes = T, B, _, H = (3, 2, 4, 2)
    tape = forward(*layer_inputs(*sizes))[3]
    h_bar, h_T_bar, s_T_bar = np.zeros((T, B, H)), layer_cotangents(*sizes)[1], np.zeros((B, H))
    late = h_bar.copy()
    late[-1] = h_T_bar
    one, other = backward(h_bar, h_T_bar, s_T_bar, tape), backward(late, np.zeros((B, H)), s_T_bar, tape)
    assert all((first == second).all() for first, second in zip(one, other, strict=True))


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_everywhere(dtype: type, cell: Variant) -> None:
    """Outputs, tape and gradients have the dtype of the inputs."""
    sizes = (3, 2, 4, 2)
    *outputs, tape = run(layer_inputs(*sizes, dtype, cell), cell)
    gradients = backward(*layer_cotangents(*sizes, dtype), tape)
    assert {array.dtype for array in arrays([*outputs, *tape, *gradients])} == {np.dtype(dtype)}


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_float32_is_float64_rounded(cell: Variant) -> None:
    """Gradients in float32 agree with those in float64 to float32's last bits."""
    sizes = (3, 2, 4, 2)
    inputs, cotangents = layer_inputs(*sizes, np.float32, cell), layer_cotangents(*sizes, np.float32)
    got = gradients_of(inputs, cotangents, cell)
    exact, exact_cotangents = ([array.astype(float) for array in some] for some in (inputs, cotangents))
    expected = gradients_of(exact, exact_cotangents, cell)
    assert max(roundings(one, other.astype(np.float32)) for one, other in zip(got, expected, strict=True)) < 16


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_nothing_given_is_changed_and_backward_can_be_repeated(cell: Variant) -> None:
    """Inputs, outputs, cotangents and tape keep their bits, and so does every gradient of a second call."""
    sizes = (3, 2, 4, 2)
    inputs, cotangents = layer_inputs(*sizes, cell=cell), layer_cotangents(*sizes)
    copies = [array.copy() for array in inputs]
    *outputs, tape = run(inputs, cell)
    held = arrays([*inputs, *outputs, *cotangents, *tape])
    before = copies + [array.copy() for array in held[len(inputs) :]]
    first = backward(*cotangents, tape)
    backward(*(2 * cotangent for cotangent in cotangents), tape)
    second = backward(*cotangents, tape)
    assert all(np.array_equal(array, copy, equal_nan=True) for array, copy in zip(held, before, strict=True))
    assert len(first) == len(inputs)
    assert all((one == other).all() for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_gradients_and_outputs_share_no_memory(cell: Variant) -> None:
    """Gradients alias neither each other nor anything else, and outputs alias neither inputs nor tape."""
    sizes = (3, 2, 4, 2)
    inputs, cotangents = layer_inputs(*sizes, cell=cell), layer_cotangents(*sizes)
    *outputs, tape = run(inputs, cell)
    gradients = backward(*cotangents, tape)
    fresh, given = [*gradients, *outputs], arrays([*inputs, *cotangents, *tape])
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(fresh, 2))
    assert not any(np.shares_memory(one, other) for one in fresh for other in given)


@pytest.mark.parametrize("cell", CELLS, ids=BY_NAME)
def test_memory_layout_does_not_matter(cell: Variant) -> None:
    """Inputs and cotangents in Fortran order or with strides give the same gradients to the last few bits."""
    sizes = (3, 2, 4, 2)
    inputs, cotangents = layer_inputs(*sizes, cell=cell), layer_cotangents(*sizes)
    expected = gradients_of(inputs, cotangents, cell)
    other = [np.asfortranarray(array) for array in inputs]
    other[0] = np.repeat(inputs[0], 2, axis=2)[:, :, ::2]
    got = gradients_of(other, list(map(np.asfortranarray, cotangents)), cell)
    assert max(map(roundings, got, expected)) < 8
