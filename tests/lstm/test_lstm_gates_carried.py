"""A cell with gate recurrence in pieces: what its gates were is carried on, and their cotangent back."""

import itertools
import operator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from lstm_examples import complex_step, roundings

from lstm_ref import (
    BOTH,
    FGR,
    STANDARD,
    VANILLA,
    Architecture,
    Parameters,
    Variant,
    checkpointed,
    checkpointing,
    chunked,
    chunks,
    layer,
    network,
    step,
    step_vjp,
    truncated,
)
from lstm_ref.named import parameters

SIZES = T, B, D, H, R = 5, 3, 3, 2, 4
STEPS = [1, 2, 3, 4, 5, 100]
MODULES = [chunks, checkpointing]
BY_NAME = [module.__name__ for module in MODULES]
PLAIN = Variant("gates alone", gate_recurrence=True)
MASK = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=bool)
LENGTHS = {"all": None, "lengths": [5, 0, 2], "within the first chunk": [1, 1, 0], "mask": MASK}
SHAPES: dict[str, tuple[int, ...]] = {
    **{"x": (T, B, D), "h0": (B, R), "s0": (B, H), "W": (4 * H, D), "U": (4 * H, R), "b": (4 * H,), "p": (3, H)},
    **{"V": (3 * H, 3 * H), "P": (R, H), "q0": (B, 3 * H)},
    **{"h_bar": (T, B, R), "h_T_bar": (B, R), "s_T_bar": (B, H), "q_T_bar": (B, 3 * H)},
}
BARS = ("h_bar", "h_T_bar", "s_T_bar", "q_T_bar")


def drawn(dtype: Any = float) -> dict[str, np.ndarray]:
    """Inputs and cotangents by name, of order one."""
    generator = np.random.default_rng(8)
    return {name: generator.uniform(-1, 1, shape).astype(dtype) for name, shape in SHAPES.items()}


def split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs, and the cotangents."""
    return {name: one for name, one in given.items() if name not in BARS}, {name: given[name] for name in BARS}


def run(module: ModuleType, lengths: Any = None, **options: Any) -> dict[str, np.ndarray]:
    """Outputs and gradients by name, of the gates too."""
    inputs, bars = split(drawn())
    h, h_T, s_T, tape = module.forward(**inputs, cell=FGR, lengths=lengths, **options)
    gradients = module.backward(tape=tape, **bars)._asdict()
    return {"h": h, "h_T": h_T, "s_T": s_T, "q_T": tape.q_T, **{f"{name}_bar": one for name, one in gradients.items()}}


def farthest(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """The largest difference, in roundings, over what both name; they name the same."""
    assert list(one) == list(other)
    return max(roundings(one[name], other[name]) for name in one)


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("module", MODULES, ids=BY_NAME)
def test_chunks_are_the_whole(module: ModuleType, steps: int, lengths: Any) -> None:
    """Outputs and gradients of a sequence in chunks are those of one piece, q0 and q_T among them."""
    assert farthest(run(module, lengths, steps=steps), run(layer, lengths)) < 32


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
@pytest.mark.parametrize("steps", STEPS)
def test_checkpoints_have_the_bits_of_chunks(steps: int, lengths: Any) -> None:
    """Running a chunk again from the gates that were kept gives the same gradients to the bit."""
    got, expected = run(checkpointing, lengths, steps=steps), run(chunks, lengths, steps=steps)
    assert all((got[name] == expected[name]).all() for name in expected)


@pytest.mark.parametrize("module", [layer, *MODULES], ids=["lstm_ref.layer", *BY_NAME])
def test_gates_that_are_not_given_are_zero(module: ModuleType) -> None:
    """Without q0 everything has the bits that q0 = 0 gives, but nothing is said of its cotangent."""
    inputs, bars = split(drawn())
    options = {} if module is layer else {"steps": 2}
    inputs["q0"] = np.zeros_like(inputs["q0"])
    *given, tape = module.forward(**inputs, cell=FGR, **options)
    *absent, without = module.forward(**{**inputs, "q0": None}, cell=FGR, **options)
    found, fewer = module.backward(tape=tape, **bars), module.backward(tape=without, **bars)
    assert found._fields == (*fewer._fields, "q0")
    assert all((one == other).all() for one, other in zip([*absent, *fewer], [*given, *found[:-1]], strict=True))
    with pytest.raises(AttributeError, match=r"^no gates q0 were given$"):
        operator.attrgetter("q0")(fewer)


@pytest.mark.parametrize("module", [layer, *MODULES], ids=["lstm_ref.layer", *BY_NAME])
def test_no_cotangent_of_the_gates_is_one_of_zero(module: ModuleType) -> None:
    """Absent, q_T_bar counts as zero; present, it changes every gradient."""
    inputs, bars = split(drawn())
    options = {} if module is layer else {"steps": 2}
    *_, tape = module.forward(**inputs, cell=FGR, **options)
    q_T_bar = bars.pop("q_T_bar")
    absent = module.backward(tape=tape, **bars)
    zero, present = (module.backward(tape=tape, **bars, q_T_bar=bar) for bar in (0 * q_T_bar, q_T_bar))
    assert all((one == other).all() for one, other in zip(absent, zero, strict=True))
    assert min(map(roundings, absent, present)) > 1e6


def test_gradients_of_the_gates_are_derivatives() -> None:
    """The complex step sees every entry of every gradient of the layer, through q_T and to q0."""
    inputs, bars = split(drawn())
    names = list(inputs)

    def outputs(*arrays: np.ndarray) -> list[np.ndarray]:
        *found, tape = layer.forward(**dict(zip(names, arrays, strict=True)), cell=FGR, lengths=[5, 0, 2])
        return [*found, tape.q_T]

    expected = complex_step(outputs, list(inputs.values()), list(bars.values()))
    got = run(layer, [5, 0, 2])
    for name, derivative in zip(names, expected, strict=True):
        assert roundings(got[f"{name}_bar"], derivative) < 64, name


def test_a_sequence_that_has_ended_hands_its_gates_on() -> None:
    """Past its end a row keeps its gates over whole chunks, and their cotangent comes back as it is; to the bit."""
    found = run(chunks, [5, 0, 1], steps=2)
    assert (found["q_T"][1] == drawn()["q0"][1]).all()
    assert (found["q0_bar"][1] == drawn()["q_T_bar"][1]).all()
    assert (found["q_T"][2] == run(chunks, [1, 1, 1], steps=2)["q_T"][2]).all()


def test_calls_carry_on_where_the_last_one_ended() -> None:
    """h_T, s_T and q_T forwards and their cotangents backwards, by hand, are the whole; chunks as well as layers."""
    inputs, bars = split(drawn())
    x, first, h_bar = inputs.pop("x"), {name: inputs.pop(name) for name in ("h0", "s0", "q0")}, bars.pop("h_bar")
    for options, module in (({}, layer), ({"steps": 2}, chunks), ({"steps": 2}, checkpointing)):
        _, h, s, early = module.forward(x[:3], **first, **inputs, cell=FGR, **options)
        *_, late = module.forward(x[3:], h, s, **inputs, cell=FGR, q0=early.q_T, **options)
        after = module.backward(h_bar[3:], tape=late, **bars)
        before = module.backward(h_bar[:3], after.h0, after.s0, early, after.q0)
        whole = run(layer)
        for name in ("h0", "s0", "q0"):
            assert roundings(getattr(before, name), whole[f"{name}_bar"]) < 32
        for name in inputs:
            assert roundings(getattr(before, name) + getattr(after, name), whole[f"{name}_bar"]) < 32
        assert roundings(np.concatenate([before.x, after.x]), whole["x_bar"]) < 32


# ---- truncated


@pytest.mark.parametrize("k", STEPS)
def test_truncated_gradients_are_those_of_constant_starts(k: int) -> None:
    """Each chunk alone, from h, s and q as they came to it: the parameters' gradients add up, q0's is of the first."""
    inputs, bars = split(drawn())
    *_, tape = chunks.forward(**inputs, cell=FGR, steps=k)
    got = chunks.backward_truncated(tape=tape, **bars)
    x, h, s, q = (inputs.pop(name) for name in ("x", "h0", "s0", "q0"))
    parts, starts = [], range(0, T, k)
    for start in starts:
        _, h, s, own = layer.forward(x[start : start + k], h, s, **inputs, cell=FGR, q0=q)
        q = own.q_T
        last = [bars[name] * (start == starts[-1]) for name in BARS[1:]]
        parts.append(layer.backward(bars["h_bar"][start : start + k], *last[:2], own, last[2]))
    assert roundings(got.x, np.concatenate([part.x for part in parts])) < 32
    for name in ("h0", "s0", "q0"):
        assert roundings(getattr(got, name), getattr(parts[0], name)) < 32
    for name in inputs:
        assert roundings(getattr(got, name), sum(getattr(part, name) for part in parts)) < 32


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_truncation_cuts_the_gates(k: int) -> None:
    """A cotangent of the last gates alone reaches no earlier chunk; without truncation it does."""
    inputs, bars = split(drawn())
    *_, tape = chunks.forward(**inputs, cell=FGR, steps=k)
    first = tape.chunks[-1].start
    cut, whole = (
        pull(None, None, None, tape, bars["q_T_bar"]) for pull in (chunks.backward_truncated, chunks.backward)
    )
    assert not cut.x[:first].any()
    assert not cut.q0.any()
    assert whole.x[:first].all()
    assert whole.q0.all()


# ---- networks


def a_network(unrolling: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Inputs of two layers in both directions of the cell with gate recurrence, and cotangents of its outputs."""
    generator = np.random.default_rng(2)

    def draw(*shape: int) -> np.ndarray:
        return generator.uniform(-1, 1, shape)

    def one(width: int) -> Parameters:
        return parameters(draw(8, width), draw(8, 2), draw(8), p=draw(3, 2), V=draw(6, 6), P=None)

    inputs = {"x": draw(5, 2, 3), "h0": draw(4, 2, 2), "s0": draw(4, 2, 2), "q0": draw(4, 2, 6)}
    inputs |= {"layers": [one(3), one(3), one(4), one(4)], "architecture": Architecture(FGR, BOTH, unrolling=unrolling)}
    return inputs, [draw(5, 2, 4), draw(4, 2, 2), draw(4, 2, 2), draw(4, 2, 6)]


def run_network(unrolling: Any, lengths: Any = (5, 2)) -> dict[str, np.ndarray]:
    """Outputs and gradients of the network by name."""
    inputs, (y_bar, h_T_bar, s_T_bar, q_T_bar) = a_network(unrolling)
    y, h_T, s_T, tape = network.forward(**inputs, lengths=list(lengths))
    x_bar, h0_bar, s0_bar, layers_bar, q0_bar = network.backward(y_bar, h_T_bar, s_T_bar, tape, q_T_bar)
    found = {"y": y, "h_T": h_T, "s_T": s_T, "q_T": tape.q_T, "x": x_bar, "h0": h0_bar, "s0": s0_bar, "q0": q0_bar}
    return found | {f"{k}.{name}": bar for k, one in enumerate(layers_bar) for name, bar in one._asdict().items()}


@pytest.mark.parametrize("unrolling", [chunked(2), checkpointed(), truncated(5)])
def test_networks_carry_gates_however_they_walk(unrolling: Any) -> None:
    """In chunks, checkpointed, or truncated beyond the end: outputs and gradients are those of whole layers."""
    expected = run_network(Architecture().unrolling)
    assert set(expected) >= {"q_T", "q0", *(f"{k}.{name}" for k in range(4) for name in "WUbpV")}
    assert farthest(run_network(unrolling), expected) < 64


def test_truncated_networks_cut() -> None:
    """The control: a truncation within the sequence gives every layer other gradients."""
    one, other = run_network(truncated(2)), run_network(chunked(2))
    assert min(roundings(one[f"{k}.V"], other[f"{k}.V"]) for k in range(4)) > 1e6


def test_a_network_carries_on_where_the_last_call_ended() -> None:
    """In one direction, q_T of a call into q0 of the next, and its cotangent back, is the whole sequence."""
    inputs, (_, h_T_bar, s_T_bar, q_T_bar) = a_network(chunked(2))
    inputs["layers"] = [inputs["layers"][0], inputs["layers"][1]._replace(W=inputs["layers"][1].W[:, :2])]
    inputs |= {name: inputs[name][:2] for name in ("h0", "s0", "q0")} | {"architecture": Architecture(FGR)}
    bars, x = (h_T_bar[:2], s_T_bar[:2]), inputs.pop("x")
    *_, tape = network.forward(x, **inputs)
    whole = network.backward(None, *bars, tape, q_T_bar[:2])
    _, h, s, early = network.forward(x[:3], **inputs)
    *_, late = network.forward(x[3:], **{**inputs, "h0": h, "s0": s, "q0": early.q_T})
    after = network.backward(None, *bars, late, q_T_bar[:2])
    before = network.backward(None, after.h0, after.s0, early, after.q0)
    assert roundings(before.q0, whole.q0) < 64
    for own, first, second in zip(whole.layers, before.layers, after.layers, strict=True):
        assert max(roundings(f + s, w) for w, f, s in zip(own, first, second, strict=True)) < 64


def test_a_network_without_gates_says_nothing_of_them() -> None:
    """No field q0 where none was given; no gates of the last steps for a cell without gate recurrence."""
    layers = [Parameters(np.ones((4, 1)), np.ones((4, 1)), np.ones(4))]
    *_, tape = network.forward(np.ones((2, 1, 1)), np.ones((1, 1, 1)), np.ones((1, 1, 1)), layers)
    assert tape.q_T is None
    found = network.backward(None, None, np.ones((1, 1, 1)), tape)
    assert found._fields == ("x", "h0", "s0", "layers")
    with pytest.raises(AttributeError, match=r"^no gates q0 were given$"):
        operator.attrgetter("q0")(found)


# ---- memory, steps, misuse


@pytest.mark.parametrize("module", [layer, *MODULES], ids=["lstm_ref.layer", *BY_NAME])
def test_gates_keep_what_they_are_given_and_are_fresh(module: ModuleType) -> None:
    """q0 and q_T_bar keep their bits, a second backward gives the same ones, nothing shares memory, in float32 too."""
    options = {} if module is layer else {"steps": 2}
    for dtype in (np.float64, np.float32):
        inputs, bars = split(drawn(dtype))
        *outputs, tape = module.forward(**inputs, cell=FGR, lengths=[5, 0, 2], **options)
        first, second = (module.backward(tape=tape, **bars) for _ in range(2))
        assert all((one == other).all() for one, other in zip(first, second, strict=True))
        kept = drawn(dtype)
        assert all((one == kept[name]).all() for name, one in {**inputs, **bars}.items())
        fresh = [*outputs, tape.q_T, *first, *second]
        assert {one.dtype for one in fresh} == {np.dtype(dtype)}
        assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(fresh, 2))
        assert not any(np.shares_memory(one, other) for one in fresh for other in [*inputs.values(), *bars.values()])


def test_a_step_without_a_next_one_has_no_cotangent_of_gates() -> None:
    """`step_vjp` of a cell with gate recurrence takes an absent q_bar for zero, and adds one that is there."""
    a, s_prev = np.linspace(-1, 1, 8)[None], np.ones((1, 2))
    *_, tape = step(a, s_prev, PLAIN)
    bars = np.ones((1, 2)), np.zeros((1, 2))
    absent, zero = step_vjp(*bars, tape), step_vjp(*bars, tape, None, np.zeros((3, 1, 2)))
    assert all((one == other).all() for one, other in zip(absent, zero, strict=True))
    more = step_vjp(*bars, tape, None, np.ones((3, 1, 2)))[0] - absent[0]
    assert (more[:, :2] == 0).all()
    assert roundings(more[:, 2:], 1 / (2 + 2 * np.cosh(a[:, 2:]))) < 8


Q0 = [
    (np.ones((3, 2)), ValueError, "q0 has shape (3, 2), expected (B, 3H) with B=3, H=2"),
    (np.ones((2, 6)), ValueError, "q0 has shape (2, 6), expected (B, 3H) with B=3, H=2"),
    (np.ones((3, 3, 2)), ValueError, "q0 has shape (3, 3, 2), expected (B, 3H) with B=3, H=2"),
    (
        np.ones((3, 6), dtype=np.float32),
        TypeError,
        "q0 holds float32, expected float64 like the other arrays: convert one",
    ),
    (np.ones((3, 6), dtype=int), TypeError, "q0 holds int64, expected floating-point numbers: convert it with .astype"),
    (np.full((3, 6), np.nan), ValueError, "q0 holds NaN or infinity, expected finite numbers"),
    ([[0.0]], TypeError, "q0 is a list, expected an array of floating-point numbers"),
]


@pytest.mark.parametrize("module", [layer, *MODULES], ids=["lstm_ref.layer", *BY_NAME])
@pytest.mark.parametrize(("value", "kind", "sentence"), Q0)
def test_gates_that_do_not_fit_are_refused(module: ModuleType, value: Any, kind: Any, sentence: str) -> None:
    """q0 and q_T_bar alike: shape, dtype, finite; in one sentence, before anything is computed."""
    inputs, bars = split(drawn())
    options = {} if module is layer else {"steps": 2}
    with pytest.raises(kind) as caught:
        module.forward(**{**inputs, "q0": value}, cell=FGR, **options)
    assert str(caught.value).startswith(sentence)
    *_, tape = module.forward(**inputs, cell=FGR, **options)
    with pytest.raises(kind) as caught:
        module.backward(**{**bars, "q_T_bar": value}, tape=tape)
    assert str(caught.value).startswith(sentence.replace("q0", "q_T_bar", 1))


@pytest.mark.parametrize("cell", [VANILLA, STANDARD], ids=["vanilla", "standard"])
@pytest.mark.parametrize("module", [layer, *MODULES], ids=["lstm_ref.layer", *BY_NAME])
def test_gates_are_refused_by_a_cell_that_carries_none(module: ModuleType, cell: Variant) -> None:
    """q0 and q_T_bar for another cell, and no q_T from it."""
    inputs, bars = split(drawn())
    options = {} if module is layer else {"steps": 2}
    q0, _, p = inputs.pop("q0"), inputs.pop("V"), inputs.pop("p")
    inputs["p"] = p if cell.peepholes else None
    with pytest.raises(ValueError, match=f"^q0 is given, but the '{cell.name}' cell has none: expected None$"):
        module.forward(**inputs, cell=cell, q0=q0, **options)
    *_, tape = module.forward(**inputs, cell=cell, **options)
    assert tape.q_T is None
    with pytest.raises(ValueError, match=f"^q_T_bar is given, but the '{cell.name}' cell has none: expected None$"):
        module.backward(**bars, tape=tape)


def test_gates_of_a_network_that_do_not_fit_are_refused() -> None:
    """One q0 for each layer and direction, of the right width; none for another cell."""
    inputs, bars = a_network(chunked(2))
    sentence = r"^q0 has shape \(2, 2, 6\), expected \(K, B, 3H\) with K=4, B=2, H=2$"
    with pytest.raises(ValueError, match=sentence):
        network.forward(**{**inputs, "q0": inputs["q0"][:2]})
    *_, tape = network.forward(**inputs)
    with pytest.raises(ValueError, match=sentence.replace("q0", "q_T_bar")):
        network.backward(*bars[:3], tape, bars[3][:2])
    layers = [one._asdict() for one in inputs["layers"]]
    inputs["layers"] = [parameters(one["W"], one["U"], one["b"], p=None, V=None, P=None) for one in layers]
    inputs["architecture"] = Architecture(STANDARD, BOTH)
    with pytest.raises(ValueError, match=r"^q0 is given, but the 'standard' cell has none: expected None$"):
        network.forward(**inputs)
    q0 = inputs.pop("q0")
    *_, tape = network.forward(**inputs)
    with pytest.raises(ValueError, match=r"^q_T_bar is given, but the 'standard' cell has none: expected None$"):
        network.backward(None, None, None, tape, q0)
