"""Variants: what they are made of, which ones there are, and what they refuse."""

from typing import Any

import numpy as np
import pytest
from lstm_examples import layer_inputs, roundings, run

from lstm_ref import (
    CIFG,
    FGR,
    NIG,
    NP,
    SEED,
    STANDARD,
    VANILLA,
    VARIANTS,
    Variant,
    forward,
    initial_parameters,
    variant,
)

SIZES = T, B, D, H = 3, 2, 4, 3


def sigmoid(a: np.ndarray) -> np.ndarray:
    """As it is usually written."""
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in ("fgr", "seed", "standard")])
def test_the_last_step_is_the_papers_formula(name: str) -> None:
    """From the outputs and states before it, the last output is what the equations of the paper give."""
    cell = VARIANTS[name]
    inputs = layer_inputs(*SIZES, cell=cell)
    h, h_T, s_T, tape = run(inputs, cell)
    x, _, _, W, U, b = inputs[:6]
    K = len(cell.gates)
    p = dict(zip(cell.gates[1:], inputs[6] if cell.peepholes else np.zeros((K - 1, H)), strict=True))
    a = dict(zip(cell.gates, np.split(x[-1] @ W.T + h[-2] @ U.T + b, K, axis=1), strict=True))
    s_prev = tape.s[-2]
    i = sigmoid(a["i"] + p["i"] * s_prev) if "i" in a else np.ones_like(s_prev)
    f = sigmoid(a["f"] + p["f"] * s_prev) if "f" in a else 1 - i if name == "cifg" else np.ones_like(s_prev)
    s = (a["g"] if name == "niaf" else np.tanh(a["g"])) * i + s_prev * f
    o = sigmoid(a["o"] + p["o"] * s) if "o" in a else 1.0
    assert roundings(s_T, s) < 8
    assert roundings(h_T, (s if name == "noaf" else np.tanh(s)) * o) < 8


def test_gates_see_all_gates_of_the_step_before() -> None:
    """Full gate recurrence at the last step: i looks at i, f and o of the step before through three of nine blocks."""
    inputs = layer_inputs(*SIZES, cell=FGR)
    h, _, _, tape = run(inputs, FGR)
    x, _, _, W, U, b, p, V = inputs
    a_i = (x[-1] @ W.T + h[-2] @ U.T + b)[:, H : 2 * H] + p[0] * tape.s[-2]
    gates = np.split(tape.q[-2], 3, axis=1)
    seen = sum(gates[k] @ V[:H, k * H : (k + 1) * H].T for k in range(3))
    assert roundings(tape.q[-1][:, :H], sigmoid(a_i + seen)) < 8


def test_the_common_cells_are_variants() -> None:
    """Nine variants of the paper by name in either case; no peepholes is the standard cell."""
    assert {"vanilla", "nig", "nfg", "nog", "niaf", "noaf", "cifg", "np", "fgr"} < set(VARIANTS)
    assert variant("np") is NP is STANDARD
    assert variant("CIFG") is CIFG
    assert [cell.gates for cell in (SEED, NIG, CIFG)] == [tuple("gifo"), tuple("gfo"), tuple("gio")]


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    (
        {"input_gate": False, "forget_gate": False, "output_gate": False},
        ValueError,
        "variant 'mine' has no gate at all, expected an input, forget or output gate",
    ),
    (
        {"coupled": True, "input_gate": False},
        ValueError,
        "variant 'mine' couples f = 1 - i, expected an input and a forget gate",
    ),
    (
        {"gate_recurrence": True, "coupled": True},
        ValueError,
        "variant 'mine' has gate recurrence, expected three gates that are not coupled",
    ),
    ({"peepholes": 1}, TypeError, "peepholes is 1, expected True or False"),
]


@pytest.mark.parametrize(("features", "kind", "message"), BAD)
def test_features_that_exclude_each_other_are_refused(
    features: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """A cell that cannot be is refused in one sentence."""
    with pytest.raises(kind) as caught:
        Variant("mine", **features)
    assert str(caught.value) == message


def test_an_unknown_variant_is_refused() -> None:
    """The sentence names all there are."""
    with pytest.raises(ValueError, match=r"^variant is 'nope', expected one of vanilla, nig, .*, standard, seed$"):
        variant("nope")


def test_parameters_belong_to_the_cell() -> None:
    """Peepholes that are missing, given where there are none, or of the wrong number are refused."""
    inputs = layer_inputs(*SIZES, cell=VANILLA)
    with pytest.raises(ValueError, match=r"^p is None, but the 'vanilla' cell has it: expected \(3, H\)$"):
        forward(*inputs[:6], VANILLA)
    with pytest.raises(ValueError, match=r"^p is given, but the 'seed' cell has none: expected None$"):
        forward(*inputs[:6], SEED, inputs[6])
    with pytest.raises(ValueError, match=r"^p has shape \(2, 3\), expected \(3, H\) with H=3$"):
        forward(*inputs[:6], VANILLA, inputs[6][:2])
    with pytest.raises(ValueError, match=r"^W has shape \(12, 4\), expected \(3H, D\) with D=4, H=3$"):
        forward(*inputs[:6], NIG, inputs[6])


@pytest.mark.parametrize("cell", VARIANTS.values(), ids=list(VARIANTS))
@pytest.mark.parametrize("R", [None, 2])
def test_initial_parameters_fit_their_cell(cell: Variant, R: int | None) -> None:
    """A layer takes what was drawn for it, with and without projection."""
    drawn = initial_parameters(H, D, cell=cell, projection=R)._asdict()
    h0, s0 = np.zeros((B, R or H)), np.zeros((B, H))
    further = [drawn.get(name) for name in ("p", "V", "P")]
    h, *_ = forward(np.ones((T, B, D)), h0, s0, drawn["W"], drawn["U"], drawn["b"], cell, *further)
    assert h.shape == (T, B, R or H)


def test_the_forget_bias_is_set_where_there_is_one() -> None:
    """It fills the forget gate's biases alone; a cell without them refuses it."""
    b = initial_parameters(H, D, lambda shape: np.zeros(shape), NIG, forget_bias=2.0).b
    assert b.tolist() == [0.0] * H + [2.0] * H + [0.0] * H
    with pytest.raises(
        ValueError, match=r"^forget_bias is 1.0, but the 'coupled' cell has no forget gate with a bias$"
    ):
        initial_parameters(H, D, cell=CIFG, forget_bias=1.0)
    with pytest.raises(ValueError, match=r"^forget_bias is nan, expected a finite number such as 1.0$"):
        initial_parameters(H, D, forget_bias=float("nan"))
