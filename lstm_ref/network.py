"""Layers stacked, in one direction or both, with dropout between them; and backpropagation through them all.

    z^l = drop(y^{l-1})                                       (1)   y^0 = x, of which nothing is dropped
    h^{l,d}, h_T^{l,d}, s_T^{l,d} = layer(z^l[::d], h0^{l,d}, s0^{l,d})   (2)   d = 1 forwards in time, -1 backwards
    y^l = [h^{l,d}[::d] for every direction d]                (3)   side by side, each at its own step of x

| symbol    | name                                           | shape        |
| --------- | ---------------------------------------------- | ------------ |
| x         | input sequence                                 | (T, B, D)    |
| h0 s0     | outputs and states before the first step       | (K, B, R), (K, B, H) |
| h_T s_T   | outputs and states after the last step         | (K, B, R), (K, B, H) |
| q0 q_T    | gates i f o likewise, of a cell with gate recurrence | (K, B, 3H) |
| z y       | what goes into a layer, and what comes out     | (T, B, N·R)  |
| mask      | which units are kept in the gaps between layers | (L-1, T, B, N·R) |
| x_bar     | cotangent of x: ∂loss/∂x                       | as x         |

L is the number of layers, N that of directions, and K = L·N. What belongs to one layer and direction stands at index
k = l·N + n: layer by layer, and within a layer in the order of the directions, as in torch. The first and last step of
a direction are those in its own order: where it runs backwards, h_T is its output at the first step of x. With lengths
it begins at the last step that is there. R is the width of an output: H, unless the layers have a projection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm_ref.architecture import Architecture
from lstm_ref.checks import Array, expect_floats, expect_if_given, expect_kind, expect_shape
from lstm_ref.cotangents import or_zeros
from lstm_ref.dropout import draw_mask, drop, drop_vjp, expect_mask
from lstm_ref.lengths import padding
from lstm_ref.named import longer
from lstm_ref.parameters import Parameters
from lstm_ref.tape import check_inputs


class Tape(NamedTuple):
    """What `forward` leaves for `backward`."""

    layers: tuple[Parameters, ...]  # K
    tapes: tuple[Any, ...]  # K
    gaps: tuple[tuple[Array | bool, float], ...]  # before each layer: the mask and the rate of what is dropped
    h0: Array  # (K, B, R)
    s0: Array  # (K, B, H)
    steps: int  # T
    architecture: Architecture

    @property
    def q_T(self) -> Array | None:
        """The gates i, f, o of the last steps, (K, B, 3H): q0 of what comes next; None without gate recurrence."""
        return np.stack([tape.q_T for tape in self.tapes]) if self.architecture.cell.gate_recurrence else None


class Gradients(NamedTuple):
    """The cotangents of the inputs of `forward`; of q0 too, in a field behind the others, where it was given."""

    x: Array  # (T, B, D)
    h0: Array  # (K, B, R)
    s0: Array  # (K, B, H)
    layers: list[Parameters]  # K

    @property
    def q0(self) -> Array:
        """(K, B, 3H) of the gates before the first step."""
        raise AttributeError("no gates q0 were given")


def forward(
    x: Array,
    h0: Array,
    s0: Array,
    layers: Sequence[Parameters],
    architecture: Architecture | None = None,
    mask: Array | None = None,
    lengths: Any = None,
    q0: Array | None = None,
) -> tuple[Array, Array, Array, Tape]:
    """The outputs of the last layer, and the last output and state of every layer and direction, equations (1) to (3).

    Parameters
    ----------
    x : (T, B, D) floating-point; every other array has its dtype
    h0 : (K, B, R) outputs and s0 : (K, B, H) states before the first step
    layers : K parameters: W has D columns in the first layer and N·R in the others; all as for `lstm_ref.layer.forward`
    architecture : cell, directions, rate of dropout, unrolling; absent, `Architecture()`
    mask : (L-1, T, B, N·R) boolean, true where a unit is kept, as `dropout_mask` draws it; absent, nothing is dropped
    lengths : (B,) whole numbers from 0 to T, or a mask (T, B) of booleans, True where a step is there; absent, all are
    q0 : (K, B, 3H) gates before the first step, for a cell with gate recurrence: `tape.q_T` of the steps before, where
        a sequence is carried on; absent, zeros

    Returns
    -------
    y : (T, B, N·R) the outputs of the last layer, zero on padded steps
    h_T : (K, B, R) the last outputs and s_T : (K, B, H) the last states
    tape : for `backward`; it holds parameters and arrays themselves, so do not change these before `backward` has run;
        `tape.q_T` are the gates of the last steps

    Raises
    ------
    ValueError : the layers do not fit each other or the states, or a shape or size is wrong; the layer is named
    TypeError : an array does not hold floating-point numbers of x's dtype, or the mask no booleans

    Example
    -------
    >>> from lstm_ref.architecture import BOTH
    >>> layers = [Parameters(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))] * 2
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((2, 1, 1)), np.array([[[1.0]], [[8.0]]])
    >>> y, h_T, s_T, tape = forward(x, h0, s0, layers, Architecture(directions=BOTH))
    >>> y[:, 0].round(3)
    array([[0.231, 0.482],
           [0.122, 0.5  ]])
    """
    architecture = Architecture() if architecture is None else architecture
    _check_inputs(x, h0, s0, layers, architecture, q0)
    cell, directions, unrolling = architecture.cell, architecture.directions, architecture.unrolling
    gaps = _gaps(mask, x, h0, architecture)
    there = None if lengths is None else ~padding(lengths, *x.shape[:2])[..., 0]
    y, h_T, s_T, tapes = x, np.empty_like(h0), np.empty_like(s0), []
    for l, (kept, rate) in enumerate(gaps):
        z = drop(y, kept, rate)  # (1)  (T, B, D) or (T, B, N·R)
        outputs = []
        for k, d in enumerate(directions, l * len(directions)):
            own = {"cell": cell, "lengths": None if there is None else there[::d], **layers[k]._asdict()}
            own |= {} if q0 is None else {"q0": q0[k]}
            with _naming(k):
                h, h_T[k], s_T[k], tape = unrolling.forward(z[::d], h0[k], s0[k], **own)  # (2)  (T, B, R)
            outputs.append(h[::d])
            tapes.append(tape)
        y = np.concatenate(outputs, axis=-1)  # (3)  (T, B, N·R)
    return y, h_T, s_T, Tape(tuple(layers), tuple(tapes), gaps, h0, s0, len(x), architecture)


def backward(
    y_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, tape: Tape, q_T_bar: Array | None = None
) -> Gradients:
    """The cotangents of all inputs that follow from those of all outputs.

    Parameters
    ----------
    y_bar : (T, B, N·R) cotangent of y; this one and the others may be None, which counts as zero
    h_T_bar : (K, B, R) cotangent of h_T, s_T_bar : (K, B, H) of s_T
    tape : as `forward` left it; it is read only
    q_T_bar : (K, B, 3H) cotangent of `tape.q_T`, for a cell with gate recurrence; absent, zero

    Returns
    -------
    gradients : x, h0, s0, and the layers' parameters in their order, then q0 where it was given; fresh arrays

    Raises
    ------
    ValueError : a cotangent has not the shape of its output
    TypeError : a cotangent has not the dtype of its output, or the tape is another

    Example
    -------
    >>> layers = [Parameters(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))] * 2
    >>> x, h0, s0 = np.ones((2, 1, 1)), np.zeros((2, 1, 1)), np.zeros((2, 1, 1))
    >>> *_, tape = forward(x, h0, s0, layers)
    >>> backward(None, None, np.ones((2, 1, 1)), tape).s0.ravel()
    array([0.25, 0.25])
    """
    expect_kind("tape", tape, Tape, "the tape that forward returned")
    layers, tapes, gaps, h0, s0, _, architecture = tape
    directions, unrolling = architecture.directions, architecture.unrolling
    N = len(directions)
    y_bar, h_T_bar, s_T_bar, q_T_bar = _checked_cotangents(y_bar, h_T_bar, s_T_bar, q_T_bar, tape)
    h0_bar, s0_bar, layers_bar, gates_bar = np.empty_like(h0), np.empty_like(s0), list[Any](tapes), list[Any](tapes)
    for l, (kept, rate) in reversed(list(enumerate(gaps))):
        z_bar: Any = 0
        for n, d in enumerate(directions):
            k = l * N + n
            # y^l = [h^{l,d}[::d] for every direction d]                            (3)
            hd_bar = np.split(y_bar, N, axis=-1)[n][::d]
            # h^{l,d}, h_T^{l,d}, s_T^{l,d} = layer(z^l[::d], h0^{l,d}, s0^{l,d})   (2)
            carried = _part(q_T_bar, k)
            zd_bar, h0_bar[k], s0_bar[k], *own = unrolling.backward(hd_bar, h_T_bar[k], s_T_bar[k], tapes[k], *carried)
            layers_bar[k] = type(layers[k])(*own[: len(layers[k])])
            gates_bar[k] = own[len(layers[k]) :]
            z_bar = z_bar + zd_bar[::d]  # z is used by every direction
        # z^l = drop(y^{l-1})                                                       (1)
        y_bar = drop_vjp(z_bar, kept, rate)
    return longer(Gradients, (y_bar, h0_bar, s0_bar, layers_bar), q0=_together(gates_bar))


def dropout_mask(x: Array, h0: Array, architecture: Architecture, seed: int | np.random.Generator) -> Array:
    """A mask for `forward`, (L-1, T, B, N·R), that drops units at the architecture's rate.

    Parameters
    ----------
    x, h0 : the inputs that `forward` will get
    architecture : the one that `forward` will get
    seed : a whole number, from which the mask follows, or a generator, which moves on

    Raises
    ------
    ValueError : x or h0 has another number of dimensions than 3
    TypeError : the seed is neither a whole number nor a generator, or the architecture is none

    Example
    -------
    >>> x, h0 = np.ones((2, 1, 1)), np.zeros((3, 1, 2))
    >>> dropout_mask(x, h0, Architecture(rate=0.5), seed=1).shape
    (2, 2, 1, 2)
    """
    expect_kind("architecture", architecture, Architecture, "an Architecture")
    for name, array, letters in (("x", x, "T B D"), ("h0", h0, "K B R")):
        expect_shape(name, array, letters, {})
    return draw_mask(architecture.rate, _shape_of_mask(x, h0, architecture), seed)


def _shape_of_mask(x: Array, h0: Array, architecture: Architecture) -> tuple[int, ...]:
    """(L-1, T, B, N·R)."""
    N = len(architecture.directions)
    return len(h0) // N - 1, len(x), x.shape[1], N * h0.shape[-1]


def _gaps(
    mask: Array | None, x: Array, h0: Array, architecture: Architecture
) -> tuple[tuple[Array | bool, float], ...]:
    """What is kept before each layer, and the rate at which the rest was dropped; before the first, everything."""
    gaps, *sizes = _shape_of_mask(x, h0, architecture)
    if mask is None:
        return ((True, 0.0),) * (gaps + 1)
    expect_mask(mask, (gaps, *sizes), architecture.rate)
    return (True, 0.0), *((kept, architecture.rate) for kept in mask)


@contextlib.contextmanager
def _naming(k: int) -> Iterator[None]:
    """Inside the block, what is wrong with an argument of a layer is said of that layer."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"layers[{k}]: {error}") from None
    except ValueError as error:
        raise ValueError(f"layers[{k}]: {error}") from None


def _check_inputs(
    x: Array, h0: Array, s0: Array, layers: Sequence[Parameters], architecture: Architecture, q0: Array | None
) -> None:
    """Raise unless inputs, states and the parameters of every layer fit together, before any layer has run."""
    sizes: dict[str, int] = {}
    expect_kind("architecture", architecture, Architecture, "an Architecture")
    expect_kind("layers", layers, Sequence, "Parameters in a list, one for each layer and direction")
    expect_floats("x", x)
    expect_shape("x", x, "T B D", sizes)
    N = len(architecture.directions)
    if not len(layers) or len(layers) % N:
        whole = "at least 1" if N == 1 else f"a multiple of {N}, one for each layer and direction"
        raise ValueError(f"layers holds {len(layers)} sets of parameters, expected {whole}")
    sizes = {"K": len(layers), **sizes}
    for name, array, letters in (("h0", h0, "K B R"), ("s0", s0, "K B H")):
        expect_floats(name, array, like=x)
        expect_shape(name, array, letters, sizes)
    expect_if_given("q0", q0, "K B 3H", sizes, x, architecture.cell.name, architecture.cell.gate_recurrence)
    for k, one in enumerate(layers):
        if not isinstance(one, Parameters):
            raise TypeError(f"layers[{k}] is a {type(one).__name__}, expected Parameters: W, U and b of one layer")
        width, source = (sizes["D"], "x is") if k < N else (N * sizes["R"], "the layer below is")
        given = np.shape(one.W)
        if len(given) == 2 and given[1] != width:
            raise ValueError(f"layers[{k}]: W has shape {given}, expected {width} columns, for {source} {width} wide")
        step = np.zeros((1, len(h0[k]), width), dtype=x.dtype)
        with _naming(k):
            check_inputs(step, h0[k], s0[k], cell=architecture.cell, **_every(one))


def _part(q_T_bar: Array | None, k: int) -> tuple[Array, ...]:
    """The cotangent of the gates of layer and direction k, if there is one."""
    return () if q_T_bar is None else (q_T_bar[k],)


def _together(found: list[list[Array]]) -> Array | None:
    """The cotangents of the gates of all layers and directions, (K, B, 3H), if they have any."""
    every = [one for own in found for one in own]
    return np.stack(every) if every else None


def _every(layer: Parameters) -> dict[str, Any]:
    """All parameters by name; None for those that the layer has not."""
    return {"p": None, "V": None, "P": None, **layer._asdict()}


def _checked_cotangents(
    y_bar: Array | None, h_T_bar: Array | None, s_T_bar: Array | None, q_T_bar: Array | None, tape: Tape
) -> tuple[Array, Array, Array, Array | None]:
    """The cotangents after checking them; zeros for those of y, h_T and s_T that are None."""
    (K, B, R), H, N = tape.h0.shape, tape.s0.shape[-1], len(tape.architecture.directions)
    sizes, cell = {"K": K, "T": tape.steps, "B": B, "H": H, "R": R}, tape.architecture.cell
    expect_if_given("q_T_bar", q_T_bar, "K B 3H", sizes, tape.h0, cell.name, cell.gate_recurrence)
    return (
        or_zeros("y_bar", y_bar, f"T B {N}R".replace(" 1R", " R"), sizes, tape.h0),
        or_zeros("h_T_bar", h_T_bar, "K B R", sizes, tape.h0),
        or_zeros("s_T_bar", s_T_bar, "K B H", sizes, tape.h0),
        q_T_bar,
    )
