"""Networks: layers stacked, in both directions, with dropout between them."""

import itertools
from typing import Any

import numpy as np
import pytest
from lstm_examples import complex_step, roundings

from lstm_ref import (
    BOTH,
    FORWARDS,
    REVERSED,
    SEED,
    STANDARD,
    WHOLE,
    Architecture,
    Parameters,
    checkpointed,
    chunked,
    draw_mask,
    dropout_mask,
    forward,
    initial_parameters,
    network,
    truncated,
    uniform,
)
from lstm_ref.variant import variant

T, B, D, H = 4, 2, 3, 2
DIRECTIONS = [FORWARDS, REVERSED, BOTH]
UNROLLINGS = [WHOLE, chunked(2), checkpointed()]


def example(directions: tuple[int, ...] = BOTH, L: int = 2, dtype: Any = float) -> list[np.ndarray]:
    """x, h0, s0, and W, U and b of every layer and direction, in a list."""
    N = len(directions)
    widths = [D] * N + [N * H] * (N * (L - 1))
    shapes = [(T, B, D), (L * N, B, H), (L * N, B, H)]
    shapes += [shape for width in widths for shape in [(4 * H, width), (4 * H, H), (4 * H,)]]
    return draws(shapes, dtype)


def cotangents_of(directions: tuple[int, ...] = BOTH, L: int = 2, dtype: Any = float) -> list[np.ndarray]:
    """Cotangents of y, h_T and s_T."""
    N = len(directions)
    return draws([(T, B, N * H), (L * N, B, H), (L * N, B, H)], dtype)


def draws(shapes: list[tuple[int, ...]], dtype: Any) -> list[np.ndarray]:
    """Numbers between -1 and 1."""
    generator = np.random.default_rng(len(shapes))
    return [generator.uniform(-1, 1, shape).astype(dtype) for shape in shapes]


def run(inputs: list[np.ndarray], architecture: Architecture, mask: Any = None) -> Any:
    """The network's forward for inputs in a list."""
    return network.forward(*inputs[:3], layers_of(inputs), architecture, mask)


def layers_of(inputs: list[np.ndarray]) -> list[Parameters]:
    """The parameters in a list of inputs."""
    return [Parameters(*inputs[k : k + 3]) for k in range(3, len(inputs), 3)]


def flat(gradients: network.Gradients) -> list[np.ndarray]:
    """Gradients in a list, in the order of the inputs."""
    x, h0, s0, layers = gradients
    return [x, h0, s0, *itertools.chain(*layers)]


@pytest.mark.parametrize("cell", [SEED, STANDARD], ids=["seed", "standard"])
@pytest.mark.parametrize("directions", DIRECTIONS)
@pytest.mark.parametrize("L", [1, 2, 3])
def test_gradients_of_a_network_are_the_derivatives(L: int, directions: tuple[int, ...], cell: Any) -> None:
    """Every entry of every gradient agrees with the complex step, with dropout between the layers."""
    architecture = Architecture(cell, directions, rate=0.25)
    inputs, cotangents = example(directions, L), cotangents_of(directions, L)
    mask = dropout_mask(inputs[0], inputs[1], architecture, seed=3)
    expected = complex_step(lambda *moved: run(list(moved), architecture, mask)[:3], inputs, cotangents)
    got = flat(network.backward(*cotangents, run(inputs, architecture, mask)[3]))
    assert max(map(roundings, got, expected)) < 32


@pytest.mark.parametrize("name", ["vanilla", "nig", "cifg", "noaf", "fgr"])
@pytest.mark.parametrize("R", [None, 3])
def test_networks_of_every_cell_have_gradients_that_are_derivatives(R: int | None, name: str) -> None:
    """Two layers in both directions over sequences of unequal length, with dropout, peepholes, V and a projection."""
    cell, width = variant(name), R or H
    architecture = Architecture(cell, BOTH, rate=0.25)
    draw = uniform(np.random.default_rng(7), -1.0, 1.0)
    layers = [initial_parameters(H, D if k < 2 else 2 * width, draw, cell, projection=R) for k in range(4)]
    inputs = [draw((T, B, D)), draw((4, B, width)), draw((4, B, H)), *itertools.chain(*layers)]
    cotangents = [draw((T, B, 2 * width)), draw((4, B, width)), draw((4, B, H))]
    mask = dropout_mask(inputs[0], inputs[1], architecture, seed=3)

    def network_of(*moved: np.ndarray) -> Any:
        rest = iter(moved[3:])
        own = [type(one)(*itertools.islice(rest, len(one))) for one in layers]
        return network.forward(*moved[:3], own, architecture, mask, [3, 4])

    expected = complex_step(lambda *moved: network_of(*moved)[:3], inputs, cotangents)
    got = network.backward(*cotangents, network_of(*inputs)[3])
    assert [one._fields for one in got.layers] == [one._fields for one in layers]
    assert max(map(roundings, flat(got), expected)) < 64


def test_a_reversed_direction_begins_at_the_last_step_that_is_there() -> None:
    """A short sequence in a batch gives what it gives by itself, in both directions; its padding is zero."""
    inputs = example(BOTH)
    y, h_T, s_T, _ = network.forward(*inputs[:3], layers_of(inputs), Architecture(directions=BOTH), None, [4, 2])
    short = [inputs[0][:2, 1:], inputs[1][:, 1:], inputs[2][:, 1:], *inputs[3:]]
    expected = run(short, Architecture(directions=BOTH))[:3]
    got = (y[:2, 1:], h_T[:, 1:], s_T[:, 1:])
    assert max(map(roundings, got, expected)) < 8
    assert (y[2:, 1] == 0).all()


def test_padding_is_inert_in_a_network() -> None:
    """Other inputs and cotangents on padded steps change no output and no gradient; x_bar is zero there."""
    inputs, cotangents = example(BOTH), cotangents_of(BOTH)
    architecture, found = Architecture(directions=BOTH), []
    for factor in (1.0, 3.0):
        x, y_bar = inputs[0].copy(), cotangents[0].copy()
        x[2:, 1], y_bar[2:, 1] = factor * x[2:, 1], factor * y_bar[2:, 1]
        *outputs, tape = network.forward(x, *inputs[1:3], layers_of(inputs), architecture, None, [4, 2])
        gradients = flat(network.backward(y_bar, *cotangents[1:], tape))
        assert (gradients[0][2:, 1] == 0).all()
        found.append([*outputs, *gradients])
    assert all((one == other).all() for one, other in zip(*found, strict=True))


def test_one_layer_forwards_is_the_layer() -> None:
    """With one layer and one direction, outputs are those of the layer to the bit."""
    inputs = example(FORWARDS, 1)
    y, h_T, s_T, _ = run(inputs, Architecture())
    expected = forward(inputs[0], inputs[1][0], inputs[2][0], *inputs[3:], STANDARD)
    assert all((one == two).all() for one, two in zip((y, h_T[0], s_T[0]), expected[:3], strict=True))


def test_reversed_is_the_layer_on_reversed_input() -> None:
    """Backwards in time: the layer sees the last step first, and its outputs stand at the steps that they belong to."""
    inputs = example(REVERSED, 1)
    y, h_T, s_T, _ = run(inputs, Architecture(SEED, REVERSED))
    h, *expected, _ = forward(inputs[0][::-1], inputs[1][0], inputs[2][0], *inputs[3:], SEED)
    assert (y[::-1] == h).all()
    assert (y[0] == h_T[0]).all()
    assert all((one == two).all() for one, two in zip((h_T[0], s_T[0]), expected, strict=True))


def test_both_directions_stand_side_by_side() -> None:
    """The left half of the output is that of the direction forwards, the right half that of the other."""
    inputs = example(BOTH, 1)
    y, h_T, _, _ = run(inputs, Architecture(directions=BOTH))
    for k, direction in enumerate((FORWARDS, REVERSED)):
        alone = [inputs[0], inputs[1][k : k + 1], inputs[2][k : k + 1], *inputs[3 + 3 * k : 6 + 3 * k]]
        expected, *_ = run(alone, Architecture(directions=direction))
        assert (y[:, :, k * H : (k + 1) * H] == expected).all()
    assert (h_T[0] == y[-1, :, :H]).all()
    assert (h_T[1] == y[0, :, H:]).all()


def test_the_second_layer_reads_the_first() -> None:
    """Two layers are the second one on the outputs of the first."""
    inputs = example(BOTH, 2)
    y, *_ = run(inputs, Architecture(directions=BOTH))
    first, *_ = run([inputs[0], inputs[1][:2], inputs[2][:2], *inputs[3:9]], Architecture(directions=BOTH))
    second, *_ = run([first, inputs[1][2:], inputs[2][2:], *inputs[9:]], Architecture(directions=BOTH))
    assert (y == second).all()


@pytest.mark.parametrize("unrolling", UNROLLINGS, ids=["whole", "chunked", "checkpointed"])
@pytest.mark.parametrize("directions", DIRECTIONS)
def test_the_way_along_the_sequence_changes_nothing(directions: tuple[int, ...], unrolling: Any) -> None:
    """Chunks and checkpoints give a network the same outputs and gradients."""
    inputs, cotangents = example(directions), cotangents_of(directions)
    *expected, tape = run(inputs, Architecture(directions=directions))
    *got, other = run(inputs, Architecture(directions=directions, unrolling=unrolling))
    expected += flat(network.backward(*cotangents, tape))
    got += flat(network.backward(*cotangents, other))
    assert max(map(roundings, got, expected)) < 8


def test_a_truncated_network_is_chunks_without_carried_cotangents() -> None:
    """Truncated after k steps: what a user gets who runs chunk after chunk and pulls each one back by itself."""
    inputs, (y_bar, h_T_bar, s_T_bar) = example(FORWARDS), cotangents_of(FORWARDS)
    *_, tape = run(inputs, Architecture(unrolling=truncated(3)))
    got = network.backward(y_bar, h_T_bar, s_T_bar, tape)
    x, h0, s0 = inputs[:3]
    _, h, s, first = run([x[:3], h0, s0, *inputs[3:]], Architecture())
    *_, second = run([x[3:], h, s, *inputs[3:]], Architecture())
    early = flat(network.backward(y_bar[:3], None, None, first))
    late = flat(network.backward(y_bar[3:], h_T_bar, s_T_bar, second))
    expected = [np.concatenate([early[0], late[0]]), *early[1:3], *map(np.add, early[3:], late[3:])]
    assert max(map(roundings, flat(got), expected)) < 8


# ---- dropout


def test_dropout_is_inert_at_rate_0() -> None:
    """A mask that was drawn at rate 0 keeps everything, and no bit of an output or gradient changes."""
    inputs, cotangents = example(), cotangents_of()
    architecture = Architecture(directions=BOTH)
    mask = dropout_mask(inputs[0], inputs[1], architecture, seed=0)
    assert mask.all()
    *expected, tape = run(inputs, architecture)
    *got, other = run(inputs, architecture, mask)
    expected += flat(network.backward(*cotangents, tape))
    got += flat(network.backward(*cotangents, other))
    assert all((one == two).all() for one, two in zip(got, expected, strict=True))


def test_dropout_without_a_mask_drops_nothing() -> None:
    """Without a mask, as in use rather than training, the rate does not matter."""
    inputs = example()
    got, expected = (
        run(inputs, Architecture(directions=BOTH, rate=0.5))[0],
        run(inputs, Architecture(directions=BOTH))[0],
    )
    assert (got == expected).all()


def test_what_is_dropped_gets_no_gradient() -> None:
    """A unit that is dropped at every step has no part in the loss: the weights that read it get exactly zero."""
    inputs = example(FORWARDS)
    mask = np.ones((1, T, B, H), dtype=bool)
    mask[..., 0] = False
    *_, tape = run(inputs, Architecture(rate=0.5), mask)
    W_bar = network.backward(*cotangents_of(FORWARDS), tape).layers[1].W
    assert (W_bar[:, 0] == 0).all()
    assert (W_bar[:, 1] != 0).all()


def test_a_mask_follows_from_its_seed() -> None:
    """The same seed gives the same mask, another seed another; a generator moves on; NumPy's global one stays."""
    before = np.random.get_state()[1].copy()
    one, two, other = (draw_mask(0.5, (4, 100), seed) for seed in (1, 1, 2))
    generator = np.random.default_rng(1)
    first, second = draw_mask(0.5, (4, 100), generator), draw_mask(0.5, (4, 100), generator)
    assert (one == two).all()
    assert (one == first).all()
    assert (one != other).any()
    assert (first != second).any()
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_mask_drops_at_its_rate(rate: float) -> None:
    """Of 100,000 units a share of `rate` is dropped, within five standard deviations."""
    dropped = 1 - draw_mask(rate, (100_000,), seed=5).mean()
    assert abs(dropped - rate) < 5 * np.sqrt(rate * (1 - rate) / 100_000)


# ---- what it leaves alone, and misuse


def test_no_cotangent_of_a_network_is_a_cotangent_of_zero() -> None:
    """None stands for zeros, one output at a time."""
    *_, tape = run(example(), Architecture(directions=BOTH))
    for given in itertools.product([True, False], repeat=3):
        some = [bar if here else None for here, bar in zip(given, cotangents_of(), strict=True)]
        filled = [bar if here else np.zeros_like(bar) for here, bar in zip(given, cotangents_of(), strict=True)]
        pairs = zip(flat(network.backward(*some, tape)), flat(network.backward(*filled, tape)), strict=True)
        assert all((one == two).all() for one, two in pairs)


@pytest.mark.parametrize(
    "unrolling", [*UNROLLINGS, truncated(2)], ids=["whole", "chunked", "checkpointed", "truncated"]
)
def test_a_network_keeps_what_it_is_given_and_gives_fresh_arrays(unrolling: Any) -> None:
    """Inputs and cotangents keep their bits, a second backward gives the same ones, and nothing shares memory."""
    inputs, cotangents = example(), cotangents_of()
    *outputs, tape = run(inputs, Architecture(directions=BOTH, unrolling=unrolling))
    first, second = (flat(network.backward(*cotangents, tape)) for _ in range(2))
    assert all((one == two).all() for one, two in zip(first, second, strict=True))
    assert all((one == two).all() for one, two in zip(inputs + cotangents, example() + cotangents_of(), strict=True))
    fresh = [*outputs, *first, *second]
    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(fresh, 2))
    assert not any(np.shares_memory(one, other) for one in fresh for other in [*inputs, *cotangents])


def test_a_network_keeps_the_dtype() -> None:
    """In float32 outputs and gradients are float32, with dropout too."""
    inputs, architecture = example(dtype=np.float32), Architecture(directions=BOTH, rate=0.3)
    mask = dropout_mask(inputs[0], inputs[1], architecture, seed=1)
    *outputs, tape = run(inputs, architecture, mask)
    gradients = flat(network.backward(*cotangents_of(dtype=np.float32), tape))
    assert {array.dtype for array in [*outputs, *gradients]} == {np.dtype(np.float32)}


def given(**changed: Any) -> dict[str, Any]:
    """Arguments of the forward, some of them changed."""
    inputs = example()
    fine = {"x": inputs[0], "h0": inputs[1], "s0": inputs[2], "layers": layers_of(inputs)}
    return fine | {"architecture": Architecture(directions=BOTH, rate=0.5)} | changed


MISUSE = [
    (
        {"layers": layers_of(example())[:3]},
        "layers holds 3 sets of parameters, expected a multiple of 2, one for each layer and direction",
    ),
    ({"layers": []}, "layers holds 0 sets of parameters, expected a multiple of 2, one for each layer and direction"),
    ({"layers": [], "architecture": Architecture()}, "layers holds 0 sets of parameters, expected at least 1"),
    ({"layers": layers_of(example())[:2]}, "h0 has shape (4, 2, 2), expected (K, B, R) with K=2, B=2"),
    ({"s0": np.ones((4, 3, 2))}, "s0 has shape (4, 3, 2), expected (K, B, H) with K=4, B=2"),
    ({"s0": np.ones((4, 2, 3))}, "layers[0]: s0 has shape (2, 3), expected (B, H) with B=2, H=2"),
    ({"layers": layers_of(example())[2:] * 2}, "layers[0]: W has shape (8, 4), expected 3 columns, for x is 3 wide"),
    (
        {"layers": layers_of(example())[:2] * 2},
        "layers[2]: W has shape (8, 3), expected 4 columns, for the layer below is 4 wide",
    ),
    (
        {"layers": [*layers_of(example())[:3], Parameters(np.ones((8, 4)), np.ones((8, 3)), np.ones(8))]},
        "layers[3]: U has shape (8, 3), expected (4H, H) with H=2",
    ),
    (
        {"mask": np.ones((1, 4, 2, 2), dtype=bool)},
        "mask has shape (1, 4, 2, 2), expected (1, 4, 2, 4): the gaps between layers, then T, B and width",
    ),
    (
        {"mask": np.zeros((1, 4, 2, 4), dtype=bool), "architecture": Architecture(directions=BOTH)},
        "mask drops units, but the rate is 0: give the rate that it was drawn with",
    ),
]
WRONG_TYPES = [
    ({"mask": np.ones((1, 4, 2, 4))}, "mask holds float64, expected booleans: true where a unit is kept"),
    ({"mask": 1}, "mask holds int, expected booleans: true where a unit is kept"),
    ({"layers": [1, 2, 3, 4]}, "layers[0] is a int, expected Parameters: W, U and b of one layer"),
    ({"layers": None}, "layers is None, expected Parameters in a list, one for each layer and direction"),
    ({"architecture": "standard"}, "architecture is a str, expected an Architecture"),
    ({"x": [1.0]}, "x is a list, expected an array of floating-point numbers"),
    (
        {"h0": np.ones((4, 2, 2), np.float32)},
        "h0 holds float32, expected float64 like the other arrays: convert one of them",
    ),
]


@pytest.mark.parametrize(
    ("changed", "kind", "sentence"),
    [*((one, ValueError, said) for one, said in MISUSE), *((one, TypeError, said) for one, said in WRONG_TYPES)],
)
def test_misuse_of_a_network_is_a_sentence(changed: Any, kind: Any, sentence: str) -> None:
    """What does not fit together is refused, with what was given and what was expected."""
    with pytest.raises(kind) as caught:
        network.forward(**given(**changed))
    assert str(caught.value) == sentence


def test_a_wrong_cotangent_of_a_network_is_a_sentence() -> None:
    """A cotangent of another shape is refused before anything is computed."""
    *_, tape = network.forward(**given())
    with pytest.raises(ValueError, match=r"^y_bar has shape \(4, 2, 2\), expected \(T, B, 2R\) with T=4, B=2, R=2$"):
        network.backward(np.ones((4, 2, 2)), None, None, tape)
    with pytest.raises(TypeError, match=r"^tape is a Tape, expected the tape that forward returned$"):
        network.backward(None, None, None, tape.tapes[0])


RATES = [
    (1, ValueError, "rate is 1, expected a number in [0, 1): at 1 nothing would be left to scale up"),
    (-0.5, ValueError, "rate is -0.5, expected a number in [0, 1): at 1 nothing would be left to scale up"),
    (float("nan"), ValueError, "rate is nan, expected a number in [0, 1): at 1 nothing would be left to scale up"),
    ("0.5", TypeError, "rate is '0.5', expected a number in [0, 1)"),
    (True, TypeError, "rate is True, expected a number in [0, 1)"),
]


@pytest.mark.parametrize(("rate", "kind", "sentence"), RATES)
def test_a_rate_outside_its_range_is_refused(rate: Any, kind: Any, sentence: str) -> None:
    """Where an architecture is made, and where a mask is drawn."""
    for call in (lambda: Architecture(rate=rate), lambda: draw_mask(rate, (1,), 0)):
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cell": "standard"}, "cell is a str, expected a Variant, such as SEED or STANDARD"),
        ({"unrolling": None}, "unrolling is None, expected WHOLE, or what chunked, truncated or checkpointed return"),
    ],
)
def test_an_architecture_is_made_of_what_it_needs(options: Any, sentence: str) -> None:
    """A name is no cell, and no unrolling: each is refused where the architecture is made."""
    with pytest.raises(TypeError) as caught:
        Architecture(**options)
    assert str(caught.value) == sentence


def test_a_wrong_layer_is_found_before_any_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters of the last layer are looked at before the first one computes."""
    monkeypatch.setattr(network, "drop", None)  # would be called first
    wrong = [*layers_of(example())[:3], Parameters(np.ones((8, 4)), np.ones((8, 2)), np.ones(7))]
    with pytest.raises(ValueError, match=r"^layers\[3\]: b has shape \(7,\), expected \(4H,\) with H=2$"):
        network.forward(**given(layers=wrong))


def test_a_seed_is_no_negative_number() -> None:
    """NumPy would refuse it too, in words that name nothing."""
    with pytest.raises(ValueError, match=r"^seed is -1, expected a whole number of at least 0$"):
        draw_mask(0.5, (1,), -1)


@pytest.mark.parametrize("seed", [None, 0.5, True, "1"])
def test_a_mask_needs_a_seed(seed: Any) -> None:
    """What cannot be drawn again is refused."""
    with pytest.raises(TypeError, match=r"^seed is .*, expected a whole number or a numpy\.random\.Generator$"):
        draw_mask(0.5, (1,), seed)


@pytest.mark.parametrize("directions", [(), (1, 1), (-1, 1), (2,), "both"])
def test_directions_are_one_of_three(directions: Any) -> None:
    """Anything but FORWARDS, REVERSED and BOTH is refused."""
    with pytest.raises(ValueError, match=r"expected FORWARDS \(1,\), REVERSED \(-1,\) or BOTH \(1, -1\)$"):
        Architecture(directions=directions)
