"""Weights in memory that are not what they are said to be: one sentence each, which names tensor and shapes."""

from typing import Any

import numpy as np
import pytest
from interop_tools import drawn, same

from lstm_ref import BOTH, NFG, REVERSED, Parameters, Variant
from lstm_ref.weights import Gru, Lstm, from_onnx, from_torch, gradients_to_torch, load, to_onnx, to_torch

SMALL = Lstm(D=3, H=2)


def state(**changes: Any) -> dict[str, Any]:
    """A state dict for SMALL, with some tensors replaced; None takes one out."""
    tensors: dict[str, Any] = {**to_torch(drawn(SMALL), SMALL), **changes}
    return {name: value for name, value in tensors.items() if value is not None}


def test_the_state_dict_itself_is_taken() -> None:
    """The control of all below: unchanged, it is read."""
    assert same(from_torch(state(), SMALL), drawn(SMALL))


ALL = "weight_ih_l0 (8, 3), weight_hh_l0 (8, 2), bias_ih_l0 (8,), bias_hh_l0 (8,)"
NAMES = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"
LONG = "/etc/" + "x" * 100


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"weight_hh_l0": None}, ValueError, f"the state dict lacks weight_hh_l0, expected {ALL}"),
        (
            {"bias_ih_l0": None, "bias_hh_l0": None},
            ValueError,
            f"the state dict lacks bias_ih_l0, bias_hh_l0, expected {ALL}",
        ),
        (
            {"weight_hr_l0": np.ones((1, 2))},
            ValueError,
            f"the state dict holds 'weight_hr_l0', expected only {NAMES}",
        ),
        ({"../../x": np.ones(1)}, ValueError, f"the state dict holds '../../x', expected only {NAMES}"),
        ({LONG: np.ones(1)}, ValueError, f"the state dict holds '/etc/{'x' * 54}…, expected only {NAMES}"),
        (
            {"weight_ih_l0": np.ones((3, 8))},
            ValueError,
            "weight_ih_l0 in the state dict has shape (3, 8), expected (8, 3)",
        ),
        (
            {"weight_ih_l0": np.ones((6, 3))},
            ValueError,
            "weight_ih_l0 in the state dict has shape (6, 3), expected (8, 3)",
        ),
        (
            {"bias_ih_l0": np.ones((8, 1))},
            ValueError,
            "bias_ih_l0 in the state dict has shape (8, 1), expected (8,)",
        ),
        (
            {"bias_ih_l0": np.ones(8, dtype=int)},
            TypeError,
            "bias_ih_l0 in the state dict holds int64, expected float64: convert one of them",
        ),
        (
            {"bias_ih_l0": np.full(8, None)},
            TypeError,
            "bias_ih_l0 in the state dict holds object, expected float64: convert one of them",
        ),
        (
            {"bias_ih_l0": np.ones(8, dtype=complex)},
            TypeError,
            "bias_ih_l0 in the state dict holds complex128, expected float64: convert one of them",
        ),
        (
            {"bias_ih_l0": np.ones(8, dtype=">f8")},
            TypeError,
            "bias_ih_l0 in the state dict holds >f8, expected float64: convert one of them",
        ),
        ({"bias_ih_l0": [0.0] * 8}, TypeError, "bias_ih_l0 in the state dict is a list, expected an array"),
        (
            {"bias_ih_l0": np.ma.masked_array(np.ones(8), mask=True)},
            TypeError,
            "bias_ih_l0 in the state dict is a MaskedArray, expected an array",
        ),
        (
            {"weight_hh_l0": np.full((8, 2), np.nan)},
            ValueError,
            "weight_hh_l0 in the state dict holds NaN or infinity, expected finite numbers",
        ),
        (
            {"bias_hh_l0": np.full(8, np.inf)},
            ValueError,
            "bias_hh_l0 in the state dict holds NaN or infinity, expected finite numbers",
        ),
        (
            {"bias_ih_l0": np.full(8, 1e308), "bias_hh_l0": np.full(8, 1e308)},
            ValueError,
            "bias_ih_l0 + bias_hh_l0 in torch's layout holds NaN or infinity, expected finite numbers",
        ),
    ],
    ids=lambda value: str(sorted(value))[:40] if isinstance(value, dict) else "",
)
def test_a_wrong_state_dict_is_refused(changes: dict[str, Any], kind: type[Exception], message: str) -> None:
    """Each with its sentence, to the letter."""
    with pytest.raises(kind) as caught:
        from_torch(state(**changes), SMALL)
    assert str(caught.value) == message


def test_long_lists_are_cut() -> None:
    """What is missing and what was expected, in a network of many layers."""
    deep = Lstm(D=3, H=2, layers=50)
    with pytest.raises(ValueError, match=r"^the state dict lacks ") as caught:
        from_torch({}, deep)
    first = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l1 and 195 more"
    assert str(caught.value) == (f"the state dict lacks {first}, expected {ALL}, weight_ih_l1 (8, 2) and 195 more")


def test_weights_of_the_other_kind_are_refused() -> None:
    """A GRU's for an LSTM, by the rows of its gates."""
    gru = Gru(D=3, H=2)
    with pytest.raises(ValueError, match=r"^weight_ih_l0 in the state dict has shape \(6, 3\), expected \(8, 3\)$"):
        from_torch(to_torch(drawn(gru), gru), SMALL)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: Lstm(D=3, H=2, cell="transformer"),
            ValueError,
            "variant is 'transformer', expected one of vanilla, nig, nfg, nog, niaf, noaf, cifg, np, fgr, standard, "
            "seed",
        ),
        (lambda: Lstm(D=3, H=2, cell=3), TypeError, "cell is a int, expected a Variant or the name of one"),
        (lambda: Lstm(D=0, H=2), ValueError, "D is 0, expected a whole number of at least 1"),
        (lambda: Lstm(D=3, H=2.5), TypeError, "H is 2.5, expected a whole number of at least 1"),
        (lambda: Gru(D=3, H=2, layers=0), ValueError, "layers is 0, expected a whole number of at least 1"),
        (lambda: Lstm(D=3, H=2, projection=0), ValueError, "projection is 0, expected a whole number of at least 1"),
        (lambda: Gru(D=3, H=2, bias=1), TypeError, "bias is 1, expected True or False"),
        (lambda: Gru(D=3, H=2, reset_after=0), TypeError, "reset_after is 0, expected True or False"),
        (lambda: Lstm(D=3, H=2, dtype="int64"), ValueError, "dtype is 'int64', expected float32 or float64"),
        (lambda: Lstm(D=3, H=2, dtype=None), ValueError, "dtype is None, expected float32 or float64"),
        (
            lambda: Lstm(D=3, H=2, directions=(-1, 1)),
            ValueError,
            "directions is (-1, 1), expected FORWARDS (1,), REVERSED (-1,) or BOTH (1, -1)",
        ),
        (
            lambda: from_torch(state(), "lstm"),
            TypeError,
            "configuration is a str, expected Lstm(…) or Gru(…)",
        ),
        (
            lambda: from_torch([np.ones(1)], SMALL),
            TypeError,
            "the state dict is a list, expected a mapping of names to arrays",
        ),
    ],
)
def test_wrong_options_are_refused(make: Any, kind: type[Exception], message: str) -> None:
    """Before anything is read."""
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("exchange", "configuration", "message"),
    [
        (
            from_torch,
            Lstm(D=3, H=2, cell="vanilla"),
            "torch's LSTM has the 'standard' cell, but the cell is 'vanilla'",
        ),
        (
            from_torch,
            Lstm(D=3, H=2, cell=Variant("mine", gate_recurrence=True)),
            "torch's LSTM has the 'standard' cell, but the cell is 'mine'",
        ),
        (
            to_torch,
            Lstm(D=3, H=2, directions=REVERSED),
            "torch has no layer that only runs backwards, expected directions FORWARDS or BOTH",
        ),
        (
            to_torch,
            Gru(D=3, H=2, reset_after=False),
            "torch's GRU resets after the product, expected reset_after=True",
        ),
        (
            from_torch,
            Lstm(D=3, H=2, projection=2),
            "torch projects to fewer numbers than there are cells, but projection is 2 and H is 2",
        ),
        (from_onnx, Lstm(D=3, H=2, projection=1), "ONNX's LSTM has no projection, but projection is 1"),
        (
            from_onnx,
            Lstm(D=3, H=2, cell=NFG),
            "ONNX's LSTM has the 'standard' or the 'vanilla' cell (other activations and input_forget are not "
            "exchanged), but the cell is 'no forget gate'",
        ),
        (
            to_onnx,
            Lstm(D=3, H=2, cell="cifg"),
            "ONNX's LSTM has the 'standard' or the 'vanilla' cell (other activations and input_forget are not "
            "exchanged), but the cell is 'coupled'",
        ),
    ],
)
def test_what_a_format_cannot_hold_is_refused(exchange: Any, configuration: Any, message: str) -> None:
    """In both directions, whatever is handed over."""
    with pytest.raises(ValueError, match=r"^.") as caught:
        exchange([] if exchange in (to_torch, to_onnx) else {}, configuration)
    assert str(caught.value) == message


def test_a_cell_of_another_name_that_does_the_same_is_taken() -> None:
    """What counts is what it does."""
    mine = Lstm(D=3, H=2, cell=Variant("mine"))
    assert same(from_torch(state(), mine), drawn(SMALL))


@pytest.mark.parametrize(
    ("layers", "configuration", "kind", "message"),
    [
        ([], SMALL, ValueError, "layers holds 0 sets of parameters, expected 1"),
        (drawn(SMALL), Lstm(D=3, H=2, directions=BOTH), ValueError, "layers holds 1 sets of parameters, expected 2"),
        (
            drawn(SMALL)[0],
            SMALL,
            TypeError,
            "layers is a Parameters, expected a list: one for each layer and direction",
        ),
        ([{}], SMALL, TypeError, "layers[0] is a dict, expected named parameters such as W, U and b"),
        (drawn(SMALL), Lstm(D=3, H=3), ValueError, "0.W in the list of layers has shape (8, 3), expected (12, 3)"),
        (
            drawn(Lstm(D=3, H=2, cell="vanilla")),
            SMALL,
            ValueError,
            "the list of layers holds '0.p', expected only 0.W, 0.U, 0.b",
        ),
        (
            drawn(Gru(D=3, H=2)),
            SMALL,
            ValueError,
            "the list of layers holds '0.c', expected only 0.W, 0.U, 0.b",
        ),
        (
            drawn(SMALL),
            Gru(D=3, H=2),
            ValueError,
            "the list of layers lacks 0.c, expected 0.W (6, 3), 0.U (6, 2), 0.b (6,), 0.c (6,)",
        ),
        (
            [Parameters(np.full((8, 3), np.nan), np.ones((8, 2)), np.ones(8))],
            SMALL,
            ValueError,
            "0.W in the list of layers holds NaN or infinity, expected finite numbers",
        ),
        (
            drawn(SMALL),
            Lstm(D=3, H=2, dtype="float32"),
            TypeError,
            "0.W in the list of layers holds float64, expected float32: convert one of them",
        ),
        (
            drawn(SMALL),
            Lstm(D=3, H=2, bias=False),
            ValueError,
            "b of layers[0] is not zero, but bias=False leaves no place for it in torch's layout",
        ),
    ],
)
def test_wrong_layers_are_refused_on_the_way_out(
    layers: Any, configuration: Any, kind: type[Exception], message: str
) -> None:
    """Nothing is written that could not be read again."""
    with pytest.raises(kind) as caught:
        to_torch(layers, configuration)
    assert str(caught.value) == message


def test_gradients_of_biases_that_torch_has_not_are_left_out() -> None:
    """They are not zero, and that is no mistake."""
    configuration = Lstm(D=3, H=2, bias=False)
    assert set(gradients_to_torch(drawn(SMALL), configuration)) == {"weight_ih_l0", "weight_hh_l0"}


def test_a_missing_P_is_named() -> None:
    """Peepholes are expected for the vanilla cell, and refused for the standard one."""
    plain, vanilla = SMALL, Lstm(D=3, H=2, cell="vanilla")
    expected = "W_l0 (1, 8, 3), R_l0 (1, 8, 2), B_l0 (1, 16), P_l0 (1, 6)"
    with pytest.raises(ValueError, match=r"^what is given lacks P_l0, expected ") as caught:
        from_onnx(to_onnx(drawn(plain), plain), vanilla)
    assert str(caught.value).endswith(expected)
    with pytest.raises(ValueError, match=r"^what is given holds 'P_l0', expected only W_l0, R_l0, B_l0$"):
        from_onnx(to_onnx(drawn(vanilla), vanilla), plain)


def test_what_is_read_is_a_copy() -> None:
    """Changing the layers changes nothing that was handed over, nor the other way round."""
    given = state()
    before = {name: value.copy() for name, value in given.items()}
    for parameter in from_torch(given, SMALL)[0]:
        parameter[...] = np.nan
    assert all((given[name] == before[name]).all() for name in before)
    layers = drawn(SMALL)
    for written in (to_torch(layers, SMALL), to_onnx(layers, SMALL)):
        for tensor in written.values():
            tensor[...] = np.nan
    assert same(layers, drawn(SMALL))


def test_nothing_is_half_loaded(tmp_path: Any) -> None:
    """A file that is not there is said to be, by the operating system."""
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz", SMALL)
